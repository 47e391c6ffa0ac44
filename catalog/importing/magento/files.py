"""Which of Magento's files is what: told by its columns, whatever it is called."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.magento import around
from catalog.importing.records import Place, Reading
from catalog.importing.table import Table, Unreadable, open_table

# The first whose columns are all there.
KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("native", frozenset({"sku", "product_type", "name"})),
    ("native", frozenset({"sku", "name", "price", "categories"})),
    ("samples", frozenset({"sku", "category", "name"})),
    ("attributes", frozenset({"attribute_code", "frontend_label"})),
    ("categories", frozenset({"name", "url_key", "path"})),
    ("links", frozenset({"sku", "linked_sku"})),
    ("reviews", frozenset({"sku", "rating_value", "review"})),
    ("tax rates", frozenset({"code", "tax_country_id", "rate"})),
    ("tax rates", frozenset({"code", "country", "rate"})),
    ("pages", frozenset({"identifier", "title", "content", "is_active"})),
    ("blocks", frozenset({"identifier", "title", "content"})),
    ("msrp", frozenset({"sku", "msrp"})),
    ("tax rules", frozenset({"code", "tax_rate", "tax_product_class"})),
    ("magento 1", frozenset({"sku", "_type"})),
    ("magento 1", frozenset({"sku", "type", "attribute_set", "websites"})),
)
# A table of pictures says nothing else: with more columns it is something else that shows some.
PICTURES = frozenset({"sku", "image"})
BESIDE_PICTURES = frozenset({"label", "position", "store_view_code", "image_label"})


def sort(files: Sequence[tuple[str, Path]], reading: Reading, *, is_folder: bool) -> dict[str, list[Table]]:
    """Tables by what they hold. What is none is named; in a folder, others than ours may lie about."""
    found: dict[str, list[Table]] = defaultdict(list)
    seen: dict[tuple[str, str], str] = {}
    for name, path in files:
        place = Place(name, 1)
        try:
            table = open_table(path, reading, name)
        except Unreadable as error:
            reading.error(place, str(error))
            continue
        kind = kind_of(table)
        if not kind:
            reason = _("The file was left out, its columns are not known: %s.")
            columns = "".join(sign for sign in ", ".join(table.header) if sign.isprintable())
            if is_folder:
                reading.warn(place, reason % columns[:120])
            else:
                reading.error(place, f"{reason % columns[:120]} {_looked_for()}")
            continue
        if kind == "magento 1":
            reason = _("This is an export of Magento 1: only those of Magento 2 can be read.")
            reading.error(place, reason)
            continue
        if kind in {"blocks", "msrp", "tax rules"}:
            reading.warn(place, _unused(kind))
            continue
        topic = around.kind_of(name) if kind == "links" else ""
        digest = hashlib.sha256("".join(table.lines).encode(errors="replace")).hexdigest()
        first = seen.setdefault((digest, topic), name)
        if first != name:
            reading.warn(place, _("The file was left out, it says the same as %s.") % first)
            continue
        found[kind].append(table)
    if files and not found and not any(reading.errors()):
        reason = _("No file here can be imported.")
        reading.error(Place(files[0][0], 1), f"{reason} {_looked_for()}")
    return found


def kind_of(table: Table) -> str:
    """What the table holds; empty if nothing that is known."""
    header = frozenset(table.header)
    kind = next((kind for kind, columns in KINDS if columns <= header), "")
    if not kind and PICTURES <= header <= PICTURES | BESIDE_PICTURES:
        kind = "pictures"
    return "" if kind == "links" and not around.kind_of(table.name) else kind


def _looked_for() -> str:
    return _(
        "Looked for: products (sku, name, product_type or price and categories), categories (name, url_key,"
        " path), attributes (attribute_code, frontend_label), reviews (sku, rating_value, review), pages"
        " (identifier, title, content, is_active)."
    )


def _unused(kind: str) -> str:
    return {
        "blocks": _("The file was left out: blocks are parts of Magento's theme."),
        "msrp": _("The file was left out: a recommended price is none that was ever asked here."),
        "tax rules": _("The file was left out: here a rate counts for a tax class and a country."),
    }[kind]
