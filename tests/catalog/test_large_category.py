"""Five thousand products in one category: its pages fit each edge's headers, and each product ends them."""

import random

import pytest
from django.test import Client

from catalog import cards
from catalog.models import Listing, Price, Product, Variant
from shop.changes.models import Change
from shop.edge import coarse
from shop.edge.backends import Backend
from tests.catalog.edits import purged as purged
from tests.edge.test_coarse import BACKENDS
from tests.factories import follow_changes, make_category, make_tax_class

pytestmark = pytest.mark.django_db
COUNT = 5_000
DRAWN = 20
PAGES = ("/c/wall/", "/c/wall/?sort=price", "/c/wall/?page=9", "/gb/c/wall/?min=5", "/sitemap-products-1.xml")


@pytest.fixture
def ids() -> list[int]:
    wall, tax = make_category("Wall"), make_tax_class()
    goods = Product.objects.bulk_create(
        Product(name=f"Thing {number}", slug=f"thing-{number}", tax_class=tax, is_published=True)
        for number in range(COUNT)
    )
    variants = Variant.objects.bulk_create(Variant(product=item, sku=f"T{item.pk}") for item in goods)
    Price.objects.bulk_create(
        Price(variant=variant, currency=currency, amount=5 + variant.pk % 90)
        for variant in variants
        for currency in ("EUR", "GBP")
    )
    Listing.objects.bulk_create(Listing(product=item, category=wall, is_primary=True) for item in goods)
    ids = [item.pk for item in goods]
    cards.rebuild(ids)
    Change.objects.all().delete()  # there is nobody yet who had seen it otherwise
    return ids


def carried(client: Client, edge: Backend, path: str) -> set[str]:
    """The keys that the answer bears at this edge, whose headers they fit."""
    keys = set(coarse.fitted(client.get(path).page_keys, edge.fits))
    assert sum(len(value) for _name, value in edge.headers(keys, 3_600)) <= 16_384
    return keys - {"html"}


def test_each_of_them_lets_go_the_pages_it_leaves(client: Client, ids: list[int], purged: set[str]) -> None:
    assert f"{COUNT:,}" in client.get("/c/wall/").content.decode()
    shown = {(name, path): carried(client, edge, path) for name, edge in BACKENDS.items() for path in PAGES}
    for pk in random.Random(5).sample(ids, DRAWN):
        purged.clear()
        Product.objects.filter(pk=pk).update(is_published=False)
        follow_changes()
        named = coarse.with_coarse(purged)
        assert [page for page, keys in shown.items() if keys.isdisjoint(named)] == []
