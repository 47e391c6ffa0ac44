"""The whole of Magento's Luma shop: everything in the files, counted by the csv module, and nothing else."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from pytest_django.plugin import DjangoDbBlocker

from catalog.models import (
    Attribute,
    Category,
    Image,
    Listing,
    Page,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Stock,
    TaxRate,
    Variant,
    VariantOption,
)
from shop.changes.models import Change
from tests.catalog.magento import FIXTURES, LUMA, NATIVE, glanced, load, luma, rows_of
from tests.factories import follow_changes, make_tax_class

pytestmark = [pytest.mark.django_db, luma]
EMPTY = {
    *("What's New", "Sale", "Training", "Video Download"),
    *("Eco Collection New", "Performance Sportswear New"),
}
SIMPLE = FIXTURES / "CatalogSampleData" / "fixtures" / "SimpleProduct"


@pytest.fixture(scope="module", autouse=True)
def said(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """What the command says when it imports Luma with its pictures, once for all tests here."""
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("luma"))
    with django_db_blocker.unblock(), transaction.atomic():
        make_tax_class()
        Change.objects.all().delete()
        with media, pytest.MonkeyPatch.context() as patch:
            patch.setattr("catalog.images.accept", glanced)
            text = load(LUMA)
            stored = {path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
        assert {Path(name).name for name in Image.objects.values_list("original", flat=True)} == stored
        yield text
        transaction.set_rollback(True)


def variations() -> dict[str, dict[str, str]]:
    """Each variant's cells of `configurable_variations`, by SKU."""
    found = {}
    for row in rows_of(NATIVE):
        for text in filter(None, row["configurable_variations"].split("|")):
            cells = dict(pair.split("=") for pair in text.split(","))
            sku = cells.pop("sku")
            found[sku] = {**cells, "parent": row["sku"]}
    return found


def simples() -> dict[str, dict[str, str]]:
    return {r["sku"]: r for path in SIMPLE.glob("products_*.csv") for r in rows_of(path)}


def linked(*names: str) -> set[tuple[str, str]]:
    """Pairs of SKUs of the links' files, of goods that are sold here."""
    sold = {r["sku"] for r in rows_of(NATIVE) if r["product_type"] == "configurable"} | set(simples())
    return {
        (row["sku"], other)
        for name in names
        for path in FIXTURES.rglob(f"Link*/{name}.csv")
        for row in rows_of(path)
        for other in row["linked_sku"].split()
        if row["sku"] in sold and other in sold and other != row["sku"]
    }


def test_every_configurable_and_simple_product_is_there_and_no_other() -> None:
    configurable = {r["sku"] for r in rows_of(NATIVE) if r["product_type"] == "configurable"}
    assert (len(configurable), len(simples())) == (147, 44)
    found = {
        str(sku).removeprefix("magento:") for sku in Product.objects.values_list("external_id", flat=True)
    }
    assert found == configurable | set(simples())
    hidden = {sku for sku, row in simples().items() if row.get("visibility") == "1"}
    unpublished = Product.objects.filter(is_published=False).values_list("external_id", flat=True)
    assert {str(sku).removeprefix("magento:") for sku in unpublished} == hidden


def test_every_variant_stands_in_its_product_with_its_options_price_and_stock() -> None:
    told = variations()
    rows = {r["sku"]: r for r in rows_of(NATIVE)} | simples()
    assert len(told) == 1847
    variants = Variant.objects.select_related("product", "stock").prefetch_related(
        "options__value__attribute", "prices"
    )
    assert {v.sku for v in variants} == set(told) | set(simples())
    for variant in variants:
        wanted = dict(told.get(variant.sku, {}))
        owner = wanted.pop("parent", variant.sku)
        assert variant.product.external_id == f"magento:{owner}"
        options = {o.value.attribute.code: o.value.label for o in variant.options.all()}
        assert options == wanted
        row = rows[str(variant.sku)]
        assert [price.amount for price in variant.prices.all()] == [Decimal(row["price"])]
        assert (variant.stock.on_hand, variant.stock.is_tracked) == (int(row["qty"]), True)
    assert Stock.objects.count() == Price.objects.count() == 1847 + 44


def test_a_special_price_below_the_price_is_a_sale() -> None:
    below = {
        sku: Decimal(row["special_price"])
        for sku, row in simples().items()
        if row.get("special_price") and Decimal(row["special_price"]) < Decimal(row["price"])
    }
    sold = Price.objects.filter(sale_amount__isnull=False).values_list("variant__sku", "sale_amount")
    assert dict(sold) == below


