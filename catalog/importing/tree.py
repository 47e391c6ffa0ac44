"""Tree: the categories that an import names, found in the shop's tree or made there."""

import copy
from collections.abc import Iterable

from catalog.importing.records import CategoryRecord, Trail
from catalog.importing.vocabulary import free_slug, slug_for
from catalog.models import Category


class Tree:
    """Remembers what it has found. After a rollback take a new one: it may remember what is gone.

    keep False: what is missing is imagined, with keys below 1, and never written: a trial's.
    """

    def __init__(
        self, parent: Category | None = None, told: Iterable[CategoryRecord] = (), *, keep: bool = True
    ) -> None:
        self.parent = parent  # categories that have to be made are made below it
        self.told = {_key(record.trail): record for record in told}
        self.keep = keep
        self.made = 0
        self._found: dict[Trail, Category] = {}
        self._kinds: dict[str, Category] = {}
        self._imagined: dict[str, Category] = {}  # by slug
        self._below: dict[tuple[int | None, str], Category] = {}  # imagined ones by parent and name
        if parent and parent.pk < 1:
            self._imagined[parent.slug] = parent

    def copy(self) -> "Tree":
        """One that forgets what this one is going to find."""
        other = copy.copy(self)
        for name in ("_found", "_kinds", "_imagined", "_below"):
            setattr(other, name, dict(getattr(self, name)))
        return other

    def make_all(self) -> None:
        """Every category that the files tell."""
        for record in self.told.values():
            self.at(record.trail)

    def at(self, trail: Trail) -> Category:
        """The category at the end of these names.

        One with the address that the file tells is it, wherever the merchant has moved it; else one of that
        name in that place.
        """
        key = _key(trail)
        if key not in self._found:
            self._found[key] = self._find_or_add(trail)
        return self._found[key]

    def of_kind(self, name: str) -> Category:
        """The category of that name, wherever it stands."""
        slug = slug_for(name, "category", 140)
        if slug not in self._kinds:
            self._kinds[slug] = self._find(slug) or self._add(name, slug, self.parent)
        return self._kinds[slug]

    def is_shown(self, trail: Trail) -> bool:
        """Do the files show it and everything above it?"""
        above = (_key(trail[:length]) for length in range(1, len(trail) + 1))
        return all(key not in self.told or self.told[key].is_published for key in above)

    def _find_or_add(self, trail: Trail) -> Category:
        record = self.told.get(_key(trail))
        slug = slug_for(record.slug, "category", 140) if record and record.slug else ""
        found = self._find(slug) if slug else None
        if found:
            return found
        parent = self.at(trail[:-1]) if len(trail) > 1 else self.parent
        if same := self._child(parent, trail[-1][:120]):
            return same
        if not slug:
            slug = slug_for(trail[-1], "category", 100)
            if parent and self._find(slug):
                slug = f"{slug}-{parent.slug}"[:130].strip("-")
        taken = set(Category.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
        return self._add(
            trail[-1],
            free_slug(slug, taken | self._imagined.keys()),
            parent,
            is_published=record is None or record.is_published,
        )

    def _find(self, slug: str) -> Category | None:
        return self._imagined.get(slug) or find_category(slug)

    def _child(self, parent: Category | None, name: str) -> Category | None:
        imagined = self._below.get((parent.pk if parent else None, name.casefold()))
        if imagined or (parent and parent.pk < 1):
            return imagined
        # Read anew: treebeard counts children on the instance.
        parent = Category.objects.get(pk=parent.pk) if parent else None
        children = Category.objects.get_children(parent) if parent else Category.objects.filter(depth=1)
        return children.filter(name__iexact=name).first()

    def _add(self, name: str, slug: str, parent: Category | None, *, is_published: bool = True) -> Category:
        self.made += 1
        if self.keep:
            return add_category(name, slug, parent, is_published=is_published)
        made = Category(pk=-len(self._imagined) - 1, name=name[:120], slug=slug, is_published=is_published)
        self._imagined[slug] = made
        self._below[parent.pk if parent else None, made.name.casefold()] = made
        return made


def find_category(slug: str) -> Category | None:
    """The category of that slug."""
    return Category.objects.filter(slug=slug).first()


def add_category(name: str, slug: str, parent: Category | None, *, is_published: bool = True) -> Category:
    """A new category: the last child of `parent`, or the last at the top."""
    fields = {"name": name[:120], "slug": slug, "is_published": is_published}
    if parent is None:
        return Category.objects.add_root(fields)
    # Read anew: treebeard counts children on the instance.
    return Category.objects.add_child(Category.objects.get(pk=parent.pk), fields)


def _key(trail: Trail) -> Trail:
    return tuple(name.casefold() for name in trail)
