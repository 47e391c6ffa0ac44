"""Icecat's files become goods: everything in them is kept or found, and a bad object is only a bad object."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from catalog.importing import icecat, uploads
from catalog.importing.icecat import sheet
from catalog.importing.icecat.items import EARLIEST
from catalog.models import (
    Attribute,
    AttributeValue,
    Card,
    Category,
    Image,
    Price,
    Product,
    ProductValue,
    Stock,
    Variant,
)
from tests.catalog.icecat import cartridges, item, keyboards, load, records, write
from tests.factories import follow_changes, make_tax_class

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def refused(path: Path, folder: Path, **options: Any) -> list[tuple[int, str]]:
    """(number of the object, reason) of each error."""
    table = folder / "errors.csv"
    with pytest.raises(CommandError):
        load(path, errors=table, **options)
    with table.open() as opened:
        return [(int(r["line"]), r["reason"]) for r in csv.DictReader(opened) if r["level"] == "error"]


def test_an_object_becomes_a_product_with_one_variant(tmp_path: Path) -> None:
    load(write(tmp_path, item(3920564)))
    product = Product.objects.get(external_id="icecat:3920564")
    variant = product.variants.get()
    price = variant.prices.get()
    assert (product.name, product.brand, product.summary) == (
        "Acme X1 toner cartridge Black",
        "Acme",
        "Black Toner",
    )
    assert (variant.sku, variant.barcode, variant.external_id) == ("X1", "4006381333931", "icecat:3920564")
    assert (price.amount, price.currency) == (Decimal("49.95"), "EUR")
    assert product.published_at == datetime(2009, 12, 10, tzinfo=UTC)
    assert product.is_published
    assert not Stock.objects.get(variant=variant).is_tracked  # the files tell no stock


def test_what_was_imported_can_be_seen_and_bought(tmp_path: Path, client: Client) -> None:
    load(write(tmp_path, *cartridges(), item(1, attr_t_compatibility="Printer 500 & 600")))
    follow_changes()
    page = client.get("/p/acme-x1-toner-cartridge-black/").content.decode()
    assert '<th scope="row">Compatibility</th>' in page
    assert "Printer 500 &amp; 600" in page
    assert "49.95" in page
    assert Card.objects.filter(name="Acme X1 toner cartridge Black", availability="in").exists()
    assert "Acme X1 toner cartridge Black" in client.get("/c/toner-cartridge/").content.decode()


def test_a_second_run_changes_nothing_and_a_new_price_is_taken_over(tmp_path: Path) -> None:
    goods = [*cartridges(), *keyboards()]
    load(write(tmp_path, *goods))
    rows = ProductValue.objects.count()
    assert "0 created, 0 changed, 14 unchanged" in load(write(tmp_path, *goods))
    goods[0]["price"] = 1
    assert "0 created, 1 changed, 13 unchanged" in load(write(tmp_path, *goods))
    assert Price.objects.get(variant__external_id="icecat:100").amount == Decimal("0.01")
    assert ProductValue.objects.count() == rows


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    said = load(write(tmp_path, *cartridges()), dry_run=True)
    assert "8 created" in said
    assert not Product.objects.exists()
    assert not Attribute.objects.exists()


def test_a_folder_files_and_zips_are_read_alike(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, item(1), name="1.json")
    write(folder, item(2, name="X2"), name="2.json.zip")
    (folder / "judgements.csv").write_text("query,docid,rating\n")
    assert [p.external_id for p in icecat.read([folder]).products] == ["icecat:1", "icecat:2"]
    zipped = icecat.read([folder / "2.json.zip"]).products
    assert [(p.external_id, str(p.place)) for p in zipped] == [("icecat:2", "2.json.zip:1")]


def test_the_first_of_two_objects_with_one_identity_counts(tmp_path: Path) -> None:
    path = write(tmp_path, item(1, "First X1"), item(1, "Second X1"))
    assert refused(path, tmp_path) == [(2, "This identity was already read at 1.json:1.")]
    assert Product.objects.get().name == "First X1"


def test_kinds_become_categories_and_a_rare_one_is_left_empty(tmp_path: Path) -> None:
    rare = [
        item(n, f"Acme S{n} shoe rack Wood", name=f"S{n}", short_description="To stand on")
        for n in (301, 302)
    ]
    load(write(tmp_path, *cartridges(), *keyboards(), *rare))
    kinds = dict(Product.objects.values_list("external_id", "kind"))
    assert {kinds[f"icecat:{n}"] for n in range(100, 108)} == {"Toner cartridge"}
    assert {kinds[f"icecat:{n}"] for n in range(200, 206)} == {"Keyboard"}
    assert {kinds["icecat:301"], kinds["icecat:302"]} == {""}
    assert set(Category.objects.values_list("name", flat=True)) == {"Toner cartridge", "Keyboard"}
    assert Category.objects.get(name="Keyboard").listings.filter(is_primary=True).count() == 6


def test_a_model_of_several_products_is_no_sku(tmp_path: Path) -> None:
    """Yet it can be searched for: it stands in the title, or else in the description."""
    said = load(
        write(tmp_path, item(1, "Acme 70 ink", name="70"), item(2, "Bolt ink", name="70"), item(3, name="Z9"))
    )
    assert dict(Variant.objects.values_list("external_id", "sku")) == {
        "icecat:1": None,
        "icecat:2": None,
        "icecat:3": "Z9",
    }
    assert "2 products share their model number with others: they have no SKU." in said
    assert "<td>70</td>" in Product.objects.get(external_id="icecat:2").description


def test_a_sku_that_the_shop_has_already_is_left_out_and_the_product_comes_all_the_same(
    tmp_path: Path,
) -> None:
    load(write(tmp_path, item(1, name="70A")))
    for _run in range(2):
        said = load(write(tmp_path, item(2, "Bolt 70A", name="70A")))
        assert "1 product shares its model number with others" in said
        assert dict(Variant.objects.values_list("external_id", "sku")) == {
            "icecat:1": "70A",
            "icecat:2": None,
        }


@pytest.mark.parametrize(
    "model",
    ["Waste toner box", "3 ft Cat5e Red Molded Patch Cable", "X1" * 40],
    ids=["no number", "a description", "too long"],
)
def test_a_name_that_is_no_model_number_is_no_sku(model: str, tmp_path: Path) -> None:
    assert records(tmp_path, item(1, f"Acme {model}", name=model))["1"].variants[0].sku == ""


def test_a_long_title_is_cut_at_a_word_and_stands_whole_in_the_description(tmp_path: Path) -> None:
    title = "Acme X1 " + "notebook " * 30 + "lastword"
    load(write(tmp_path, item(1, title, short_description="word " * 80 + "endofit")))
    product = Product.objects.get()
    assert len(product.name) <= 200
    assert product.name.endswith(" notebook…")
    assert "lastword" in product.description
    assert len(product.summary) <= 300
    assert "endofit" in product.description


def test_texts_are_cut_between_words() -> None:
    assert sheet.cut("one two three", 13) == "one two three"
    assert sheet.cut("one two three", 12) == "one two…"
    assert sheet.cut("one two three", 8) == "one two…"
    assert sheet.cut("onetwothree", 5) == "onet…"


def test_html_of_the_file_is_text_for_us(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>a &lt;b&gt; <br />c\\nd"
    load(write(tmp_path, item(1, "Acme X1 <strong>box</strong>", short_description=evil, attr_t_x=evil)))
    product = Product.objects.get()
    assert product.name == "Acme X1 box"
    assert product.summary == "alert(1) a <b> c d"
    assert "<script" not in product.description
    assert "a &lt;b&gt; c d" in product.description


def test_further_barcodes_stand_in_the_description(tmp_path: Path) -> None:
    codes = ["4006381333931", "0095205603217", "no code", 12345678, "4006381333931"]
    load(write(tmp_path, item(1, ean=codes)))
    assert Variant.objects.get().barcode == "4006381333931"
    assert "<td>0095205603217, 12345678</td>" in Product.objects.get().description


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2019-01-02T03:04:05Z", datetime(2019, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2019-01-02", datetime(2019, 1, 2, tzinfo=UTC)),
        (EARLIEST.replace(year=EARLIEST.year - 1).isoformat(), None),
        ("2999-01-01T00:00:00Z", None),
        ("2019-02-30", None),
        ("soon", None),
        (2019, None),
    ],
)
def test_a_release_in_the_past_is_when_it_was_published(
    told: object, kept: datetime | None, tmp_path: Path
) -> None:
    load(write(tmp_path, item(1, date_released=told)))
    published = Product.objects.get().published_at
    if kept:
        assert published == kept
    else:
        assert abs((timezone.now() - published).total_seconds()) < 600


def test_pictures_lie_elsewhere_and_are_only_counted(tmp_path: Path) -> None:
    said = load(write(tmp_path, item(1), item(2, name="X2")))
    assert "2 pictures lie elsewhere on the web and were not fetched." in said
    assert not Image.objects.exists()
    assert "elsewhere" not in load(write(tmp_path, item(3, name="X3")), no_images=True)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("text", "This is no product but a bare value."),
        ({"title": "x", "price": 1}, "The product has no id."),
        (item(id=True), "The product has no id."),
        (item(id="x" * 201), "The product's id is too long."),
        (item(title="", name=" "), "The product has no title."),
        (item(price=None), "The product has no price."),
        (item(price=-1), "The price -1 is out of range."),
        (item(price=10**12), "The price 1000000000000 is out of range."),
        (item(price=49.95), "“49.95” is no price: whole cents are expected."),
        (item(price="4995"), "“4995” is no price: whole cents are expected."),
    ],
)
def test_an_object_that_cannot_be_used_is_named_and_the_others_come(
    told: object, reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path, item(9, name="X9"), told)
    assert refused(path, tmp_path) == [(2, reason)]
    assert Product.objects.get().external_id == "icecat:9"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.json", b'[{"id": "1",', "It is no JSON, or is cut off"),
        ("latin.json", b'["\xff"]', "It is no JSON, or is cut off"),
        ("object.json", b'{"id": 1}', "An array of products is expected"),
        ("deep.json", b"[" * 100_000, "It is no JSON, or is cut off"),
        ("empty.json", b"[]", "There is nothing in it."),
        ("not.zip", b"PK\x03\x04 no zip", "It is no JSON, or is cut off"),
    ],
)
def test_a_file_that_is_none_is_told(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    ((_line, told),) = refused(path, tmp_path)
    assert told.startswith(reason)


def test_a_damaged_zip_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, *cartridges(50), name="1.json.zip")
    data = bytearray(path.read_bytes())
    data[100:140] = b"\0" * 40
    path.write_bytes(data)
    assert refused(path, tmp_path) == [(1, "It cannot be unpacked: it is damaged, or locked.")]


def test_where_nothing_lies_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no JSON file"):
        load(tmp_path)
    with pytest.raises(CommandError, match="There is no file"):
        load(tmp_path / "1.json")


def test_odd_attributes_stop_nobody(tmp_path: Path) -> None:
    text = json.dumps([item(1, attr_n_a=1e400, attr_t_b=None, attr_t_c=["x"], attr_n_d=1e300, attr_t___="?")])
    path = tmp_path / "1.json"
    path.write_text(text)  # Infinity and all
    load(path)
    assert Product.objects.get().description
    assert not AttributeValue.objects.exclude(attribute__code="brand").exists()


def test_the_desk_takes_tables_only(tmp_path: Path) -> None:
    path = write(tmp_path, *cartridges())
    with pytest.raises(uploads.Refused, match=r"neither Shopify's columns .* nor Magento's"):
        uploads.check([SimpleUploadedFile("1.json", path.read_bytes())])
    zipped = write(tmp_path, *cartridges(), name="1.json.zip")
    with pytest.raises(uploads.Refused, match="There is no CSV file"):
        uploads.check([SimpleUploadedFile("1.json.zip", zipped.read_bytes())])
