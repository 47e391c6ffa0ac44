"""Worth: which attributes become values of the shop, and which of them filters.

Each value of a product is a row, an entry of its cards and one of what every list counts: thousands of
attributes would slow all of that and help nobody. So an attribute must be shared by enough products and its
values too; one is a filter if it tells the goods of some kind apart. All others are told by the description.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.importing.icecat import names as naming
from catalog.importing.icecat import values
from catalog.importing.icecat.items import Item
from catalog.importing.icecat.names import Names
from catalog.importing.records import AttributeRecord

FEATURES = "Features"  # the attribute of everything that a product simply has: Wi-Fi, Touchscreen
SHARED = 10  # products that have an attribute
TWICE = 2  # products that have a value
KIND = 20  # products of a kind that is worth filters of its own
BEST = 6  # filters that a kind chooses
COVERED = 0.3  # of a kind's products have the attribute
FEW, MANY = 2, 24  # values of it in that kind
ONE_FOR_ALL = 0.95  # a value that nearly all have tells nothing apart
MEASURES = ("width", "height", "depth", "weight", "dimensions", "temperature", "humidity", "altitude")


@dataclass
class Shelf:
    """What was chosen."""

    names: Names
    filters: set[str] = field(default_factory=set)  # keys
    kept: set[str] = field(default_factory=set)  # keys whose values are rows
    shared: set[tuple[str, str]] = field(default_factory=set)  # (code, label in small letters)
    features: set[str] = field(default_factory=set)  # keys

    def values(self, item: Item) -> tuple[tuple[str, str], ...]:
        """(attribute, label) of everything that is worth a row."""
        found: dict[tuple[str, str], None] = {}
        for key, value in item.attributes.items():
            if key in self.features and values.is_feature(value):
                found[FEATURES, self.names.name(key)[: values.LABEL]] = None
            if key in self.kept:
                name = naming.code(key)
                for label in values.labels(value):
                    if (name, label.casefold()) in self.shared:
                        found[name, label] = None
        return tuple(found)

    def told(self) -> dict[str, AttributeRecord]:
        """The attributes by the name that records use."""
        found = {FEATURES: AttributeRecord("features", FEATURES, is_facet=True)} if self.features else {}
        for key in sorted(self.kept):
            code = naming.code(key)
            is_facet = key in self.filters or (code in found and found[code].is_facet is True)
            found[code] = AttributeRecord(code, self.names.name(key), is_facet=is_facet)
        return found


def choose(items: Sequence[Item], kinds: Mapping[str, str], names: Names) -> Shelf:
    """Counts everything, and decides."""
    owners: Counter[str] = Counter()
    having: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    by_kind: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    covered: dict[str, Counter[str]] = defaultdict(Counter)
    sizes: Counter[str] = Counter()
    for item in items:
        kind = kinds.get(item.id, "")
        sizes[kind] += 1
        for key, value in item.attributes.items():
            if values.is_trade(key):
                continue
            if values.is_feature(value):
                having[key] += 1
            labels = [label for label in values.labels(value) if len(label) <= values.LABEL]
            if labels:
                owners[key] += 1
                covered[kind][key] += 1
                code = naming.code(key)
                for label in labels:
                    counts[code, label.casefold()] += 1
                    by_kind[kind][key][label.casefold()] += 1
    shelf = Shelf(names)
    for kind, size in sizes.items():
        if kind and size >= KIND:
            shelf.filters |= set(_best(size, covered[kind], by_kind[kind]))
    texts = {key for key, n in owners.items() if n >= SHARED and key.startswith("attr_t_")}
    shelf.kept = shelf.filters | {key for key in texts if not _is_measure(key)}
    shelf.features = {key for key, number in having.items() if number >= SHARED}
    codes = {naming.code(key) for key in shelf.kept}
    shelf.shared = {pair for pair, number in counts.items() if number >= TWICE and pair[0] in codes}
    return shelf


def _best(size: int, covered: Counter[str], labels: Mapping[str, Counter[str]]) -> list[str]:
    """The attributes that tell a kind's products apart best."""
    scores: dict[str, float] = {}
    for key, number in covered.items():
        share, found = number / size, labels[key]
        if share < COVERED or not FEW <= len(found) <= MANY or _is_measure(key):
            continue
        total = sum(found.values())
        parts = [count / total for count in found.values()]
        if max(parts) > ONE_FOR_ALL:
            continue
        scores[key] = share * min(-sum(part * math.log2(part) for part in parts), 3.0)
    return sorted(scores, key=lambda key: (-scores[key], key))[:BEST]


def _is_measure(key: str) -> bool:
    return any(word in key for word in MEASURES)
