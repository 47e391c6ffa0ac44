"""What sells becomes popular, in steps; what never sold keeps what it was given."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from catalog.models import Product
from orders import popularity, states
from orders.models import Order
from orders.placement import place_order
from shop.changes import projector
from shop.changes.models import Change
from shop.outbox import rounds
from shop.outbox.models import Message
from shop.outbox.outbox import resolve
from tests.factories import follow_changes, make_product
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


def sell(item: Product, quantity: int = 1, *, days_ago: float = 0, to: str = Order.Status.PAID) -> Order:
    """An order of it, in that status."""
    order = place_order(make_draft((item.variants.get(), quantity)))
    if to != Order.Status.PLACED:
        states.move(order, Order.Status.PAID)
        paid_at = timezone.now() - timedelta(days=days_ago)
        Order.objects.filter(pk=order.pk).update(paid_at=paid_at)
    if to == Order.Status.CANCELLED:
        states.move(order, to)
    return order


def counted(item: Product, now: datetime | None = None) -> int:
    """Its popularity after another count."""
    popularity.count_sales(now or timezone.now())
    return Product.objects.get(pk=item.pk).popularity


def test_selling_makes_popular_and_a_second_count_changes_nothing() -> None:
    best, good, never = (make_product(name, stock=999, popularity=0) for name in ("Best", "Good", "Never"))
    sell(best, 100)
    sell(good, 10)
    now = timezone.now()
    assert popularity.count_sales(now) == 2
    assert counted(best, now) > counted(good, now) > counted(never, now) == 0
    assert popularity.count_sales(now) == 0


@pytest.mark.parametrize("to", [Order.Status.PLACED, Order.Status.CANCELLED])
def test_what_was_not_paid_or_was_given_back_does_not_count(to: str) -> None:
    item = make_product("Thing", stock=99)
    sell(item, 9, to=to)
    assert counted(item) == 0


def test_what_an_import_gave_stays_where_nothing_was_sold_and_is_the_least_of_the_others() -> None:
    given, sold = (make_product(name, stock=999, popularity=400) for name in ("Given", "Sold"))
    sell(sold)
    assert (counted(given), counted(sold)) == (400, 400)
    sell(sold, 100)
    assert (counted(given), counted(sold)) == (400, 650)


def test_sales_are_forgotten_by_and_by_and_what_was_given_is_not() -> None:
    item = make_product("Thing", stock=999, popularity=120)
    sell(item, 60)
    now = timezone.now()
    course = [counted(item, now + timedelta(days=days)) for days in (0, 30, 60, 89, 91)]
    assert course == sorted(course, reverse=True)
    assert course[0] == 600
    assert course[-1] == 120


def test_what_a_merchant_writes_since_is_what_was_given() -> None:
    item = make_product("Thing", stock=999, popularity=10)
    sell(item, 10)
    assert counted(item) == 350
    Product.objects.filter(pk=item.pk).update(popularity=900)
    assert counted(item) == 900
    Product.objects.filter(pk=item.pk).update(popularity=0)
    assert counted(item) == 350


def test_a_piece_more_of_what_sells_well_purges_nothing() -> None:
    goods = [make_product(f"Thing {number}", stock=999) for number in range(5)]
    for item in goods:
        sell(item, 100)
    now = timezone.now()
    popularity.count_sales(now)
    follow_changes()
    Change.objects.all().delete()
    for item in goods:
        sell(item, 3)
    Change.objects.all().delete()  # of the stock
    assert popularity.count_sales(now) == 0
    assert not Change.objects.exists()


def test_what_rose_reorders_the_lists_it_is_in_and_no_page_of_a_product() -> None:
    make_product("Other", category="Wall")
    item = make_product("Thing", stock=99, category="Wall")
    sell(item, 10)
    follow_changes()
    Change.objects.all().delete()
    assert counted(item) == 350
    keys = set(projector.asked(list(Change.objects.all())).keys)
    projector.follow(list(Change.objects.all()))
    keys |= projector.asked(list(Change.objects.filter(model="catalog.card"))).keys
    assert "cards/eu:popularity" in keys
    assert {key.partition("/")[0] for key in keys} == {"cards", "category", "search"}


def test_each_night_has_one_count_however_often_the_round_is_gone() -> None:
    evening = datetime(2026, 11, 23, 20, tzinfo=UTC)
    with time_machine.travel(evening, tick=False):
        for _minute in range(3):
            resolve("orders.plan_popularity")()
    with time_machine.travel(evening + timedelta(days=1), tick=False):
        resolve("orders.plan_popularity")()
    first, second = Message.objects.filter(job="orders.count_sales").order_by("due_at")
    assert timezone.localtime(first.due_at).time().isoformat() == "03:30:00"
    assert second.due_at - first.due_at == timedelta(days=1)
    assert "orders.plan_popularity" in rounds.jobs


def test_the_job_counts() -> None:
    item = make_product("Thing", stock=99)
    sell(item, 10)
    resolve("orders.count_sales")()
    assert Product.objects.get(pk=item.pk).popularity == 350
