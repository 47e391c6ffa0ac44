"""How many pages show a thing, counted from what the page store keeps."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client, override_settings
from django.urls import reverse
from redis import Redis

from catalog.models import Product
from shop import marks
from shop.edge import shows, store
from tests.edge import said
from tests.factories import follow_changes, make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ("product/7", "card/eu/7", "card/gb/7")


@pytest.fixture(autouse=True)
def _kept(redis: Redis, settings: Any) -> None:
    settings.PAGE_STORE = True


def keep(page: str, *keys: str, milliseconds: int = 60_000) -> None:
    """As the store does when it has rendered one."""
    begun = marks.pages.begin()
    assert begun
    names = [marks.pages.hash, f"shop:page:{page:>032}", "shop:page:x:rendering"]
    slots, shown = marks.told(keys), shows.told(keys)
    args = ("keep", "token", milliseconds, begun.epoch, begun.counter, slots, "[]", "", shown)
    marks.run(store.SCRIPT, names, args)


def test_a_page_counts_once_whatever_of_the_thing_it_shows() -> None:
    assert shows.count(KEYS) == 0
    keep("1", "product/7", "card/eu/7", "card/eu/8", "categories")
    keep("2", "card/eu/7")
    keep("3", "card/gb/7")
    keep("3", "card/gb/7")
    keep("4", "card/eu/8", "card/eu/77", "product/77")
    assert shows.count(KEYS) == 3


def test_a_page_that_is_over_does_not_count() -> None:
    keep("1", "card/eu/7")
    keep("2", "card/eu/7", milliseconds=50)
    assert shows.count(KEYS) == 2
    time.sleep(0.1)
    assert shows.count(KEYS) == 1


def test_what_is_over_leaves_when_more_comes(redis: Redis) -> None:
    keep("1", "card/eu/7", milliseconds=1)
    time.sleep(0.01)
    keep("2", "card/eu/7")
    assert redis.zcard("shop:shows:card/eu/7") == 1
    assert 0 < redis.ttl("shop:shows:card/eu/7") <= 604_800  # and all of it, when nothing comes


def test_only_what_is_asked_for_is_noted(redis: Redis) -> None:
    keep(
        "1", "product/7", "product/7:images", "card/eu/7:stars", "cards/eu:price", "slug/product/pen", "html"
    )
    assert redis.keys("shop:shows:*") == [b"shop:shows:product/7"]


def test_a_rendered_page_is_noted_and_one_that_is_not_kept_is_not(client: Client) -> None:
    with override_settings(ROOT_URLCONF=said.__name__, EDGE_SECRET=""):
        client.get("/page/")
        client.get("/page/")
        client.get("/missing/")
        client.get("/private/")
    assert shows.count(["product/7"]) == 1


@pytest.fixture
def merchant(client: Client) -> Iterator[Client]:
    user = make_user(is_staff=True)
    user.groups.set(Group.objects.filter(name="Merchant"))
    client.force_login(user)
    return client


def form(client: Client, product: Product) -> str:
    return client.get(reverse("admin:catalog_product_change", args=[product.pk])).content.decode()


def test_the_form_says_how_many_pages_of_all_markets_show_the_product(
    merchant: Client, settings: Any
) -> None:
    product = make_product("Two suns", category="Posters")
    follow_changes()
    assert "Nobody has looked at a page with it of late" in form(merchant, product)
    for address in ("/p/two-suns/", "/c/posters/", "/gb/c/posters/", "/gb/p/two-suns/", "/info/none/"):
        Client().get(address)
    assert "Shown on 4 pages" in form(merchant, product)
    settings.MARKS_URL = "redis://127.0.0.1:9/0"
    assert "shown-on" not in form(merchant, product)
    settings.PAGE_STORE = False
    assert "shown-on" not in form(merchant, product)
