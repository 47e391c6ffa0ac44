"""Whose payment did not end well gets the way back to it by mail: once, and only while it is of use."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from catalog.models import Variant
from orders import gateways, jobs, links, payments, states
from orders.models import Order, Payment
from orders.placement import place_order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


def asked() -> list[Message]:
    return list(Message.objects.filter(job="orders.ask_for_payment").order_by("due_at"))


def later(minutes: int) -> None:
    """What is due by then runs."""
    for message in Message.objects.filter(done_at=None):
        Message.objects.filter(pk=message.pk).update(due_at=message.due_at - timedelta(minutes=minutes))
    drain.drain("normal")


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def wanted(order: Order) -> str:
    return f"Your order {order.number} waits for its payment"


def test_an_order_nobody_pays_is_asked_about_after_half_an_hour(order: Order) -> None:
    (message,) = asked()
    assert timedelta(minutes=29) < message.due_at - timezone.now() < timedelta(minutes=31)
    later(29)
    assert subjects() == []
    later(2)
    assert subjects() == [wanted(order)]
    (sent,) = mail.outbox
    for text in (str(sent.body), str(sent.alternatives[0][0])):
        assert links.path(order) in text
        assert "Pay €25.00" in text
        assert "its payment was not finished" in text
    assert sent.to == ["ada@example.com"]


def test_a_decline_mails_the_link_a_minute_later(order: Order) -> None:
    payments.begin(order, "declines")
    later(0)
    assert subjects() == []  # who is still there tries again
    later(2)
    assert subjects() == [wanted(order)]
    assert "declined the payment" in mail.outbox[0].body


def test_the_link_is_never_mailed_twice(order: Order) -> None:
    for attempt in (1, 2, 3):
        payments.begin(order, "declines", attempt=attempt)
        later(2)
    later(60)
    assert len(asked()) == 4
    assert subjects() == [wanted(order)]
    assert order.events.filter(kind="payment_asked").count() == 1


@pytest.mark.parametrize("choice", ["pays", "pending"])
def test_nothing_is_mailed_if_the_money_came_or_is_coming(order: Order, choice: str) -> None:
    payments.begin(order, "declines")
    payments.begin(order, choice)
    later(60)
    assert subjects() == [f"Your order {order.number} at Deckle"]


def test_nothing_is_asked_of_a_cancelled_order(order: Order) -> None:
    states.move(order, "cancelled")
    later(60)
    assert wanted(order) not in subjects()


def test_nothing_is_asked_that_the_page_would_not_take(order: Order) -> None:
    for attempt in range(1, 6):
        payments.begin(order, "declines", attempt=attempt)
    later(60)
    assert subjects() == []


def test_money_that_does_not_come_after_all_is_asked_for(order: Order) -> None:
    payment = payments.begin(order, "pending").payment
    later(31)  # it was on its way then
    payments.settle(payments.PaymentEvent("fake", str(payment.reference), "declined", order.money("total")))
    later(2)
    assert wanted(order) in subjects()


def test_an_attempt_without_an_answer_is_not_called_declined(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**asked: object) -> None:
        raise gateways.GatewayDown

    monkeypatch.setattr(gateways.get(), "create", down)
    with pytest.raises(gateways.GatewayDown):
        payments.begin(order, "pays")
    later(31)
    assert subjects() == []  # it may be answered yet
    Payment.objects.update(created_at=timezone.now() - jobs.AT_THE_BANK)
    later(31)
    (sent,) = mail.outbox
    assert "it is the same payment, and you are charged once" in sent.body
    assert "othing was charged" not in sent.body


def test_who_is_at_the_bank_again_is_not_asked_meanwhile(order: Order) -> None:
    payments.begin(order, "declines")
    open_attempt = Payment.objects.create(
        order=order, gateway="fake", idempotency_key="again", amount=order.total, currency=order.currency
    )
    later(2)
    assert subjects() == []
    Payment.objects.filter(pk=open_attempt.pk).update(status="declined", settled_at=timezone.now())
    later(16)
    assert subjects() == [wanted(order)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_mail_the_same_thing_at_once(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order(make_draft((variant, 1)))
    send = jobs.emails.payment
    others: list[str] = []

    def another() -> None:
        try:
            jobs.ask_for_payment(order.pk)
        except jobs.MailUnderWay:
            others.append("waits its turn")
        finally:
            connections.close_all()

    def slowly(about: Order) -> None:
        worker = Thread(target=another)
        worker.start()
        worker.join(10)
        send(about)

    monkeypatch.setattr(jobs.emails, "payment", slowly)
    jobs.ask_for_payment(order.pk)
    jobs.ask_for_payment(order.pk)
    assert others == ["waits its turn"]
    assert subjects() == [wanted(order)]
