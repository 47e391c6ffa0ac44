"""What an attempt may still do: nothing for an order that has ended, and one card each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from orders import attempts, gateways, links, payments, reservations
from orders.gateways import GatewayDown
from orders.models import Order, Payment
from orders.placement import place_order
from tests.checkout.conftest import together
from tests.orders.conftest import make_draft
from tests.orders.test_stripe import DECLINED, SECURE, intents, statuses
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


def unanswered(order: Order, double: Double) -> None:
    """The first attempt got no answer, and its form is still on the screen."""
    double.fault("reset", "POST /v1/payment_intents$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token())


def confirmed(double: Double) -> int:
    return sum(asked["path"].endswith("/confirm") for asked in double.requests)


def test_the_form_of_a_cancelled_order_charges_nobody(order: Order, double: Double) -> None:
    unanswered(order, double)
    payments.withdraw(order)
    with pytest.raises(payments.NotPayable):
        payments.begin(order, "card", attempt=1, token=double.token())
    assert intents(double) == []


@pytest.mark.parametrize("has_expired", [True, False], ids=["expired", "about to"])
def test_the_form_of_an_order_whose_time_is_over_charges_nobody(
    order: Order, double: Double, has_expired: bool
) -> None:
    unanswered(order, double)
    Order.objects.update(reserved_until=Now() - timedelta(minutes=1))
    assert not has_expired or reservations.expire(order.pk)
    with pytest.raises(payments.NotPayable):
        payments.begin(order, "card", attempt=1, token=double.token())
    assert intents(double) == []


def test_an_attempt_at_the_bank_is_not_begun_again(order: Order, double: Double) -> None:
    payments.begin(order, "card", attempt=1, token=double.token("000123456789"))
    again = payments.begin(order, "card", attempt=1, token=double.token())
    assert (again.payment.status, confirmed(double)) == ("pending", 1)


def test_another_card_is_another_attempt_and_ends_the_one_before(order: Order, double: Double) -> None:
    payments.begin(order, "card", attempt=1, token=double.token(SECURE))
    payments.begin(order, "card", attempt=1, token=double.token())
    assert statuses() == ["withdrawn", "succeeded"]
    assert intents(double) == ["canceled", "succeeded"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> list[Any]:
    """What `do` gave or raised, between the moment in which a card is taken up and its being asked."""
    create, told = gateways.get().create, list[Any]()

    def slowly(**asked: Any) -> Any:
        monkeypatch.setattr(gateways.get(), "create", create)
        try:
            told.append(do())
        except Exception as error:
            told.append(error)
        return create(**asked)

    monkeypatch.setattr(gateways.get(), "create", slowly)
    return told


@pytest.mark.parametrize("choice", ["card", "hosted"])
def test_another_card_or_way_is_refused_while_one_is_being_confirmed(
    order: Order, double: Double, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    other = double.token(SECURE) if choice == "card" else ""
    told = meanwhile(monkeypatch, lambda: payments.begin(order, choice, attempt=1, token=other))
    begun = payments.begin(order, "card", attempt=1, token=double.token())
    assert isinstance(told[0], payments.BeingConfirmed)
    assert (begun.payment.status, intents(double), confirmed(double)) == ("succeeded", ["succeeded"], 1)
    assert double.state["sessions"] == []


def test_who_sends_another_card_meanwhile_is_told(
    client: Client, order: Order, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("orders:pay", args=[links.token(order)])
    other = {"payment": "card", "confirmation": double.token()}
    told = meanwhile(monkeypatch, lambda: client.post(f"{address}?attempt=1", other, follow=True))
    payments.begin(order, "card", attempt=1, token=double.token(SECURE))
    assert "is just being confirmed" in told[0].content.decode()


def test_a_card_that_nobody_knows_of_is_waited_for_and_then_gives_way(order: Order, double: Double) -> None:
    double.fault("reset", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token())
    token = double.token()
    with pytest.raises(payments.BeingConfirmed):
        payments.begin(order, "card", attempt=1, token=token)
    Payment.objects.update(confirming_until=Now())
    assert payments.begin(order, "card", attempt=1, token=token).payment.status == "succeeded"
    assert (statuses(), intents(double)) == (["withdrawn", "succeeded"], ["canceled", "succeeded"])


def test_a_card_that_is_known_to_have_failed_makes_room_at_once(order: Order, double: Double) -> None:
    double.fault("lost", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token(DECLINED))
    again = payments.begin(order, "card", attempt=1, token=double.token())
    assert again.payment.status == "succeeded"
    assert statuses() == ["declined", "succeeded"]


@pytest.mark.django_db(transaction=True)
def test_of_two_cards_at_once_one_is_asked(variant: Any, double: Double) -> None:
    order = place_order(make_draft((variant, 1)))
    tokens = [double.token(SECURE) for _ in range(2)]
    double.fault("slow", "confirm$")  # three seconds
    first, second = together(2, lambda n: payments.begin(order, "card", attempt=1, token=tokens[n]))
    assert sum(isinstance(told, payments.BeingConfirmed) for told in (first, second)) == 1
    assert (confirmed(double), intents(double)) == (1, ["requires_action"])


def test_another_card_after_an_answer_that_was_lost_is_not_charged_too(order: Order, double: Double) -> None:
    double.fault("lost", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", attempt=1, token=double.token())
    again = payments.begin(order, "card", attempt=1, token=double.token())
    assert (again.payment.status, intents(double), confirmed(double)) == ("succeeded", ["succeeded"], 1)


def test_the_same_card_sent_twice_is_one_attempt(order: Order, double: Double) -> None:
    token = double.token(SECURE)
    urls = {payments.begin(order, "card", attempt=1, token=token).redirect_url for _ in range(3)}
    assert len(urls) == len(intents(double)) == Payment.objects.count() == 1


def test_who_tests_cards_that_ask_the_bank_is_stopped_at_five(order: Order, double: Double) -> None:
    for _ in range(attempts.MOST_ATTEMPTS):
        payments.begin(order, "card", token=double.token(SECURE))
    with pytest.raises(payments.NotPayable):
        payments.begin(order, "card", token=double.token(SECURE))
    assert confirmed(double) == Payment.objects.count() == attempts.MOST_ATTEMPTS


@pytest.mark.django_db(transaction=True)
def test_many_cards_at_once_are_five_at_most(variant: Any, double: Double) -> None:
    order = place_order(make_draft((variant, 1)))
    tokens = [double.token(DECLINED) for _ in range(12)]
    together(12, lambda n: payments.begin(order, "card", attempt=1, token=tokens[n]))
    assert 1 <= confirmed(double) <= Payment.objects.count() <= attempts.MOST_ATTEMPTS


def test_each_card_counts_for_the_hour(client: Client, order: Order, double: Double, settings: Any) -> None:
    settings.PAYMENTS_PER_HOUR = 2
    address = reverse("orders:pay", args=[links.token(order)])
    for _ in range(4):
        client.post(address, {"payment": "card", "confirmation": double.token(SECURE)})
    assert confirmed(double) == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_payments_at_once_no_more_pass_than_an_hour_has(variant: Any, settings: Any) -> None:
    """Who looks before they count lets all of them through."""
    settings.PAYMENTS_PER_HOUR = 3
    addresses = [
        reverse("orders:pay", args=[links.token(place_order(make_draft((variant, 1))))]) for _ in range(10)
    ]
    together(10, lambda n: Client().post(addresses[n], {"payment": "declines"}))
    assert Payment.objects.count() == 3


def test_the_same_attempt_sent_again_counts_once(client: Client, order: Order, settings: Any) -> None:
    settings.PAYMENTS_PER_HOUR = 2
    address = reverse("orders:pay", args=[links.token(order)])
    for attempt in (1, 1, 1, 1, 2):
        client.post(f"{address}?attempt={attempt}", {"payment": "declines"})
    assert statuses() == ["declined", "declined"]
