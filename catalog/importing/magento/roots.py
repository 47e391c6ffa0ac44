"""Roots: the first names of category paths that no shopper sees, "Default Category" and a merchant's own.

Magento begins every path with the root of a store's tree; a table made by hand may not. A name that is a
category is worse to lose than a root is to keep, so an unknown one is taken off only for good reasons.
"""

from collections.abc import Iterable

from catalog.importing.records import Trail
from catalog.models import Category, Listing

MAGENTOS = frozenset({"default category", "root catalog"})


def roots_of(trails: Iterable[Trail], *, is_export: bool, source: str) -> frozenset[str]:
    """The roots of these paths, folded. `is_export`: the files have columns that only Magento writes.

    What the shop knows decides first, so that part of a catalogue goes where the whole went: a name that is
    a category at the top stays one; a name that was taken off before has goods of the source right below the
    top. Else it is a root if all paths of an export begin with it and lead to several trees.
    """
    below: dict[str, set[str]] = {}
    for names in trails:
        if names:
            below.setdefault(names[0].casefold(), set()).update(name.casefold() for name in names[1:2])
    is_alone = len(below) == 1
    unknown = {first: seconds for first, seconds in below.items() if first not in MAGENTOS}
    if not unknown:
        return MAGENTOS
    rows = Category.objects.filter(depth=1).values_list("name", "path")
    tops = {name.casefold(): path for name, path in rows}
    found = {
        first
        for first, seconds in unknown.items()
        if first not in tops
        and (
            any(second in tops and _holds_goods(tops[second], source) for second in seconds)
            or (is_alone and is_export and len(seconds) > 1)
        )
    }
    return MAGENTOS | found


def below_root(names: Trail, roots: frozenset[str] = MAGENTOS) -> Trail:
    """The path as shoppers see it."""
    return names[1:] if names and names[0].casefold() in roots else names


def _holds_goods(path: str, source: str) -> bool:
    rows = Listing.objects.filter(category__path__startswith=path)
    return rows.filter(product__external_id__startswith=f"{source}:").exists()
