"""find(): what kind of thing each item is, from the files alone.

Icecat writes "<brand> <model> <kind> <features …>". A phrase that follows several models is a kind. Items
whose title has none are told by their likeness to those that do, which counts more where the title says that
kind elsewhere; and last by a phrase that ends the names of several products.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from catalog.importing.icecat import titles
from catalog.importing.icecat.items import Item
from catalog.importing.icecat.likeness import Features, Likeness

SHARED = 3  # products of one kind, at least
ALONE = 8  # products with one phrase at the end of their name, if all of them are of one brand
LENGTH = 80  # of the column
FAR_MORE = 1.5  # times as many models make a shorter phrase the better one
LIKEST = 25  # kinds that an item is compared with closely
TYPE = "attr_t_product_type"
TECHNOLOGY = "attr_t_print_technology"
TELLING = ("attr_t_type", TYPE, TECHNOLOGY, "attr_t_form_factor")

Kinds = dict[str, str]  # by the item's id


def find(items: Sequence[Item]) -> Kinds:
    """The kind of each item, written as titles write it; items of none are left out."""
    colours = titles.colours(items)
    kinds = _told(items)
    kinds |= _guessed(items, kinds, colours)
    kinds |= _ended(items, kinds, colours)
    sizes = Counter(kind for kind in kinds.values() if len(kind) <= LENGTH)
    spelled = {kind: kind[:1].upper() + kind[1:] for kind in sizes}
    return {pk: spelled[kind] for pk, kind in kinds.items() if sizes[kind] >= SHARED}


def _told(items: Sequence[Item]) -> Kinds:
    """By the phrase after the model, if several models share it, or by the type that Icecat tells."""
    phrases: dict[str, str] = {}
    models: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        rest = titles.after_model(item)
        phrases[item.id] = phrase = titles.leading(rest, titles.features(item)) if rest else ""
        parts = phrase.split()
        for end in range(1, len(parts) + 1):
            models[titles.key(" ".join(parts[:end]))].add(item.name.casefold())
        if not phrase.startswith("?"):
            spelled[titles.key(phrase)][phrase] += 1
    kinds = {key for key, forms in spelled.items() if key and sum(forms.values()) >= SHARED}
    kinds -= {key for key in kinds if len(models[key]) < SHARED} | titles.NOTHING
    types = _types(items)
    for key, counts in types.items():
        spelled[key].update(counts)
    found = {}
    for item in items:
        key = _longest(phrases[item.id], kinds | types.keys())
        own = titles.key(_type(item))
        if not key and own in types and f" {own} " in f" {titles.key(item.title)} ":
            key = own
        if key:
            found[item.id] = spelled[key].most_common(1)[0][0]
    return found


def _longest(phrase: str, kinds: set[str]) -> str:
    """The key of the longest kind that the phrase begins with."""
    parts = phrase.split()
    keys = (titles.key(" ".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((key for key in keys if key in kinds), "")


def _type(item: Item) -> str:
    told = item.attributes.get(TYPE, "")
    return told if isinstance(told, str) and len(told) <= LENGTH else ""


def _types(items: Sequence[Item]) -> Mapping[str, Counter[str]]:
    """Types that Icecat tells of several products, by key: how they are written."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        told = _type(item)
        if any(sign.isalpha() for sign in told):
            found[titles.key(told)][told] += 1
    return {
        key: counts
        for key, counts in found.items()
        if sum(counts.values()) >= SHARED and key not in titles.NOTHING
    }


def _guessed(items: Sequence[Item], told: Kinds, colours: set[str]) -> Kinds:
    """By likeness, where it is clear enough."""
    features = {item.id: _features(item) for item in items}
    likeness = Likeness([(features[item.id], told.get(item.id, "")) for item in items])
    keys = {kind: titles.key(kind) for kind in set(told.values())}
    technologies = {word for item in items for word in _technology(item)}
    found = {}
    for item in items:
        if item.id in told:
            continue
        said = _Said(item, colours)
        denied = technologies - _technology(item) if _technology(item) else set()
        ranked = []
        for kind, score in likeness.scores(features[item.id], LIKEST):
            if not denied or denied.isdisjoint(keys[kind].split()):
                saying = said.how(keys[kind])
                ranked.append((score + saying.bonus, saying, kind))
        ranked.sort(key=lambda row: (-row[0], row[2]))
        if ranked:
            score, saying, kind = ranked[0]
            apart = score - ranked[1][0] if len(ranked) > 1 else score
            if score - saying.bonus >= saying.alike and apart >= saying.apart:
                found[item.id] = kind
    return found


