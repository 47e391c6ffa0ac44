"""find(): what kind of thing each item is, from the files alone.

Icecat writes "<brand> <model> <kind> <features …>". A phrase that follows the model of several products is a
kind. Items whose title does not have one are told by their likeness to those that do, which counts more where
the title names that kind elsewhere; and last by a phrase that ends the titles of several products.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from catalog.importing.icecat import titles
from catalog.importing.icecat.items import Item
from catalog.importing.icecat.likeness import Features, Likeness

SHARED = 3  # products of one kind, at least
LENGTH = 80  # of the column
# How like it must be, and how much more than to the next kind: by itself, and if the title says that kind.
ALIKE, APART = 0.2, 0.05
ALIKE_SAID, APART_SAID = 0.12, -0.02
SAID = 0.1  # what being said counts
TELLING = ("attr_t_type", "attr_t_product_type", "attr_t_print_technology", "attr_t_form_factor")

Kinds = dict[str, str]  # by the item's id


def find(items: Sequence[Item]) -> Kinds:
    """The kind of each item, written as titles write it; items of none are left out."""
    kinds = _told(items)
    kinds |= _guessed(items, kinds)
    kinds |= _ended(items, kinds)
    sizes = Counter(kinds.values())
    spelled = {kind: kind[:1].upper() + kind[1:] for kind in sizes}
    return {pk: spelled[kind] for pk, kind in kinds.items() if sizes[kind] >= SHARED}


def _told(items: Sequence[Item]) -> Kinds:
    """By the phrase after the model, as far as several models share it, or by the type that Icecat tells."""
    phrases: dict[str, str] = {}
    models: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        rest = titles.after_model(item)
        phrase = titles.leading(rest, titles.features(item)) if rest else ""
        phrases[item.id] = phrase
        parts = phrase.split()
        for end in range(1, len(parts) + 1):
            models[titles.key(" ".join(parts[:end]))].add(item.name.casefold())
        if phrase and phrase[0] != "?":
            spelled[titles.key(phrase)][phrase] += 1
    told = _types(items)
    kinds = {
        key
        for key, counts in spelled.items()
        if sum(counts.values()) >= SHARED and len(models[key]) >= SHARED
    } - titles.NOTHING
    for key, counts in told.items():
        spelled[key].update(counts)
    found = {}
    for item in items:
        phrase = phrases[item.id].removeprefix("?")
        key = _longest(phrase, kinds if phrases[item.id][:1] != "?" else kinds | told.keys())
        if not key and (own := titles.key(_type(item))) in told and own in titles.key(item.title):
            key = own
        if key:
            found[item.id] = spelled[key].most_common(1)[0][0]
    return found


def _longest(phrase: str, kinds: set[str]) -> str:
    parts = phrase.split()
    keys = (titles.key(" ".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((key for key in keys if key in kinds), "")


def _type(item: Item) -> str:
    told = item.attributes.get("attr_t_product_type", "")
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


def _guessed(items: Sequence[Item], told: Kinds) -> Kinds:
    features = {item.id: _features(item) for item in items}
    likeness = Likeness([(features[item.id], told.get(item.id, "")) for item in items])
    keys = {kind: titles.key(kind) for kind in set(told.values())}
    found = {}
    for item in items:
        if item.id in told:
            continue
        scores = likeness.scores(features[item.id])
        text = f" {' '.join(titles.words(titles.head(titles.after_brand(item))))} "
        more = f" {' '.join(titles.words(titles.head(item.summary)))} "
        ranked = []
        for kind, score in scores.items():
            key = f" {keys[kind]} "
            is_said = key in text or key in more
            ranked.append((score + SAID * is_said, is_said, kind))
        ranked.sort(key=lambda r: (-r[0], r[2]))
        if not ranked:
            continue
        score, is_said, kind = ranked[0]
        apart = score - (ranked[1][0] if len(ranked) > 1 else 0.0)
        if score >= (ALIKE_SAID if is_said else ALIKE) and apart >= (APART_SAID if is_said else APART):
            found[item.id] = kind
    return found


def _features(item: Item) -> Features:
    found = set(item.attributes)
    for key in TELLING:
        if isinstance(value := item.attributes.get(key), str):
            found.add(f"{key}={value.casefold()}")
    for word in titles.words(f"{titles.after_brand(item)} {item.summary}"):
        if len(word) > 1 and word[0].isalpha():
            found.add(word)
    return frozenset(found - {item.brand.casefold()})


def _ended(items: Sequence[Item], told: Kinds) -> Kinds:
    """The longest phrase at the end of the title's head that titles of several brands have there."""
    brands: dict[str, set[str]] = defaultdict(set)
    models: dict[str, set[str]] = defaultdict(set)
    ends: dict[str, list[str]] = {}
    for item in items:
        if item.id in told:
            continue
        ends[item.id] = _ends(item)
        for phrase in ends[item.id]:
            brands[phrase].add(item.brand)
            models[phrase].add(item.name)
    found = {}
    for pk, phrases in ends.items():
        shared = (p for p in phrases if len(brands[p]) > 1 and len(models[p]) >= SHARED)
        if kind := next(shared, ""):
            found[pk] = kind
    return found


def _ends(item: Item) -> list[str]:
    """Phrases of letters that end the head of its title, the longest first."""
    parts = titles.head(titles.after_brand(item)).split()
    while parts and any(sign.isdigit() for sign in parts[-1]):
        parts.pop()
    tail: list[str] = []
    for part in reversed(parts[-3:]):
        if not part.replace("-", "").replace("/", "").isalpha():
            break
        tail.insert(0, part.lower() if part[1:].islower() or len(part) == 1 else part)
    return [" ".join(tail[n:]) for n in range(len(tail)) if len(tail[-1]) > 2]
