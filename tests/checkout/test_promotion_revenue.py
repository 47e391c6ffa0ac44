"""A promotion's revenue is what stayed: refunds are taken off, once, and the desk says how it counts."""

from decimal import Decimal

import pytest
from django.test import Client

from catalog.models import Variant
from checkout import uses
from checkout.models import Promotion
from orders import payments, refunds, states
from orders.models import Order, Payment, Refund
from shop.money import Money
from shop.outbox import drain
from tests.checkout.promoting import make_promotion, make_voucher
from tests.checkout.test_admin_promotions import order_with
from tests.orders.conftest import eur
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(variant: Variant) -> Order:
    """€38.00 less a tenth, and €4.90 for delivery: €39.10, paid."""
    make_voucher()
    placed = order_with(variant, "SPRING")
    payments.begin(placed, "pays")
    placed.refresh_from_db()
    return placed


def revenue() -> list[str]:
    brought = uses.of_promotions([Promotion.objects.get(name="Spring").pk])
    (found,) = brought.values()
    return [money.format() for money in found.revenue]


def test_what_was_refunded_is_no_revenue(order: Order) -> None:
    assert revenue() == ["€39.10"]
    refunds.refund(order, eur("10.00"), reason="A dent", actor_id=None)
    refunds.refund(order, eur("5.00"), reason="Another", actor_id=None)
    assert revenue() == ["€24.10"]
    assert {money.format() for money in uses.of_vouchers([1])[1].revenue} <= {"€24.10"}


def test_what_the_provider_refused_stays(order: Order) -> None:
    refunds.refund(order, eur("10.00"), reason="A dent", actor_id=None)
    Refund.objects.update(status=Refund.Status.FAILED)
    assert revenue() == ["€39.10"]


def test_what_had_come_beyond_the_total_was_none(order: Order) -> None:
    surplus = order.payments.create(
        gateway="fake",
        reference="twice",
        idempotency_key="twice",
        amount=order.total,
        currency=order.currency,
        status=Payment.Status.SURPLUS,
    )
    Refund.objects.create(payment=surplus, amount=order.total, currency="EUR", idempotency_key="r")
    assert revenue() == ["€39.10"]


def test_an_order_with_two_promotions_gives_its_refund_to_each_once(variant: Variant) -> None:
    make_promotion("Summer")
    make_voucher()
    placed = order_with(variant, "SPRING")
    payments.begin(placed, "pays")
    placed.refresh_from_db()
    refunds.refund(placed, eur("3.00"), reason="", actor_id=None)
    found = uses.of_promotions(list(Promotion.objects.values_list("pk", flat=True)))
    left = Money(placed.total - Decimal(3), "EUR")
    assert [brought.revenue for brought in found.values()] == [(left,), (left,)]


def test_what_was_called_off_counts_no_more_with_its_refund(order: Order) -> None:
    refunds.refund(order, eur("10.00"), reason="", actor_id=None)
    states.move(order, Order.Status.CANCELLED)
    for queue in ("high", "normal"):
        drain.drain(queue)
    assert dict(uses.of_promotions([Promotion.objects.get().pk])) == {}


def test_the_desk_says_so(client: Client, order: Order) -> None:
    refunds.refund(order, eur("10.00"), reason="A dent", actor_id=None)
    client.force_login(member("Merchant"))
    page = client.get(f"/admin/checkout/promotion/{Promotion.objects.get().pk}/change/").content.decode()
    assert "1 order · €29.10 of revenue · €3.80 taken off" in page
    assert "less what was refunded" in page
