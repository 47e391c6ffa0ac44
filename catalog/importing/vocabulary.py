"""Attributes, their values and categories that an import names: found, or made in passing."""

import hashlib
from collections.abc import Collection
from itertools import chain, count

from django.utils.text import slugify

from catalog.models import Attribute, AttributeValue, Category

# Names of query parameters and form fields that are spoken for: no attribute may be called so.
RESERVED = frozenset(
    {
        *("q", "min", "max", "sort", "page", "sale"),
        *("stars", "reviews"),
        *("product", "quantity", "variant", "next"),
    }
)

# One thing under several names: whichever of them the shop has already is meant. Slugs, as the codes are.
SYNONYMS = (
    ("colour", "color", "colours", "colors", "farbe", "couleur"),
    ("size", "sizes", "grosse", "groesse", "taille"),
    ("material", "materials", "materiau"),
)


class Vocabulary:
    """Remembers what it has found. After a rollback take a new one: it may remember what is gone."""

    def __init__(self, parent: Category | None = None) -> None:
        self.parent = parent  # categories that have to be made are made below it
        self._codes: dict[str, str] = {}  # by the name that a file uses
        self._attributes: dict[str, Attribute] = {}
        self._values: dict[str, dict[str, AttributeValue]] = {}
        self._categories: dict[str, Category] = {}

    def value(self, name: str, label: str, *, is_facet: bool = True) -> AttributeValue:
        """The attribute's value of that label, whatever its case; of that slug, otherwise.

        is_facet: whether shoppers may filter by it, if the attribute has to be made.
        """
        attribute, known = self._attribute(name, is_facet)
        key = label.casefold()
        if key not in known:
            slug = slug_for(label, "value", 110)
            slug = free_slug(slug, {value.slug for value in known.values()})
            known[key] = AttributeValue.objects.create(
                attribute=attribute, slug=slug, label=label, position=len(known)
            )
        return known[key]

    def knows(self, name: str, label: str) -> bool:
        """Is there such a value already?"""
        code = self._code(name)
        return AttributeValue.objects.filter(attribute__code=code, label__iexact=label).exists()

    def category(self, name: str) -> Category:
        """The category of that name."""
        slug = slug_for(name, "category", 140)
        if slug not in self._categories:
            self._categories[slug] = find_category(slug) or add_category(name, slug, self.parent)
        return self._categories[slug]

    def _attribute(self, name: str, is_facet: bool) -> tuple[Attribute, dict[str, AttributeValue]]:
        code = self._code(name)
        if code not in self._attributes:
            attribute, _created = Attribute.objects.get_or_create(
                code=code, defaults={"name": name, "is_facet": is_facet}
            )
            self._attributes[code] = attribute
            self._values[code] = {value.label.casefold(): value for value in attribute.values.all()}
        return self._attributes[code], self._values[code]

    def _code(self, name: str) -> str:
        """The code of the attribute of that name; of one that goes by another name, if only that is there."""
        if name not in self._codes:
            code = slug_for(name.replace("ß", "ss"), "option", 33)
            code = f"option-{code}" if code in RESERVED else code
            names = next((group for group in SYNONYMS if code in group), (code,))
            held = set(Attribute.objects.filter(code__in=names).values_list("code", flat=True))
            known = next((other for other in (code, *names) if other in held), code)
            self._codes[name] = known
        return self._codes[name]


def find_category(slug: str) -> Category | None:
    """The category of that slug."""
    return Category.objects.filter(slug=slug).first()


def add_category(name: str, slug: str, parent: Category | None) -> Category:
    """A new category: the last child of `parent`, or the last at the top."""
    fields = {"name": name[:120], "slug": slug}
    if parent is None:
        return Category.objects.add_root(fields)
    # Read anew: treebeard counts children on the instance.
    return Category.objects.add_child(Category.objects.get(pk=parent.pk), fields)


def free_slug(slug: str, taken: Collection[str]) -> str:
    """The slug, or the first of slug-2, slug-3 … that nobody has."""
    numbered = (f"{slug}-{n}" for n in count(2))
    return next(s for s in chain((slug,), numbered) if s not in taken)


def slug_for(text: str, fallback: str, length: int) -> str:
    """A slug of ASCII letters; for a text without any, one made of its digest, the same every time."""
    slug = slugify(text)[:length].strip("-_")
    return slug or f"{fallback}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
