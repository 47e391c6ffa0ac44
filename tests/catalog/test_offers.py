"""A list that is filtered by size or frame shows the offers which were asked for, not the cheapest ones."""

from decimal import Decimal

import pytest

from catalog.models import Category, Image, Product
from tests.catalog.conftest import Look, Seen
from tests.factories import (
    follow_changes,
    make_category,
    make_image,
    make_product,
    make_review,
    make_sale,
    make_value,
)

pytestmark = pytest.mark.django_db
SIZES, FRAMES = ["30 × 40 cm", "50 × 70 cm"], ["No frame", "Oak"]
SMALL, LARGE = "30x40-cm", "50x70-cm"


@pytest.fixture
def wall() -> Category:
    """Two prints in two sizes and two frames, and a red notebook without options."""
    wall = make_category("Wall")
    options = {"size": SIZES, "frame": FRAMES}
    make_product(
        "Suns", kind="Print", price=["38", "70", "58", "104"], options=options, category=wall, popularity=9
    )
    make_product(
        "Hills", kind="Print", price=["40", "60", "50", "95"], options=options, category=wall, popularity=8
    )
    make_product("Notes", price="14", values={"colour": "Red"}, category=wall)
    follow_changes()
    return wall


def said(page: Seen) -> list[tuple[str, str, str, bool]]:
    """(name, price, detail, "from") of each card."""
    return [
        (card["name"], card["price"].format(short=True), card["detail"], card["is_from"])
        for card in page["listing"]["cards"]
    ]


def pictures(page: Seen) -> list[str]:
    """What each card's picture is called."""
    return [card["picture"]["alt"] for card in page["listing"]["cards"]]


def test_the_picture_shows_what_was_chosen(look: Look, wall: Category) -> None:
    """As the product's page does: a list of oak frames does not show the print without one."""
    suns, hills = Product.objects.get(slug="suns"), Product.objects.get(slug="hills")
    make_image(suns, alt="Bare", position=0, shows={"frame": "no-frame"})
    make_image(suns, alt="Not made", position=1, shows={"frame": "oak"}, ready=False)
    make_image(suns, alt="In oak", position=2, shows={"frame": "oak"})
    make_image(suns, alt="Small in oak", position=3, shows={"frame": "oak", "size": SMALL})
    make_image(hills, alt="Hills", position=0)
    large = hills.variants.get(options__value__slug="oak", position=3)
    make_image(hills, alt="The large one", position=1, variant=large)
    follow_changes()
    assert pictures(look("/c/wall/")) == ["Bare", "Hills", "Notes"]
    assert pictures(look("/c/wall/", frame="oak")) == ["Small in oak", "Hills"]  # the cheapest is small
    assert pictures(look("/c/wall/", frame="oak", size=LARGE)) == ["In oak", "The large one"]
    assert pictures(look("/c/wall/", frame="no-frame")) == ["Bare", "Hills"]
    assert pictures(look("/c/wall/", size=LARGE)) == ["Bare", "Hills"]


def test_what_is_sold_out_gives_no_picture_to_what_is_not(look: Look, wall: Category) -> None:
    """All that can be had is oak: nothing but the picture has to change."""
    item = make_product("Dunes", price=["50", "50"], stock=[0, 5], options={"frame": FRAMES}, category=wall)
    make_image(item, alt="Bare dunes", position=0, shows={"frame": "no-frame"})
    make_image(item, alt="Dunes in oak", position=1, shows={"frame": "oak"})
    follow_changes()
    assert "Bare dunes" in pictures(look("/c/wall/"))
    assert "Dunes in oak" in pictures(look("/c/wall/", frame="oak"))


def test_a_picture_that_changes_its_value_changes_the_list(look: Look, wall: Category) -> None:
    suns = Product.objects.get(slug="suns")
    make_image(suns, alt="Bare", position=0)
    other = make_image(suns, alt="Oak", position=1, shows={"frame": "oak"})
    follow_changes()
    assert pictures(look("/c/wall/", frame="oak"))[0] == "Oak"
    Image.objects.filter(pk=other.pk).update(shows={})
    follow_changes()
    assert pictures(look("/c/wall/", frame="oak"))[0] == "Bare"


