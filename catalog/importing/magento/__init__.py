"""Magento's files → records: its product export, and the files of its sample data."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.magento import around, files, gallery, native, pages, samples, trails, words
from catalog.importing.magento.cells import BadRow
from catalog.importing.magento.goods import Good
from catalog.importing.magento.products import SOURCE, Joiner
from catalog.importing.records import Place, Reading, Trail
from catalog.importing.table import Row, Table, Unreadable


def read(paths: Sequence[Path], *, images: Path | None = None, with_images: bool = True) -> Reading:
    """Everything that these files and folders hold; `images`: where pictures lie, if not beside them."""
    reading = Reading(source=SOURCE)
    tables = files.sort(_files(paths), reading, is_folder=any(path.is_dir() for path in paths))
    shelf = _Shelf(reading)
    for table in tables["native"]:
        shelf.take(table, partial(native.good, reading=reading))
    root = trails.root_of(shelf.trails)
    known = [trails.below_root(names, root) for names in shelf.trails]
    reading.categories = trails.declared(tables["categories"], known, reading)
    tree = {trails.key(record.trail) for record in reading.categories}
    tree |= {trails.key(names[:length]) for names in known for length in range(1, len(names) + 1)}
    for table in tables["samples"]:
        kind = samples.kind_of(table.header)
        shelf.take(table, partial(samples.good, kind=kind, tree=tree, reading=reading))
    shelf.hang(tables["pictures"])
    folders = gallery.roots(paths, images) if with_images else None
    told = words.declared(tables["attributes"], reading)
    Joiner(shelf.goods, shelf.lost, shelf.claimed, told, folders, root, reading).join()
    around.links(tables["links"], shelf.goods.values(), reading)
    around.reviews(tables["reviews"], reading)
    around.tax_rates(tables["tax rates"], reading)
    pages.pages(tables["pages"], reading)
    return reading


class _Shelf:
    """The goods by SKU, the first of each, and what is known of rows that could not be used."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.goods: dict[str, Good] = {}
        self.lost: dict[str, Place] = {}
        self.claimed: set[str] = set()
        self._seen: dict[str, Place] = {}

    @property
    def trails(self) -> list[Trail]:
        """Every path that the goods stand in."""
        return list(dict.fromkeys(names for good in self.goods.values() for names in good.homes))

    def take(self, table: Table, make: Callable[[Row], Good]) -> None:
        """The table's rows as goods; of two with one SKU the first counts."""
        for row in table.rows(self.reading, whole=True):
            sku = row["sku"]
            if row["store_view_code"]:
                reason = _("A row of the store view “%s” was left out: here every market has the same texts.")
                self.reading.warn(row.place, reason % row["store_view_code"][:40], sku[:64], "store view")
                continue
            try:
                first = self._seen.get(sku.casefold())
                if sku and first:
                    raise BadRow(_("This SKU was already read at %s.") % first)
                good = make(row)
            except BadRow as error:
                self.reading.error(row.place, str(error), sku[:64])
                if sku not in self.goods:
                    self.lost[sku] = row.place
                    self.claimed |= native.named_children(row)
                continue
            self._seen[sku.casefold()] = row.place
            self.goods[good.sku] = good

    def hang(self, tables: Iterable[Table]) -> None:
        """Pictures from files of their own."""
        for table in tables:
            for row in table.rows(self.reading, whole=True):
                good = self.goods.get(row["sku"])
                if good is None:
                    reason = _("The picture belongs to no product of the files: %s.") % row["sku"][:64]
                    self.reading.error(row.place, reason, row["sku"][:64], "picture")
                elif row["image"]:
                    good.gallery.setdefault(row["image"], "")
                    self.reading.count(table.name, pictures=1)


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
