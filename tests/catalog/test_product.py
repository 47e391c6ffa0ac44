"""A product's page: the variant an address chooses, prices, pictures, neighbours, what machines read."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Availability, Price, Product, ProductLink, VariantOption
from tests.catalog.conftest import Look, Seen
from tests.factories import (
    add_variant,
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_product,
    make_review,
    make_value,
)

pytestmark = pytest.mark.django_db
SIZES, FRAMES = ["30 × 40 cm", "50 × 70 cm"], ["No frame", "Oak", "Black ash"]


@pytest.fixture
def look(look: Look) -> Look:
    """Who looks here comes after everything has followed what was edited: its card above all."""

    def later(path: str, **parameters: object) -> Seen:
        follow_changes()
        return look(path, **parameters)

    return later


@pytest.fixture
def suns() -> Product:
    """Two sizes in three frames; the large one in oak is sold out."""
    return make_product(
        "Two suns",
        price=["38", "67", "67", "58", "97", "97"],
        stock=[0, 5, 2, 5, 0, 5],
        options={"size": SIZES, "frame": FRAMES},
        summary="Two suns, one sea.",
        kind="Print",
    )


def values(page: Seen, code: str) -> dict[str, dict]:
    option = next(option for option in page["options"] if option["code"] == code)
    return {value["label"]: value for value in option["values"]}


def slug(code: str, label: str) -> str:
    return make_value(code, label).slug


def test_the_cheapest_variant_in_stock_is_chosen_at_first(look: Look, suns: Product) -> None:
    page = look("/p/two-suns/")
    assert page["variant"]["price"].format() == "€58.00"
    assert page["variant"]["options_label"] == "50 × 70 cm, No frame"


def test_an_address_chooses_a_variant_sold_out_or_not(look: Look, suns: Product) -> None:
    page = look("/p/two-suns/", size=slug("size", SIZES[1]), frame="oak")
    assert page["variant"]["options_label"] == "50 × 70 cm, Oak"
    assert page["variant"]["availability"] == "out"
    assert page["chrome"]["canonical"].endswith("8000/p/two-suns/")


def test_half_a_choice_is_completed_by_the_cheapest_in_stock(look: Look, suns: Product) -> None:
    assert look("/p/two-suns/", frame="oak")["variant"]["options_label"] == "30 × 40 cm, Oak"
    assert look("/p/two-suns/", size=slug("size", SIZES[0]))["variant"]["options_label"] == "30 × 40 cm, Oak"


@pytest.mark.parametrize("asked", [{"frame": "gold"}, {"frame": "' OR 1"}, {"colour": "red"}])
def test_a_choice_that_does_not_exist_is_as_none(look: Look, suns: Product, asked: dict) -> None:
    page = look("/p/two-suns/", **asked)
    assert page.address == "/p/two-suns/"
    assert page["variant"]["options_label"] == "50 × 70 cm, No frame"


def test_each_value_says_what_it_costs_with_the_other_options_kept(look: Look, suns: Product) -> None:
    page = look("/p/two-suns/", size=slug("size", SIZES[0]), frame="black-ash")
    sizes, frames = values(page, "size"), values(page, "frame")
    assert {label: value["price"].amount for label, value in sizes.items()} == {SIZES[0]: 67, SIZES[1]: 97}
    assert {label: value["extra"].amount for label, value in frames.items()} == {
        "No frame": 0,
        "Oak": 29,
        "Black ash": 29,
    }
    assert [option["selected_label"] for option in page["options"]] == [SIZES[0], "Black ash, +€29"]
    assert [label for label, value in frames.items() if value["is_selected"]] == ["Black ash"]


def test_values_that_are_sold_out_or_do_not_exist_with_the_rest_say_so(look: Look, suns: Product) -> None:
    variant = suns.variants.get(position=2)  # small, black ash
    variant.delete()
    page = look("/p/two-suns/", size=slug("size", SIZES[0]), frame="oak")
    assert {label: value["state"] for label, value in values(page, "frame").items()} == {
        "No frame": "out",
        "Oak": "in",
        "Black ash": "missing",
    }
    assert values(page, "frame")["Black ash"]["extra"] is None


def test_options_come_in_the_order_of_their_position_and_values_in_that_of_their_attribute(
    look: Look,
) -> None:
    for place, size in enumerate(reversed(SIZES)):
        value = make_value("size", size)
        value.position = place
        value.save()
    make_product("Ordered", options={"size": SIZES, "frame": FRAMES[:2]})
    page = look("/p/ordered/")
    assert [option["code"] for option in page["options"]] == ["size", "frame"]
    assert list(values(page, "size")) == [SIZES[1], SIZES[0]]


def test_a_product_of_one_variant_needs_no_choice(look: Look) -> None:
    make_product("Plain", price="9.90", sku="PLAIN")
    page = look("/p/plain/")
    assert page["options"] == []
    assert json.loads(page["variants_json"]) == []
    assert page["variant"]["sku"] == "PLAIN-1"
    assert f'name="variant" value="{page["variant"]["id"]}"' in page.html


def test_a_product_that_is_sold_out_says_so_and_cannot_be_added(look: Look) -> None:
    make_product("Gone", stock=0)
    page = look("/p/gone/")
    assert page["variant"]["availability"] == "out"
    assert re.search(r"data-buy-button[^>]*disabled", page.html, re.DOTALL)


def test_a_sale_shows_both_prices(look: Look, suns: Product) -> None:
    large = suns.variants.get(position=3)
    Price.objects.filter(variant=large, currency="EUR").update(sale_amount=Decimal(30))
    page = look("/p/two-suns/")
    assert (page["variant"]["price"].format(), page["variant"]["list_price"].format()) == ("€30.00", "€58.00")


def test_prices_without_tax_are_shown_with_it_where_the_market_wants_that(look: Look) -> None:
    item = make_product("Net", price=None, gbp=None)
    add_variant(item, price="100", gbp="100", includes_tax=False)
    assert look("/p/net/")["variant"]["price"].format() == "€119.00"
    assert look("/gb/p/net/")["variant"]["price"].format() == "£120.00"


def test_a_market_sells_what_has_a_price_in_its_money(look: Look) -> None:
    make_product("Here", gbp=None)
    assert look("/p/here/").status == 200
    assert look("/gb/p/here/").status == 404


@pytest.mark.parametrize(
    "change",
    [{"is_published": False}, {"published_at": timezone.now() + timedelta(days=1)}],
    ids=["a draft", "published tomorrow"],
)
def test_what_is_not_published_is_not_there(look: Look, suns: Product, change: dict) -> None:
    Product.objects.filter(pk=suns.pk).update(**change)
    assert look("/p/two-suns/").status == 404
    assert look("/p/never-was/").status == 404


def test_variants_not_for_sale_are_no_choice(look: Look, suns: Product) -> None:
    suns.variants.filter(options__value__label="Oak").update(is_active=False)
    assert list(values(look("/p/two-suns/"), "frame")) == ["No frame", "Black ash"]
    suns.variants.update(is_active=False)
    assert look("/p/two-suns/").status == 404


def test_the_script_knows_every_variant_and_what_chooses_it(look: Look, suns: Product) -> None:
    variants = json.loads(look("/gb/p/two-suns/")["variants_json"])
    assert len(variants) == 6
    oak = next(one for one in variants if one["label"] == "30 × 40 cm, Oak")
    assert (oak["price"], oak["amount"], oak["availability"]) == ("£67.00", "67.00", "in")
    assert look("/gb/p/two-suns/", **oak["options"])["variant"]["id"] == oak["id"]


def test_the_merchants_links_come_first_and_neighbours_fill_up(look: Look) -> None:
    item = make_product("Mine", category="Posters", popularity=50)
    for number in range(6):
        make_product(f"Poster {number}", category="Posters", popularity=number)
        make_product(f"Card {number}", category="Cards", popularity=number)
    links = (("Card 1", "companion"), ("Poster 0", "alternative"))
    for name, kind in links:
        ProductLink.objects.create(product=item, other=Product.objects.get(name=name), kind=kind)
    related = look("/p/mine/")["related"]
    companions, alternatives = (
        [card["name"] for card in related[kind]] for kind in ("companions", "alternatives")
    )
    assert companions == ["Card 1", "Card 5", "Card 4", "Card 3"]
    assert alternatives == ["Poster 0", "Poster 5", "Poster 4", "Poster 3"]


def test_a_lonely_product_has_a_page(look: Look) -> None:
    make_product("Alone")
    page = look("/p/alone/")
    assert page["related"] == {"companions": [], "alternatives": []}
    assert [crumb["name"] for crumb in page["chrome"]["breadcrumbs"]] == ["Home", "Alone"]
    assert page["product"]["rating"] is None


def test_the_way_here_is_that_of_its_home_category(look: Look) -> None:
    wall = make_category("Wall")
    posters = make_category("Posters", parent=wall)
    make_product("Mine", category=[posters, make_category("Gifts")])
    chrome = look("/p/mine/")["chrome"]
    assert [crumb["url"] for crumb in chrome["breadcrumbs"]] == ["/", "/c/wall/", "/c/posters/", "/p/mine/"]
    assert chrome["section"] == "wall"


def test_machines_read_offers_rating_and_the_way_and_no_text_ends_their_script(look: Look) -> None:
    item = make_product("</script><script>alert(1)</script>", slug="evil", summary="a & b <!--", sku="EVIL")
    make_image(item)
    make_review(item, 4)
    page = look("/p/evil/")
    assert "</script><script>alert" not in page.html
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.html, re.DOTALL)
    assert block
    product, trail = json.loads(block[1])["@graph"]
    assert product["name"] == "</script><script>alert(1)</script>"
    assert product["offers"][0] | {"name": ""} == {
        "@type": "Offer",
        "url": "http://127.0.0.1:8000/p/evil/",
        "name": "",
        "sku": "EVIL-1",
        "price": "38.00",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
    }
    assert product["aggregateRating"]["reviewCount"] == 1
    assert product["image"][0].startswith("http://127.0.0.1:8000/media/")
    assert trail["itemListElement"][-1]["item"] == "http://127.0.0.1:8000/p/evil/"


def test_the_promise_stands_by_the_button_and_ends_the_pages_life_at_the_edge(look: Look) -> None:
    make_delivery(["DE"])
    make_product("Sold")
    page = look("/p/sold/")
    assert page["promise"].price.format() == "€4.90"
    seconds = page.response.page_seconds
    assert 0 <= seconds <= (page["promise"].changes_at - timezone.now()).total_seconds() + 1


def test_low_stock_is_a_word_and_never_a_number(look: Look) -> None:
    make_product("Few", stock=2)
    page = look("/p/few/")
    assert page["variant"]["availability"] == Availability.LOW


def test_variants_of_unlike_options_have_a_page(look: Look) -> None:
    item = make_product("Odd", options={"size": SIZES})
    extra = add_variant(item, price="5", sku="ODD", position=9)
    VariantOption.objects.create(variant=extra, value=make_value("paper", "Rag"), position=2)
    bare = add_variant(item, price="4", sku="BARE", position=10)
    assert look("/p/odd/")["variant"]["id"] == bare.pk
    assert look("/p/odd/", paper="rag")["variant"]["id"] == extra.pk


def test_swatches_without_any_colour_are_plain_words(look: Look) -> None:
    make_value("colour", "Rust", swatch="#b93a1c")
    make_product("Chain", options={"colour": ["Gold", "Silver"]})
    make_product("Ribbon", options={"colour": ["Rust", "Gold"]})
    assert look("/p/chain/")["options"][0]["kind"] == "choice"
    assert look("/p/ribbon/")["options"][0]["kind"] == "swatch"


def test_values_that_cost_the_same_bear_no_price(look: Look) -> None:
    make_product(
        "Jacket", price=["75", "75", "75", "80"], options={"colour": ["Red", "Blue"], "size": ["S", "L"]}
    )
    first, second = look("/p/jacket/")["options"]
    assert [value["price"] for value in first["values"]] == [None, None]
    assert [value["extra"].amount for value in second["values"]] == [0, 0]
    first, _second = look("/p/jacket/", size="l")["options"]
    assert [value["price"].amount for value in first["values"]] == [75, 80]
