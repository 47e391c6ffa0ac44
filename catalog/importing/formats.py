"""The formats that can be read, and which of them a header belongs to."""

from collections.abc import Callable

from catalog.importing import icecat, magento, shopify
from catalog.importing.magento import files
from catalog.importing.records import Reading
from catalog.importing.table import Table

READERS: dict[str, Callable[..., Reading]] = {
    "icecat": icecat.read,
    "magento": magento.read,
    "shopify": shopify.read,
}
NAMES = {"shopify": "Shopify", "magento": "Magento"}


def guess(table: Table) -> str:
    """Whose file that is by its columns; empty: nobody's that is known."""
    if set(shopify.REQUIRED) <= set(shopify.understood(table).header):
        return "shopify"
    return "magento" if files.kind_of(table) else ""