class Saying(NamedTuple):
    """What it is worth that a title says a kind, and how like and how far from the next it must be then."""

    bonus: float
    alike: float
    apart: float


NOT_SAID, GENERAL = Saying(0.0, 0.2, 0.05), Saying(0.05, 0.12, 0.03)
SOMEWHERE, AT_END = Saying(0.08, 0.08, 0.0), Saying(0.17, 0.02, 0.0)


class _Said:
    """How the title or the summary says a kind, before it comes to what the thing is for."""

    def __init__(self, item: Item, colours: set[str]) -> None:
        heads = (titles.after_brand(item), item.summary)
        said = colours | titles.features(item)
        self._words = [titles.words(titles.head(head)) for head in heads]
        self._texts = [f" {' '.join(words)} " for words in self._words]
        trimmed = (titles.words(" ".join(titles.trimmed(head, said))) for head in heads)
        self._ends = [f" {' '.join(words)}" for words in trimmed]

    def how(self, key: str) -> Saying:
        """At the end, as what comes last is what the thing is; somewhere; or what it is in general."""
        joined = key.replace(" ", "")  # "printhead", too
        if any(end.endswith((f" {key}", f" {joined}")) for end in self._ends):
            return AT_END
        if any(f" {key} " in text for text in self._texts) or any(joined in words for words in self._words):
            return SOMEWHERE
        return GENERAL if any(key.rpartition(" ")[2] in words for words in self._words) else NOT_SAID


def _technology(item: Item) -> set[str]:
    """Inkjet, laser …: an item of one is of no kind that is called by another."""
    told = item.attributes.get(TECHNOLOGY)
    found = set(titles.words(told.replace("/", " "))) if isinstance(told, str) else set()
    return found - {"printing", "print"}


def _features(item: Item) -> Features:
    """Which attributes it has, what the telling ones say, and its words."""
    found = set(item.attributes)
    for key in TELLING:
        if isinstance(value := item.attributes.get(key), str):
            found.add(f"{key}={value.casefold()}")
    words = titles.words(f"{titles.after_brand(item)} {item.summary}")
    found.update(word for word in words if len(word) > 1 and word[0].isalpha())
    return frozenset(found - {item.brand.casefold()})


def _ended(items: Sequence[Item], told: Kinds, colours: set[str]) -> Kinds:
    """A phrase that ends the names of several products: of two words and more, or a kind already.

    The longest one, unless a shorter one within it is far more common.
    """
    brands: dict[str, set[str]] = defaultdict(set)
    models: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    ends: dict[str, list[str]] = {}
    for item in items:
        if item.id in told:
            continue
        for phrase in _ends(item, colours):
            key = titles.key(phrase)
            ends.setdefault(item.id, []).append(key)
            brands[key].add(item.brand)
            models[key].add(item.name)
            spelled[key][phrase] += 1
    known = {titles.key(kind): kind for kind in sorted(set(told.values()))}
    shared = {
        key
        for key in models
        if " " in key
        and key not in titles.NOTHING
        and len(models[key]) >= (SHARED if len(brands[key]) > 1 else ALONE)
    }
    found = {}
    for pk, keys in ends.items():
        wanted = [key for key in keys if key in shared or key in known]
        if wanted:
            best = wanted[0]
            for key in wanted[1:]:
                if key in shared and len(models[key]) >= FAR_MORE * len(models[best]):
                    best = key
            found[pk] = known.get(best) or spelled[best].most_common(1)[0][0]
    return found


def _ends(item: Item, colours: set[str]) -> Iterable[str]:
    """The phrases that end the head of its title behind something else, the longest first."""
    parts = titles.trimmed(titles.after_brand(item), colours | titles.features(item))
    for length in (3, 2, 1):
        tail = parts[-length:]
        if length < len(parts) and all(part.replace("-", "").isalpha() for part in tail):
            yield " ".join(part.lower() if part[1:].islower() else part for part in tail)