def test_the_tree_is_that_of_the_files_and_what_has_no_goods_waits(said: str) -> None:
    told = {
        (
            (*filter(None, row["path"].split("/")), row["name"]),
            row["url_key"],
            row["active"] == "1" and row["name"] not in EMPTY,
        )
        for path in FIXTURES.glob("*/fixtures/categories.csv")
        for row in rows_of(path)
    }
    by_path = {category.path: category for category in Category.objects.all()}
    found = {
        (
            tuple(
                by_path[c.path[:n]].name for n in range(Category.steplen, len(c.path) + 1, Category.steplen)
            ),
            c.slug,
            c.is_published,
        )
        for c in by_path.values()
    }
    assert found == told
    tops = Category.objects.filter(depth=1, is_published=True).order_by("path")
    assert [c.name for c in tops] == ["Women", "Men", "Gear"]
    tops = Category.objects.filter(depth=1).exclude(name__in=("Collections", "Promotions")).order_by("path")
    assert [c.name for c in tops] == ["What's New", "Women", "Men", "Gear", "Training", "Sale"]
    assert f"{len(EMPTY)} categories have no goods in these files" in said


def test_configurables_stand_in_every_category_of_their_paths() -> None:
    by_path = {category.path: category.name for category in Category.objects.all()}
    found: dict[str, set[str]] = {}
    for sku, path in Listing.objects.values_list("product__external_id", "category__path"):
        names = [by_path[path[:n]] for n in range(Category.steplen, len(path) + 1, Category.steplen)]
        found.setdefault(str(sku), set()).add("/".join(names))
    for row in rows_of(NATIVE):
        if row["product_type"] == "configurable":
            told = {
                path.removeprefix("Default Category").lstrip("/") for path in row["categories"].split(",")
            }
            assert found[f"magento:{row['sku']}"] == told - {""}
    assert found["magento:24-UG05"] == {
        *("Gear/Fitness Equipment", "Collections/New Luma Yoga Collection", "Collections/Erin Recommends")
    }
    homes = Listing.objects.filter(is_primary=True)
    assert homes.count() == Product.objects.count()
    assert not homes.filter(category__slug="eco-friendly").exists()


def test_values_of_both_families_are_facets_without_entities() -> None:
    material: Counter[str] = Counter()
    for row in rows_of(NATIVE):
        if row["product_type"] == "configurable":
            cells = dict(pair.split("=", 1) for pair in row["additional_attributes"].split(","))
            material.update({unescape(label).casefold() for label in cells.get("material", "").split("|")})
    for row in simples().values():
        material.update({unescape(label).casefold() for label in row["material"].split("\n")})
    del material[""]
    found = ProductValue.objects.filter(value__attribute__code="material").select_related("value")
    assert Counter(row.value.label.casefold() for row in found) == material
    names = dict(Attribute.objects.values_list("code", "name"))
    assert (names["style-general"], names["style-bottom"]) == ("Style", "Style (bottom)")
    assert names["features-bags"] == "Features"
    assert len(set(names.values())) == len(names)
    assert not Attribute.objects.filter(code__in=("has-options", "required-options")).exists()
    eco = Product.objects.filter(product_values__value__slug="eco-collection").count()
    assert eco == sum("eco_collection=Yes" in row["additional_attributes"] for row in rows_of(NATIVE)) + sum(
        row.get("eco_collection") == "1" for row in simples().values()
    )


def test_sizes_stand_in_their_natural_order_and_colours_have_swatches() -> None:
    sizes = Attribute.objects.get(code="size").values.order_by("position").values_list("label", flat=True)
    clothes = ["XS", "S", "M", "L", "XL", *("28", "29", "30", "31", "32", "33", "34", "36")]
    assert list(sizes) == [*clothes, "55 cm", "65 cm", "75 cm", "6 foot", "8 foot", "10 foot"]
    colours = Attribute.objects.get(code="color")
    assert colours.kind == Attribute.Kind.SWATCH
    assert all(value.swatch for value in colours.values.all())
    assert VariantOption.objects.filter(value__attribute=colours).count() == 1847


