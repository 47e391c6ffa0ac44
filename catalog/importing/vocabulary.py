"""Attributes, their values and categories that an import names: found, or made in passing."""

import hashlib
from collections.abc import Collection
from itertools import chain, count

from django.utils.text import slugify

from catalog.models import Attribute, AttributeValue, Category

# Names of query parameters and form fields that are spoken for: no attribute may be called so.
RESERVED = frozenset({"q", "min", "max", "sort", "page", "sale", "product", "quantity", "variant", "next"})


class Vocabulary:
    """Remembers what it has found. After a rollback take a new one: it may remember what is gone."""

    def __init__(self, parent: Category | None = None) -> None:
        self.parent = parent  # categories that have to be made are made below it
        self._attributes: dict[str, Attribute] = {}
        self._values: dict[str, dict[str, AttributeValue]] = {}
        self._categories: dict[str, Category] = {}

    def value(self, name: str, label: str) -> AttributeValue:
        """The attribute's value of that label, whatever its case; of that slug, otherwise."""
        attribute, known = self._attribute(name)
        key = label.casefold()
        if key not in known:
            slug = slug_for(label, "value", 110)
            slug = free_slug(slug, {value.slug for value in known.values()})
            known[key] = AttributeValue.objects.create(
                attribute=attribute, slug=slug, label=label, position=len(known)
            )
        return known[key]

    def category(self, name: str) -> Category:
        """The category of that name."""
        slug = slug_for(name, "category", 140)
        if slug not in self._categories:
            self._categories[slug] = find_category(slug) or add_category(name, slug, self.parent)
        return self._categories[slug]

    def _attribute(self, name: str) -> tuple[Attribute, dict[str, AttributeValue]]:
        code = slug_for(name, "option", 33)
        code = f"option-{code}" if code in RESERVED else code
        if code not in self._attributes:
            attribute, _created = Attribute.objects.get_or_create(code=code, defaults={"name": name})
            self._attributes[code] = attribute
            self._values[code] = {value.label.casefold(): value for value in attribute.values.all()}
        return self._attributes[code], self._values[code]


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
