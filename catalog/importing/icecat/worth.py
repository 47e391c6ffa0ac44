"""Worth: which attributes become values of the shop, and which of them filters.

Each value of a product is a row, an entry of its cards and one of what every list counts: thousands of
attributes would slow all of that and help nobody. So an attribute must be shared by enough products, and a
value too; it is a filter if it tells the goods of some kind apart. The rest is told by the description.
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
# Of all products, how many have an attribute, have a value, or are of a kind that chooses filters of its own;
# and at least.
SHARED, SHARED_LEAST = 1 / 200, 3
TWICE, TWICE_LEAST = 1 / 6_000, 2
KIND, KIND_LEAST = 1 / 200, 4
BEST = 3  # filters that a kind chooses
COVERED = 0.5  # of a kind's products have the attribute
FEW, MANY = 2, 60  # values of it in that kind
WORDS = 1.3  # what it counts for an attribute that it says words: numbers come without their units
ONE_FOR_ALL = 0.95  # a value that nearly all have tells nothing apart
MEASURES = ("width", "height", "depth", "weight", "dimensions", "temperature", "humidity", "altitude")

Label = tuple[str, str]  # (code of the attribute, label in small letters)


@dataclass
class Shelf:
    """What was chosen; keys as the files have them."""

    names: Names
    filters: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)  # their values are rows
    features: set[str] = field(default_factory=set)  # what a product has is a value of FEATURES
    shared: set[Label] = field(default_factory=set)
    order: list[str] = field(default_factory=list)  # codes, those of most products first

    def values(self, item: Item) -> tuple[tuple[str, str], ...]:
        """(attribute, label) of everything that is worth a row."""
        found: dict[tuple[str, str], None] = {}
        for key, value in item.attributes.items():
            if key in self.features and values.is_feature(value):
                found[FEATURES, self.names.name(key)] = None
            elif key in self.kept:
                code = naming.code(key)
                for label in values.labels(value):
                    if (code, label.casefold()) in self.shared:
                        found[code, label] = None
        return tuple(found)

    def told(self) -> dict[str, AttributeRecord]:
        """The attributes by the name that records use; lists show those that most products have first."""
        places = {code: place for place, code in enumerate(self.order)}
        found: dict[str, AttributeRecord] = {}
        for key in sorted(self.kept, key=lambda key: (places[naming.code(key)], key)):
            code = naming.code(key)
            is_facet = key in self.filters or (code in found and found[code].is_facet is True)
            found[code] = AttributeRecord(code, self.names.name(key), (), is_facet, places[code])
        if self.features:
            found[FEATURES] = AttributeRecord("features", FEATURES, (), True, places["features"])
        return found


def choose(items: Sequence[Item], kinds: Mapping[str, str], names: Names) -> Shelf:
    """Counts everything, and decides."""
    counts = _Counts(items, kinds)
    shelf = Shelf(names)
    enough = max(SHARED_LEAST, len(items) * SHARED)
    for kind, size in counts.sizes.items():
        if kind and size >= max(KIND_LEAST, len(items) * KIND):
            shelf.filters.update(_best(size, counts.labels[kind], counts.covered[kind]))
    texts = {key for key, n in counts.owners.items() if n >= enough and key.startswith("attr_t_")}
    shelf.kept = shelf.filters | {key for key in texts if not _is_measure(key)}
    shelf.features = {key for key, number in counts.having.items() if number >= enough}
    codes = {naming.code(key) for key in shelf.kept}
    twice = max(TWICE_LEAST, len(items) * TWICE)
    shelf.shared = {pair for pair, n in counts.shared.items() if n >= twice and pair[0] in codes}
    sizes = Counter({"features": max((counts.having[key] for key in shelf.features), default=0)})
    for key in shelf.kept:
        sizes[naming.code(key)] += counts.owners[key]
    shelf.order = sorted(sizes, key=lambda code: (-sizes[code], code))
    return shelf


class _Counts:
    """How many products have what, in all and by kind."""

    def __init__(self, items: Sequence[Item], kinds: Mapping[str, str]) -> None:
        self.sizes: Counter[str] = Counter()  # of kinds
        self.owners: Counter[str] = Counter()  # of attributes, by key
        self.having: Counter[str] = Counter()  # a plain yes, by key
        self.shared: Counter[Label] = Counter()
        self.covered: dict[str, Counter[str]] = defaultdict(Counter)
        self.labels: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for item in items:
            kind = kinds.get(item.id, "")
            self.sizes[kind] += 1
            for key, value in item.attributes.items():
                if values.is_trade(key):
                    continue
                if values.is_feature(value):
                    self.having[key] += 1
                    continue
                told = [v.casefold() for v in values.labels(value) if len(v) <= values.LABEL]
                if told:
                    self.owners[key] += 1
                    self.covered[kind][key] += 1
                    self.labels[kind][key].update(told)
                    self.shared.update((naming.code(key), label) for label in told)


def _best(size: int, labels: Mapping[str, Counter[str]], covered: Mapping[str, int]) -> list[str]:
    """The attributes that tell a kind's products apart best."""
    scores: dict[str, float] = {}
    for key, found in labels.items():
        share = covered[key] / size
        if share < COVERED or not FEW <= len(found) <= MANY or _is_measure(key):
            continue
        total = sum(found.values())
        parts = [number / total for number in found.values()]
        if max(parts) <= ONE_FOR_ALL:
            told = min(-sum(part * math.log2(part) for part in parts), 3.0)
            scores[key] = share * told * (WORDS if key.startswith("attr_t_") else 1.0)
    return sorted(scores, key=lambda key: (-scores[key], key))[:BEST]


def _is_measure(key: str) -> bool:
    return key[7:] == "size" or any(word in key for word in MEASURES)