def test_every_review_of_a_product_that_is_sold_is_there_and_the_others_are_named(said: str) -> None:
    sold = {r["sku"] for r in rows_of(NATIVE)} | set(simples())
    told = rows_of(FIXTURES / "ReviewSampleData" / "fixtures" / "products_reviews.csv")
    wanted = Counter(
        (r["sku"], int(r["rating_value"]), r["review"].strip()) for r in told if r["sku"] in sold
    )
    found = Review.objects.values_list("product__external_id", "rating", "body")
    assert Counter((str(sku).removeprefix("magento:"), stars, body) for sku, stars, body in found) == wanted
    assert len(told) == 500
    assert f"{500 - wanted.total()} reviews are of products that are not sold here" in said


def test_links_lead_where_the_files_say_once_each() -> None:
    for kind, names in (("companion", ("related", "crosssell")), ("alternative", ("upsell",))):
        rows = ProductLink.objects.filter(kind=kind).values_list("product__external_id", "other__external_id")
        found = [(str(a).removeprefix("magento:"), str(b).removeprefix("magento:")) for a, b in rows]
        assert len(found) == len(set(found))
        assert set(found) == linked(*names)


def test_pages_come_without_the_themes_directives() -> None:
    pages = Page.objects.in_bulk(field_name="slug")
    assert set(pages) == {"about-us", "customer-service", "privacy-policy-cookie-restriction-mode"}
    assert not any(page.is_published for page in pages.values())
    assert all("{{" not in page.body and "<div" not in page.body for page in pages.values())
    assert "/info/customer-service/" in pages["about-us"].body
    assert "Contact Luma" in pages["about-us"].body


def test_what_the_shop_does_not_sell_or_know_is_named(said: str) -> None:
    assert not Variant.objects.filter(sku__in=("24-WG080", "24-WG085_Group", "240-LV04")).exists()
    for reason in (
        "yoga_bundle.csv:2: warning: Bundle products are not sold here.",
        "yoga_grouped.csv:2: warning: Grouped products are not sold here.",
        "products_training_video_download.csv:2: warning: Downloadable products are not sold here.",
        "orders.csv:1: warning: The file was left out, its columns are not known",
        "12 products are not visible by themselves",
        "3 pages wait unpublished",
    ):
        assert reason in said
    assert dict(TaxRate.objects.filter(country="US").values_list("region", "rate")) == {
        "MI": Decimal("0.0825")
    }


def test_a_second_run_writes_nothing_and_notes_nothing() -> None:
    def everything() -> list[Any]:
        kinds = (Product, Variant, Price, ProductValue, Listing, ProductLink, Review, Category, Page, Stock)
        return [list(kind.objects.order_by("pk").values()) for kind in (*kinds, Image, TaxRate)]

    before = everything()
    Change.objects.all().delete()
    text = load(LUMA)
    assert "0 created, 0 changed, 191 unchanged" in text
    assert "New: 0 categories, 0 pictures, 0 links, 0 reviews, 0 pages, 0 tax rates." in text
    assert not Change.objects.exists()
    assert everything() == before


def test_a_product_and_its_category_stand_on_their_pages(client: Client) -> None:
    follow_changes()
    page = client.get("/p/chaz-kangeroo-hoodie/").content.decode()
    assert "Chaz Kangeroo Hoodie" in page
    assert "#1d1d1b" in page
    assert client.get("/c/hoodies-and-sweatshirts-men/").status_code == 200


def test_every_picture_of_the_files_hangs_at_its_product_and_its_base_pictures_first(said: str) -> None:
    owners = {sku: cells["parent"] for sku, cells in variations().items()}
    wanted, base = set(), set()
    for row in rows_of(NATIVE):
        owner = owners.get(row["sku"], row["sku"])
        addresses = {row["base_image"], *row["additional_images"].split(",")} - {""}
        wanted |= {(owner, address) for address in addresses}
        base |= {(owner, row["base_image"])} if row["base_image"] else set()
    for path in FIXTURES.rglob("images_*.csv"):
        wanted |= {(row["sku"], row["image"]) for row in rows_of(path) if row["sku"] in simples()}
    rows = Image.objects.values_list("product__external_id", "source", "position")
    found = {(str(sku).removeprefix("magento:"), source.partition(":")[2]): n for sku, source, n in rows}
    assert found.keys() == wanted
    assert (len(found), len(base), len(base & found.keys())) == (725, 420, 420)
    assert " 725 pictures," in said
    fronts = {
        row["sku"]: row["base_image"] for row in rows_of(NATIVE) if row["product_type"] == "configurable"
    }
    assert all(found[sku, address] == 0 for sku, address in fronts.items() if address)
    assert len({sku for sku, _address in found}) == len([n for n in found.values() if n == 0])
    assert "725 pictures are being prepared; 725 to go." in said
