"""What only the gateway knows is found within minutes: lost answers, lost webhooks, strangers' money."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import override_settings

from catalog.models import Variant
from orders import gateways, jobs, payments, reconciliation, refunds, states
from orders.gateways import GatewayDown
from orders.gateways.fake import gateway as fake
from orders.models import Order, Payment, Refund
from orders.placement import place_order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import eur, make_draft
from tests.orders.test_withdrawing import approved_twice, refuse, standing
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
TAKES_TIME = "000123456789"
WAYS = ("waits", "pending", "approves")


def later(minutes: int = 3) -> None:
    """So much time has passed."""
    Payment.objects.update(created_at=Now() - timedelta(minutes=minutes))
    Refund.objects.update(created_at=Now() - timedelta(minutes=minutes))


def test_a_webhook_that_never_came_is_not_missed(order: Order, double: Double) -> None:
    payment = payments.begin(order, "card", token=double.token(TAKES_TIME)).payment
    double.bank(str(payment.reference))
    jobs.compare_payments()
    order.refresh_from_db()
    assert order.status == "paid"


def test_what_has_been_at_the_bank_for_days_is_asked_about(order: Order, double: Double) -> None:
    payment = payments.begin(order, "card", token=double.token(TAKES_TIME)).payment
    double.bank(str(payment.reference))
    assert list(reconciliation.compare_open()) == []  # its webhook may still come
    later(3 * 24 * 60)
    assert list(reconciliation.compare_open()) == [True]
    order.refresh_from_db()
    assert order.status == "paid"


def test_an_answer_that_was_lost_with_our_process_is_found_by_its_key(order: Order, double: Double) -> None:
    double.fault("lost", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", token=double.token())
    assert Payment.objects.get().reference is None
    jobs.compare_payments()
    order.refresh_from_db()
    assert order.status == "paid"
    assert Payment.objects.get().reference == double.state["intents"][0]["id"]


def test_an_attempt_that_never_reached_the_gateway_is_closed(order: Order, double: Double) -> None:
    double.fault("reset", "POST /v1/payment_intents$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", token=double.token())
    later(30)
    jobs.compare_payments()
    assert Payment.objects.get().status == "begun"
    later(45)
    jobs.compare_payments()
    assert Payment.objects.get().status == "withdrawn"


@pytest.mark.parametrize("minutes", [90, 5 * 24 * 60])
def test_an_attempt_without_an_answer_is_closed_however_long_nobody_looked(
    order: Order, double: Double, minutes: int
) -> None:
    double.fault("reset", "POST /v1/payment_intents$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", token=double.token())
    later(minutes)
    jobs.compare_payments()
    assert Payment.objects.get().status == "withdrawn"


def test_money_whose_answer_was_lost_is_found_however_long_nobody_looked(
    order: Order, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.fault("lost", "confirm$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", token=double.token())
    later(90)
    asked: list[datetime] = []
    recent = gateways.get().recent
    monkeypatch.setattr(gateways.get(), "recent", lambda since: (asked.append(since), recent(since))[1])
    jobs.compare_payments()
    assert asked[0] < Payment.objects.get().created_at
    assert Payment.objects.get().status == "succeeded"


def test_attempts_at_another_provider_are_not_closed_unasked(order: Order, double: Double) -> None:
    double.fault("reset", "POST /v1/payment_intents$")
    with pytest.raises(GatewayDown):
        payments.begin(order, "card", token=double.token())
    later(45)
    reconciliation.compare_recent("fake")
    assert Payment.objects.get().status == "begun"


def test_money_that_no_order_knows_is_told(order: Order, double: Double, caplog: Any, capsys: Any) -> None:
    payments.begin(order, "card", token=double.token())
    Payment.objects.all().delete()
    with caplog.at_level(logging.ERROR), pytest.raises(CommandError, match="no order knows"):
        call_command("reconcile_payments")
    reference = double.state["intents"][0]["id"]
    assert f"No order knows {reference}" in capsys.readouterr().out
    assert reference in caplog.text


def test_the_command_says_what_it_did(order: Order, double: Double, capsys: Any) -> None:
    payment = payments.begin(order, "card", token=double.token(TAKES_TIME)).payment
    double.bank(str(payment.reference))
    later()
    call_command("reconcile_payments", "--days=2")
    said = capsys.readouterr().out
    assert "1 open payments compared, 1 of the provider's; 1 moved" in said
    double.fault("500", "GET /v1/payment_intents$")
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reconcile_payments")


def test_a_refund_made_at_the_providers_desk_gets_its_row(order: Order, double: Double) -> None:
    payment = payments.begin(order, "card", token=double.token()).payment
    gateways.get().refund(str(payment.reference), key="", amount=eur("5.00"))
    for _ in range(2):
        reconciliation.compare(payment)
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.money, refund.actor) == ("succeeded", eur("5.00"), None)


def test_a_refund_whose_job_was_given_up_is_asked_for_again(order: Order) -> None:
    payments.begin(order, "pays")
    refunds.refund(order, eur("5.00"))
    Message.objects.filter(job="orders.send_refund").update(dead_at=Now())
    later(15)
    jobs.compare_payments()
    drain.drain("high")
    assert Refund.objects.get().status == "succeeded"


def test_the_gateway_is_asked_every_five_minutes_by_one_job(db: None) -> None:
    for _ in range(3):
        jobs.reconcile()
    (message,) = Message.objects.filter(job="orders.compare_payments")
    assert message.due_at.minute % 5 == 0


def test_a_payment_that_the_gateway_does_not_know_keeps_no_other_waiting(
    order: Order, double: Double, caplog: Any
) -> None:
    payment = payments.begin(order, "card", token=double.token(TAKES_TIME)).payment
    Payment.objects.create(
        order=order,
        gateway="stripe",
        reference="pi_nobody",
        idempotency_key="of-nobody-2",
        amount=order.total,
        currency=order.currency,
    )
    double.bank(str(payment.reference))
    later()
    with caplog.at_level(logging.ERROR):
        jobs.compare_payments()
    payment.refresh_from_db()
    assert payment.status == "succeeded"


def approved(order: Order) -> Payment:
    return payments.begin(order, "approves").payment


def test_money_approved_for_a_cancelled_order_is_let_go_though_its_job_died(order: Order) -> None:
    payment = approved(order)
    states.move(order, "cancelled")
    Message.objects.all().delete()
    later()
    jobs.compare_payments()
    payment.refresh_from_db()
    assert payment.status == "withdrawn"


def test_a_second_approval_is_let_go_though_its_job_died(order: Order) -> None:
    first, second = approved_twice(order)
    Message.objects.all().delete()
    later()
    jobs.compare_payments()
    assert standing(first, second) == ["authorized", "withdrawn"]
    order.refresh_from_db()
    assert order.status == "authorized"


def test_one_that_is_refused_keeps_no_other_from_being_let_go(
    variant: Variant, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    first, second = (approved(place_order(make_draft((variant, 1)))) for _ in range(2))
    for payment in (first, second):
        states.move(payment.order, "cancelled")
    later()
    refuse(monkeypatch, first.reference)
    with caplog.at_level(logging.ERROR):
        assert list(reconciliation.end_unwanted()) == [False, True]
    assert standing(first, second) == ["authorized", "withdrawn"]


def test_what_waits_to_be_paid_or_taken_is_left_alone(variant: Variant) -> None:
    orders = [place_order(make_draft((variant, 1))) for _ in range(3)]
    found = [payments.begin(order, way).payment for order, way in zip(orders, WAYS, strict=True)]
    later()
    assert list(reconciliation.end_unwanted()) == []
    assert standing(*found) == ["begun", "pending", "authorized"]


def test_a_gateway_that_is_away_keeps_another_ones_payments_from_nothing(
    order: Order, double: Double, variant: Variant
) -> None:
    with override_settings(PAYMENT_GATEWAY="fake"):
        here = payments.begin(place_order(make_draft((variant, 1))), "pending").payment
    fake.arrive(str(here.reference))
    there = payments.begin(order, "card", token=double.token(TAKES_TIME)).payment
    later(5)
    Payment.objects.filter(pk=there.pk).update(created_at=Now() - timedelta(hours=1))
    double.fault("500", "GET /v1/payment_intents/")
    with pytest.raises(GatewayDown):
        jobs.compare_payments()
    assert standing(here, there) == ["succeeded", "pending"]


def test_what_no_gateway_in_use_will_tell_of_is_over_at_last(order: Order, request: Any) -> None:
    """Its process died before one was asked that has gone out of use, or that needed none to be asked."""
    made = {"order": order, "amount": order.total, "currency": order.currency}
    for gateway in ("fake", Payment.NOTHING):
        Payment.objects.create(gateway=gateway, idempotency_key=f"x-order-{order.pk}-{gateway}", **made)
    request.getfixturevalue("double")  # another one comes into use
    for minutes, status in ((30, "begun"), (45, "withdrawn")):
        later(minutes)
        jobs.compare_payments()
        assert set(Payment.objects.values_list("status", flat=True)) == {status}
