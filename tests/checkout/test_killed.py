"""Invariant 6: kill -9 at any moment between the button and the money: afterwards paid is what was ordered.

A process clicks, does the relay's work, and cancels now and then; it dies before or after a statement, a
COMMIT or a word of the provider's. Then the relay does what it does, and the sums must be equal.
KILL_POINTS gives another figure: 500 points by chance are those of a long run. One of 100 and more goes
through every moment before, of those orders that are unlike.
"""

import json
import logging
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from catalog.models import Method, Stock, Variant
from checkout import cookies
from checkout.models import Cart, CartLine
from orders import jobs, reconciliation, sellers
from orders.models import Order, Payment, Refund, Seller
from shop.outbox import drain
from shop.outbox.models import Message
from tests import servers
from tests.checkout.conftest import ADDRESS, sealed
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db(transaction=True)
POINTS = int(os.environ.get("KILL_POINTS", "6"))
CARDS = ["4242424242424242", "4242424242424242", "4000000000000002", "000123456789"]
# Orders are told apart by numbers: each fourth pays with that card, each third changes its mind and is
# refunded, each second clicks once more.
UNLIKE = (0, 3, 5, 6, 11)
CALM, UNSURE = 55, 130  # moments that each order has: a long run logs how many
NEVER = 0  # see tests/checkout/dying.py
logger = logging.getLogger(__name__)


class Doomed:
    """The process whose children die; it has no browser and no threads that a fork would tear apart."""

    def __init__(self, double: Double) -> None:
        known = {
            name: ",".join(value) if isinstance(value, list) else str(value)
            for name, value in double.settings.items()
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.checkout.dying"],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                **known,
                "DJANGO_SETTINGS_MODULE": "shop.settings",
                "DATABASE_URL": servers.database_url(connection.settings_dict["NAME"]),
                "PAYMENTS_PER_HOUR": "1000000",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, **told: Any) -> bool:
        """Whether a child that was to die did."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() == "killed"

    def end(self) -> None:
        self.process.communicate(timeout=20)


@pytest.fixture
def doomed(double: Double) -> Iterator[Doomed]:
    Seller.objects.create(**sellers.DEMO)  # that process issues invoices, too
    process = Doomed(double)
    yield process
    process.end()


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


def changes_mind(number: int) -> bool:
    return number % 3 == 2


def at_review(variant: Variant) -> tuple[Client, str]:
    """A new visitor whose cart is as the steps before leave it, and what the review's form carries. Through
    their pages it took longer than all the rest."""
    client, token = Client(), secrets.token_urlsafe(16)
    client.cookies[cookies.TOKEN] = token
    cart = Cart.objects.create(
        token_hash=cookies.hashed(token), market="eu", method=Method.objects.get(), **ADDRESS
    )
    CartLine.objects.create(cart=cart, variant=variant, quantity=1)
    return client, sealed(client)


def dies(variant: Variant, double: Double, doomed: Doomed, number: int, at: int | str) -> bool:
    """An order whose process is to die there; of some the buyer clicks once more. Whether it did."""
    Stock.objects.filter(variant=variant).update(on_hand=F("reserved") + 1)
    client, digest = at_review(variant)
    form = {"digest": digest, "payment": "card", "confirmation": double.token(CARDS[number % len(CARDS)])}
    given = {name: morsel.value for name, morsel in client.cookies.items()}
    is_killed = doomed.live(at=at, cookies=given, form=form, changes_mind=changes_mind(number))
    if number % 2:
        client.post("/checkout/review/", form)
    return is_killed


def arrive(double: Double) -> None:
    """What was on its way is there."""
    for intent in double.state["intents"]:
        if intent["status"] == "processing":
            double.bank(intent["id"])


def test_whoever_dies_where_paid_is_what_was_ordered(
    variant: Variant, double: Double, doomed: Doomed, settings: Any
) -> None:
    settings.PAYMENTS_PER_HOUR = 10**6
    chance, began, killed, moments = random.Random(6), time.monotonic(), Counter[int](), dict[int, int]()
    for number in (0, 2):
        assert not dies(variant, double, doomed, number, NEVER)
    for number in UNLIKE if POINTS >= 100 else ():
        at = next(at for at in count(1) if not dies(variant, double, doomed, number, at))
        moments[number] = at - 1
    for number in range(POINTS):
        at = chance.randint(1, UNSURE if changes_mind(number) else CALM)
        killed[number] += dies(variant, double, doomed, number, at)
    points = POINTS + sum(moments.values())
    each = (time.monotonic() - began) / points
    logger.info("%d points of %.2f s, %d by chance; moments: %s", points, each, killed.total(), moments)
    arrive(double)
    go_on()
    assert wrong(double) == []
    assert killed.total() >= POINTS * 0.9
    row = Stock.objects.get(variant=variant)
    held = Order.objects.filter(status__in=["placed", "paid"]).count()
    assert row.reserved == held
    assert not Refund.objects.filter(status="begun").exists()


def test_broken_without_the_reconciler_money_is_lost_between_two_rows(
    variant: Variant, double: Double, doomed: Doomed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whoever died has told nobody, and nobody asks."""
    monkeypatch.setattr(reconciliation, "compare_recent", lambda *args: None)
    assert dies(variant, double, doomed, 0, "confirmed")
    arrive(double)
    go_on()
    assert wrong(double) != []
