"""The home page: blocks of content, the range, rows of goods."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Block, MethodRate, Product, Zone
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_delivery, make_image, make_page, make_product

pytestmark = pytest.mark.django_db


def block(kind: str, **fields: object) -> Block:
    return Block.objects.create(kind=kind, **fields)


def names(page: Seen, number: int = 0) -> list[str]:
    return [card["name"] for card in page["blocks"][number]["cards"]]


def test_an_empty_shop_has_a_home_page(look: Look) -> None:
    page = look("/")
    assert page.status == 200
    assert page["blocks"] == []


def test_blocks_come_in_the_merchants_order_and_only_those_of_the_market(look: Look) -> None:
    block("story", position=2, title="How it is made", market="gb")
    block("hero", position=1, title="Paper worth keeping", image=make_image(alt="A wall"))
    block("story", position=3, title="Hidden", is_published=False)
    here, there = look("/"), look("/gb/")
    assert [one["title"] for one in here["blocks"]] == ["Paper worth keeping"]
    assert [one["title"] for one in there["blocks"]] == ["Paper worth keeping", "How it is made"]
    assert here["blocks"][0]["picture"]["alt"] == "A wall"


def test_links_of_a_block_lead_into_the_market(look: Look) -> None:
    links = [
        {"label": "New", "path": "/c/posters/?sort=new", "primary": True},
        {"label": "Out", "path": "https://x.test/"},
    ]
    block("hero", title="Paper", links=links)
    assert [link["url"] for link in look("/gb/")["blocks"][0]["links"]] == [
        "/gb/c/posters/?sort=new",
        "https://x.test/",
    ]


def test_goods_by_slug_keep_the_merchants_order(look: Look) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        make_product(name)
    follow_changes()
    block("cards", title="Chosen", goods={"slugs": ["gamma", "nowhere", "alpha"]})
    assert names(look("/")) == ["Gamma", "Alpha"]


def test_goods_that_are_named_keep_their_place_when_their_address_changes(look: Look) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        make_product(name)
    block("cards", title="Chosen", goods={"slugs": ["gamma", "alpha", "beta"]})
    for old, new in (("alpha", "first"), ("first", "very-first")):
        Product.objects.filter(slug=old).update(slug=new)
        follow_changes()
        assert names(look("/")) == ["Gamma", "Alpha", "Beta"]
    # Whoever bears the address now is who is named by it.
    Product.objects.filter(slug="beta").update(slug="alpha")
    follow_changes()
    assert names(look("/")) == ["Gamma", "Beta"]


def test_goods_by_rule_are_of_the_category_in_the_order_and_number_asked_for(look: Look) -> None:
    now = timezone.now()
    for age, name in enumerate(("Newest", "Newer", "Old")):
        make_product(name, category="Posters", published_at=now - timedelta(days=age + 1))
    make_product("Other", category="Cards", published_at=now)
    follow_changes()
    block("cards", title="New", goods={"category": "posters", "sort": "new", "count": 2})
    assert names(look("/")) == ["Newest", "Newer"]


def test_goods_by_price_are_those_that_cost_no_more_in_this_market(look: Look) -> None:
    make_product("Dear here", price="30", gbp="10")
    make_product("Dear there", price="10", gbp="30")
    follow_changes()
    block("cards", title="Small things", goods={"max_price": "20"})
    assert names(look("/")) == ["Dear there"]
    assert names(look("/gb/")) == ["Dear here"]


@pytest.mark.parametrize("most", ["20", 0, "0"])
def test_whose_price_falls_into_a_row_by_price_lets_it_go(look: Look, most: str | int) -> None:
    block("cards", title="Small things", goods={"max_price": most})
    assert "cards/eu:price" in look("/").response.page_keys  # type: ignore[attr-defined]


def test_a_row_of_goods_without_goods_is_left_out(look: Look) -> None:
    make_product("Somewhere", category="Posters")
    follow_changes()
    block("cards", title="Of an unknown category", goods={"category": "nowhere"})
    block("cards", title="Of none", goods={"slugs": ["nowhere"]})
    assert look("/")["blocks"] == []


@pytest.mark.parametrize(
    "goods",
    [
        *({"category": text} for text in ("wall/prints", "c/wall", "wall:x", "a b,c", "a\nb", ["wall"], 5)),
        *({"slugs": slugs} for slugs in ("thing", ["c/wall", 7], 5, {"a": 1})),
    ],
    ids=str,
)
def test_what_a_merchant_mistyped_costs_the_row_and_not_the_page(look: Look, goods: dict) -> None:
    make_product("Somewhere", category="Wall")
    follow_changes()
    block("cards", title="Mistyped", goods=goods)
    page = look("/")
    assert (page.status, page["blocks"]) == (200, [])


@pytest.mark.parametrize(
    "goods",
    [
        {"count": "many"},
        {"max_price": "cheap"},
        {"max_price": "NaN"},
        {"max_price": "1e999"},
        {"sort": 3},
        {},
    ],
)
def test_a_rule_that_makes_no_sense_is_as_if_it_were_not_there(look: Look, goods: dict) -> None:
    make_product("Something")
    follow_changes()
    block("cards", title="Goods", goods=goods)
    assert names(look("/")) == ["Something"]


def test_the_range_shows_top_categories_with_numbers_of_goods_and_a_picture(look: Look) -> None:
    wall = make_category("Wall")
    posters = make_category("Posters", parent=wall)
    make_category("Empty")
    loved = make_product("Loved", category=posters, popularity=9)
    make_image(loved, alt="Loved, framed")
    make_product("Other", category=wall)
    follow_changes()
    block("range", title="The range")
    (tile,) = look("/")["blocks"][0]["tiles"]
    assert (tile["name"], tile["count"], tile["url"]) == ("Wall", 2, "/c/wall/")
    assert tile["picture"]["src"]


def test_navigation_and_footer_stand_around_it_in_their_order(look: Look) -> None:
    wall = make_category("Wall")
    make_category("Posters", parent=wall)
    make_category("Books")
    make_category("Closed", is_published=False)
    make_page("Returns", position=10)
    make_page("Delivery", position=9)
    make_page("Draft", is_published=False)
    chrome = look("/")["chrome"]
    assert [one["name"] for one in chrome["navigation"]] == ["Wall", "Books"]
    assert [one["name"] for one in chrome["pages"]] == ["Delivery", "Returns"]
    assert chrome["breadcrumbs"] == []
    assert chrome["canonical"].endswith("//127.0.0.1:8000/")


def test_free_delivery_is_announced_in_the_markets_money(look: Look) -> None:
    make_delivery(["DE", "GB"], free_from="50")
    assert "Free delivery from €50" in look("/").html
    assert "Free delivery from £50" in look("/gb/").html


def test_free_delivery_names_the_country_where_it_is_unless_it_is_so_everywhere(look: Look) -> None:
    home = make_delivery(["DE"], free_from="50")
    make_delivery(["GB"], free_from="60")
    make_delivery(["NL"], free_from="90")
    follow_changes()
    assert "Free delivery from €50 (Germany)" in look("/").html
    assert "Free delivery from £60 (United Kingdom)" in look("/gb/").html
    MethodRate.objects.exclude(method=home).update(free_from=Decimal(45))
    follow_changes()
    assert "Free delivery from €50<" in look("/").html
    Zone.objects.filter(pk=make_delivery([], free_from=None).zone_id).update(regions=["NL-FR"])
    follow_changes()
    assert "Free delivery from €50 (Germany)" in look("/").html
