"""Goods of which some variants have an option and some have none: each is found, shown and sold as it is."""

import pytest
from django.test import Client

from catalog.models import Card, Product, Variant, VariantOption
from checkout.models import CartLine
from tests.catalog.conftest import Look
from tests.factories import add_variant, follow_changes, make_category, make_product, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def print_(db: None) -> Product:
    """As it is for 20, in A4 for 30, in A3 and framed for 40."""
    goods = make_product(
        "Low hills",
        price=["30.00", "40.00"],
        options={"size": ["A4", "A3"]},
        category=make_category("Wall"),
        sku="hills",
    )
    large = goods.variants.get(position=1)
    VariantOption.objects.create(variant=large, value=make_value("frame", "Oak"), position=2)
    add_variant(goods, price="20.00", position=2, sku="plain")
    make_product("Cheap", price="25.00", category="Wall")
    follow_changes()
    return goods


def prices(look: Look, **chosen: str) -> list[tuple[str, str, bool]]:
    page = look("/c/wall/", sort="price", **chosen)
    return [(str(card["price"].amount), card["url"], card["is_from"]) for card in page["listing"]["cards"]]


def test_the_card_counts_and_offers_all_of_them(
    print_: Product,
) -> None:
    card = Card.objects.get(product_id=print_.pk, market="eu")
    assert (str(card.price), card.is_from, card.detail) == ("20.00", True, "")
    assert [offer[1] for offer in card.offers] == ["20.00", "30.00", "40.00"]


def test_a_filter_means_the_variants_that_have_the_value(print_: Product, look: Look) -> None:
    assert prices(look) == [("20.00", "/p/low-hills/", True), ("25.00", "/p/cheap/", False)]
    assert prices(look, size="a4") == [("30.00", "/p/low-hills/?size=a4", False)]
    assert prices(look, size="a3", frame="oak") == [("40.00", "/p/low-hills/?frame=oak&size=a3", False)]


def choices(look: Look, path: str) -> tuple[str, dict[str, dict[str, str]]]:
    """The SKU shown, and each option's values with their states."""
    page = look(path)
    return page["variant"]["sku"], {
        option["code"]: {value["slug"]: value["state"] for value in option["values"]}
        for option in page["options"]
    }


def test_the_page_shows_the_cheapest_and_offers_the_others(print_: Product, look: Look) -> None:
    sku, options = choices(look, "/p/low-hills/")
    assert sku == "plain"
    assert options == {
        "size": {"-": "in", "a4": "in", "a3": "missing"},
        "frame": {"-": "in", "oak": "missing"},
    }
    page = look("/p/low-hills/", size="a4")
    assert page["variant"]["sku"] == "hills-1"
    assert page["variant"]["options_label"] == "A4"
    assert "Without" in page.html


@pytest.mark.parametrize(
    ("query", "sku"),
    [("", "plain"), ("?size=-&frame=-", "plain"), ("?size=a4", "hills-1"), ("?size=a3", "hills-2")],
)
def test_what_the_page_shows_as_chosen_is_what_its_form_sells(
    print_: Product, look: Look, client: Client, query: str, sku: str
) -> None:
    page = look(f"/p/low-hills/{query}")
    assert page["variant"]["sku"] == sku
    chosen = {
        option["code"]: value["slug"]
        for option in page["options"]
        for value in option["values"]
        if value["is_selected"]
    }
    assert len(chosen) == 2
    assert all(f'name="{code}" value="{slug}" checked' in page.html for code, slug in chosen.items())
    client.post("/cart/add/", {"product": print_.pk, "quantity": "1", **chosen})
    assert Variant.objects.get(pk=CartLine.objects.get().variant_id).sku == sku


def test_goods_that_all_have_the_option_or_none_are_offered_nothing_to_do_without(look: Look) -> None:
    make_product("Plain")
    make_product("Sized", options={"size": ["A4", "A3"]})
    follow_changes()
    assert choices(look, "/p/plain/")[1] == {}
    assert choices(look, "/p/sized/")[1] == {"size": {"a4": "in", "a3": "in"}}
