"""Shopify's files become goods: everything in them, nothing twice, and a bad row is only a bad row."""

import csv
from collections import Counter
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from catalog import stock
from catalog.importing.shopify import read
from catalog.models import Category, Price, Product, Sale, Stock, Variant
from shop.changes.models import Change
from tests.factories import follow_changes, make_product, make_tax_class

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "shopify-product-csvs"
HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,"
    "Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text"
)
COLUMNS = HEADER.split(",")

pytestmark = pytest.mark.django_db
samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample files are not at {SAMPLES}")


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def row(handle: str = "mug", title: str = "Mug", price: str = "12.50", **cells: str) -> str:
    """A line of a file; columns by their names in lower case with underscores."""
    known = {column.lower().replace(" ", "_"): column for column in COLUMNS}
    values = {"Handle": handle, "Title": title, "Variant Price": price}
    values |= {known[name]: value for name, value in cells.items()}
    held = StringIO()
    csv.writer(held, lineterminator="").writerow(values.get(column, "") for column in COLUMNS)
    return held.getvalue()


def file(
    folder: Path, *rows: str, encoding: str = "utf-8", end: str = "\r\n", name: str = "goods.csv"
) -> Path:
    path = folder / name
    path.write_bytes((end.join((HEADER, *rows)) + end).encode(encoding))
    return path


