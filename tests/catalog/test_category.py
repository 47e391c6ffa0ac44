"""A category: its goods, filters with their counts, order, pages, and addresses that say all that."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from catalog.models import Card, Category
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_product, make_sale

pytestmark = pytest.mark.django_db


def names(page: Seen) -> list[str]:
    return [card["name"] for card in page["listing"]["cards"]]


def counts(page: Seen, code: str) -> dict[str, int]:
    facet = next(facet for facet in page["listing"]["facets"] if facet["code"] == code)
    return {value["slug"]: value["count"] for value in facet["values"]}


@pytest.fixture
def wall() -> Category:
    """Four goods: two red, one blue, one red and blue."""
    wall = make_category("Wall", description="For large walls")
    posters = make_category("Posters", parent=wall)
    make_product("Red A3", price="10", category=posters, values={"colour": "Red", "size": "A3"}, popularity=4)
    make_product("Red A4", price="20", category=posters, values={"colour": "Red", "size": "A4"}, popularity=3)
    make_product("Blue A4", price="30", category=wall, values={"colour": "Blue", "size": "A4"}, popularity=2)
    both = {"colour": ["Red", "Blue"], "size": "A5"}
    make_product("Both A5", price="40", category=wall, values=both, popularity=1)
    follow_changes()
    return wall


def test_goods_of_the_categories_below_are_in_it(look: Look, wall: Category) -> None:
    assert names(look("/c/wall/")) == ["Red A3", "Red A4", "Blue A4", "Both A5"]
    assert names(look("/c/posters/")) == ["Red A3", "Red A4"]
    assert look("/c/wall/")["children"] == [{"name": "Posters", "url": "/c/posters/", "count": 2}]


def test_values_of_one_attribute_combine_as_or_and_attributes_as_and(look: Look, wall: Category) -> None:
    assert names(look("/c/wall/", size=["a3", "a4"])) == ["Red A3", "Red A4", "Blue A4"]
    assert names(look("/c/wall/", size=["a3", "a4"], colour="red")) == ["Red A3", "Red A4"]


def test_counts_of_an_attribute_ignore_what_is_chosen_in_it(look: Look, wall: Category) -> None:
    page = look("/c/wall/", size="a4", colour="red")
    assert counts(page, "size") == {"a3": 1, "a4": 1, "a5": 1}  # red ones
    assert counts(page, "colour") == {"red": 1, "blue": 1}  # A4 ones
    assert page["listing"]["total"] == 1


def test_a_value_without_goods_is_disabled_and_not_gone(look: Look, wall: Category) -> None:
    page = look("/c/wall/", max="15")
    colour = next(facet for facet in page["listing"]["facets"] if facet["code"] == "colour")
    assert [
        (v["slug"], v["count"], v["is_disabled"]) for v in sorted(colour["values"], key=lambda v: v["slug"])
    ] == [
        ("blue", 0, True),
        ("red", 1, False),
    ]


def test_the_price_has_typed_bounds_and_says_which_make_sense(look: Look, wall: Category) -> None:
    page = look("/c/wall/", min="15", max="30", colour="red")
    assert names(page) == ["Red A4"]
    price = page["listing"]["price"]
    assert (price["min"], price["max"]) == ("15", "30")
    assert (price["floor"].amount, price["ceiling"].amount) == (Decimal(10), Decimal(40))
    assert names(look("/c/wall/", max="20,00")) == ["Red A3", "Red A4"]


def test_bounds_the_wrong_way_round_are_turned(look: Look, wall: Category) -> None:
    page = look("/c/wall/", min="30", max="20")
    assert names(page) == ["Red A4", "Blue A4"]
    assert (page["listing"]["price"]["min"], page["listing"]["price"]["max"]) == ("20", "30")
    assert page["chrome"]["canonical"].endswith("/c/wall/?min=20&max=30")


def test_bounds_that_make_sense_are_told_and_never_look_typed(look: Look, wall: Category) -> None:
    page = look("/c/wall/")
    assert "€10 to €40 in this list" in page.html
    assert re.findall(r'id="facet-m(?:in|ax)"[^>]*', page.html) != []
    assert not re.search(r'id="facet-m(?:in|ax)"[^>]*placeholder', page.html)


def test_a_small_discount_is_no_badge_but_still_struck_through(look: Look, wall: Category) -> None:
    Card.objects.filter(name="Red A3").update(discount=4, list_price=Decimal("10.40"))
    Card.objects.filter(name="Red A4").update(discount=5, list_price=Decimal("21.05"))
    small, worth = look("/c/wall/")["listing"]["cards"][:2]
    assert (small["badge"], small["list_price"].amount) == ("new", Decimal("10.40"))
    assert worth["badge"] == "sale"


def test_nothing_is_offered_twice_beside_the_open_form(look: Look, wall: Category) -> None:
    """On wide screens CSS hides the quick values of a facet, and the form's "on sale" while it lies atop."""
    make_sale("16.00", product__name="Red A4")
    follow_changes()
    page = look("/c/wall/").html
    quick = re.search(r'<div class="quick".*?</div>', page, re.DOTALL)
    assert quick
    values = re.findall(r'class="quick__value ([^"]*)"[^>]*name="(\w+)"', quick[0])
    assert {(css, name) for css, name in values} == {("", "sale"), ("quick__value--phone", "colour")}
    assert page.count("facet--atop") == 1
    assert "facet--atop" not in look("/c/wall/", sale="1").html
    assert "facet--atop" not in look("/c/wall/", colour="red").html


