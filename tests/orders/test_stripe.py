"""Paying by Stripe, against the double: the page's fields, its own page, 3-D Secure, and changed minds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orders import gateways, links, payments, reconciliation, states
from orders.gateways import GatewayDown
from orders.gateways.stripe_words import minor, money
from orders.models import Order, Payment
from shop.money import Money
from shop.outbox import drain
from tests.stripe.delivery import signature
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
DECLINED, SECURE, TAKES_TIME = "4000000000000002", "4000002760003184", "000123456789"


def intents(double: Double) -> list[str]:
    return [intent["status"] for intent in double.state["intents"]]


def statuses() -> list[str]:
    return list(Payment.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("25.00", "EUR", 2500),
        ("25", "JPY", 25),
        ("25.000", "KWD", 25000),
        ("1.5", "KWD", 1500),
        ("100", "ISK", 10000),
        ("100", "UGX", 10000),
        ("7", "XPF", 7),
    ],
)
def test_amounts_are_told_in_the_units_that_stripe_counts_in(amount: str, currency: str, units: int) -> None:
    given = Money(Decimal(amount), currency)
    assert minor(given) == units
    assert money(units, currency.lower()) == given


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("1.005", "EUR"), ("1.0005", "KWD")])
def test_an_amount_that_cannot_be_said_is_never_rounded(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        minor(Money(Decimal(amount), currency))


def test_the_fields_of_the_page_pay(order: Order, double: Double) -> None:
    token = double.token()
    for _ in range(3):
        begun = payments.begin(order, "card", attempt=1, token=token)
    assert (begun.payment.status, begun.redirect_url) == ("succeeded", "")
    assert intents(double) == ["succeeded"]
    order.refresh_from_db()
    assert order.status == "paid"
    (intent,) = double.state["intents"]
    assert (intent["amount"], intent["currency"], intent["description"]) == (2500, "eur", order.number)


def test_a_decline_leaves_the_order_payable_at_the_providers_page(order: Order, double: Double) -> None:
    begun = payments.begin(order, "card", attempt=1, token=double.token(DECLINED))
    assert (begun.payment.status, begun.payment.reason) == ("declined", "Your card was declined.")
    assert payments.is_payable(order)
    again = payments.begin(order, "hosted", attempt=2)
    assert again.redirect_url.startswith(f"{double.address}/c/pay/cs_")
    double.visit(again.redirect_url, number="4242424242424242")
    reconciliation.compare(again.payment)
    assert statuses() == ["declined", "succeeded"]


def test_without_javascript_it_is_one_session_an_order(order: Order, double: Double) -> None:
    urls = {payments.begin(order, "hosted", attempt=attempt).redirect_url for attempt in (1, 1, None, 2)}
    assert len(urls) == len(double.state["sessions"]) == Payment.objects.count() == 1


def test_cards_that_are_declined_on_the_providers_page_end_nothing(
    client: Client, order: Order, double: Double
) -> None:
    begun = payments.begin(order, "hosted")
    assert double.visit(begun.redirect_url, number=DECLINED) == ""
    for event in double.events:
        for said in gateways.get().read(*signed(event)):
            payments.settle(said)  # type: ignore[arg-type]
    assert statuses() == ["begun"]
    assert payments.begin(order, "hosted").redirect_url == begun.redirect_url


def signed(event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    return body, {"Stripe-Signature": signature(body)}


@pytest.mark.parametrize(("said", "ends"), [("yes", "succeeded"), ("no", "declined")])
def test_the_bank_asks_the_buyer_and_the_return_settles(
    client: Client, order: Order, double: Double, said: str, ends: str
) -> None:
    begun = payments.begin(order, "card", token=double.token(SECURE))
    assert begun.payment.status == "begun"
    assert begun.redirect_url.startswith(f"{double.address}/3ds/pi_")
    # Gone back instead: the same page once more, and no second payment.
    assert payments.begin(order, "hosted").redirect_url == begun.redirect_url
    there = double.visit(begun.redirect_url, said=said)
    answer = client.get(there.removeprefix("http://127.0.0.1:8000"))
    assert (answer.status_code, answer["Location"]) == (302, links.path(order))
    assert statuses() == [ends]


def test_who_returns_while_the_provider_is_away_reads_that_it_is_checked(
    client: Client, order: Order, double: Double
) -> None:
    begun = payments.begin(order, "card", token=double.token(SECURE))
    there = double.visit(begun.redirect_url, said="yes")
    double.fault("reset", "GET /v1/payment_intents")
    answer = client.get(there.removeprefix("http://127.0.0.1:8000"), follow=True)
    assert "We are checking your payment" in answer.content.decode()
    assert statuses() == ["begun"]


def test_a_card_that_was_never_confirmed_makes_room_for_the_providers_page(
    order: Order, double: Double
) -> None:
    double.fault("reset", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token())
    Payment.objects.update(confirming_until=Now())  # so long it might have been on its way
    begun = payments.begin(order, "hosted", attempt=1)
    assert begun.redirect_url
    assert statuses() == ["withdrawn", "begun"]
    assert intents(double) == ["canceled"]


def test_a_card_that_was_confirmed_and_whose_answer_was_lost_is_not_charged_again(
    order: Order, double: Double
) -> None:
    double.fault("lost", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token())
    begun = payments.begin(order, "hosted", attempt=1)
    assert (begun.payment.status, begun.redirect_url) == ("succeeded", "")
    assert intents(double) == ["succeeded"]
    assert double.state["sessions"] == []


def test_what_the_provider_cannot_take_is_told_as_a_decline(order: Order, double: Double) -> None:
    Order.objects.filter(pk=order.pk).update(subtotal="0.20", delivery="0.10", total="0.30", tax="0.05")
    order.refresh_from_db()
    begun = payments.begin(order, "card", token=double.token())
    assert begun.payment.status == "declined"
    assert "at least" in begun.payment.reason


def test_a_cancelled_order_cannot_be_paid_at_the_providers_page_any_more(
    order: Order, double: Double
) -> None:
    begun = payments.begin(order, "hosted")
    payments.withdraw(order)
    drain.drain("high")
    assert statuses() == ["withdrawn"]
    assert [session["status"] for session in double.state["sessions"]] == ["expired"]
    double.visit(begun.redirect_url, number="4242424242424242")
    assert intents(double) == []


def test_money_is_taken_when_a_person_says_so(order: Order, double: Double, settings: Any) -> None:
    settings.STRIPE_CAPTURE = "manual"
    payments.begin(order, "card", token=double.token())
    order.refresh_from_db()
    assert (order.status, statuses(), intents(double)) == ("authorized", ["authorized"], ["requires_capture"])
    for _ in range(2):
        payments.capture(order)
    drain.drain("high")
    order.refresh_from_db()
    assert (order.status, statuses(), intents(double)) == ("paid", ["succeeded"], ["succeeded"])
    with pytest.raises(payments.NotPayable):
        payments.capture(order)


def test_money_that_was_only_approved_is_let_go_with_the_order(
    order: Order, double: Double, settings: Any
) -> None:
    settings.STRIPE_CAPTURE = "manual"
    payments.begin(order, "card", token=double.token())
    order.refresh_from_db()
    with pytest.raises(payments.Underway):
        payments.withdraw(order)
    states.move(order, "cancelled")
    drain.drain("high")
    assert (statuses(), intents(double)) == (["withdrawn"], ["canceled"])


def test_an_approval_that_the_bank_has_let_go_cancels_the_order(
    order: Order, double: Double, settings: Any
) -> None:
    settings.STRIPE_CAPTURE = "manual"
    payment = payments.begin(order, "hosted").payment
    double.visit(double.state["sessions"][0]["url"], number="4242424242424242")
    reconciliation.compare(payment)
    order.refresh_from_db()
    assert order.status == "authorized"
    gateways.get().withdraw(double.state["intents"][0]["id"], key="a week later")
    canceled = double.events[-1]
    for said in gateways.get().read(*signed(canceled)):
        payments.settle(said)  # type: ignore[arg-type]
    order.refresh_from_db()
    assert (order.status, statuses()) == ("cancelled", ["withdrawn"])
