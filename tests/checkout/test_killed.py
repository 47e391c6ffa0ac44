"""Invariant 6: kill -9 at any moment between the button and the money: afterwards paid is what was ordered.

A child of this process clicks, is told by the webhook, and cancels now and then; it dies before or after a
statement, a COMMIT or a word of the provider's. Then the relay does what it does, and the sums must be equal.
KILL_POINTS gives another figure: 500 are those of a long run.
"""

import os
import random
import signal
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from catalog.models import Stock, Variant
from orders import jobs, reconciliation, refunds, states
from orders.gateways import stripe, stripe_api
from orders.models import Order, Payment, Refund
from shop.outbox import drain
from shop.outbox.models import Message
from tests.checkout.conftest import go_to_review, put
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db(transaction=True)
POINTS = int(os.environ.get("KILL_POINTS", "8"))
CARDS = ["4242424242424242", "4242424242424242", "4000000000000002", "000123456789"]


class Steps:
    """Counts the moments; at one of them the process is gone."""

    def __init__(self, last: int) -> None:
        self.seen, self.last = 0, last

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self()
            answer = call(*args, **kwargs)
            self()
            return answer

        return counted


def click(client: Client, form: dict[str, str]) -> None:
    tab = Client()
    tab.cookies = copy(client.cookies)
    tab.post("/checkout/review/", form)


def live(steps: Steps, client: Client, form: dict[str, str], changes_mind: bool) -> None:
    """What happens to an order, in the child."""
    stripe_api._client.cache_clear()
    stripe.ask = steps.around(stripe.ask)
    BaseDatabaseWrapper._commit = steps.around(BaseDatabaseWrapper._commit)  # type: ignore[method-assign]
    with connection.execute_wrapper(lambda execute, *rest: steps.around(execute)(*rest)):
        click(client, form)
        order = Order.objects.order_by("pk").last()
        if changes_mind and order is not None and states.can_move(order, "cancelled"):
            states.move(order, "cancelled")
            if refunds.left(order):
                refunds.refund(order, refunds.left(order))
        drain.drain("high")


def kill_at(last: int, client: Client, form: dict[str, str], changes_mind: bool) -> bool:
    """Whether a child that was to die at that moment did."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            live(Steps(last), client, form, changes_mind)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def go_on() -> None:
    """The relay, minutes later: leases have ended, what is due is done, and the gateway is asked."""
    for _ in range(3):
        Message.objects.filter(done_at=None).update(due_at=Now(), lease_until=None)
        drain.drain("high")
        Payment.objects.update(created_at=Now() - timedelta(minutes=3))
        jobs.compare_payments()


def wrong(double: Double) -> list[str]:
    """What does not add up, between our rows and the provider's."""
    there, found = double.state, list[str]()
    charged = sum(intent["amount_received"] for intent in there["intents"])
    returned = sum(refund["amount"] for refund in there["refunds"])
    came = Payment.objects.filter(status__in=["succeeded", "surplus"])
    ours = sum((payment.amount for payment in came), Decimal(0))
    sent = sum((refund.amount for refund in Refund.objects.filter(status="succeeded")), Decimal(0))
    if (charged, returned) != (ours * 100, sent * 100):
        found.append(f"charged {charged}, sent back {returned}; ours {ours} and {sent}")
    for order in Order.objects.all():
        paid = [payment.amount for payment in order.payments.all() if payment.status == "succeeded"]
        if order.status == "paid" and paid != [order.total]:
            found.append(f"{order} is paid by {paid}")
        if order.status == "placed" and paid:
            found.append(f"{order} waits, and {paid} has come")
    return found


def disaster(client: Client, variant: Variant, double: Double, at: Callable[[int], int]) -> int:
    """Orders whose process dies; of some the buyer clicks once more. How many died."""
    killed = 0
    for number in range(POINTS):
        Stock.objects.filter(variant=variant).update(on_hand=F("reserved") + 1)
        put(client, variant)
        form = {
            "digest": go_to_review(client),
            "payment": "card",
            "confirmation": double.token(CARDS[number % len(CARDS)]),
        }
        killed += kill_at(at(number), client, form, changes_mind=number % 3 == 2)
        if number % 2:
            click(client, form)
        else:
            client.cookies.clear()
    for intent in double.state["intents"]:
        if intent["status"] == "processing":
            double.bank(intent["id"])
    return killed


def test_whoever_dies_where_paid_is_what_was_ordered(
    client: Client, variant: Variant, double: Double, settings: Any
) -> None:
    settings.PAYMENTS_PER_HOUR = 10**6
    chance = random.Random(6)
    killed = disaster(client, variant, double, lambda number: chance.randint(1, 130))
    go_on()
    assert wrong(double) == []
    assert killed >= POINTS // 2
    row = Stock.objects.get(variant=variant)
    held = Order.objects.filter(status__in=["placed", "paid"]).count()
    assert row.reserved == held
    assert not Refund.objects.filter(status="begun").exists()


def test_broken_without_the_reconciler_money_is_lost_between_two_rows(
    client: Client, variant: Variant, double: Double, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whoever died has told nobody, and nobody asks."""
    settings.PAYMENTS_PER_HOUR = 10**6
    monkeypatch.setattr(reconciliation, "compare_recent", lambda *args: None)
    monkeypatch.setattr("tests.checkout.test_killed.POINTS", 1)

    class AfterConfirm(Steps):
        def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
            def watched(*args: Any, **kwargs: Any) -> Any:
                answer = call(*args, **kwargs)
                if str(args[-1]).rpartition("-")[0].endswith("-confirm"):
                    os.kill(os.getpid(), signal.SIGKILL)
                return answer

            return watched

    monkeypatch.setattr("tests.checkout.test_killed.Steps", AfterConfirm)
    assert disaster(client, variant, double, lambda _number: 0) == 1
    go_on()
    assert wrong(double) != []
