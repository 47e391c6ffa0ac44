"""Magento's files for tests: lines of its product export, and a part of the Luma shop."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import IO, Any

import PIL.Image
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog import images
from catalog.images import Original

SHARE = int(os.environ.get("PICTURES_SHARE", "12"))  # each how manyth of Luma's is decoded; 1 in `make soak`
LUMA = Path(__file__).resolve().parents[3] / "shared" / "data" / "magento-luma"
FIXTURES = LUMA / "fixtures"
NATIVE = FIXTURES / "ConfigurableSampleData" / "fixtures" / "products.csv"
PHOTOS = Path("pub", "media", "catalog", "product")
luma = pytest.mark.skipif(not LUMA.is_dir(), reason=f"Magento's sample data are not at {LUMA}")

HEADER = (
    *("sku", "store_view_code", "attribute_set_code", "product_type", "categories", "name", "description"),
    *("product_online", "tax_class_name", "visibility", "price", "special_price", "special_price_from_date"),
    *("special_price_to_date", "url_key", "base_image", "additional_images", "additional_attributes", "qty"),
    *("is_in_stock", "manage_stock", "use_config_manage_stock", "configurable_variations", "related_skus"),
)


def good(sku: str, **cells: str) -> dict[str, str]:
    """A row of a simple product that sells."""
    plain = {
        "product_type": "simple",
        "name": f"Product {sku}",
        "price": "12.50",
        "qty": "5",
        "categories": "Default Category/Things",
        "visibility": "Catalog, Search",
        "tax_class_name": "Taxable Goods",
        "url_key": sku.lower(),
    }
    return {"sku": sku, **plain, **cells}


def child(sku: str, size: str, color: str = "Black", **cells: str) -> dict[str, str]:
    """A row of a variant."""
    attributes = f"size={size},color={color}"
    hidden = "Not Visible Individually"
    return good(sku, **{"visibility": hidden, "additional_attributes": attributes, **cells})


def parent(sku: str, *children: Mapping[str, str], **cells: str) -> dict[str, str]:
    """A row of a configurable product that names these."""
    named = "|".join(f"sku={row['sku']},{row['additional_attributes']}" for row in children)
    return good(sku, **{"product_type": "configurable", "configurable_variations": named, **cells})


def text(rows: Iterable[Mapping[str, str]], header: Iterable[str] = HEADER, delimiter: str = ",") -> str:
    """The rows as a file."""
    held = StringIO()
    writer = csv.writer(held, delimiter=delimiter, lineterminator="\n")
    columns = list(header)
    writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return held.getvalue()


def file(folder: Path, *rows: Mapping[str, str], name: str = "products.csv") -> Path:
    path = folder / name
    path.write_text(text(rows))
    return path


def load(*paths: Path, **options: Any) -> str:
    """What the command says; CommandError if there was an error."""
    out = StringIO()
    call_command("import_catalog", "magento", *map(str, paths), stdout=out, stderr=out, **options)
    return out.getvalue()


def problems(*paths: Path, folder: Path, level: str = "error", **options: Any) -> list[tuple[int, str]]:
    """(line, reason) of each error; there is at least one, and the command says so."""
    table = folder / "problems.table"
    if level == "error":
        with pytest.raises(CommandError, match=r"\d error"):
            load(*paths, errors=table, **options)
    else:
        load(*paths, errors=table, **options)
    with table.open(newline="") as opened:
        return [(int(r["line"]), r["reason"]) for r in csv.DictReader(opened) if r["level"] == level]


def rows_of(path: Path) -> list[dict[str, str]]:
    """The file as the csv module alone sees it: an independent count."""
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def part(folder: Path, products: int, pictured: int = 0) -> Path:
    """A smaller Luma: the first configurables with their variants, the first of them with their pictures."""
    rows = rows_of(NATIVE)
    kept = [row for row in rows if row["product_type"] == "configurable"][:products]
    named = {
        pair.removeprefix("sku=")
        for row in kept
        for variation in row["configurable_variations"].split("|")
        for pair in variation.split(",")[:1]
    }
    shown = {row["sku"] for row in kept[:pictured]}
    wanted = [row for row in rows if row["sku"] in named or row in kept]
    for row in wanted:
        if row["sku"].split("-")[0] not in shown:
            row.update(base_image="", small_image="", thumbnail_image="", additional_images="")
        for address in filter(None, [row["base_image"], *row["additional_images"].split(",")]):
            target = folder / PHOTOS / address.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(LUMA / PHOTOS / address.lstrip("/"), target)
    path = folder / "products.csv"
    path.write_text(text(wanted, rows[0]))
    for name in ("categories.csv", "attributes.csv"):
        shutil.copy(NATIVE.parent / name, folder / name)
    shutil.copy(NATIVE.parent / "Links" / "upsell.csv", folder / "upsell.csv")
    shutil.copy(FIXTURES / "ReviewSampleData" / "fixtures" / "products_reviews.csv", folder / "reviews.csv")
    return folder


accept = images.accept


def glanced(file: IO[bytes]) -> Original:
    """In the place of images.accept: some are decoded and encoded as ever, of the others the size is read."""
    content = file.read()
    digest = hashlib.sha256(content).hexdigest()
    if int(digest[:8], 16) % SHARE == 0:
        return accept(file)
    with PIL.Image.open(file) as opened:
        return Original(ContentFile(content, name=f"{digest[:20]}.jpg"), *opened.size)
