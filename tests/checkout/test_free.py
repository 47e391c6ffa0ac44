"""An order that costs nothing is paid as it is placed: no provider is asked for an amount it cannot take."""

import re
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from catalog.models import Method, Product, Variant
from orders import emails, links, payments, refunds
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


def test_one_that_was_left_is_finished_by_a_press_and_asks_for_no_card(
    client: Client, review: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placed, and then the browser or the process was gone: its page has no way to pay 0.00."""
    with monkeypatch.context() as patch:
        patch.setattr("checkout.views.steps.begin_payment", lambda *_args, **_more: HttpResponse())
        client.post("/checkout/review/", {"digest": review, "payment": "pays"})
    order = Order.objects.get()
    assert order.status == "placed"
    page = client.get(links.path(order)).content.decode()
    assert "There is nothing to pay on this order" in page
    assert "waits for its payment" not in page
    assert 'type="radio"' not in page
    assert "€0.00</button>" not in page
    form = re.search(
        r'<form class="order__pay" action="([^"]+)".*?name="payment" value="([^"]+)"', page, re.S
    )
    assert form
    client.post(form[1].replace("&amp;", "&"), {"payment": form[2]})
    order.refresh_from_db()
    assert order.status == "paid"


def test_its_mail_asks_for_a_press_and_not_for_money(client: Client, review: str) -> None:
    client.post("/checkout/review/", {"digest": review, "payment": "pays"})
    emails.payment(Order.objects.get())
    sent = mail.outbox[-1]
    assert sent.subject == f"Your order {Order.objects.get().number} is not finished yet"
    assert "nothing to pay" in sent.body
    assert "Pay €0.00" not in sent.body + str(sent.alternatives[0][0])