def test_an_empty_shelf_asks_nobody_to_take_filters_away(look: Look, wall: Category) -> None:
    make_category("Bare")
    page = look("/c/bare/").html
    assert "This shelf is empty" in page
    assert "filters" not in page
    assert 'href="/c/wall/"' in page


def test_goods_on_sale_are_a_filter_of_their_own(look: Look, wall: Category) -> None:
    make_sale("16.00", product__name="Red A4")
    follow_changes()
    page = look("/c/wall/", sale="1")
    assert names(page) == ["Red A4"]
    assert counts(page, "sale") == {"1": 1}
    assert [chip["label"] for chip in page["listing"]["chips"]] == ["On sale"]
    assert counts(look("/c/wall/", colour="blue"), "colour") == {"red": 3, "blue": 2}
    assert [facet["code"] for facet in look("/c/wall/", colour="blue")["listing"]["facets"]] == [
        "colour",
        "size",
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Red A3", "Red A4", "Blue A4", "Both A5"]),
        ("-price", ["Both A5", "Blue A4", "Red A4", "Red A3"]),
        ("price", ["Red A3", "Red A4", "Blue A4", "Both A5"]),
        ("name", ["Blue A4", "Both A5", "Red A3", "Red A4"]),
        ("new", ["Both A5", "Blue A4", "Red A4", "Red A3"]),
        ("relevance", ["Red A3", "Red A4", "Blue A4", "Both A5"]),
        ("nonsense", ["Red A3", "Red A4", "Blue A4", "Both A5"]),
    ],
)
def test_the_order_is_the_one_asked_for_and_else_the_most_loved_first(
    look: Look, wall: Category, sort: str, expected: list[str]
) -> None:
    for age, name in enumerate(("Both A5", "Blue A4", "Red A4", "Red A3")):
        Card.objects.filter(name=name).update(published_at=timezone.now() - timedelta(days=age))
    assert names(look("/c/wall/", sort=sort)) == expected


@override_settings(CARDS_PER_PAGE=2)
def test_pages_are_real_and_end(look: Look, wall: Category) -> None:
    second = look("/c/wall/", page="2", colour="red")
    assert names(second) == ["Both A5"]
    shown = second["listing"]
    assert (shown["total"], shown["pages"]) == (3, 2)
    assert "3–3 of 3" in second.html
    assert "1–2 of 3" in look("/c/wall/", colour="red").html
    assert "1 of 1" in look("/c/wall/", colour="red", size="a3").html
    assert (shown["prev_url"], shown["next_url"]) == ("/c/wall/?colour=red", None)
    assert [link["url"] for link in shown["page_links"]] == [
        "/c/wall/?colour=red",
        "/c/wall/?colour=red&page=2",
    ]


@override_settings(CARDS_PER_PAGE=2)
@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ({"page": "3", "colour": "red"}, "/c/wall/?colour=red&page=2"),
        ({"page": "999999", "sort": "name"}, "/c/wall/?sort=name&page=2"),
        ({"page": "2", "size": "a5"}, "/c/wall/?size=a5"),
        ({"page": "2", "colour": "blue", "size": "a3"}, "/c/wall/?colour=blue&size=a3"),
    ],
)
def test_a_page_beyond_the_end_leads_to_the_last_and_may_be_kept(
    client: Client, wall: Category, asked: dict, last: str
) -> None:
    beyond = client.get("/c/wall/", asked)
    assert (beyond.status_code, beyond["Location"]) == (302, last)
    assert beyond["Cache-Control"].startswith("public")
    assert client.get(last).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "1.0", "one", "٢", "00002", "9999999"])
