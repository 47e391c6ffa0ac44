"""Shopify's newer template calls its columns otherwise: the same goods come of it."""

from decimal import Decimal
from pathlib import Path

import pytest

from catalog.importing import formats
from catalog.importing.records import Reading
from catalog.importing.shopify import read
from catalog.importing.table import open_table

HEADER = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,"
    "Barcode,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,"
    "Continue selling when out of stock,Weight value (grams),Product image URL,Image position,Image alt text,"
    "Variant image URL,Gift card"
)
ROWS = (
    "Tee,tee,<p>Fine</p>,Maker,Apparel,Shirts,a,TRUE,active,T-S,123,Size,S,19.99,29.99,shopify,5,DENY,200,"
    "https://cdn.test/x.jpg,1,Seen,https://cdn.test/s.jpg,FALSE",
    ",tee,,,,,,,,T-M,,,M,21,,shopify,7,CONTINUE,210,,,,,",
    "Mug,mug,,,,,,FALSE,active,,,Title,Default Title,5,,,,,,,,,,",
)


def test_a_file_in_the_newer_template_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "product_template.csv"
    path.write_text("\n".join((HEADER, *ROWS)))
    assert formats.guess(open_table(path, Reading())) == "shopify"
    reading = read([path])
    assert not list(reading.errors())
    tee, mug = reading.products
    assert (tee.handle, tee.name, tee.description, tee.brand) == ("tee", "Tee", "<p>Fine</p>", "Maker")
    assert [(v.sku, v.price, v.list_price, v.options) for v in tee.variants] == [
        ("T-S", Decimal("19.99"), Decimal("29.99"), (("Size", "S"),)),
        ("T-M", Decimal(21), None, (("Size", "M"),)),
    ]
    assert [(v.quantity, v.is_tracked, v.weight_grams, v.barcode) for v in tee.variants] == [
        *((5, True, 200, "123"), (7, False, 210, "")),
    ]
    assert [(p.address, p.alt) for p in tee.pictures] == [
        *(("https://cdn.test/x.jpg", "Seen"), ("https://cdn.test/s.jpg", "")),
    ]
    assert (mug.is_published, mug.variants[0].options) == (False, ())


@pytest.mark.parametrize("column", ["URL handle", "Price"])
def test_a_column_that_is_missing_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "product_template.csv"
    path.write_text(HEADER.replace(f"{column},", "Else,", 1) + "\n")
    assert [problem.reason for problem in read([path]).errors()] == [
        f"These columns are missing: {'handle' if column == 'URL handle' else 'variant price'}."
    ]
