"""The products of Magento's sample data: attributes in columns of their own, lists on lines of a cell."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import lines, plain, required
from catalog.importing.magento.dates import Dates
from catalog.importing.magento.goods import SIMPLE, Good
from catalog.importing.magento.native import HIDDEN, prices, quantity_of
from catalog.importing.magento.theme import without_directives
from catalog.importing.magento.trails import checked, walk
from catalog.importing.records import Reading, Trail
from catalog.importing.table import Row

# A column that only this kind of product has.
KINDS = {
    "bundle_options": "bundle",
    "associated_sku": "grouped",
    "samples_title": "downloadable",
    "links_title": "downloadable",
}
OWN = frozenset(
    {
        *("category", "name", "sku", "price", "special_price", "qty", "description", "short_description"),
        *("attribute_set", "visibility", "url_key", "meta_description", "meta_title", "meta_keywords"),
        *("weight", "tax_class_name", "image", "status"),
    }
)


def kind_of(header: Collection[str]) -> str:
    """What a file with these columns holds."""
    return next((kind for column, kind in KINDS.items() if column in header), SIMPLE)


def good(row: Row, _dates: Dates, kind: str, tree: Collection[Trail], reading: Reading) -> Good:
    """The row as goods; BadRow says why it is none. `tree`: all categories that are known."""
    sku = required(row, "sku", 64)
    name = required(row, "name", 200)
    if kind != SIMPLE:
        return Good(row.place, sku, kind, name, None)
    amount, special = prices(row, sku, reading)
    description = row["description"] or row["short_description"]
    return Good(
        place=row.place,
        sku=sku,
        kind=SIMPLE,
        name=name,
        price=amount,
        special=special,
        description=without_directives(description, reading, row.place, sku, topic="directive"),
        quantity=quantity_of(row, sku, reading),
        is_visible=row["visibility"].casefold() not in HIDDEN,
        tax_class=plain(row["tax_class_name"]),
        url_key=row["url_key"],
        group=plain(row["attribute_set"]),
        homes=_homes(row, sku, tree, reading),
        values={
            column: labels
            for column, cell in row.cells.items()
            if column and column not in OWN and (labels := tuple(lines(cell)))
        },
    )


def _homes(row: Row, sku: str, tree: Collection[Trail], reading: Reading) -> tuple[Trail, ...]:
    names = [name for line in row["category"].splitlines() if (name := plain(line))]
    if not tree:  # no file tells where one path ends: it is taken for a single one
        return (checked(tuple(names)),) if names else ()
    found, lost = walk(names, tree)
    for name in lost:
        reading.warn(row.place, _("No category has this name there: %s.") % name[:120], sku)
    return tuple(found)