def test_a_page_that_is_no_number_is_the_first(look: Look, wall: Category, page: str) -> None:
    first = look("/c/wall/", page=page)
    assert (first.address, first["listing"]["page"]) == ("/c/wall/", 1)


def test_what_is_unknown_or_malformed_in_the_address_does_not_count(look: Look, wall: Category) -> None:
    page = look(
        "/c/wall/",
        colour=["red", "nocolour", "' OR 1=1"],
        shape="round",
        min="cheap",
        sale="yes",
        utm_source="x",
    )
    assert names(page) == ["Red A3", "Red A4", "Both A5"]
    assert page.address == "/c/wall/?colour=red"
    assert page["chrome"]["canonical"].endswith(page.address)
    assert look("/c/wall/", colour="red\0").status == 400


def test_the_canonical_address_has_one_order_and_leaves_out_what_goes_without_saying(
    look: Look, wall: Category
) -> None:
    page = look("/c/wall/", page="1", sort="popular", size=["a4", "a3"], max="40.00", colour="red", min="5.5")
    expected = "/c/wall/?colour=red&size=a3&size=a4&min=5.50&max=40"
    assert page["chrome"]["canonical"] == f"http://127.0.0.1:8000{expected}"
    assert page.address == expected


def test_only_shallow_combinations_are_for_search_engines(look: Look, wall: Category) -> None:
    assert not look("/c/wall/", colour=["red", "blue"], size="a4")["chrome"]["noindex"]
    assert look("/c/wall/", colour="red", size="a4", max="50")["chrome"]["noindex"]


def test_each_chip_takes_one_filter_away_and_clear_takes_all(look: Look, wall: Category) -> None:
    shown = look("/c/wall/", colour="red", size="a4", min="5", sort="name")["listing"]
    assert [(chip["label"], chip["url"]) for chip in shown["chips"]] == [
        ("Red", "/c/wall/?size=a4&min=5&sort=name"),
        ("A4", "/c/wall/?colour=red&min=5&sort=name"),
        ("from €5", "/c/wall/?colour=red&size=a4&sort=name"),
    ]
    assert shown["clear_url"] == "/c/wall/?sort=name"


def test_an_empty_category_and_one_where_nothing_fits_are_pages(look: Look, wall: Category) -> None:
    make_category("Empty")
    assert look("/c/empty/")["listing"]["total"] == 0
    nothing = look("/c/wall/", colour="blue", size="a3")
    assert (nothing.status, nothing["listing"]["total"], nothing["listing"]["is_filtered"]) == (200, 0, True)


def test_an_unpublished_category_and_all_below_it_are_not_there(look: Look, wall: Category) -> None:
    Category.objects.filter(slug="wall").update(is_published=False)
    assert look("/c/wall/").status == 404
    assert look("/c/posters/").status == 404
    assert look("/c/never-was/").status == 404


def test_a_market_lists_what_it_sells_at_its_own_prices(look: Look, wall: Category) -> None:
    make_product("Only here", gbp=None, category=wall)
    make_product("Dearer there", price="12", gbp="99", category=wall)
    follow_changes()
    there = look("/gb/c/wall/", sort="-price")
    assert names(there)[0] == "Dearer there"
    assert there["listing"]["cards"][0]["price"].format() == "£99.00"
    assert there["listing"]["cards"][0]["url"] == "/gb/p/dearer-there/"
    assert "Only here" not in names(there)
    assert "Only here" in names(look("/c/wall/"))


def test_the_way_here_and_the_section_are_marked(look: Look, wall: Category) -> None:
    chrome = look("/c/posters/")["chrome"]
    assert [(crumb["name"], crumb["url"]) for crumb in chrome["breadcrumbs"]] == [
        ("Home", "/"),
        ("Wall", "/c/wall/"),
        ("Posters", "/c/posters/"),
    ]
    assert chrome["section"] == "wall"
    assert 'aria-current="true"' in look("/c/posters/").html


def test_a_page_shows_all_goods_once_whatever_ties_there_are(look: Look) -> None:
    here = make_category("Many")
    for number in range(7):
        make_product(f"Same {number}", category=here)
    follow_changes()
    with override_settings(CARDS_PER_PAGE=3):
        for sort in ("popular", "price", "-price"):
            seen = [
                name for page in ("1", "2", "3") for name in names(look("/c/many/", page=page, sort=sort))
            ]
            assert sorted(seen) == [f"Same {number}" for number in range(7)]
