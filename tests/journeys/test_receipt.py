"""The receipt in a browser, through the real edge: it comes by itself, moves nothing, and needs no script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from catalog.models import Product
from shop.changes import projector
from tests.edge.jar import behind
from tests.edge.varnish import Edge
from tests.factories import follow_changes
from tests.journeys.shop import make_shop
from tests.journeys.test_admin import enter

pytestmark = pytest.mark.django_db(transaction=True)
SHOWING = ("/p/two-suns-over-cadiz/", "/c/posters/", "/", "/gb/c/posters/")
DONE = re.compile(r"\d+ pages, live everywhere after \d+\.\d s")


@pytest.fixture
def product(redis: Redis, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Product:
    monkeypatch.setattr(projector, "ring", lambda: None)  # the worker is the test
    return make_shop()


@pytest.fixture
def edge(product: Product, live_server: LiveServer, client: Client) -> Iterator[Edge]:
    for address in SHOWING:
        # The first of a process reads its templates. On a busy machine that takes so long that the edge keeps
        # the page for a second only, and it is gone before anything is saved.
        client.get(address)
    with behind(live_server) as edge:
        for address in SHOWING:
            assert edge.ask(address).status == 200
        yield edge


def opened(browser: Browser, edge: Edge, **more: Any) -> BrowserContext:
    context = browser.new_context(base_url=edge.url, viewport={"width": 1280, "height": 900}, **more)
    context.set_default_timeout(10_000)
    return context


def rename(page: Page, product: Product) -> None:
    page.goto(f"/admin/catalog/product/{product.pk}/change/")
    page.get_by_label("Name", exact=True).fill("Three suns")
    page.get_by_role("button", name="Save", exact=True).click()


def test_the_receipt_comes_by_itself_and_moves_nothing(
    browser: Browser, edge: Edge, product: Product
) -> None:
    context = opened(browser, edge)
    page = context.new_page()
    enter(page)
    page.goto(f"/admin/catalog/product/{product.pk}/change/")
    expect(page.get_by_text(re.compile(r"Shown on \d+ pages"))).to_be_visible()
    rename(page, product)
    receipt, told = page.locator(".receipt"), page.get_by_role("status").locator("visible=true")
    expect(receipt).to_contain_text("Pending")
    expect(page.get_by_role("link", name="How far is it?")).to_have_count(0)
    before = told.bounding_box()
    follow_changes()
    expect(receipt).to_contain_text(DONE)
    expect(told).to_contain_text("Product updated")
    assert told.bounding_box() == before
    # It is not asked for any more.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(900)
    assert asked == []
    assert b"Three suns" in edge.ask("/c/posters/").body
    context.close()


def test_without_a_script_a_link_leads_to_it(browser: Browser, edge: Edge, product: Product) -> None:
    context = opened(browser, edge, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    rename(page, product)
    expect(page.locator(".receipt")).to_contain_text("Pending")
    page.get_by_role("link", name="How far is it?").click()
    expect(page.get_by_role("status")).to_contain_text("Pending")
    follow_changes()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("status")).to_contain_text(DONE)
    expect(page.get_by_role("link", name="Look again")).to_have_count(0)
    context.close()
