"""What sells in a rush lies in buckets: exactly what there is is sold, and nobody waits for one row."""

import random
import threading
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog import stock
from catalog.jobs import calm_rushes, ease_rush
from catalog.models import Stock, StockBucket, StockMovement, Variant
from catalog.stock import NotReserved, OutOfStock, rush, shelf
from shop.changes.models import Change
from shop.outbox.models import Message
from tests.catalog.test_stock import rush as all_at_once
from tests.factories import follow_changes, make_product, make_user

pytestmark = pytest.mark.django_db


def split(level: int | None = 40) -> Variant:
    """A variant whose free units lie in buckets."""
    variant = make_product(stock=level).variants.get()
    rush.split(variant.pk)
    return variant


def level(variant: Variant) -> tuple[int, int, int]:
    """(on hand, promised to orders, free)."""
    held = Stock.objects.get(pk=variant.pk)
    return held.on_hand, held.promised, held.free


def test_buckets_share_what_is_free_and_change_nothing_else() -> None:
    variant = make_product(stock=40).variants.get()
    stock.reserve({variant.pk: 5})
    before = level(variant)
    rush.split(variant.pk)
    assert level(variant) == before == (40, 5, 35)
    assert sorted(Counter(StockBucket.objects.values_list("free", flat=True)).items()) == [(2, 13), (3, 3)]
    assert stock.free([variant.pk]) == {variant.pk: 35}
    rush.join(variant.pk)
    assert level(variant) == before
    assert not StockBucket.objects.exists()
    assert stock.differences()[0].variant_id == variant.pk  # the factory lays goods there without a movement


