"""A query as long as one may be: the page's title is some lines of it, and nothing scrolls sideways."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("query", ["x" * 200, "a harbour at night " * 10], ids=["a word", "words"])
def test_a_long_query_is_some_lines_of_title(browser: Browser, live_server: LiveServer, query: str) -> None:
    make_shop()
    for width in (390, 1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(f"{live_server.url}/search/?q={query.strip().replace(' ', '+')}")
        title, line = page.locator("h1").evaluate(
            "one => [one.clientHeight, parseFloat(getComputedStyle(one).lineHeight)]"
        )
        assert title < 4.5 * line, f"{title / line:.1f} lines at {width}px"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"sideways at {width}px"
        page.close()
