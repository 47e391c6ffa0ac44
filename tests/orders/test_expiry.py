"""An order that nobody pays in time lets go of its goods; later money takes them again, or goes back.

Invariant 2: a reservation that ends while its payment succeeds, EXPIRY_RACES times.
"""

import os
import random
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Now
from django.test import Client

from catalog import stock
from catalog.models import Stock, StockMovement, Variant
from catalog.stock import OutOfStock
from orders import jobs, links, payments, reservations, states
from orders.models import Order, OrderLine, Payment, Refund
from orders.payments import NotPayable, PaymentEvent, Underway
from orders.placement import place_order
from shop.money import Money
from shop.outbox import drain
from shop.outbox.models import Message
from tests.checkout.conftest import together
from tests.factories import make_product
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db
RACES = int(os.environ.get("EXPIRY_RACES", "12"))


def over(*orders: Order) -> None:
    """Their time is over."""
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(
        reserved_until=Now() - timedelta(seconds=1)
    )


def reserved(variant: Variant) -> int:
    return Stock.objects.get(variant=variant).reserved


def word(payment: Payment, status: str = "succeeded") -> PaymentEvent:
    return PaymentEvent(
        payment.gateway, str(payment.reference), status, Money(payment.amount, payment.currency)
    )


def kinds(order: Order) -> list[str]:
    return [event.kind for event in order.events.all()]


def test_goods_are_kept_for_half_an_hour_by_the_databases_clock(order: Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reserved_until - now() FROM orders_order WHERE id = %s", [order.pk])
        (left,) = cursor.fetchone()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert order.reserved_until == Order.objects.get().reserved_until


def test_an_order_that_nobody_paid_in_time_expires_and_its_goods_are_free(
    order: Order, variant: Variant
) -> None:
    jobs.expire_unpaid()
    assert reserved(variant) == 2
    over(order)
    for _ in range(2):
        jobs.expire_unpaid()
    order.refresh_from_db()
    assert (order.status, reserved(variant)) == ("expired", 0)
    assert kinds(order) == ["placed", "expired"]
    drain.drain("normal")
    assert mail.outbox == []


def test_the_command_does_all_of_them_at_once(variant: Variant, capsys: Any) -> None:
    made = [place_order(make_draft((variant, 1))) for _ in range(4)]
    over(*made[:3])
    call_command("expire_unpaid_orders")
    assert "3 of 3 orders have expired" in capsys.readouterr().out
    assert reserved(variant) == 1


def test_money_at_the_bank_holds_the_goods_no_longer(order: Order, variant: Variant) -> None:
    payments.begin(order, "pending")
    over(order)
    jobs.expire_unpaid()
    order.refresh_from_db()
    assert (order.status, reserved(variant)) == ("expired", 0)


@pytest.mark.parametrize("status", ["succeeded", "held", "authorized"])
def test_money_that_is_there_keeps_the_order(order: Order, status: str) -> None:
    """Whatever the order says: a person, or the gateway's next word, decides."""
    payment = payments.begin(order, "waits").payment
    Payment.objects.filter(pk=payment.pk).update(status=status)
    over(order)
    jobs.expire_unpaid()
    order.refresh_from_db()
    assert order.status == "placed"


def test_what_is_open_at_the_gateway_is_ended(order: Order) -> None:
    payment = payments.begin(order, "waits").payment
    over(order)
    jobs.expire_unpaid()
    drain.drain("high")
    payment.refresh_from_db()
    assert payment.status == "withdrawn"


def test_an_order_whose_time_is_over_is_not_paid_any_more(order: Order) -> None:
    """Also before the relay has been there."""
    over(order)
    with pytest.raises(NotPayable):
        payments.begin(order, "pays")


def test_money_that_comes_late_takes_the_goods_once_more(order: Order, variant: Variant) -> None:
    payment = payments.begin(order, "pending").payment
    over(order)
    jobs.expire_unpaid()
    for _ in range(3):
        payments.settle(word(payment))
    order.refresh_from_db()
    assert (order.status, reserved(variant), Refund.objects.count()) == ("paid", 2, 0)
    assert StockMovement.objects.aggregate(sum=Sum("reserved_change"))["sum"] == 2


def test_money_that_comes_when_the_goods_are_gone_is_sent_back_and_its_buyer_told(
    client: Client, order: Order, variant: Variant
) -> None:
    payment = payments.begin(order, "pending").payment
    over(order)
    jobs.expire_unpaid()
    Stock.objects.filter(variant=variant).update(on_hand=1)
    for _ in range(3):
        payments.settle(word(payment))
    drain.drain("high")
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status, reserved(variant)) == ("expired", "surplus", 0)
    assert Refund.objects.count() == 1
    mail.outbox.clear()
    Message.objects.update(due_at=Now())
    drain.drain("normal")
    said = [message for message in mail.outbox if "goes back" in message.subject]
    assert len(said) == 1
    assert "had gone to somebody else" in said[0].body
    assert "We have sent all of it back" in client.get(links.path(order)).content.decode()