def load(*paths: Path, **options: Any) -> str:
    out, err = StringIO(), StringIO()
    call_command("import_catalog", "shopify", *map(str, paths), stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()


def refused(path: Path, folder: Path, **options: Any) -> list[tuple[int, str]]:
    """(line, reason) of each error."""
    table = folder / "errors.csv"
    with pytest.raises(CommandError):
        load(path, errors=table, **options)
    with table.open() as opened:
        return [(int(r["line"]), r["reason"]) for r in csv.DictReader(opened) if r["level"] == "error"]


def plain_rows(name: str) -> list[dict[str, str]]:
    """The file as the csv module alone sees it: an independent count."""
    with (SAMPLES / name).open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@samples
@pytest.mark.parametrize("name", ["apparel.csv", "home-and-garden.csv", "jewelery.csv"])
def test_a_sample_gives_every_product_with_its_variants_options_and_prices(name: str) -> None:
    load(SAMPLES / name)
    found = plain_rows(name)
    sold = [r for r in found if r["Variant Price"]]
    assert Product.objects.count() == len({r["Handle"] for r in found})
    assert Counter(Variant.objects.values_list("product__external_id", flat=True)) == Counter(
        f"shopify:{r['Handle']}" for r in sold
    )
    paid = Counter(
        (price.variant.product.external_id, price.sale_amount or price.amount)
        for price in Price.objects.filter(currency="EUR").select_related("variant__product")
    )
    assert paid == Counter((f"shopify:{r['Handle']}", Decimal(r["Variant Price"])) for r in sold)
    options = Counter(
        option.value.label
        for variant in Variant.objects.prefetch_related("options__value")
        for option in variant.options.all()
    )
    wanted = [r[f"Option{n} Value"] for r in sold for n in (1, 2, 3)]
    assert options == Counter(value for value in wanted if value and value != "Default Title")


@samples
def test_a_price_to_compare_with_becomes_the_price_and_the_files_price_its_sale() -> None:
    load(SAMPLES / "jewelery.csv")
    price = Price.objects.get(variant__external_id="shopify:leather-anchor:silver")
    assert (price.amount, price.sale_amount) == (Decimal("85.00"), Decimal("55.00"))
    assert [sale.ends_at for sale in price.sales.all()] == [None]


@samples
def test_a_second_run_changes_nothing_and_notes_nothing() -> None:
    load(SAMPLES)
    before = list(Product.objects.order_by("pk").values())
    Change.objects.all().delete()
    text = load(SAMPLES)
    assert "0 created, 0 changed, 60 unchanged, 0 left out" in text
    assert not Change.objects.exists()
    assert list(Product.objects.order_by("pk").values()) == before


@samples
def test_a_dry_run_reports_the_same_and_keeps_nothing() -> None:
    text = load(SAMPLES, dry_run=True, category="Shopify")
    assert "60 created" in text
    assert "dry run" in text
    assert not Product.objects.exists()
    assert not Category.objects.exists()


@samples
def test_an_imported_product_stands_on_its_page(client: Client) -> None:
    load(SAMPLES / "apparel.csv")
    follow_changes()
    response = client.get("/p/classic-varsity-top/")
    assert response.status_code == 200
    assert "Classic Varsity Top" in response.content.decode()


def test_what_the_file_does_not_say_is_assumed_aloud_or_said(tmp_path: Path) -> None:
    text = load(file(tmp_path, row()))
    assert "Currency: EUR (assumed" in text
    assert "Prices include tax: yes (assumed" in text
    load(file(tmp_path, row()), currency="GBP", prices_include_tax=False)
    load(file(tmp_path, row()), currency="GBP", prices_include_tax=False)
    assert Price.objects.get(currency="GBP").includes_tax is False


def test_a_picture_on_the_web_is_a_warning_and_never_fetched(tmp_path: Path) -> None:
    address = "https://example.test/mug.jpg"
    text = load(file(tmp_path, row(image_src=address), row(title="", price="", image_src=address + "?2")))
    assert "2 pictures lie elsewhere" in text
    product = Product.objects.get()
    assert product.variants.count() == 1
    assert product.images.count() == 0


def test_rows_without_a_title_add_variants_in_their_order(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        row(option1_name="Size", option1_value="S", option2_name="Colour", option2_value="Red"),
        row(title="", price="13", option1_value="M", option2_value="Red"),
        row(title="", price="14", option1_value="M", option2_value="Blue"),
    )
    load(path)
    shown = [
        [option.value.label for option in variant.options.order_by("position")]
        for variant in Variant.objects.order_by("position")
    ]
    assert shown == [["S", "Red"], ["M", "Red"], ["M", "Blue"]]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"price": "twelve"}, "no price"),
        ({"price": "-3"}, "negative"),
        ({"price": ""}, "no price"),
        ({"price": "１２"}, "no price"),
        ({"variant_inventory_qty": "many"}, "no quantity"),
        ({"variant_compare_at_price": "x"}, "no price"),
        ({"handle": ""}, "no handle"),
        ({"title": ""}, "no title"),
        ({"title": "x" * 201}, "more than 200"),
        ({"body_(html)": "x" * 10_000_000}, "10000000 characters"),
        ({"vendor": "a\0b"}, "NUL"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_stops_no_other(
    tmp_path: Path, bad: dict[str, str], reason: str
) -> None:
    path = file(
        tmp_path, row("first", "First"), row(**{"handle": "bad", "title": "Bad", **bad}), row("last", "Last")
    )
    errors = refused(path, tmp_path)
    assert errors[0][0] == 3
    assert reason in errors[0][1]
    assert set(Product.objects.values_list("name", flat=True)) == {"First", "Last"}


def test_a_bad_variant_leaves_the_others_of_its_product(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        row(option1_name="Size", option1_value="S"),
        row(title="", price="oops", option1_value="M"),
        row(title="", option1_value="L"),
    )
    assert [line for line, _reason in refused(path, tmp_path)] == [3]
    assert Variant.objects.count() == 2


def test_a_sku_used_twice_is_refused_where_it_is_used_again(tmp_path: Path) -> None:
    make_product("Old", sku="TAKEN")  # its variant is TAKEN-1
    path = file(
        tmp_path,
        row("a", "A", variant_sku="ONE"),
        row("b", "B", variant_sku="ONE"),
        row("c", "C", variant_sku="TAKEN-1"),
    )
    assert sorted({line for line, _reason in refused(path, tmp_path)}) == [3, 4]
    assert set(Product.objects.values_list("name", flat=True)) == {"Old", "A"}


def test_an_unclosed_quotation_mark_costs_its_row_only(tmp_path: Path) -> None:
    broken = row("broken", "Broken").replace("Broken,", '"Broken,')
    path = file(tmp_path, row("first", "First"), broken, row("last", "Last"))
    assert [line for line, _reason in refused(path, tmp_path)] == [3]
    assert set(Product.objects.values_list("name", flat=True)) == {"First", "Last"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_spreadsheets_encoding_and_line_end_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    path = file(tmp_path, row("cafe", "Café crème"), encoding=encoding, end=end)
    reading = read([path])
    assert [product.name for product in reading.products] == ["Café crème"]
    assert [problem.level for problem in reading.problems] == (["warning"] if encoding == "cp1252" else [])


def test_descriptions_are_cleaned(tmp_path: Path) -> None:
    path = file(tmp_path, row(**{"body_(html)": '<p onclick="x()">Fine<script>alert(1)</script></p>'}))
    load(path)
    assert Product.objects.get().description == "<p>Fine</p>"


def test_a_known_variants_stock_is_counted_again_only_when_asked(tmp_path: Path) -> None:
    other = row("free", "Free")  # without a tracker it is sold without counting
    path = file(tmp_path, row(variant_inventory_tracker="shopify", variant_inventory_qty="5"), other)
    load(path)
    variant = Variant.objects.get(product__name="Mug")
    assert Stock.objects.get(is_tracked=False).variant.product.name == "Free"
    stock.reserve({variant.pk: 2})
    stock.ship({variant.pk: 2})
    assert "2 unchanged" in load(path)
    assert Stock.objects.get(pk=variant.pk).on_hand == 3
    assert "1 changed" in load(path, recount=True)
    assert Stock.objects.get(pk=variant.pk).on_hand == 5


def test_a_new_price_ends_the_sale_that_the_file_no_longer_has(tmp_path: Path) -> None:
    load(file(tmp_path, row(price="50", variant_compare_at_price="75")))
    load(file(tmp_path, row(price="40")))
    price = Price.objects.get()
    assert (price.amount, price.sale_amount) == (Decimal("40.00"), None)
    assert Sale.objects.filter(ends_at=None).count() == 0


def test_the_types_category_stands_in_the_named_one_and_publishing_can_be_held_back(tmp_path: Path) -> None:
    load(file(tmp_path, row(type="Lamps", published="true")), category="Home", publish=False)
    product = Product.objects.get()
    assert not product.is_published
    home = product.listings.get(is_primary=True).category
    assert (home.name, Category.objects.get_parent(home).name) == ("Lamps", "Home")


def test_a_reserved_option_name_becomes_another_parameter(tmp_path: Path) -> None:
    load(file(tmp_path, row(option1_name="Page", option1_value="A4")))
    assert Variant.objects.get().options.get().value.attribute.code == "option-page"


def test_no_cell_of_the_report_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    path = file(tmp_path, row('=HYPERLINK("x")', "Bad", price="x"))
    table = tmp_path / "errors.csv"
    with pytest.raises(CommandError):
        load(path, errors=table)
    with table.open() as opened:
        assert not any(cell[:1] in "=+-@" for line in csv.reader(opened) for cell in line if cell)


def test_a_file_of_something_else_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert refused(path, tmp_path)[0][1].startswith("These columns are missing: handle")


def test_the_same_handle_in_a_second_file_is_told(tmp_path: Path) -> None:
    one = file(tmp_path, row(), name="one.csv")
    two = file(tmp_path, row(title="Other"), name="two.csv")
    with pytest.raises(CommandError):
        load(one, two)
    assert Product.objects.get().name == "Mug"
