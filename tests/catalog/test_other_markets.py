"""The way to the other markets: to the same page where it is, to the next best where it is not."""

import re

import pytest

from tests.catalog.conftest import Look, Seen
from tests.factories import follow_changes, make_category, make_product

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000"


def told(page: Seen) -> list[str]:
    """Addresses that machines are told of as the same page."""
    return re.findall(r'<link rel="alternate" hreflang="[^"]+" href="([^"]+)"', page.html)


def offered(page: Seen) -> list[str]:
    """Where the links of the footer lead."""
    return re.findall(r'<a href="([^"]+)"\s+hreflang', page.html)


def test_a_product_sold_everywhere_leads_to_itself(look: Look) -> None:
    make_product("Everywhere")
    follow_changes()
    for path in ("/p/everywhere/", "/gb/p/everywhere/"):
        page = look(path)
        assert told(page) == [f"{SITE}/p/everywhere/", f"{SITE}/gb/p/everywhere/"]
        assert offered(page) == ["/p/everywhere/", "/gb/p/everywhere/"]


def test_a_product_not_sold_there_leads_to_its_category_there(look: Look) -> None:
    wall = make_category("Wall")
    make_product("Here only", gbp=None, category=make_category("Posters", parent=wall))
    make_product("There only", price=None, gbp="5", category="Cards")
    follow_changes()
    here, there = look("/p/here-only/"), look("/gb/p/there-only/")
    assert told(here) == [f"{SITE}/p/here-only/"]
    assert offered(here) == ["/p/here-only/", "/gb/c/posters/"]
    assert told(there) == [f"{SITE}/gb/p/there-only/"]
    assert offered(there) == ["/c/cards/", "/gb/p/there-only/"]
    for page in (here, there):
        assert all(look(path).status == 200 for path in offered(page))


def test_one_that_stands_in_no_category_leads_home(look: Look) -> None:
    make_product("Stray", gbp=None)
    follow_changes()
    assert offered(look("/p/stray/")) == ["/p/stray/", "/gb/"]


def test_a_product_comes_with_its_card(look: Look) -> None:
    make_product("Just made", gbp=None)
    assert look("/p/just-made/").status == 404
    follow_changes()
    page = look("/p/just-made/")
    assert (page.status, told(page)) == (200, [f"{SITE}/p/just-made/"])


def test_a_page_that_is_nowhere_leads_home(look: Look) -> None:
    page = look("/gb/p/nowhere/")
    assert page.status == 404
    assert (told(page), offered(page)) == ([], ["/", "/gb/"])


def test_lists_and_the_home_page_lead_to_themselves(look: Look) -> None:
    make_category("Wall")
    assert offered(look("/gb/c/wall/")) == ["/c/wall/", "/gb/c/wall/"]
    assert told(look("/")) == [f"{SITE}/", f"{SITE}/gb/"]
