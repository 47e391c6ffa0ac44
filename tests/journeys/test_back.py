"""Back, from a list that was filtered and sorted: each control says what the address says."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Any:
    make_shop()
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_after_back_filters_and_sort_say_what_the_address_says(page: Page) -> None:
    page.goto("/c/posters/")
    tick = page.locator("#facets input[type=checkbox]:not(:disabled)").first
    tick.check()
    expect(page).to_have_url(re.compile(r"\?\w+="))
    page.locator("#sort").select_option(index=1)
    expect(page).to_have_url(re.compile("sort="))
    page.go_back()
    expect(page).not_to_have_url(re.compile("sort="))
    expect(page.locator("#sort")).to_have_js_property("selectedIndex", 0)
    expect(tick).to_be_checked()
    page.go_back()
    expect(page).to_have_url(re.compile("/c/posters/$"))
    expect(tick).not_to_be_checked()
    expect(page.locator("#sort")).to_have_js_property("selectedIndex", 0)
