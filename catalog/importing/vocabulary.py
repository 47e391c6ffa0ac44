"""Attributes and their values that an import names: found, or made in passing."""

import copy
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import chain, count

from django.utils.text import slugify

from catalog.importing.records import AttributeRecord
from catalog.importing.swatches import swatch_of
from catalog.models import Attribute, AttributeValue
from shop.edge.parameters import is_campaign

# Names of query parameters and form fields that are spoken for: no attribute may be called so.
RESERVED = frozenset(
    {
        *("q", "min", "max", "sort", "page", "sale"),
        *("stars", "reviews"),
        *("product", "quantity", "variant", "next"),
    }
)


def is_spoken_for(code: str) -> bool:
    """Does it mean something else in an address?"""
    return code in RESERVED or is_campaign(code)


# One thing under several names: whichever of them the shop has already is meant. Slugs, as the codes are.
# What shoppers ask for most comes first, as the filters of a list do.
COLOURS = ("colour", "color", "colours", "colors", "farbe", "couleur")
SYNONYMS = (
    COLOURS,
    ("size", "sizes", "grosse", "groesse", "taille"),
    ("material", "materials", "materiau"),
)
LETTERS = ("xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "2xl", "xxxl", "3xl", "4xl", "5xl")
LAST = 32_767  # place that the column takes
_NUMBERED = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(.*)", re.DOTALL)

SizeKey = tuple[int, str, float]


class Vocabulary:
    """Remembers what it has found. After a rollback take a new one: it may remember what is gone."""

    def __init__(self, told: Mapping[str, AttributeRecord] | None = None) -> None:
        self.told = told or {}  # by the name that records use
        self._codes: dict[str, str] = {}  # by the name that a file uses
        self._attributes: dict[str, Attribute] = {}
        self._values: dict[str, dict[str, AttributeValue]] = {}
        self._slugs: dict[str, set[str]] = {}

    def copy(self) -> "Vocabulary":
        """One that forgets what this one is going to find."""
        other = copy.copy(self)
        other._codes, other._attributes = dict(self._codes), dict(self._attributes)
        other._values = {code: dict(values) for code, values in self._values.items()}
        other._slugs = {code: set(slugs) for code, slugs in self._slugs.items()}
        return other

    def value(self, name: str, label: str, *, is_facet: bool = True) -> AttributeValue:
        """The attribute's value of that label, whatever its case; of that slug, otherwise.

        is_facet: whether shoppers may filter by it, if the attribute has to be made.
        """
        attribute, known = self._attribute(name, is_facet)
        key = label.casefold()
        if key not in known:
            position = max((value.position for value in known.values()), default=-1) + 1
            known[key] = self._new(attribute, label, position)
            known[key].save()
        return known[key]

    def prepare(self, name: str, labels: Iterable[str]) -> None:
        """Makes what is missing of an attribute's values, at the places where they belong.

        Values that are there keep their order: the merchant may have chosen it.
        """
        told = self.told.get(name)
        attribute, known = self._attribute(name, told is None or told.is_facet is not False)
        fresh: dict[str, str] = {}
        for label in labels:  # as the first one writes it
            if label.casefold() not in known:
                fresh.setdefault(label.casefold(), label)
        if not fresh:
            return
        spelled = {label.casefold(): label for label in told.labels} if told else {}
        order = sorted(known.values(), key=lambda value: (value.position, value.label))
        rank = _ranks([*(v.label for v in order), *fresh.values()], told.labels if told else ())
        added = [
            self._new(attribute, spelled.get(key, fresh[key]), 0)
            for key in sorted(fresh, key=lambda key: rank[key])
        ]
        known.update({value.label.casefold(): value for value in added})
        held = [rank[value.label.casefold()] for value in order]
        order += added
        if held == sorted(held):
            order.sort(key=lambda value: rank[value.label.casefold()])
        moved = []
        for position, value in enumerate(order):
            if value.position != position:
                value.position = position
                moved += [value] if value.pk else []
        AttributeValue.objects.bulk_update(moved, ["position"])
        AttributeValue.objects.bulk_create(added)

    def code(self, name: str) -> str:
        """The code of the attribute of that name; of one that goes by another name, if only that is there."""
        if name not in self._codes:
            text = self.told[name].code if name in self.told else name
            code = slug_for(text.replace("ß", "ss"), "option", 33)
            code = f"option-{code}" if is_spoken_for(code) else code
            names = next((group for group in SYNONYMS if code in group), (code,))
            held = set(Attribute.objects.filter(code__in=names).values_list("code", flat=True))
            known = next((other for other in (code, *names) if other in held), code)
            self._codes[name] = known
        return self._codes[name]

    def knows(self, name: str, label: str) -> bool:
        """Is there such a value already?"""
        return AttributeValue.objects.filter(attribute__code=self.code(name), label__iexact=label).exists()

    def _new(self, attribute: Attribute, label: str, position: int) -> AttributeValue:
        taken = self._slugs[attribute.code]
        slug = free_slug(slug_for(label, "value", 110), taken)
        taken.add(slug)
        swatch = swatch_of(label) if attribute.code in COLOURS else ""
        return AttributeValue(attribute=attribute, slug=slug, label=label, swatch=swatch, position=position)

    def _shown(self, name: str, code: str) -> str:
        """The name of a new attribute, told apart from another's: two filters would look alike."""
        if not Attribute.objects.filter(name__iexact=name).exclude(code=code).exists():
            return name
        return _apart(name, code)

    def _attribute(self, name: str, is_facet: bool) -> tuple[Attribute, dict[str, AttributeValue]]:
        code = self.code(name)
        if code not in self._attributes:
            told = self.told.get(name)
            shown = self._shown(told.name if told else name, code)
            kind = Attribute.Kind.SWATCH if code in COLOURS else Attribute.Kind.CHOICE
            place = next((n for n, group in enumerate(SYNONYMS) if code in group), len(SYNONYMS))
            if told and told.position is not None and place == len(SYNONYMS):
                place = min(place + told.position, LAST)
            attribute, _created = Attribute.objects.get_or_create(
                code=code, defaults={"name": shown, "is_facet": is_facet, "kind": kind, "position": place}
            )
            self._attributes[code] = attribute
            values = list(attribute.values.all())
            self._values[code] = {value.label.casefold(): value for value in values}
            self._slugs[code] = {value.slug for value in values}
        return self._attributes[code], self._values[code]


def _apart(name: str, code: str) -> str:
    """The name with what only the code says: "Style (bottom)" for style-bottom."""
    known = set(slugify(name).split("-"))
    rest = " ".join(word for word in re.split("[-_]", code) if word not in known) or code
    return f"{name[: 77 - len(rest)]} ({rest})"


def _ranks(labels: Collection[str], told: Collection[str]) -> dict[str, tuple[int, SizeKey, str]]:
    """Where each label belongs, by the label in small letters.

    Sizes go by their size, whatever a file says; others as the file tells, then by letters.
    """
    sizes = {label.casefold(): _size(label) for label in labels}
    are_sizes = all(size is not None for size in sizes.values())
    listed = {label.casefold(): n for n, label in enumerate(told)}
    nowhere: SizeKey = (0, "", 0.0)
    return {
        key: (
            0 if are_sizes else listed.get(key, len(listed)),
            (size if are_sizes else None) or nowhere,
            key,
        )
        for key, size in sizes.items()
    }


def _size(label: str) -> SizeKey | None:
    """XS before S before M, 28 before 30, each unit by itself; None if it is no size."""
    key = label.casefold().strip()
    if key in LETTERS:
        return 0, "", LETTERS.index(key)
    numbered = _NUMBERED.fullmatch(key)
    return (1, numbered[2], float(numbered[1].replace(",", "."))) if numbered else None


def free_slug(slug: str, taken: Collection[str]) -> str:
    """The slug, or the first of slug-2, slug-3 … that nobody has."""
    numbered = (f"{slug}-{n}" for n in count(2))
    return next(s for s in chain((slug,), numbered) if s not in taken)


def slug_for(text: str, fallback: str, length: int) -> str:
    """A slug of ASCII letters; for a text without any, one made of its digest, the same every time."""
    slug = slugify(text)[:length].strip("-_")
    return slug or f"{fallback}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"