def test_the_page_of_an_expired_order_offers_to_order_again(client: Client, order: Order) -> None:
    over(order)
    jobs.expire_unpaid()
    text = client.get(links.path(order)).content.decode()
    assert "This order was not paid in time" in text
    assert "Order again" in text
    assert "Pay €" not in text
    assert "Nothing was charged" in text


def test_who_changes_their_mind_before_paying_frees_the_goods_and_gets_no_mail(
    order: Order, variant: Variant
) -> None:
    payments.begin(order, "declines")
    assert payments.withdraw(order).status == "cancelled"
    assert reserved(variant) == 0
    with pytest.raises(Underway):
        payments.withdraw(order)
    Message.objects.update(due_at=Now())
    drain.drain("normal")
    assert mail.outbox == []


@pytest.mark.parametrize("choice", ["pays", "pending"])
def test_money_on_its_way_is_not_taken_back_by_its_buyer(order: Order, choice: str) -> None:
    payments.begin(order, choice)
    with pytest.raises(Underway):
        payments.withdraw(order)


# --- Invariant 2 -----------------------------------------------------------------------------------------


def race(expire: Any) -> list[str]:
    """Expiry, the gateway's word (twice) and another buyer at once, many times; what is wrong afterwards."""
    chance, wrong = random.Random(2), list[str]()
    variants = [make_product(stock=2).variants.get() for _ in range(3)]
    for _ in range(RACES):
        wanted = [(variant, 1) for variant in chance.sample(variants, chance.randint(1, 3))]
        Stock.objects.filter(variant__in=variants).update(on_hand=F("reserved") + 1)
        try:
            order = place_order(make_draft(*wanted))
        except OutOfStock:
            continue
        payment = payments.begin(order, "pending").payment
        over(order)
        pauses = [chance.uniform(0, 0.02) for _ in range(4)]

        def buy(wanted: Any = wanted) -> None:
            try:
                other = place_order(make_draft(*wanted))
                states.move(other, "paid")
            except OutOfStock:
                pass

        ways = [
            lambda order=order: expire(order.pk),
            lambda payment=payment: payments.settle(word(payment)),
            lambda payment=payment: payments.settle(word(payment)),
            buy,
        ]

        def go(index: int, ways: Any = ways, pauses: Any = pauses) -> None:
            time.sleep(pauses[index])
            ways[index]()

        wrong += [repr(result) for result in together(4, go) if isinstance(result, Exception)]
        order.refresh_from_db()
        payment.refresh_from_db()
        sent = payment.refunds.count()
        if (order.status, payment.status, sent) not in {
            ("paid", "succeeded", 0),
            ("expired", "surplus", 1),
        }:
            wrong.append(f"{order.status}, {payment.status}, {sent} refunds")
    for variant in variants:
        row = Stock.objects.get(variant=variant)
        sold = OrderLine.objects.filter(variant_id=variant.pk, order__status="paid")
        kept = sold.aggregate(sum=Sum("quantity"))["sum"] or 0
        if not row.reserved == kept <= row.on_hand:
            wrong.append(f"{row.reserved} reserved, {kept} sold, {row.on_hand} there")
    return wrong


@pytest.mark.django_db(transaction=True)
def test_an_order_that_expires_while_it_is_paid_is_sold_once_or_sent_back_once() -> None:
    assert race(reservations.expire) == []


@pytest.mark.django_db(transaction=True)
def test_broken_an_expiry_without_the_orders_lock_leaks_or_oversells() -> None:
    """The broken variant: it looks, and then it writes."""

    def careless(order_id: int) -> None:
        if Order.objects.get(pk=order_id).status == "placed":
            time.sleep(0.03)
            lines = OrderLine.objects.filter(order=order_id)
            stock.release({line.variant_id: line.quantity for line in lines})
            Order.objects.filter(pk=order_id).update(status="expired")

    assert race(careless) != []
