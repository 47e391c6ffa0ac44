"""An order that costs nothing is paid as it is placed: no provider is asked for an amount it cannot take."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import Method, Product, Variant
from orders import payments, refunds
from orders.gateways.stripe_words import session_word
from orders.models import Order, Payment
from shop.outbox import drain
from tests.checkout.conftest import go_to_review, put
from tests.checkout.promoting import enter, make_promotion, make_voucher
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(client: Client, suns: Product, variant: Variant, method: Method) -> str:
    """The seal of a review on which all of it is given."""
    make_voucher("GIFT", promotion=make_promotion("All of it", percent="100", needs_code=True))
    make_promotion("Brought", kind="delivery")
    put(client, variant)
    enter(client, "GIFT")
    return go_to_review(client)


@pytest.mark.parametrize("provider", ["fake", "stripe"])
def test_an_order_that_costs_nothing_is_paid_and_invoiced_at_once(
    client: Client, review: str, provider: str, request: pytest.FixtureRequest
) -> None:
    double: Double | None = request.getfixturevalue("double") if provider == "stripe" else None
    page = client.get("/checkout/review/").content.decode()
    assert "nothing to pay" in page
    assert "data-pay" not in page
    way = {"fake": "declines", "stripe": "hosted"}[provider]
    for _ in range(2):
        answer = client.post("/checkout/review/", {"digest": review, "payment": way}, follow=True)
    assert answer.status_code == 200
    order = Order.objects.get()
    assert (order.status, order.total) == ("paid", 0)
    assert order.invoices.get().total == 0
    assert [event.kind for event in order.events.all()] == ["placed", "paid"]
    assert not list(answer.context["messages"] if answer.context else [])
    assert double is None or double.requests == []
    assert not refunds.left(order)
    drain.drain("high")


def test_what_costs_nothing_does_not_wait_for_the_hours_limit(
    client: Client, review: str, settings: Any
) -> None:
    settings.PAYMENTS_PER_HOUR = 0
    client.post("/checkout/review/", {"digest": review, "payment": "pays"})
    assert Order.objects.get().status == "paid"


def test_an_order_that_costs_nothing_is_not_paid_once_it_has_ended(client: Client, review: str) -> None:
    client.post("/checkout/review/", {"digest": review, "payment": "gold"})
    assert not Order.objects.exists()
    client.post("/checkout/review/", {"digest": review, "payment": "pays"})
    with pytest.raises(payments.NotPayable):
        payments.begin(Order.objects.get(), "pays")
    assert Payment.objects.get().gateway == Payment.NOTHING


def test_the_providers_page_that_had_nothing_to_take_has_succeeded() -> None:
    said = {
        "id": "cs_1",
        "status": "complete",
        "payment_status": "no_payment_required",
        "payment_intent": None,
        "amount_total": 0,
        "currency": "eur",
    }
    assert session_word(said).status == "succeeded"
