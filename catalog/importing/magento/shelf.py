"""Shelf: the goods of all files by SKU, before they are joined to products."""

from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _

from catalog.importing.magento import native
from catalog.importing.magento.cells import BadRow
from catalog.importing.magento.dates import Dates
from catalog.importing.magento.goods import Good
from catalog.importing.records import Place, Reading, Trail
from catalog.importing.table import Row, Table

Make = Callable[[Row, Dates], Good]
DEFAULT_VIEWS = {"default", "admin"}


class Shelf:
    """The first good of each SKU, and what is known of rows that could not be used.

    `claimed`: SKUs that such a row names as its variants, with the row's place and SKU.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.goods: dict[str, Good] = {}
        self.lost: dict[str, Place] = {}
        self.claimed: dict[str, tuple[Place, str]] = {}
        self._seen: dict[str, Place] = {}
        self._told: set[str] = set()  # SKUs with a row of no store view, usable or not
        self._views: list[tuple[Row, Make, Dates]] = []

    @property
    def trails(self) -> list[Trail]:
        """Every path that the goods stand in."""
        return list(dict.fromkeys(names for good in self.goods.values() for names in good.homes))

    def take(self, table: Table, make: Make) -> None:
        """The table's rows as goods; of two with one SKU the first counts."""
        torn: list[Row] = []
        rows = list(table.rows(self.reading, whole=True, torn=torn))
        for row in torn:
            self._claim(row)
        dates = Dates(rows)
        for row in rows:
            if row["store_view_code"]:
                self._views.append((row, make, dates))
            else:
                self._told.add(row["sku"].casefold())
                self._put(row, make, dates)

    def settle_views(self) -> None:
        """Rows of store views are left out, unless a SKU has no others: then the first is its own."""
        views = sorted(self._views, key=lambda view: view[0]["store_view_code"].lower() not in DEFAULT_VIEWS)
        for row, make, dates in views:
            sku, view = row["sku"], row["store_view_code"][:40]
            if sku and sku.casefold() not in self._told:
                self._told.add(sku.casefold())
                reason = _("The row of the store view “%s” was read as the product's own: it has no other.")
                self.reading.warn(row.place, reason % view, sku[:64], "base view")
                self._put(row, make, dates)
            else:
                reason = _("A row of the store view “%s” was left out: here every market has the same texts.")
                self.reading.warn(row.place, reason % view, sku[:64], "store view")

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

    def _put(self, row: Row, make: Make, dates: Dates) -> None:
        sku = row["sku"]
        try:
            first = self._seen.get(sku.casefold())
            if sku and first:
                raise BadRow(_("This SKU was already read at %s.") % first)
            good = make(row, dates)
        except BadRow as error:
            self.reading.error(row.place, str(error), sku[:64])
            if sku not in self.goods:
                self.lost[sku] = row.place
            self._claim(row)
            return
        self._seen[sku.casefold()] = row.place
        self.goods[good.sku] = good

    def _claim(self, row: Row) -> None:
        for sku in native.named_children(row):
            self.claimed.setdefault(sku, (row.place, row["sku"][:64]))
