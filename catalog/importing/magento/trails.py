"""Where goods stand: paths of category names, and the tree that categories.csv tells."""

import re
from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow, flag, plain, required
from catalog.importing.magento.roots import MAGENTOS, below_root
from catalog.importing.records import CategoryRecord, Reading, Trail
from catalog.importing.table import Row, Table

MAX_DEPTH = 20
MAX_NAME = 120
_SLASH = re.compile(r"(?<!\\)/")  # "\/" belongs to a name
_ROOT = "(?:" + "|".join(map(re.escape, MAGENTOS)) + r")\s*(?:/|,|\||$)"
_BETWEEN = re.compile(rf"[,|](?!\s)|[,|](?=\s*{_ROOT})", re.IGNORECASE)


def paths(cell: str) -> list[str]:
    """The paths of a cell, each once. Magento divides them by a comma and escapes none within a name.

    In a cell that begins with Magento's root a mark before a space is part of a name: "Men, Women/Tops".
    """
    between = _BETWEEN if re.match(_ROOT, cell, re.IGNORECASE) else re.compile("[,|]")
    return list(dict.fromkeys(found for part in between.split(cell) if (found := part.strip())))


def trail(path: str) -> Trail:
    """ "Default Category/Men/Tops" → its names, the root among them; BadRow for what can be no place."""
    names = tuple(name for part in _SLASH.split(path) if (name := plain(part.replace("\\/", "/"))))
    return checked(names)


def checked(names: Trail) -> Trail:
    """The same, if the tree can hold it."""
    if len(names) > MAX_DEPTH:
        raise BadRow(_("The category lies %d levels deep.") % len(names))
    if any(len(name) > MAX_NAME for name in names):
        raise BadRow(_("The name of a category has more than %d characters.") % MAX_NAME)
    if len(set(key(names))) < len(names):
        raise BadRow(_("The category stands below itself: %s.") % "/".join(names)[:200])
    return names


def key(names: Trail) -> Trail:
    """Spelled alike, it is the same place."""
    return tuple(name.casefold() for name in names)


def innermost(trails: Collection[Trail]) -> tuple[Trail, ...]:
    """Without those that another one leads through: ancestors list everything below them by themselves."""
    found = {key(names): names for names in trails if names}
    above = {deep[:length] for deep in found for length in range(1, len(deep))}
    return tuple(names for folded, names in found.items() if folded not in above)


def declared(tables: Iterable[Table], known: Collection[Trail], reading: Reading) -> list[CategoryRecord]:
    """The categories of these files and those known from paths, each after those above it."""
    ranked: list[tuple[int, float, int, CategoryRecord]] = []
    slugs: dict[str, Trail] = {}
    for table in tables:
        for row in table.rows(reading, whole=True):
            try:
                record = _category(row)
            except BadRow as error:
                reading.error(row.place, str(error), plain(row["name"])[:80])
                continue
            first = slugs.setdefault(record.slug, record.trail) if record.slug else record.trail
            if key(first) != key(record.trail):
                reason = _("Another category has this address: %s.") % "/".join(first)
                reading.error(row.place, reason, record.slug)
                continue
            position = float(row["position"]) if row["position"].isdigit() else float("inf")
            ranked.append((len(record.trail), position, len(ranked), record))
            reading.count(table.name, categories=1)
    found: dict[Trail, CategoryRecord] = {}
    places = {key(names[:length]) for names in known for length in range(1, len(names) + 1)}
    for _depth, _position, _number, record in sorted(ranked, key=lambda entry: entry[:3]):
        folded = key(record.trail)
        above = folded[:-1]
        if above and above not in found and above not in places:
            reason = _("The category above it is not in the files: %s.") % "/".join(record.trail[:-1])
            reading.error(record.place, reason, record.trail[-1])
            continue
        found.setdefault(folded, record)
    return list(found.values())


def walk(names: list[str], tree: Collection[Trail]) -> tuple[list[Trail], list[str]]:
    """Names one after another, several paths in a row → the paths, and the names that lead nowhere.

    A name goes on where it is a child of the last one, and begins a path where it is a category at the top.
    """
    found: list[Trail] = []
    lost: list[str] = []
    here: Trail = ()
    for name in names:
        if key((*here, name)) in tree:
            here = (*here, name)
            if len(here) > 1:
                found.pop()
            found.append(here)
        elif key((name,)) in tree:
            here = (name,)
            found.append(here)
        else:
            lost.append(name)
            if here:  # what leads nowhere is not listed halfway
                found.pop()
            here = ()
    return found, lost


def _category(row: Row) -> CategoryRecord:
    name = required(row, "name", MAX_NAME)
    above = trail(row["path"])
    return CategoryRecord(
        place=row.place,
        trail=checked((*below_root(above), name)),
        slug=plain(row["url_key"]).lower(),
        is_published=flag(row["active"], True),
    )
