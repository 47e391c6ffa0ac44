"""Magento's files → records: its product export, and the files of its sample data."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.magento import (
    around,
    files,
    gallery,
    native,
    pages,
    roots,
    samples,
    trails,
    vacancies,
    words,
)
from catalog.importing.magento.products import SOURCE, Joiner
from catalog.importing.magento.shelf import Shelf
from catalog.importing.records import Place, Reading
from catalog.importing.table import Unreadable


def read(paths: Sequence[Path], *, images: Path | None = None, with_images: bool = True) -> Reading:
    """Everything that these files and folders hold; `images`: where pictures lie, if not beside them."""
    reading = Reading(source=SOURCE)
    tables = files.sort(_files(paths), reading, is_folder=any(path.is_dir() for path in paths))
    shelf = Shelf(reading)
    for table in tables["native"]:
        shelf.take(table, partial(native.good, reading=reading))
    shelf.settle_views()
    is_export = any("product_websites" in table.header for table in tables["native"])
    tops = roots.roots_of(shelf.trails, is_export=is_export, source=SOURCE)
    known = [roots.below_root(names, tops) for names in shelf.trails]
    reading.categories = trails.declared(tables["categories"], known, reading)
    tree = {trails.key(record.trail) for record in reading.categories}
    tree |= {trails.key(names[:length]) for names in known for length in range(1, len(names) + 1)}
    for table in tables["samples"]:
        kind = samples.kind_of(table.header)
        shelf.take(table, partial(samples.good, kind=kind, tree=tree, reading=reading))
    shelf.hang(tables["pictures"])
    folders = gallery.roots(paths, images) if with_images else None
    told = words.declared(tables["attributes"], reading)
    Joiner(shelf.goods, shelf.lost, shelf.claimed, told, folders, tops, reading).join()
    vacancies.hide(reading)
    around.links(tables["links"], shelf.goods.values(), reading)
    around.reviews(tables["reviews"], reading)
    around.tax_rates(tables["tax rates"], reading)
    pages.pages(tables["pages"], reading)
    if not reading.counts and not reading.problems:
        name = next(table.name for kind in tables.values() for table in kind)
        reading.error(Place(name, 1), _("There is nothing in it but its columns' names."))
    return reading


def _files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """(name to tell, file): every CSV file below a folder, and files as they are."""
    found: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".csv")
            if not inside:
                raise Unreadable(_("There is no CSV file in %s.") % path)
            for file in inside:
                found.setdefault(file, file.relative_to(path).as_posix())
        elif path.is_file():
            found.setdefault(path, path.name)
        else:
            raise Unreadable(_("There is no file %s.") % path)
    return [(name, path) for path, name in found.items()]
