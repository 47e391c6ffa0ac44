"""The first attempt to pay is written with its order, in one statement, and counted before."""

import re
from copy import copy
from typing import Any

import pytest
from django.test import Client

from catalog.models import Stock, StockMovement, Variant
from catalog.stock import rush
from checkout.views import steps
from orders import attempts
from orders.gateways import GatewayDown
from orders.gateways.fake import FakeGateway
from orders.models import Order, Payment
from tests.checkout.conftest import go_to_review, put, together
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


def reviewed(variant: Variant, quantity: int = 1, **said: str) -> tuple[Client, dict[str, str]]:
    """A browser at its review, and the form there."""
    client = Client()
    put(client, variant, quantity)
    return client, {"digest": go_to_review(client), "payment": "pays", **said}


def click(client: Client, form: dict[str, str]) -> str:
    """Where one click of that form leads; each has a tab of its own."""
    tab = Client()
    tab.cookies = copy(client.cookies)
    return str(tab.post("/checkout/review/", form)["Location"])


def down(self: Any, **asked: Any) -> Any:
    raise GatewayDown


def test_it_is_there_before_the_gateway_is_asked(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    client, form = reviewed(variant)
    with monkeypatch.context() as patch:
        patch.setattr(FakeGateway, "create", down)
        there = click(client, form)
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (payment.order, payment.status, payment.reference, payment.choice) == (
        order,
        "begun",
        None,
        "pays",
    )
    assert payment.money == order.money("total")
    assert re.fullmatch(rf"[0-9a-f]{{12}}-order-{order.pk}-1", payment.idempotency_key)
    assert payment.confirming_until is None
    assert click(client, form) == there
    assert Payment.objects.get().status == "succeeded"


def test_a_card_is_known_to_be_on_its_way(variant: Variant, double: Double, settings: Any) -> None:
    client, form = reviewed(variant, payment="card", confirmation=double.token())
    double.fault("reset", "POST /v1/payment_intents$")
    click(client, form)
    payment = Payment.objects.get()
    assert payment.confirmation == attempts._digest(form["confirmation"])
    assert payment.confirming_until is not None
    seconds = (payment.confirming_until - payment.created_at).total_seconds()
    assert seconds == 3 * settings.PAYMENT_TIMEOUT_SECONDS
    click(client, form)
    assert [intent["status"] for intent in double.state["intents"]] == ["succeeded"]
    assert Payment.objects.get().status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_a_purchase_is_few_statements(variant: Variant, django_assert_max_num_queries: Any) -> None:
    """It was 50; each one more is a hundredth of what the shop sells a second."""
    click(*reviewed(variant))
    client, form = reviewed(variant)
    with django_assert_max_num_queries(27):
        click(client, form)
    assert Order.objects.filter(status="paid").count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_lies_in_several_buckets_is_bought_by_one_click(variant: Variant) -> None:
    Stock.objects.filter(pk=variant.pk).update(on_hand=20)
    rush.split(variant.pk)
    click(*reviewed(variant, 5))
    order = Order.objects.get()
    assert (order.status, order.payments.count(), order.lines.count()) == ("paid", 1, 1)
    assert [(move.reference, move.reserved_change) for move in StockMovement.objects.all()] == [
        (order.number, 5)
    ]


def test_who_has_tried_enough_has_an_order_without_an_attempt(variant: Variant, settings: Any) -> None:
    settings.PAYMENTS_PER_HOUR = 1
    assert click(*reviewed(variant)).startswith("/order/")
    client, form = reviewed(variant)
    page = client.post("/checkout/review/", form, follow=True).content.decode()
    assert "Too many payments were tried from here. Your order is kept" in page
    assert [order.payments.count() for order in Order.objects.order_by("pk")] == [1, 0]


def attempts_of_two_clicks_each(variant: Variant, settings: Any) -> int:
    settings.PAYMENTS_PER_HOUR = 3
    made = [reviewed(variant, payment="declines") for _ in range(6)]
    together(12, lambda number: click(*made[number // 2]))
    assert Order.objects.count() == 6
    return Payment.objects.exclude(status="begun").count()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_each_order_make_no_more_attempts_than_an_hour_has(
    variant: Variant, settings: Any
) -> None:
    # Less if both clicks of one order were counted.
    assert 1 <= attempts_of_two_clicks_each(variant, settings) == Payment.objects.count() <= 3


@pytest.mark.django_db(transaction=True)
def test_broken_an_attempt_that_is_not_counted_before_it_stands_there(
    variant: Variant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds it takes it for one that was counted."""
    monkeypatch.setattr(steps, "has_tried_enough", lambda request: False)
    assert attempts_of_two_clicks_each(variant, settings) > 3
