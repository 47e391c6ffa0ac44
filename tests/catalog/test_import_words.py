"""The words of a merchant's file: names of options that the shop has under another, tags, the vendor."""

from pathlib import Path

import pytest

from catalog.models import Attribute, Product, ProductValue, VariantOption
from shop.changes.models import Change
from tests.catalog.conftest import Look
from tests.catalog.test_import_shopify import SAMPLES, file, load, row, samples
from tests.factories import follow_changes, make_product, make_tax_class, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


def filters() -> dict[str, list[str]]:
    """What shoppers may filter by: labels by the attribute's code."""
    return {
        attribute.code: list(attribute.values.order_by("position").values_list("label", flat=True))
        for attribute in Attribute.objects.filter(is_facet=True)
    }


def has(handle: str) -> set[tuple[str, str]]:
    """(attribute, label) of what an imported product is."""
    rows = ProductValue.objects.filter(product__external_id=f"shopify:{handle}")
    return set(rows.values_list("value__attribute__code", "value__label"))


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("colour", "Color"),
        ("color", "Colour"),
        ("colour", "COLOUR"),
        ("colour", "Farbe"),
        ("size", "Größe"),
        ("size", "Taille"),
        ("material", "Materials"),
    ],
)
def test_an_option_meets_the_attribute_that_the_shop_has_under_another_name(
    tmp_path: Path, known: str, name: str
) -> None:
    value = make_value(known, "Red")
    load(file(tmp_path, row(option1_name=name, option1_value="red")))
    assert VariantOption.objects.get().value == value
    assert Attribute.objects.count() == 1


def test_an_attribute_of_the_very_name_goes_before_a_synonym(tmp_path: Path) -> None:
    make_value("colour", "Red")
    own = make_value("color", "Red")
    load(file(tmp_path, row(option1_name="Color", option1_value="Red")))
    assert VariantOption.objects.get().value == own


def test_other_names_stay_what_they_are(tmp_path: Path) -> None:
    make_value("colour", "Red")
    load(file(tmp_path, row(option1_name="Colouring", option1_value="Red")))
    assert VariantOption.objects.get().value.attribute.code == "colouring"


def test_two_spellings_in_one_file_are_one_attribute(tmp_path: Path) -> None:
    one = row("a", "A", option1_name="Color", option1_value="Gold")
    load(file(tmp_path, one, row("b", "B", option1_name="Colour", option1_value="gold")))
    assert filters() == {"color": ["Gold"]}


@samples
def test_the_jewellery_has_one_colour() -> None:
    load(SAMPLES / "jewelery.csv")
    assert {"color", "colour"} & set(filters()) == {"color"}
    assert filters()["tag"][:2] == ["Gold", "Silver"]


def test_a_tag_of_several_products_is_a_filter_the_commonest_first_others_are_only_searched(
    tmp_path: Path, look: Look
) -> None:
    path = file(
        tmp_path,
        row("a", "A", tags="Wood, Lonely"),
        row("b", "B", tags="wood, Garden"),
        row("c", "C", tags="Garden, Wood"),
    )
    load(path)
    assert filters() == {"tag": ["Wood", "Garden"]}
    assert has("a") == {("tag", "Wood"), ("keyword", "Lonely")}
    follow_changes()
    assert [card["name"] for card in look("/search/", q="lonely")["listing"]["cards"]] == ["A"]


def test_a_tag_that_was_a_filter_stays_one_for_a_file_with_a_single_product(tmp_path: Path) -> None:
    load(file(tmp_path, row("a", "A", tags="Wood"), row("b", "B", tags="Wood")))
    load(file(tmp_path, row("c", "C", tags="wood, New")))
    assert has("c") == {("tag", "Wood"), ("keyword", "New")}


def test_a_lonely_tag_becomes_a_filter_once_others_have_it(tmp_path: Path) -> None:
    load(file(tmp_path, row("a", "A", tags="Wood")))
    assert has("a") == {("keyword", "Wood")}
    load(file(tmp_path, row("a", "A", tags="Wood"), row("b", "B", tags="Wood")))
    assert has("a") == has("b") == {("tag", "Wood")}


def test_tags_follow_the_file_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, row("a", "A", tags="Wood, Lonely"), row("b", "B", tags="Wood"))
    load(path)
    Change.objects.all().delete()
    assert "2 unchanged" in load(path)
    assert not Change.objects.exists()
    load(file(tmp_path, row("a", "A", tags="Wood"), row("b", "B", tags="Wood")))
    assert has("a") == {("tag", "Wood")}


def test_the_vendor_is_the_brand_and_no_series(tmp_path: Path, look: Look) -> None:
    load(file(tmp_path, row(vendor="Northwind", type="Lamps")))
    product = Product.objects.get()
    assert (product.brand, product.series) == ("Northwind", "")
    follow_changes()
    page = look("/p/mug/").html
    assert "by Northwind" in page
    assert "Series" not in page
    assert [card["name"] for card in look("/search/", q="northwind")["listing"]["cards"]] == ["Mug"]


def test_a_series_is_called_one(look: Look) -> None:
    make_product("Two suns", kind="Print", series="Harbours")
    follow_changes()
    page = look("/p/two-suns/").html
    assert "Print · Series “Harbours”" in page
