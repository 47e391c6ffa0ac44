"""The page of a search says what was searched for: the same to everyone, and once a view."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from redis import Redis

from catalog.search import counting
from catalog.search.counting import LIVE, Search
from tests.catalog.conftest import Look
from tests.factories import follow_changes, make_page, make_product


@pytest.fixture
def goods() -> None:
    make_product("Harbour lights", category="Posters", values={"colour": "Blue"})
    make_product("Dune road", category="Posters", values={"colour": "Red"})
    make_page("Delivery")
    follow_changes()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "is_zero"),
    [
        ("harbour", False),
        ("xyzzy", True),
        ("harbour road", True),  # none has both
        ("delivery", False),  # a page of text answers
    ],
)
def test_the_first_page_of_a_query_says_it_and_whether_it_found_anything(
    look: Look, goods: None, query: str, is_zero: bool
) -> None:
    page = look("/search/", q=query)
    assert counting.read(page["counted_word"]) == Search("eu", query, is_zero)
    assert f'data-word="{page["counted_word"]}"' in page.html
    assert counting.read(look("/gb/search/", q=query)["counted_word"]) == Search("gb", query, is_zero)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "road", "colour": "red"},
        {"q": "road", "sort": "price"},
        {"sale": "1"},
        {},
        {"q": "a@example.com"},
        {"q": "a＠example.com"},
        {"q": "a%40example.com"},
    ],
)
def test_what_is_no_new_search_says_nothing(look: Look, goods: None, parameters: dict[str, str]) -> None:
    page = look("/search/", **parameters)
    assert page.status == 200
    assert page["counted_word"] == ""
    assert "searched.js" not in page.html
    assert "data-word" not in page.html


@pytest.mark.django_db
def test_it_is_the_same_for_everyone_and_each_time(look: Look, goods: None) -> None:
    assert look("/search/", q="harbour").html == look("/search/", q="harbour").html


@pytest.mark.django_db(transaction=True)
def test_a_browser_says_it_once_a_view(page: Page, goods: None, redis: Redis) -> None:
    def told() -> dict[str, int]:
        return {json.loads(field)[2]: int(number) for field, number in redis.hgetall(LIVE).items()}

    def wait(is_done: Callable[[], bool]) -> None:
        for _ in range(100):
            if is_done():
                return
            page.wait_for_timeout(20)
        raise AssertionError(told())

    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "seen" in request.url else None)
    page.goto("/")
    page.locator("input[name=q]").first.fill("harbour")
    page.locator("input[name=q]").first.press("Enter")
    page.wait_for_url("**/search/?q=harbour")
    wait(lambda: told() == {"harbour": 1})
    page.reload()
    page.goto("/p/dune-road/")
    page.go_back()
    page.goto("/gb/search/?q=dune")
    wait(lambda: told() == {"harbour": 1, "dune": 1})
    assert [url.split("/", 3)[3] for url in sent] == ["search/seen/", "gb/search/seen/"]
