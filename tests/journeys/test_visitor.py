"""What a browser paints on pages that are the same for everyone: cart and account, by readable cookies."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from catalog.models import Product
from checkout.models import CartLine
from tests.factories import make_user
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = ("/", "/c/posters/", "/p/two-suns-over-cadiz/", "/search/?q=suns", "/info/delivery/", "/gb/")
STATIC = re.compile(r"/(static|media)/")
EVIL = "<img src=x onerror=document.title='hacked'>"


@pytest.fixture
def goods(live_server: LiveServer, redis: Redis, settings: Any) -> Product:
    """A shop whose pages are sent from the page store, as they are behind an edge."""
    settings.PAGE_STORE = True
    return make_shop()


def opened(browser: Browser, live_server: LiveServer, **more: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900}, **more)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, goods: Product) -> Iterator[BrowserContext]:
    yield from opened(browser, live_server)


def badge(page: Page) -> Any:
    return page.locator("[data-cart-badge]")


def here(page: Page) -> Any:
    return page.locator("[data-account-here]")


def add(page: Page) -> None:
    page.goto("/p/two-suns-over-cadiz/")
    page.get_by_role("button", name=re.compile("Add to cart")).first.click()
    expect(page).to_have_url(re.compile("/cart/"))


def enter(page: Page) -> None:
    page.goto("/account/login/")
    page.get_by_label(re.compile("E-mail")).fill("ada@example.com")
    page.get_by_label(re.compile("Password")).fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")


def test_who_has_no_cart_asks_for_the_page_and_its_files_and_for_nothing_else(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    for address in PUBLIC:
        for _first_and_stored in range(2):
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            answer = page.goto(address, wait_until="networkidle")
            assert answer
            others = [urlsplit(url).path for url in asked if url != answer.url]
            # A search is counted, by a word that is the same for everyone.
            told = ["/search/seen/"] if address.startswith("/search/") else []
            assert [path for path in others if not (STATIC.match(path) or path in told)] == [], address
        # The browser asks whether its own copy still holds, and is told so in few words.
        again = context.request.get(address)
        assert again.headers.get("x-page-store") == "fresh", address
        assert "set-cookie" not in again.headers
        expect(badge(page)).to_be_hidden()
        expect(here(page)).to_be_hidden()
    assert context.cookies() == []


def test_the_badge_and_the_account_are_right_in_every_tab_and_after_going_back(
    context: BrowserContext,
) -> None:
    make_user("ada@example.com", name="Ada Lovelace")
    page, other = context.new_page(), context.new_page()
    other.goto("/c/posters/")
    page.goto("/c/posters/")
    expect(badge(page)).to_be_hidden()
    add(page)
    expect(page.locator("[data-cart-size]")).to_have_text("1")
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile("/c/posters/"))
    expect(badge(page)).to_contain_text("1")
    # Headless tabs are never hidden: what a browser says when this one comes to the front.
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(badge(other)).to_contain_text("1")
    enter(page)
    expect(here(page)).to_be_visible()
    page.goto("/c/posters/")
    expect(here(page)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Your account.*you are logged in"))).to_be_visible()
    page.goto("/account/")
    page.get_by_role("button", name="Log out").locator("visible=true").click()
    expect(here(page)).to_be_hidden()
    expect(badge(page)).to_be_hidden()
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile("/c/posters/"))
    expect(here(page)).to_be_hidden()
    other.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(badge(other)).to_be_hidden()


def test_what_somebody_wrote_into_a_cookie_is_never_markup(
    context: BrowserContext, live_server: LiveServer
) -> None:
    page = context.new_page()
    for value in (EVIL, "3<b>", "-1", "1e9", "99999999999", "%3Cb%3E", "0x10", ""):
        context.clear_cookies()
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name in ("cart_size", "account")]
        )
        for _first_and_stored in range(2):
            page.goto("/c/posters/", wait_until="networkidle")
            expect(badge(page), value).to_be_hidden()
            expect(here(page), value).to_be_hidden()
            assert page.locator("header b, header img[src=x]").count() == 0, value
            assert page.title() != "hacked", value


def test_a_form_on_a_kept_page_works_without_a_script(
    browser: Browser, live_server: LiveServer, goods: Product
) -> None:
    for context in opened(browser, live_server, java_script_enabled=False):
        page = context.new_page()
        for _first_and_stored in range(2):
            page.goto("/p/two-suns-over-cadiz/")
            assert page.locator("input[name=csrfmiddlewaretoken]").count() == 0
        add(page)
        assert CartLine.objects.get().quantity == 1
        page.goto("/")
        page.get_by_role("searchbox").first.fill("suns")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/search/\?q=suns"))
