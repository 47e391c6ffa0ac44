"""Invariant 4: one review form, sent from many tabs at once, is one order and one charge, and says the same.

SUBMITS gives another figure: 50 are those of a long run.
"""

import os
import secrets
from copy import copy
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from catalog.models import Stock, Variant
from orders import attempts
from orders.models import Invoice, Order, Payment
from tests.checkout.conftest import go_to_review, put, together
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db(transaction=True)
SUBMITS = int(os.environ.get("SUBMITS", "10"))
SECURE = "4000002760003184"


def submit_together(client: Client, variant: Variant, double: Double, number: str = "4242") -> set[str]:
    """Where the clicks led."""
    put(client, variant)
    form = {"digest": go_to_review(client), "payment": "card", "confirmation": double.token(number)}

    def submit(_number: int) -> str:
        tab = Client()
        tab.cookies = copy(client.cookies)
        return str(tab.post("/checkout/review/", form)["Location"])

    return {str(answer) for answer in together(SUBMITS, submit)}


def charges(double: Double) -> list[str]:
    return [intent["status"] for intent in double.state["intents"] if intent["status"] != "canceled"]


def test_many_clicks_are_one_order_and_one_charge(client: Client, variant: Variant, double: Double) -> None:
    Stock.objects.filter(variant=variant).update(on_hand=1)
    answers = submit_together(client, variant, double, "4242424242424242")
    assert len(answers) == 1
    assert next(iter(answers)).startswith("/order/")
    assert Order.objects.get().status == "paid"
    assert charges(double) == ["succeeded"]
    assert Invoice.objects.count() == 1
    assert Stock.objects.get(variant=variant).reserved == 1


def test_many_clicks_with_a_card_that_asks_lead_to_one_page_of_the_bank(
    client: Client, variant: Variant, double: Double
) -> None:
    (there,) = submit_together(client, variant, double, SECURE)
    assert there.startswith(f"{double.address}/3ds/")
    assert charges(double) == ["requires_action"]


def test_many_clicks_without_javascript_lead_to_one_page_of_the_provider(
    client: Client, variant: Variant, double: Double
) -> None:
    put(client, variant)
    form = {"digest": go_to_review(client), "payment": "hosted"}

    def submit(_number: int) -> str:
        tab = Client()
        tab.cookies = copy(client.cookies)
        return str(tab.post("/checkout/review/", form)["Location"])

    (there,) = set(map(str, together(SUBMITS, submit)))
    assert there.startswith(f"{double.address}/c/pay/")
    assert len(double.state["sessions"]) == 1


def test_broken_a_new_attempt_for_each_click_charges_many_times(
    client: Client, variant: Variant, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whoever asks gets a payment of their own."""

    def careless(order: Order, gateway: str, choice: str, attempt: Any, token: str) -> attempts.Taken:
        with transaction.atomic():
            made = Payment.objects.create(
                order=order,
                gateway=gateway,
                choice=choice,
                idempotency_key=f"{secrets.token_hex(6)}-1",
                amount=order.total,
                currency=order.currency,
            )
        return attempts.Taken(made)

    monkeypatch.setattr(attempts, "take", careless)
    submit_together(client, variant, double, "4242424242424242")
    assert charges(double).count("succeeded") > 1
