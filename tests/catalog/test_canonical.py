"""One page, one address: every other way to ask for it leads there, and is not kept beside it."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.edge.visitor import UNSTORABLE
from tests.factories import follow_changes, make_category, make_product, make_review

pytestmark = pytest.mark.django_db

NAMES = ("q", "colour", "size", "min", "max", "sale", "sort", "page", "stars", "reviews", "any")
VALUES = ("red", "a4", "none", "20", "20.50", "5", "0", "1", "-price", "popular", "relevance")
ASKED = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=12)), max_size=6
)
ADDRESSES = {
    "/c/wall/?any=1": "/c/wall/",
    "/c/wall/?colour=none&colour=red": "/c/wall/?colour=red",
    "/c/wall/?min=20.00&sort=popular&page=1": "/c/wall/?min=20",
    "/c/wall/?min=5&max=1": "/c/wall/?min=1&max=5",
    "/search/?q=%20red%20%20thing&sort=relevance": "/search/?q=red+thing",
    "/search/?any=1": "/search/",
    "/search/suggest/?q=RED%20+th": "/search/suggest/?q=red+th",
    "/search/?min=5": "/search/",
    "/p/red/?any=1&size=none": "/p/red/",
    "/p/red/?size=a4&stars=5&reviews=1": "/p/red/?size=a4&stars=5",
}


@pytest.fixture
def wall() -> None:
    wall = make_category("Wall")
    red = make_product(
        "Red", price="10", category=wall, values={"colour": "Red"}, options={"size": ["A3", "A4"]}
    )
    make_product("Blue", price="30", category=wall, values={"colour": "Blue"})
    make_review(red, 5)
    follow_changes()


@pytest.mark.parametrize("asked", ADDRESSES)
def test_who_asks_otherwise_is_sent_there(client: Client, wall: None, asked: str) -> None:
    answer = client.get(asked)
    assert (answer.status_code, answer["Location"]) == (302, ADDRESSES[asked])
    assert client.get(ADDRESSES[asked]).status_code == 200


def test_all_that_the_list_has_not_is_left_out_in_one_step(client: Client, wall: None) -> None:
    answer = client.get("/c/wall/?page=20&q=red&stars=5&any=1", follow=True)
    assert answer.redirect_chain == [("/c/wall/?page=20", 302), ("/c/wall/", 302)]


def test_an_option_that_bears_a_reserved_name_is_none(client: Client) -> None:
    """Desk and imports refuse such a code, SQL does not: the address would lead to itself for ever."""
    item = make_product("Sofa", options={"stars": ["4", "5"]})
    make_review(item, 4)
    follow_changes()
    assert client.get("/p/sofa/?stars=4").status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["/c/wall/", "/search/", "/search/suggest/", "/p/red/"]), asked=ASKED)
def test_from_anywhere_it_is_two_steps_at_most(
    client: Client, wall: None, path: str, asked: list[tuple[str, str]]
) -> None:
    """One to what there is of what is asked for, one from a page that the list does not have."""
    said = [(name, value) for name, value in asked if not UNSTORABLE.search(value)]
    answer = client.get(f"{path}?{urlencode(said)}", follow=True)
    assert answer.status_code == 200
    assert len(answer.redirect_chain) <= 2


@pytest.mark.parametrize(
    "asked",
    [
        "colour=%72ed",
        "c%6Flour=red",
        "colour=red&colour=red",
        "colour=red+",
        "utm_source=x&colour=re%64",
    ],
)
def test_another_spelling_is_another_address(client: Client, wall: None, asked: str) -> None:
    """Who keeps pages by their addresses would keep each, and anybody could fill it."""
    answer = client.get(f"/c/wall/?{asked}")
    assert (answer.status_code, answer["Location"]) == (302, "/c/wall/?colour=red")
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    "asked", ["size=a4&colour=red", "utm_source=x&colour=red&size=a4", "colour=red&&size=a4&frame="]
)
def test_in_any_order_it_is_the_same(client: Client, wall: None, asked: str) -> None:
    """Links come so; the edge puts them in order and drops what campaigns append, before it looks."""
    assert client.get(f"/c/wall/?{asked}").status_code == 200
