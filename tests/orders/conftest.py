"""Orders without a cart: what `orders` is handed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Variant
from orders.drafts import Draft, DraftLine
from orders.models import Order
from orders.placement import place_order
from shop.money import Money
from shop.outbox import drain, rounds
from shop.outbox.models import Message
from tests.factories import make_product, make_user
from tests.orders.receiving import Receiver, receiving

_number = count(1)
RATE = Decimal("0.1900")


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def member(client: Client, group: str) -> Client:
    """That client, logged in as somebody of the staff who is in that group."""
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


@pytest.fixture
def merchant(client: Client) -> Client:
    return member(client, "Merchant")


def make_draft(*lines: tuple[Variant, int], **fields: Any) -> Draft:
    """A draft of these goods at 10 euro each, with 5 for delivery."""
    subtotal = eur("10.00") * sum(quantity for _variant, quantity in lines)
    total = subtotal + eur("5.00")
    tax = Money(total.amount * RATE / (1 + RATE), "EUR").rounded()
    draft = Draft(
        placement_key=f"test-{next(_number)}",
        market="eu",
        language="en",
        email="ada@example.com",
        address={
            "name": "Ada Lovelace",
            "line1": "Unter den Linden 1",
            "line2": "",
            "postcode": "10117",
            "city": "Berlin",
            "country": "DE",
            "phone": "",
        },
        lines=tuple(
            DraftLine(variant.pk, variant.product.name, quantity, eur("10.00"), RATE, slug="a-print")
            for variant, quantity in lines
        ),
        subtotal=subtotal,
        discount=eur("0.00"),
        delivery=eur("5.00"),
        tax=tax,
        total=total,
        taxes=((RATE, total - tax, tax),),
        delivery_name="Standard",
        delivery_carrier="DHL",
        delivery_tax_rate=RATE,
        promised_from=date(2026, 11, 25),
        promised_until=date(2026, 11, 27),
    )
    return replace(draft, **fields)


@pytest.fixture
def variant(db: None) -> Variant:
    return make_product("Two suns over Cadiz").variants.get()


@pytest.fixture
def order(variant: Variant) -> Order:
    """Two prints, 25 euro, not paid."""
    return place_order(make_draft((variant, 2)))


@pytest.fixture
def erp(settings: Settings) -> Iterator[Receiver]:
    """A receiver of the feed, on this machine."""
    settings.FEED_INSIDE, settings.FEED_TIMEOUT_SECONDS = True, 5
    with receiving() as receiver:
        yield receiver


class Clock:
    """Moves our clock on. The database's stays, so what is due by ours is made due by its own."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.traveller = traveller

    def later(self, minutes: float) -> None:
        """The relay goes its rounds, and what is due by then runs."""
        self.traveller.shift(timedelta(minutes=minutes))
        rounds.go()
        ran = 1
        while ran:
            Message.objects.filter(done_at=None, due_at__lte=timezone.now()).update(due_at=Now())
            ran = drain.drain("normal")


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Ask for it before an order is placed."""
    with time_machine.travel(datetime.now(UTC)) as traveller:
        yield Clock(traveller)
