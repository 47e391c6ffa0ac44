"""Steered queries: what a merchant pins, for which queries and markets, and which pages hear of it."""

import pytest

from catalog.models import Pin, Product, SteeredQuery
from catalog.search import learning, steering
from catalog.search.steering import NOTHING, Steering
from shop import markets
from shop.edge.recording import Unrecorded, recording
from tests.catalog.conftest import Look
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db

EU, GB = markets.get("eu"), markets.get("gb")


def steer(query: str, market: str = "", **pins: list[Product]) -> SteeredQuery:
    """steer("print", first=[…], hidden=[…])"""
    row = SteeredQuery.objects.create(query=query, folded=steering.key(query), market=market)
    for kind, products in pins.items():
        for place, product in enumerate(products):
            Pin.objects.create(steered=row, product=product, kind=kind, position=place)
    return row


@pytest.fixture
def goods() -> list[Product]:
    return [make_product(f"Thing {number}") for number in range(4)]


def test_a_query_is_steered_as_it_is_typed_but_for_case_accents_and_punctuation(goods: list[Product]) -> None:
    one, two, three, four = goods
    steer("Café poster", first=[two, one], higher=[three], hidden=[four])
    found = Steering(first=(two.pk, one.pk), higher=(three.pk,), hidden=(four.pk,))
    for query in ("Café poster", "cafe POSTER", "  cafe,  poster! "):
        assert steering.of(EU, query) == found
    for query in ("poster café", "cafe posters", "cafe", "", "!"):
        assert steering.of(EU, query) == NOTHING
    assert found
    assert not NOTHING


def test_a_markets_own_row_goes_before_that_for_all(goods: list[Product]) -> None:
    one, two, *_others = goods
    steer("poster", first=[one])
    own = steer("poster", "gb", lower=[two])
    assert steering.of(EU, "poster") == Steering(first=(one.pk,))
    assert steering.of(GB, "poster") == Steering(lower=(two.pk,))
    own.pins.all().delete()
    assert steering.of(GB, "poster") == NOTHING  # so a market says that it steers nothing


def test_a_page_that_asks_carries_its_markets_searches(goods: list[Product]) -> None:
    steer("poster", first=goods[:1])
    with recording() as page:
        steering.of(GB, "poster")
        assert page.keys == {"search/gb"}
        with pytest.raises(Unrecorded):
            Pin.objects.first()


@pytest.mark.django_db(transaction=True)
def test_who_is_corrected_finds_what_is_steered_for_what_was_meant(goods: list[Product], look: Look) -> None:
    steer("thing", first=[goods[2]])
    follow_changes()
    learning.learn("en")
    page = look("/search/", q="thnig")
    assert page["found"]["corrected"] == "thing"
    assert page["listing"]["cards"][0]["name"] == goods[2].name


def test_it_costs_one_statement(goods: list[Product], django_assert_num_queries) -> None:
    steer("poster", first=goods)
    with django_assert_num_queries(1):
        steering.of(EU, "poster")
    with django_assert_num_queries(0):
        steering.of(EU, "…")
