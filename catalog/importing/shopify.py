"""Shopify's product CSV → product records. Columns are known by name, so every header set of theirs will do.

The rows of a product share a handle: the first names it, the others add variants or only pictures.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from catalog.importing.records import PictureRecord, Place, ProductRecord, Reading, VariantRecord
from catalog.importing.table import Row, Table, Unreadable, open_table

REQUIRED = ("handle", "title", "variant price")
# What their newer template calls the same columns.
NEWER = {
    "url handle": "handle",
    "description": "body (html)",
    "published on online store": "published",
    "sku": "variant sku",
    "barcode": "variant barcode",
    "price": "variant price",
    "compare-at price": "variant compare at price",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "weight value (grams)": "variant grams",
    "product image url": "image src",
    "variant image url": "variant image",
}
OPTIONS = (1, 2, 3)
LENGTHS = {"title": 200, "variant sku": 64, "variant barcode": 64, "handle": 255}
_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2}0*)?")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_GRAMS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


class BadRow(Exception):
    """This row cannot be used; the text says why."""


def read(paths: Sequence[Path], **_options: Any) -> Reading:
    """The products of all files, a folder standing for those in it; of two with one handle the first counts.

    Pictures lie elsewhere on the web: there are no options for them.
    """
    reading = Reading(source="shopify")
    found: dict[str, ProductRecord] = {}
    for path in _files(paths):
        try:
            products = _read(path, reading)
        except Unreadable as error:
            reading.error(Place(path.name, 1), str(error))
            continue
        for record in products:
            first = found.setdefault(record.external_id, record)
            if first is not record:
                reason = _("This handle was already read at %s.") % first.place
                reading.error(record.place, reason, record.handle)
            reading.count(path.name, products=1, variants=len(record.variants))
    reading.products = list(found.values())
    return reading


def understood(table: Table) -> Table:
    """The table with its columns called as they always were; one that is there under both names stays."""
    header = tuple(
        NEWER[column] if NEWER.get(column, column) not in table.header else column for column in table.header
    )
    return replace(table, header=header)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Raises Unreadable where there are none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not inside:
            raise Unreadable(_("There is no CSV file in %s.") % path)
        if not inside[0].is_file():
            raise Unreadable(_("There is no file %s.") % path)
        found += [file for file in inside if file not in found]
    return found


def _read(path: Path, reading: Reading) -> list[ProductRecord]:
    """What one file holds; raises Unreadable for what is no product file at all."""
    groups: dict[str, list[Row]] = {}
    previous = ""
    for row in understood(open_table(path, reading)).rows_with(REQUIRED, reading):
        handle = row["handle"]
        if not handle:
            reading.error(row.place, _("The row has no handle."))
            continue
        if handle in groups and handle != previous:
            reading.warn(
                row.place, _("The rows of this handle do not stand together; they were joined."), handle
            )
        groups.setdefault(handle, []).append(row)
        previous = handle
    skus: dict[str, Place] = {}
    made = (_product(handle, group, skus, reading) for handle, group in groups.items())
    return [product for product in made if product]


def _product(handle: str, group: list[Row], skus: dict[str, Place], reading: Reading) -> ProductRecord | None:
    first = next((row for row in group if row["title"]), None)
    try:
        if first is None:
            raise BadRow(_("The product has no title: its first row is missing or unreadable."))
        _check_lengths(first, "handle", "title")
    except BadRow as error:
        reading.error((first or group[0]).place, str(error), handle)
        return None
    names = {n: first[f"option{n} name"] for n in OPTIONS}
    variants: dict[str, VariantRecord] = {}
    for row in group:
        if not _is_variant(row, first):
            continue
        try:
            if row["title"] not in ("", first["title"]):
                raise BadRow(_("Another product has this handle: “%s”.") % first["title"])
            variant = _variant(handle, row, names, reading)
            if variant.external_id in variants:
                raise BadRow(_("The product already has a variant with these options."))
            if variant.sku in skus:
                raise BadRow(
                    _("The SKU %(sku)s was already used in line %(line)d.")
                    % {"sku": variant.sku, "line": skus[variant.sku].line}
                )
        except BadRow as error:
            reading.error(row.place, str(error), handle)
            continue
        if variant.sku:
            skus[variant.sku] = variant.place
        variants[variant.external_id] = variant
    if not variants:
        reading.error(first.place, _("The product was left out: none of its rows can be sold."), handle)
        return None
    if first["gift card"].lower() == "true":
        reading.warn(first.place, _("A gift card is imported as ordinary goods."), handle)
    return ProductRecord(
        place=first.place,
        external_id=f"shopify:{handle}",
        handle=handle,
        name=first["title"],
        description=first["body (html)"],
        kind=_cut(first, "type", 80, reading),
        brand=_cut(first, "vendor", 120, reading),
        tags=tuple(dict.fromkeys(tag.strip()[:120] for tag in first["tags"].split(",") if tag.strip())),
        is_published=_is_published(first),
        variants=tuple(variants.values()),
        pictures=_pictures(group),
    )


def _is_variant(row: Row, first: Row) -> bool:
    """A row with nothing but a picture is none."""
    told = ("variant price", "variant sku", *(f"option{n} value" for n in OPTIONS))
    return row is first or any(row[column] for column in told)


def _variant(handle: str, row: Row, names: dict[int, str], reading: Reading) -> VariantRecord:
    _check_lengths(row, "variant sku", "variant barcode")
    options = _options(row, names)
    price, compared = _price(row, "variant price"), row["variant compare at price"]
    if price is None:
        raise BadRow(_("The variant has no price."))
    list_price = _price(row, "variant compare at price") if compared else None
    quantity, is_tracked = _stock(handle, row, reading)
    grams = row["variant grams"]
    if grams and not _GRAMS.fullmatch(grams):
        reading.warn(row.place, _("“%s” is no weight in grams; none was kept.") % grams[:40], handle)
        grams = ""
    label = "/".join(value.lower() for _name, value in options)
    return VariantRecord(
        place=row.place,
        external_id=f"shopify:{handle}:{label}",
        options=options,
        price=price,
        list_price=list_price if list_price is not None and list_price > price else None,
        sku=row["variant sku"].removeprefix("'"),  # Shopify's own guard against spreadsheets
        barcode=row["variant barcode"].removeprefix("'"),
        quantity=quantity,
        is_tracked=is_tracked,
        weight_grams=round(Decimal(grams or 0)),
    )


def _options(row: Row, names: dict[int, str]) -> tuple[tuple[str, str], ...]:
    """The variant's options; a lone "Title: Default Title" is Shopify's way to say that there are none."""
    options = []
    for n in OPTIONS:
        name, value = row[f"option{n} name"] or names[n], row[f"option{n} value"]
        if value and not name:
            raise BadRow(_("The option “%s” has no name.") % value[:40])
        if len(value) > 120 or len(name) > 80:
            raise BadRow(_("The name or value of an option is too long."))
        if names[n] and not value:
            raise BadRow(_("The variant has no value for “%s”.") % names[n])
        if value:
            options.append((name, value))
    return () if options == [("Title", "Default Title")] else tuple(options)


def _price(row: Row, column: str) -> Decimal | None:
    text = row[column]
    if not text:
        return None
    if text.startswith("-"):
        raise BadRow(_("The price %s is negative.") % text[:40])
    if not _PRICE.fullmatch(text):
        raise BadRow(_("“%s” is no price: write it like 1299.90.") % text[:40])
    return Decimal(text).quantize(Decimal("0.01"))


def _stock(handle: str, row: Row, reading: Reading) -> tuple[int, bool]:
    """Quantity, and whether it is counted: without a tracker Shopify sells it without counting."""
    text = row["variant inventory qty"]
    if text and not _WHOLE.fullmatch(text):
        raise BadRow(_("“%s” is no quantity.") % text[:40])
    quantity, is_tracked = int(text or 0), bool(row["variant inventory tracker"])
    if is_tracked and row["variant inventory policy"].lower() in {"continue", "true"}:
        reading.warn(row.place, _("It may be sold beyond its stock, so it is not counted here."), handle)
        is_tracked = False
    if quantity < 0:
        reading.warn(row.place, _("The quantity %d was read as none.") % quantity, handle)
    return max(quantity, 0), is_tracked


def _pictures(group: list[Row]) -> tuple[PictureRecord, ...]:
    found: dict[str, PictureRecord] = {}
    for row in group:
        position = row["image position"]
        for address, alt in ((row["image src"], row["image alt text"]), (row["variant image"], "")):
            if address and address not in found:
                rank = int(position) if _WHOLE.fullmatch(position) else len(found) + 1
                found[address] = PictureRecord(row.place, address, alt[:300], rank)
    return tuple(found.values())


def _is_published(row: Row) -> bool:
    status = row["status"].lower()  # later header sets have it
    return row["published"].lower() not in {"false", "no", "0"} and status in {"", "active"}


def _cut(row: Row, column: str, length: int, reading: Reading) -> str:
    text = row[column]
    if len(text) > length:
        values: dict[str, Any] = {"column": column, "length": length}
        reading.warn(row.place, _("“%(column)s” was cut to %(length)d characters.") % values, row["handle"])
    return text[:length]


def _check_lengths(row: Row, *columns: str) -> None:
    for column in columns:
        if len(row[column]) > LENGTHS[column]:
            raise BadRow(
                _("“%(column)s” has more than %(length)d characters.")
                % {"column": column, "length": LENGTHS[column]}
            )