def test_without_an_option_chosen_the_cheapest_stands(look: Look, wall: Category) -> None:
    assert said(look("/c/wall/")) == [
        ("Suns", "€38", SIZES[0], True),
        ("Hills", "€40", SIZES[0], True),
        ("Notes", "€14", "", False),
    ]
    assert look("/c/wall/")["listing"]["cards"][0]["url"] == "/p/suns/"


def test_a_size_shows_its_cheapest_offer_and_leads_to_it(look: Look, wall: Category) -> None:
    page = look("/c/wall/", size=LARGE)
    assert said(page) == [("Suns", "€58", SIZES[1], True), ("Hills", "€50", SIZES[1], True)]
    address = page["listing"]["cards"][0]["url"]
    assert address == f"/p/suns/?size={LARGE}"
    assert look(address)["variant"]["price"].format() == "€58.00"


def test_two_options_show_the_offer_with_both(look: Look, wall: Category) -> None:
    page = look("/c/wall/", size=LARGE, frame="oak")
    assert said(page) == [
        ("Suns", "€104", f"{SIZES[1]}, Oak", False),
        ("Hills", "€95", f"{SIZES[1]}, Oak", False),
    ]
    assert page["listing"]["cards"][0]["url"] == f"/p/suns/?frame=oak&size={LARGE}"


def test_of_several_values_of_one_option_the_cheapest_counts(look: Look, wall: Category) -> None:
    page = look("/c/wall/", size=[SMALL, LARGE], frame="oak")
    assert said(page)[0] == ("Suns", "€70", f"{SIZES[0]}, Oak", True)
    assert page["listing"]["cards"][0]["url"] == f"/p/suns/?frame=oak&size={SMALL}"


def test_a_value_that_is_no_option_of_the_product_changes_nothing(look: Look, wall: Category) -> None:
    assert said(look("/c/wall/", colour="red")) == [("Notes", "€14", "", False)]
    make_product(
        "Red suns", price=["20", "30"], options={"size": SIZES}, values={"colour": "Red"}, category=wall
    )
    follow_changes()
    assert said(look("/c/wall/", colour="red", size=LARGE)) == [("Red suns", "€30", SIZES[1], False)]
    assert said(look("/c/wall/", colour="red", size=LARGE, min="25")) != []


def test_a_sold_out_offer_gives_way_to_one_in_stock(look: Look) -> None:
    make_product(
        "Suns",
        price=["38", "70", "58", "104"],
        stock=[0, 5, 0, 2],
        options={"size": SIZES, "frame": FRAMES},
        category="Wall",
    )
    follow_changes()
    assert said(look("/c/wall/", size=SMALL)) == [("Suns", "€70", SIZES[0], False)]
    assert said(look("/c/wall/", size=SMALL, max="69")) == []
    card = look("/c/wall/", size=LARGE)["listing"]["cards"][0]
    assert (card["price"].amount, card["availability"], card["badge"]) == (Decimal(104), "low", "low")


def counts(page: Seen, code: str) -> dict[str, int]:
    facet = next(facet for facet in page["listing"]["facets"] if facet["code"] == code)
    return {value["slug"]: value["count"] for value in facet["values"]}


def test_values_that_no_variant_has_together_find_nothing(look: Look, wall: Category) -> None:
    Product.objects.get(name="Suns").variants.get(position=3).delete()
    follow_changes()
    assert [name for name, *_ in said(look("/c/wall/", size=LARGE, frame="oak"))] == ["Hills"]
    assert counts(look("/c/wall/", size=LARGE), "frame") == {"no-frame": 2, "oak": 1}
    assert counts(look("/c/wall/", frame="oak"), "size") == {SMALL: 2, LARGE: 1}


def test_a_count_goes_by_the_price_that_the_value_would_cost(look: Look, wall: Category) -> None:
    assert counts(look("/c/wall/", max="55"), "size") == {SMALL: 2, LARGE: 1}
    assert [name for name, *_ in said(look("/c/wall/", max="55", size=LARGE))] == ["Hills"]


