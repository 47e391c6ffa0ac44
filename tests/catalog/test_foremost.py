"""The first few cards by a rule are the same, whether they are among the market's first or far behind."""

import random
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from catalog.models import Card, Category
from catalog.queries import blocks, foremost
from shop import markets
from shop.prepared import Prepared
from tests.emptying import filled
from tests.factories import follow_changes, make_category, make_image, make_product

pytestmark = pytest.mark.django_db
ORDERS = tuple(blocks.ORDERS.values())


def make_goods() -> None:
    prints, books = make_category("Prints"), make_category("Books")
    chance = random.Random(7)
    for number in range(30):
        item = make_product(
            f"Thing {number:02}",
            category=books if number < 3 or number > 26 else prints,
            price=str(5 + chance.randint(0, 3) + (number > 26) * 9 - (number < 3) * 4),
            popularity=0 if number < 3 or number > 26 else chance.randint(1, 4),
        )
        make_image(item)
    follow_changes()


@pytest.fixture(scope="module")
def _goods(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with filled(django_db_blocker, make_goods):
        yield


@pytest.fixture
def goods(_goods: None, db: None, monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """Thirty, of which the last six in every order are books; five are the market's first."""
    monkeypatch.setattr(foremost, "FIRST", 5)
    return list(Card.objects.filter(market="eu"))


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("shelf", ["prints", "books"])
@pytest.mark.parametrize("count", [1, 4, 40])
def test_they_are_the_first_of_all(goods: list[Card], order: tuple[str, str], shelf: str, count: int) -> None:
    pk = Category.objects.get(slug=shelf).pk
    some = Card.objects.filter(market="eu", categories__overlap=[pk])
    near, far = foremost.parts(some, "eu", order, count)
    assert list(far) or list(near) == list(some.order_by(*order)[:count])
    assert list(far) in ([], list(some.order_by(*order)[:count]))


def test_what_is_far_is_not_looked_for_where_enough_is_near(goods: list[Card]) -> None:
    pk = Category.objects.get(slug="prints").pk
    some = Card.objects.filter(market="eu", categories__overlap=[pk])
    _near, far = foremost.parts(some, "eu", blocks.ORDERS["popular"], 4)
    assert "never executed" in far.explain(analyze=True)


def test_nothing_far_is_found_by_walking_along_the_order(goods: list[Card]) -> None:
    with connection.cursor() as cursor:
        # Whatever is known of the table by now: who could walk would rather.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    far = foremost.far(Card.objects.filter(market="eu"), blocks.ORDERS["popular"])[:1]
    walked = Card.objects.filter(market="eu").order_by(*blocks.ORDERS["popular"])[:1]
    assert "card_popular" in walked.explain()
    assert "Sort" in far.explain()


def test_a_tile_shows_what_is_loved_best_in_its_category_however_little_that_is(
    goods: list[Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_TOP", Prepared(blocks._TOP._make))
    shown = {tile["name"]: tile["picture"]["src"] for tile in blocks._tiles(markets.default())}
    best = {
        name: Card.objects.filter(market="eu", categories__contains=[Category.objects.get(name=name).pk])
        .order_by("-popularity", "product_id")[0]
        .picture["src"]
        for name in ("Prints", "Books")
    }
    assert shown == best
