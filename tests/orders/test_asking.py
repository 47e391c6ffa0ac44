"""Whose payment did not end well gets the way back to it by mail: once, and only while it is of use."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Variant
from orders import gateways, jobs, links, payments, states
from orders.models import Order, Payment
from orders.placement import place_order
from shop.outbox import outbox, rounds
from shop.outbox.models import Message
from tests.orders.conftest import Clock, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(clock: Clock, variant: Variant) -> Order:
    """Two prints, 25 euro, not paid, under a clock that can be moved."""
    return place_order(make_draft((variant, 2)))


def asked() -> list[Message]:
    return list(Message.objects.filter(job="orders.ask_for_payment").order_by("due_at"))


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def wanted(order: Order) -> str:
    return f"Your order {order.number} waits for its payment"


@pytest.mark.parametrize("choice", ["pays", "pending"])
def test_money_that_comes_at_once_costs_no_work_for_a_reminder(
    order: Order, clock: Clock, choice: str
) -> None:
    assert asked() == []
    payments.begin(order, choice)
    for minutes in (0, 2, 29, 60):
        clock.later(minutes)
    assert asked() == []
    assert subjects() == [f"Your order {order.number} at Deckle is placed"]


def test_an_order_nobody_pays_is_asked_about_after_ten_minutes(order: Order, clock: Clock) -> None:
    clock.later(9)
    assert subjects() == []
    clock.later(2)
    assert subjects() == [wanted(order)]
    (sent,) = mail.outbox
    for text in (str(sent.body), str(sent.alternatives[0][0])):
        assert links.path(order) in text
        assert "Pay €25.00" in text
        assert "its payment was not finished" in text
    assert sent.to == ["ada@example.com"]
    for _ in range(3):
        clock.later(1)  # the rounds go on, and it has been seen to
    assert len(asked()) == len(mail.outbox) == 1


def test_an_order_that_was_left_a_day_ago_is_not_asked_about(order: Order, clock: Clock) -> None:
    clock.later(24 * 60 + 1)
    assert asked() == []


def test_two_relays_that_go_the_same_round_ask_once(
    order: Order, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = states.lock

    def meanwhile(order_id: int) -> Order:
        monkeypatch.setattr(states, "lock", lock)
        jobs.ask_the_silent()
        return lock(order_id)

    monkeypatch.setattr(states, "lock", meanwhile)
    clock.later(31)
    assert len(asked()) == 1


def test_a_decline_mails_the_link_a_minute_later(order: Order, clock: Clock) -> None:
    payments.begin(order, "declines")
    clock.later(0)
    assert subjects() == []  # who is still there tries again
    clock.later(2)
    assert subjects() == [wanted(order)]
    assert "declined the payment" in mail.outbox[0].body


def test_the_link_is_never_mailed_twice(order: Order, clock: Clock) -> None:
    for attempt in (1, 2, 3):
        payments.begin(order, "declines", attempt=attempt)
        clock.later(2)
    clock.later(60)
    assert len(asked()) == 3
    assert subjects() == [wanted(order)]
    assert order.events.filter(kind="payment_asked").count() == 1


@pytest.mark.parametrize("choice", ["pays", "pending"])
def test_nothing_is_mailed_if_the_money_came_or_is_coming(order: Order, clock: Clock, choice: str) -> None:
    payments.begin(order, "declines")
    payments.begin(order, choice)
    clock.later(60)
    assert subjects() == [f"Your order {order.number} at Deckle is placed"]


def test_nothing_is_asked_of_a_cancelled_order(order: Order, clock: Clock) -> None:
    states.move(order, "cancelled")
    clock.later(60)
    assert wanted(order) not in subjects()


def test_nothing_is_asked_that_the_page_would_not_take(order: Order, clock: Clock) -> None:
    for attempt in range(1, 6):
        payments.begin(order, "declines", attempt=attempt)
    clock.later(60)
    assert subjects() == []


def test_money_that_does_not_come_after_all_is_asked_for(order: Order, clock: Clock) -> None:
    payment = payments.begin(order, "pending").payment
    clock.later(31)  # it was on its way then
    payments.settle(payments.PaymentEvent("fake", str(payment.reference), "declined", order.money("total")))
    clock.later(2)
    assert wanted(order) in subjects()


def test_an_attempt_without_an_answer_is_not_called_declined(
    order: Order, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**asked: object) -> None:
        raise gateways.GatewayDown

    monkeypatch.setattr(gateways.get(), "create", down)
    with pytest.raises(gateways.GatewayDown):
        payments.begin(order, "pays")
    clock.later(7)
    with pytest.raises(gateways.GatewayDown):
        payments.begin(order, "pays")
    Payment.objects.get()  # it is the same attempt, which counts from its beginning
    clock.later(2)
    assert subjects() == []
    clock.later(2)
    (sent,) = mail.outbox
    assert "it is the same payment, and you are charged once" in sent.body
    assert "othing was charged" not in sent.body


def test_who_is_at_the_bank_again_is_not_asked_meanwhile(order: Order, clock: Clock) -> None:
    payments.begin(order, "declines")
    Payment.objects.create(
        order=order, gateway="fake", idempotency_key="again-2", amount=order.total, currency=order.currency
    )
    for minutes in (2, 5, 2):
        clock.later(minutes)
        assert subjects() == []
    clock.later(2)
    assert subjects() == [wanted(order)]


def test_who_has_just_gone_to_the_bank_is_not_asked_by_the_round(order: Order, clock: Clock) -> None:
    clock.later(8)
    Payment.objects.create(
        order=order, gateway="fake", idempotency_key="first-1", amount=order.total, currency=order.currency
    )
    for minutes in (3, 5):
        clock.later(minutes)
        assert subjects() == []
    clock.later(3)
    assert subjects() == [wanted(order)]


def test_the_newest_payment_is_read_once(order: Order) -> None:
    payments.begin(order, "declines")
    with CaptureQueriesContext(connection) as asked:
        jobs.ask_for_payment(order.pk)
    reads = [query["sql"] for query in asked if 'FROM "orders_payment"' in query["sql"]]
    assert len(reads) == 1
    assert subjects() == [wanted(order)]


def test_each_round_of_the_relay_is_a_job(db: None) -> None:
    assert "orders.ask_the_silent" in rounds.jobs
    for name in rounds.jobs:
        outbox.resolve(name)
