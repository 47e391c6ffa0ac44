"""Reviews on a product's page: the spread of stars filters them, older ones are a page further."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from catalog import forms
from catalog.importing import vocabulary
from catalog.models import Product, Review
from shop.jinja import parts
from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_product, make_review, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def suns() -> Product:
    """Thirteen reviews: twelve of five stars, and the oldest of four."""
    item = make_product("Two suns", options={"frame": ["No frame", "Oak"]})
    make_review(item, 4, title="Oldest", created_at=timezone.now() - timedelta(days=99))
    for age in range(12):
        make_review(item, 5, title=f"Five {age}", created_at=timezone.now() - timedelta(days=age))
    make_review(item, 1, title="Hidden", is_published=False)
    follow_changes()
    return item


def titles(page: Seen) -> list[str]:
    return [review["title"] for review in page["reviews"]["shown"]]


def test_they_are_counted_by_stars_and_the_newest_are_shown_first(look: Look, suns: Product) -> None:
    page = look("/p/two-suns/")
    assert (page["product"]["rating"], page["product"]["rating_count"]) == (Decimal("4.9"), 13)
    bars = page["reviews"]["bars"]
    assert [(bar["stars"], bar["count"], bar["share"]) for bar in bars] == [
        (5, 12, 92),
        (4, 1, 8),
        (3, 0, 0),
        (2, 0, 0),
        (1, 0, 0),
    ]
    assert titles(page) == [f"Five {age}" for age in range(10)]


def test_a_bar_leads_to_all_its_reviews_however_old(look: Look, suns: Product) -> None:
    bar = look("/p/two-suns/")["reviews"]["bars"][1]
    assert bar["url"] == "/p/two-suns/?stars=4#reviews"
    page = look("/p/two-suns/", stars="4")
    assert titles(page) == ["Oldest"]
    assert [bar["stars"] for bar in page["reviews"]["bars"] if bar["is_current"]] == [4]
    assert re.findall(r'aria-current="true">\s*<span class="bars__name">([^<]+)', page.html) == ["4 stars"]
    assert page["reviews"]["all_url"] == "/p/two-suns/#reviews"
    assert "13 reviews" in page.html


def test_an_empty_bar_is_no_link(look: Look, suns: Product) -> None:
    assert {bar["stars"]: bool(bar["url"]) for bar in look("/p/two-suns/")["reviews"]["bars"]} == {
        5: True,
        4: True,
        3: False,
        2: False,
        1: False,
    }


def test_older_ones_are_a_page_further_and_the_way_back_is_there(look: Look, suns: Product) -> None:
    first = look("/p/two-suns/")["reviews"]
    assert (first["newer_url"], first["older_url"]) == (None, "/p/two-suns/?reviews=2#reviews")
    page = look("/p/two-suns/", reviews="2")
    assert titles(page) == ["Five 10", "Five 11", "Oldest"]
    second = page["reviews"]
    assert (second["newer_url"], second["older_url"]) == ("/p/two-suns/#reviews", None)
    assert (second["first"], second["last"], second["total"]) == (11, 13, 13)
    fives = look("/p/two-suns/", stars="5")["reviews"]
    assert (fives["total"], fives["older_url"]) == (12, "/p/two-suns/?stars=5&reviews=2#reviews")


@pytest.mark.parametrize(
    "asked",
    [
        {"stars": "9"},
        {"stars": "0"},
        {"stars": "3"},  # nobody gave three
        {"stars": "٤"},
        {"stars": "4.0"},
        {"reviews": "0"},
        {"reviews": "two"},
        {"reviews": "-1"},
    ],
)
def test_what_makes_no_sense_is_the_normal_page(look: Look, suns: Product, asked: dict) -> None:
    page = look("/p/two-suns/", **asked)
    assert (page.status, page.address) == (200, "/p/two-suns/")
    assert titles(page)[0] == "Five 0"
    assert page["reviews"]["stars"] is None


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ({"reviews": "999"}, "?reviews=2"),
        ({"reviews": "2", "stars": "4"}, "?stars=4"),
        ({"reviews": "3", "stars": "5", "frame": "oak"}, "?frame=oak&stars=5&reviews=2"),
    ],
)
def test_a_page_beyond_the_end_leads_to_the_last(look: Look, suns: Product, asked: dict, last: str) -> None:
    assert look("/p/two-suns/", **asked).address == f"/p/two-suns/{last}"


def test_the_chosen_options_stay_chosen_and_the_page_has_one_canonical_address(
    look: Look, suns: Product
) -> None:
    page = look("/p/two-suns/", frame="oak", stars="5", utm_source="mail")
    assert page["variant"]["options_label"] == "Oak"
    assert page["reviews"]["bars"][1]["url"] == "/p/two-suns/?frame=oak&stars=4#reviews"
    assert page["chrome"]["canonical"].endswith("8000/p/two-suns/")


def test_a_product_without_reviews_has_no_section_of_them(look: Look) -> None:
    make_product("Quiet")
    follow_changes()
    assert 'id="reviews"' not in look("/p/quiet/", stars="5", reviews="1").html


def test_a_review_just_written_shows_before_the_card_has_counted_it(look: Look, suns: Product) -> None:
    make_review(suns, 2, title="Just now")
    assert titles(look("/p/two-suns/"))[0] == "Just now"
    Review.objects.all().delete()
    assert titles(look("/p/two-suns/", reviews="2")) == []


def test_no_attribute_may_be_called_as_a_parameter_is() -> None:
    assert set(forms.RESERVED) <= vocabulary.RESERVED
    assert all(map(vocabulary.is_spoken_for, ("q", "utm_source", "gclid", "_ga")))
    assert not vocabulary.is_spoken_for("colour")


def test_lists_have_no_parameters_of_reviews_nor_products_of_lists(look: Look, suns: Product) -> None:
    make_category("Posters")
    assert look("/c/posters/", stars="5", reviews="2").address == "/c/posters/"
    assert look("/p/two-suns/", **dict.fromkeys(forms.LISTED, "1")).address == "/p/two-suns/"


@pytest.mark.parametrize(
    ("rating", "width"), [("5.0", 100), ("4.8", 100), ("4.7", 90), ("4.3", 90), ("4.2", 80), ("0.4", 10)]
)
def test_stars_are_drawn_to_the_half_and_say_the_tenth(rating: str, width: int) -> None:
    drawn = parts.stars(Decimal(rating))
    assert f'aria-label="{rating} of 5 stars"' in drawn
    assert f'<svg width="{width}"' in drawn


def test_an_imported_review_has_no_date_since_its_file_gave_none(
    client: Client, look: Look, suns: Product
) -> None:
    make_review(suns, 5, title="Brought along", external_id="magento:1", name="Ada")
    follow_changes()
    page = look("/p/two-suns/")
    dates = {review["title"]: review["at"] for review in page["reviews"]["shown"]}
    assert dates.pop("Brought along") is None
    assert all(dates.values())
    text = client.get("/p/two-suns/").content.decode()
    assert '<p class="soft small">Ada</p>' in text
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "not known" in client.get("/admin/catalog/review/").content.decode()
    row = Review.objects.get(title="Brought along")
    assert "not known" in client.get(f"/admin/catalog/review/{row.pk}/change/").content.decode()
    assert 'name="created_at' in client.get("/admin/catalog/review/add/").content.decode()
