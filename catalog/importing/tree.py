"""Tree: the categories that an import names, found in the shop's tree or made there."""

from collections.abc import Iterable

from catalog.importing.records import CategoryRecord, Trail
from catalog.importing.vocabulary import free_slug, slug_for
from catalog.models import Category


class Tree:
    """Remembers what it has found. After a rollback take a new one: it may remember what is gone."""

    def __init__(self, parent: Category | None = None, told: Iterable[CategoryRecord] = ()) -> None:
        self.parent = parent  # categories that have to be made are made below it
        self.told = {_key(record.trail): record for record in told}
        self._found: dict[Trail, Category] = {}
        self._kinds: dict[str, Category] = {}

    def make_all(self) -> int:
        """Every category that the files tell; how many are new."""
        before = Category.objects.count()
        for record in self.told.values():
            self.at(record.trail)
        return Category.objects.count() - before

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
            self._kinds[slug] = find_category(slug) or add_category(name, slug, self.parent)
        return self._kinds[slug]

    def is_shown(self, trail: Trail) -> bool:
        """Do the files show it and everything above it?"""
        above = (_key(trail[:length]) for length in range(1, len(trail) + 1))
        return all(key not in self.told or self.told[key].is_published for key in above)

    def _find_or_add(self, trail: Trail) -> Category:
        record = self.told.get(_key(trail))
        slug = slug_for(record.slug, "category", 140) if record and record.slug else ""
        found = find_category(slug) if slug else None
        if found:
            return found
        parent = self.at(trail[:-1]) if len(trail) > 1 else self.parent
        # Read anew: treebeard counts children on the instance.
        parent = Category.objects.get(pk=parent.pk) if parent else None
        children = Category.objects.get_children(parent) if parent else Category.objects.filter(depth=1)
        same = children.filter(name__iexact=trail[-1][:120]).first()
        if same:
            return same
        if not slug:
            slug = slug_for(trail[-1], "category", 100)
            if parent and find_category(slug):
                slug = f"{slug}-{parent.slug}"[:130].strip("-")
        taken = set(Category.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
        return add_category(
            trail[-1], free_slug(slug, taken), parent, is_published=record is None or record.is_published
        )


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
