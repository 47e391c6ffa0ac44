"""What was sold of late: by day and week, in each currency, less what went back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from catalog.models import Variant
from orders import held, payments, refunds, sales, states
from orders.models import Order
from orders.placement import place_order
from shop import replicas
from shop.money import Money
from tests.factories import make_user
from tests.orders.conftest import eur, make_draft
from tests.orders.test_held import arrive

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)  # a Wednesday
PAGE = reverse("admin:orders_order_sales")


def sold(variant: Variant, on: datetime, pieces: int = 1, *, pays: bool = True) -> Order:
    """Five for the delivery, ten for each piece."""
    order = place_order(make_draft((variant, pieces)))
    if pays:
        payments.begin(order, "pays")
    Order.objects.filter(pk=order.pk).update(placed_at=on)
    order.refresh_from_db()
    return order


def at(days: int, hour: int = 12) -> datetime:
    """So many days before."""
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, tzinfo=UTC) - timedelta(days=days)


def test_a_day_has_its_orders_and_what_they_brought_less_what_went_back(variant: Variant) -> None:
    first, _second = sold(variant, at(0)), sold(variant, at(0), 3)
    sold(variant, at(2))
    refunds.refund(first, eur("5.00"))
    (found,) = sales.of(TODAY)
    assert (found.currency, len(found.spans)) == ("EUR", 30)
    today, before = found.spans[0], found.spans[2]
    assert (today.since, today.orders, today.revenue, today.average) == (TODAY, 2, eur("45.00"), eur("22.50"))
    assert (before.orders, before.revenue) == (1, eur("15.00"))
    assert (found.spans[1].orders, found.spans[1].average) == (0, None)
    assert (found.whole.orders, found.whole.revenue, found.whole.average) == (3, eur("60.00"), eur("20.00"))


def test_what_is_not_paid_or_is_cancelled_is_not_sold(variant: Variant) -> None:
    sold(variant, at(0), pays=False)
    cancelled = sold(variant, at(0))
    states.move(cancelled, Order.Status.CANCELLED)
    sold(variant, at(30))  # a day too early
    assert sales.of(TODAY) == []


def test_a_refund_that_failed_and_money_beyond_the_total_take_nothing_off(variant: Variant) -> None:
    order = place_order(make_draft((variant, 2)))
    held.accept(arrive(order, eur("30.00")))
    failed = refunds.refund(order, eur("4.00"))
    type(failed).objects.filter(pk=failed.pk).update(status="failed")
    Order.objects.update(placed_at=at(0))
    (found,) = sales.of(TODAY)
    assert found.whole.revenue == eur("25.00")


def test_weeks_begin_on_monday_and_hold_the_same_money(variant: Variant) -> None:
    for days in (0, 2, 3, 9):
        sold(variant, at(days))
    (found,) = sales.of(TODAY, by_week=True)
    assert [(span.since, span.until, span.orders) for span in found.spans[:3]] == [
        (date(2026, 11, 23), TODAY, 2),
        (date(2026, 11, 16), date(2026, 11, 22), 2),
        (date(2026, 11, 9), date(2026, 11, 15), 0),
    ]
    assert found.spans[-1].since == TODAY - timedelta(days=29)
    assert found.whole.revenue == eur("60.00")


def test_days_are_the_shops_own(variant: Variant, settings: Settings) -> None:
    sold(variant, at(1, hour=23))  # in Berlin it is the next day by then
    (found,) = sales.of(TODAY)
    assert found.spans[0].orders == 1


def test_each_currency_stands_alone(variant: Variant) -> None:
    sold(variant, at(0))
    Order.objects.filter(pk=sold(variant, at(0)).pk).update(currency="GBP")
    sold(variant, at(1))
    euro, pounds = sales.of(TODAY)
    assert (euro.whole.revenue, pounds.whole.revenue) == (eur("30.00"), Money(Decimal("15.00"), "GBP"))


def test_the_page_is_for_who_sees_orders_and_reads_a_replica(
    client: Client, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    read = replicas.read
    monkeypatch.setattr(
        replicas, "read", lambda work, *, needs: asked.append(needs) or read(work, needs=needs)
    )
    user = make_user(is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.groups.add(Group.objects.get(name="Merchant"))
    assert "Nothing was sold" in client.get(PAGE).content.decode()
    payments.begin(place_order(make_draft((variant, 1))), "pays")
    for query in ({}, {"by": "week"}, {"by": "x"}):
        text = client.get(PAGE, query).content.decode()
        assert "€15.00" in text
        assert '<rect width="100"' in text
    assert len(asked) == 4
    assert PAGE in client.get(reverse("admin:index")).content.decode()
