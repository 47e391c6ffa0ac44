"""Invariant 5: in whatever order a payment's words come, and however often, it ends in the same state."""

from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client

from catalog.models import Stock
from orders import gateways, payments, reservations
from orders.gateways import stripe_api
from orders.models import Order, OrderEvent, Payment, Refund
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import eur
from tests.orders.test_webhooks import TAKES_TIME, Event, post
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(order: Order, double: Double) -> Payment:
    """The money is at the bank."""
    return payments.begin(order, "card", token=double.token(TAKES_TIME)).payment


@pytest.fixture
def told(client: Client, pending: Payment, double: Double) -> dict[str, list[Event]]:
    """All that is told of a payment by bank, which is then sent back at the provider's desk."""
    reference = str(pending.reference)
    double.bank(reference)
    gateways.get().refund(reference, key="", amount=eur("25.00"))
    kinds = {
        "created": ["payment_intent.created"],
        "processing": ["payment_intent.processing"],
        "succeeded": ["payment_intent.succeeded"],
        "refunded": ["refund.created", "charge.refunded"],
    }
    said = {event["type"]: event for event in double.events}
    assert said["refund.created"]["data"]["object"]["payment_intent"] == reference
    Payment.objects.filter(pk=pending.pk).update(status="begun")
    OrderEvent.objects.exclude(kind="placed").delete()
    Message.objects.all().delete()
    return {name: [said[kind] for kind in wanted] for name, wanted in kinds.items()}


def ends(
    client: Client, told: dict[str, list[Event]], orders: int = 24, *, is_left: bool = False
) -> set[tuple[Any, ...]]:
    """In how many ways it ends, over the 24 orders of four words, each three times.

    is_left: nobody pays meanwhile, and the order's time is over.
    """
    found = set()
    for order in list(permutations(told))[:orders]:
        with transaction.atomic():
            for name in order:
                for event in told[name] * 3:
                    assert post(client, event) == 204
            drain.drain("high")
            if is_left:
                Order.objects.update(reserved_until=Now())
                list(reservations.expire_all())
            found.add(
                (
                    Order.objects.get().status,
                    tuple(Payment.objects.values_list("status", flat=True)),
                    tuple(Refund.objects.values_list("status", "amount")),
                    tuple(Stock.objects.values_list("reserved", flat=True)),
                    OrderEvent.objects.filter(kind="paid").count(),
                    OrderEvent.objects.filter(kind="refunded").count(),
                    Message.objects.filter(job="orders.send_refund").count(),
                )
            )
            transaction.set_rollback(True)
    return found


def test_each_order_of_the_words_ends_in_the_same_state(client: Client, told: dict[str, list[Event]]) -> None:
    ((status, paid, refunds, reserved, *counts),) = ends(client, told)
    assert (status, paid, reserved) == ("paid", ("succeeded",), (2,))
    assert refunds == (("succeeded", eur("25.00").amount),)
    assert counts == [1, 1, 0]


@pytest.fixture
def approved(order: Order, double: Double, settings: Any) -> Payment:
    """Approved, and not taken yet."""
    settings.STRIPE_CAPTURE = "manual"
    return payments.begin(order, "card", token=double.token()).payment


def of_approval(payment: Payment, double: Double, **kinds: str) -> dict[str, list[Event]]:
    """What was told of it, and a shop that has heard nothing."""
    said = {event["type"]: event for event in double.events}
    Payment.objects.filter(pk=payment.pk).update(status="begun")
    Order.objects.update(status="placed")
    OrderEvent.objects.exclude(kind="placed").delete()
    Message.objects.all().delete()
    return {name: [said[kind]] for name, kind in kinds.items()}


APPROVED = {"created": "payment_intent.created", "authorized": "payment_intent.amount_capturable_updated"}


def test_an_approval_that_was_taken_ends_in_the_same_state(
    client: Client, approved: Payment, double: Double
) -> None:
    gateways.get().capture(str(approved.reference), key="desk")
    gateways.get().refund(str(approved.reference), key="", amount=eur("25.00"))
    captured, back = "payment_intent.succeeded", "charge.refunded"
    told = of_approval(approved, double, **APPROVED, captured=captured, refunded=back)
    ((status, paid, refunds, reserved, *counts),) = ends(client, told)
    assert (status, paid, reserved, counts) == ("paid", ("succeeded",), (2,), [1, 1, 0])
    assert refunds == (("succeeded", eur("25.00").amount),)


def test_an_approval_of_which_a_part_was_taken_is_held_in_the_same_state(
    client: Client, approved: Payment, double: Double
) -> None:
    stripe_api.ask(
        lambda params, options: stripe_api.api().payment_intents.capture(approved.reference, params, options),
        {"amount_to_capture": 2000},
        "desk",
    )
    told = of_approval(approved, double, **APPROVED, captured="payment_intent.succeeded")
    assert ends(client, told, is_left=True) == {("authorized", ("held",), (), (2,), 0, 0, 0)}


def test_an_approval_that_was_let_go_sells_nothing_and_keeps_nothing(
    client: Client, approved: Payment, double: Double
) -> None:
    """Cancelled, if the approval was heard of before; else it waits for another payment, and expires."""
    gateways.get().withdraw(str(approved.reference), key="desk")
    told = of_approval(approved, double, **APPROVED, canceled="payment_intent.canceled")
    found = ends(client, told, is_left=True)
    assert {status for status, *_rest in found} == {"cancelled", "expired"}
    assert {tuple(rest) for _status, *rest in found} == {(("withdrawn",), (), (0,), 0, 0, 0)}


def test_broken_an_approval_that_comes_back_after_its_end_is_sold(
    client: Client, approved: Payment, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whatever is told last is how it stands."""
    monkeypatch.setattr(payments, "OVER", frozenset())
    gateways.get().withdraw(str(approved.reference), key="desk")
    told = of_approval(approved, double, **APPROVED, canceled="payment_intent.canceled")
    assert "authorized" in {status for status, *_rest in ends(client, told, is_left=True)}


def test_broken_words_that_count_again_end_in_many_ways(
    client: Client, told: dict[str, list[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: what was settled is settled once more."""
    monkeypatch.setattr(payments, "SPENT", frozenset())
    assert ends(client, told, orders=2) != {
        ("paid", ("succeeded",), (("succeeded", eur("25.00").amount),), (2,), 1, 1, 0)
    }