def test_what_is_free_is_read_by_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Between two, units that go home from their buckets would be in none, and it would look sold out."""
    lent, plain, uncounted = split(), make_product(stock=7).variants.get(), split(None)
    for variant in (lent, plain, uncounted):
        stock.reserve({variant.pk: 2})
    with django_assert_num_queries(1):
        free = stock.free([lent.pk, plain.pk, uncounted.pk, 10**6])
    assert free == {lent.pk: 38, plain.pk: 5, uncounted.pk: shelf.UNCOUNTED, 10**6: 0}


def test_a_sale_takes_from_one_bucket_and_leaves_the_variants_row_alone() -> None:
    variant = split()
    row = Stock.objects.values().get(pk=variant.pk)
    stock.reserve({variant.pk: 2}, reference="D10001")
    assert Stock.objects.values().get(pk=variant.pk) == row
    assert level(variant) == (40, 2, 38)
    assert StockMovement.objects.values_list("kind", "reserved_change", "reference").get() == (
        "reserved",
        2,
        "D10001",
    )


def test_the_last_units_are_found_wherever_they_lie() -> None:
    """No bucket has more than two; asked for all of it at once, all of it is sold."""
    variant = split(20)
    other = make_product(stock=5).variants.get()
    stock.reserve({variant.pk: 17, other.pk: 1})
    assert level(variant) == (20, 17, 3)
    with pytest.raises(OutOfStock) as refused:
        stock.reserve({variant.pk: 4, other.pk: 1})
    assert refused.value.available == {variant.pk: 3}
    assert level(other) == (5, 1, 4)
    stock.reserve({variant.pk: 3})
    assert level(variant) == (20, 20, 0)


def test_what_comes_back_or_leaves_is_counted_as_ever() -> None:
    variant = split()
    stock.reserve({variant.pk: 9})
    stock.release({variant.pk: 4})
    assert level(variant) == (40, 5, 35)
    stock.ship({variant.pk: 5})
    assert level(variant) == (35, 0, 35)
    for move in (stock.release, stock.ship):
        with pytest.raises(NotReserved):
            move({variant.pk: 1})
    moved = StockMovement.objects.values_list("on_hand_change", "reserved_change").order_by("pk")
    assert list(moved) == [(0, 9), (0, -4), (-5, -5)]


def test_counting_sees_all_there_is_and_the_rush_goes_on_with_what_came() -> None:
    variant = split(10)
    stock.reserve({variant.pk: 4})
    with pytest.raises(stock.BelowReserved, match="4 of it"):
        stock.adjust(variant.pk, on_hand=3)
    assert stock.adjust(variant.pk, delta=100).on_hand == 110
    assert level(variant) == (110, 4, 106)
    assert sum(StockBucket.objects.values_list("free", flat=True)) == 106
    assert stock.adjust_many({variant.pk: 2}) == {variant.pk}
    assert stock.adjust_many({variant.pk: 50}) == set()
    assert level(variant) == (50, 4, 46)


def test_what_is_not_counted_sells_from_buckets_too_and_can_be_counted_later() -> None:
    variant = split(None)
    stock.reserve({variant.pk: 999})
    assert Stock.objects.get().promised == 999
    with pytest.raises(stock.BelowReserved):
        stock.set_terms(variant.pk, low_at=3, is_tracked=True)
    stock.release({variant.pk: 999})
    stock.set_terms(variant.pk, low_at=5, is_tracked=True)
    assert Stock.objects.values_list("low_at", "is_tracked", "reserved").get() == (5, True, 0)


def test_pages_hear_of_the_threshold_and_of_nothing_before() -> None:
    variant = split(160)  # ten in each bucket, low at three
    follow_changes()
    Change.objects.all().delete()
    stock.reserve({variant.pk: 5})
    assert not Change.objects.exists()
    stock.reserve({variant.pk: 153})
    follow_changes()
    variant.refresh_from_db()
    assert variant.availability == "low"
    stock.reserve({variant.pk: 2})
    follow_changes()
    variant.refresh_from_db()
    assert variant.availability == "out"
    stock.release({variant.pk: 5})
    follow_changes()
    variant.refresh_from_db()
    assert variant.availability == "in"


@pytest.mark.parametrize(("sales", "becomes"), [(rush.HOT, True), (rush.HOT - 1, False)])
def test_many_sales_in_seconds_are_a_rush(sales: int, becomes: bool) -> None:
    variant = make_product(stock=100).variants.get()
    for _ in range(sales):
        stock.reserve({variant.pk: 1})
    ease_rush([variant.pk])
    assert Stock.objects.get().is_split is becomes
    assert level(variant) == (100, sales, 100 - sales)


def test_who_waited_for_others_has_somebody_look_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "_noticed", 0.0)
    rush.notice({1: 2}, rush.WAITED / 2)
    assert not Message.objects.exists()
    rush.notice({7: 1, 1: 2}, rush.WAITED * 2)
    rush.notice({8: 1}, rush.WAITED * 2)
    assert list(Message.objects.values_list("job", "args")) == [("catalog.ease_rush", [[1, 7]])]


def test_an_hour_without_a_sale_ends_it() -> None:
    sold, quiet, fresh = split(), split(), split()
    stock.reserve({sold.pk: 1})
    Stock.objects.filter(pk__in=[sold.pk, quiet.pk]).update(split_at="2026-01-01T00:00Z")
    calm_rushes()
    assert set(Stock.objects.filter(is_split=True).values_list("pk", flat=True)) == {sold.pk, fresh.pk}
    assert level(quiet) == (40, 0, 40)


def test_the_desk_shows_what_is_promised_and_what_is_free(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    variant = split(40)
    stock.reserve({variant.pk: 7})
    shown = client.get(reverse("admin:catalog_stock_change", args=[variant.pk])).content.decode()
    assert "33" in shown
    form = {"low_at": "4", "is_tracked": "on", "change": "-35", "kind": "received", "note": "", "seen": "40"}
    refused = client.post(reverse("admin:catalog_stock_change", args=[variant.pk]), form)
    assert "5 would be left, but 7 are reserved" in refused.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_held_bucket_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """One buyer has taken, and not committed; who would begin with the same bucket is served at once."""
    monkeypatch.setattr("catalog.stock.moving.random.randrange", lambda _buckets: 0)
    variant = split(32)
    with transaction.atomic():
        stock.reserve({variant.pk: 1})
        done = threading.Event()

        def buy() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            for _ in range(5):
                stock.reserve({variant.pk: 1})
            done.set()
            connection.close()

        buyer = threading.Thread(target=buy)
        buyer.start()
        buyer.join(5)
        assert done.is_set()


@pytest.mark.django_db(transaction=True)
def test_forty_buyers_while_it_is_split_joined_and_counted_get_exactly_what_there_is() -> None:
    """Baskets of one to three, units that come back, a clerk who counts: nothing is sold twice, or lost."""
    variant = make_product(stock=None).variants.get()
    stock.set_terms(variant.pk, low_at=3, is_tracked=True)
    stock.adjust(variant.pk, delta=60)
    other = make_product(stock=1_000).variants.get()
    carts = [{variant.pk: 1 + number % 3, other.pk: 1} for number in range(40)]
    sold = Counter[str]()
    dice = random.Random(5)
    plans = [dice.choice(("buy", "buy", "buy", "back", "split", "join", "count")) for _ in carts]
    order = iter(plans)
    lock = threading.Lock()

    def act(cart: dict[int, int]) -> None:
        with lock:
            plan = next(order)
        if plan == "split":
            rush.split(variant.pk)
        elif plan == "join":
            rush.join(variant.pk)
        elif plan == "count":
            stock.adjust(variant.pk, delta=1)
        else:
            stock.reserve(cart)
            if plan == "back":
                stock.release(cart)

    rush.split(variant.pk)
    outcomes = all_at_once(40, carts, act)
    sold.update(outcomes)
    assert sold["deadlock"] == 0
    held = Stock.objects.get(pk=variant.pk)
    moved = StockMovement.objects.filter(variant=variant.pk)
    assert held.promised == sum(moved.values_list("reserved_change", flat=True))
    assert held.on_hand == sum(moved.values_list("on_hand_change", flat=True)) >= held.promised
    assert not [found for found in stock.differences() if found.variant_id == variant.pk]