def test_a_sale_on_a_dearer_variant_is_found_shown_and_led_to(look: Look, wall: Category) -> None:
    make_sale("76.00", product__name="Hills", position=3)
    follow_changes()
    assert look("/c/wall/")["listing"]["cards"][1]["list_price"] is None
    for page in (look("/c/wall/", sale="1"), look("/search/", sale="1")):
        (card,) = page["listing"]["cards"]
        assert (card["price"].amount, card["list_price"].amount, card["badge"]) == (76, 95, "sale")
        assert card["detail"] == f"{SIZES[1]}, Oak"
        assert look(card["url"])["variant"]["price"].amount == 76
    assert counts(look("/c/wall/", frame="oak"), "sale") == {"1": 1}
    assert said(look("/c/wall/", frame="no-frame", sale="1")) == []


def test_a_sale_of_all_variants_needs_no_option_named(look: Look, wall: Category) -> None:
    make_sale("30.00", product__name="Suns")
    follow_changes()
    (card,) = look("/c/wall/", sale="1")["listing"]["cards"]
    assert (card["price"].amount, card["url"]) == (30, "/p/suns/")


def test_a_sold_out_variant_is_no_sale_unless_all_are_gone(look: Look) -> None:
    make_product("Suns", price=["38", "70"], stock=[5, 0], options={"size": SIZES}, category="Wall")
    make_product("Hills", price=["38", "70"], stock=[0, 0], options={"size": SIZES}, category="Wall")
    make_sale("50.00", position=1)
    follow_changes()
    assert said(look("/c/wall/", sale="1")) == []
    make_sale("20.00", position=0)
    follow_changes()
    assert [(name, price) for name, price, *_ in said(look("/c/wall/", sale="1"))] == [
        ("Suns", "€20"),
        ("Hills", "€20"),
    ]


def test_a_variant_without_options_stands_beside_those_that_have_some(look: Look) -> None:
    item = make_product(
        "Suns", price=["38", "70"], options={"size": SIZES}, values={"colour": "Red"}, category="Wall"
    )
    item.variants.get(position=0).options.all().delete()
    follow_changes()
    assert said(look("/c/wall/", colour="red")) == [("Suns", "€38", "", True)]
    assert said(look("/c/wall/", size=LARGE)) == [("Suns", "€70", SIZES[1], False)]
    make_sale("19.00", product__name="Suns", position=0)
    follow_changes()
    assert said(look("/c/wall/", colour="red", sale="1")) == [("Suns", "€19", "", False)]


def test_the_offers_own_sale_is_shown_and_no_other(look: Look, wall: Category) -> None:
    make_sale("19.00", product__name="Suns", position=0)
    make_sale("76.00", product__name="Hills", position=3)
    follow_changes()
    suns, hills = look("/c/wall/", size=LARGE, frame="oak")["listing"]["cards"]
    assert (suns["list_price"], suns["discount"]) == (None, None)
    assert (hills["price"].amount, hills["list_price"].amount, hills["discount"]) == (76, 95, 20)
    assert hills["badge"] == "sale"


def test_order_bounds_and_hints_go_by_the_prices_that_are_shown(look: Look, wall: Category) -> None:
    def names(**asked: object) -> list[str]:
        return [row[0] for row in said(look("/c/wall/", **asked))]

    assert names(sort="price") == ["Notes", "Suns", "Hills"]
    assert names(sort="price", size=LARGE) == ["Hills", "Suns"]
    assert names(sort="-price", size=LARGE) == ["Suns", "Hills"]
    assert names(size=LARGE, max="52") == ["Hills"]
    assert names(size=LARGE, frame="oak", min="100") == ["Suns"]
    price = look("/c/wall/", size=LARGE)["listing"]["price"]
    assert (price["floor"].amount, price["ceiling"].amount) == (50, 58)


def test_what_a_search_finds_follows_as_well_in_each_markets_money(look: Look, wall: Category) -> None:
    card = look("/gb/search/", q="suns", size=LARGE)["listing"]["cards"][0]
    assert (card["price"].format(), card["url"]) == ("£58.00", f"/gb/p/suns/?size={LARGE}")


def test_rows_that_nobody_filtered_show_the_cards_own_offer(look: Look, wall: Category) -> None:
    item = Product.objects.get(name="Hills")
    make_review(item, 5)
    make_value("size", SIZES[1])
    follow_changes()
    beside = look("/p/hills/", size=LARGE)["related"]
    assert {card["price"].format() for part in beside.values() for card in part} == {"€38.00", "€14.00"}
