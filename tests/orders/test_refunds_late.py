"""A refund that takes its time, or fails after it was sent: a person hears of it, and decides once."""

from itertools import permutations
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from orders import gateways, jobs, payments, refunds
from orders.models import Order, Payment, Refund
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import make_user
from tests.orders.conftest import eur
from tests.orders.test_webhooks import post
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db
LATE, FAILS = "4000000000007726", "4000000000005126"
Event = dict[str, Any]


def sent(order: Order, double: Double, number: str) -> Refund:
    """Ten euro of the order on their way back."""
    payments.begin(order, "card", token=double.token(number))
    refund = refunds.refund(order, eur("10.00"))
    drain.drain("high")
    refund.refresh_from_db()
    return refund


def words(double: Double) -> list[Event]:
    """What is told of the refund: sent, or on its way, and how that ended, by three names."""
    return [event for event in double.events if "refund" in event["type"]]


def states() -> list[str]:
    return list(Refund.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize(
    ("number", "begins", "ends"),
    [(LATE, "begun", "succeeded"), (LATE, "begun", "failed"), (FAILS, "succeeded", "failed")],
)
def test_the_last_word_counts_in_whatever_order_it_comes(
    client: Client, order: Order, double: Double, number: str, begins: str, ends: str
) -> None:
    refund = sent(order, double, number)
    assert refund.status == begins
    double.refund(str(refund.reference), ends)
    told = [event for event in words(double) if event["type"] != "charge.refunded"]
    assert len(told) == (4 if ends == "failed" else 3)
    for row in permutations(told):
        with transaction.atomic():
            for event in [*row, *row]:  # each once more, hours later
                assert post(client, event) == 204
            assert states() == [ends]
            kinds = [event.kind for event in order.events.all()]
            assert kinds.count("refunded") == (ends == "succeeded" or begins == "succeeded")
            assert kinds.count("refund_failed") == (ends == "failed")
            transaction.set_rollback(True)


def test_one_at_the_providers_desk_that_failed_is_never_taken_for_sent(
    client: Client, order: Order, double: Double
) -> None:
    payment = payments.begin(order, "card", token=double.token(FAILS)).payment
    made = gateways.get().refund(str(payment.reference), key="", amount=eur("10.00"))
    double.refund(made.reference, "failed")
    kinds = {"refund.created", "charge.refunded", "refund.failed"}
    for row in permutations(event for event in words(double) if event["type"] in kinds):
        with transaction.atomic():
            for event in row:
                assert post(client, event) == 204
                drain.drain("high")
            assert "succeeded" not in states()
            assert refunds.left(order) == eur("25.00")
            transaction.set_rollback(True)


def test_a_person_hears_of_it_and_tries_again_or_lets_it_be(
    client: Client, order: Order, double: Double
) -> None:
    refund = sent(order, double, FAILS)
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Merchant"))
    client.force_login(user)
    assert "refund to see to" not in client.get("/admin/").content.decode()
    double.refund(str(refund.reference), "failed")
    (old_name,) = [event for event in words(double) if event["type"] == "charge.refund.updated"]
    assert post(client, old_name) == 204
    assert "refund to see to" in client.get("/admin/").content.decode()
    refund.refresh_from_db()
    assert refund.error == "expired_or_canceled_card"
    again = refunds.try_again(refund)
    drain.drain("high")
    assert states() == ["failed", "succeeded"]
    assert len(double.state["refunds"]) == 2
    again.refresh_from_db()
    double.refund(str(again.reference), "failed")
    for event in words(double)[-3:]:
        assert post(client, event) == 204
    again.refresh_from_db()
    refunds.let_be(again)  # by a transfer, say
    for event in words(double):  # once more, hours later
        assert post(client, event) == 204
    drain.drain("high")
    assert states() == ["failed", "succeeded"]
    assert len(double.state["refunds"]) == 2
    assert "refund to see to" not in client.get("/admin/").content.decode()
    assert Payment.objects.get().status == "succeeded"


def test_one_that_failed_weeks_later_and_was_told_to_nobody_is_found_at_night(
    order: Order, double: Double
) -> None:
    refund = sent(order, double, FAILS)
    double.refund(str(refund.reference), "failed")  # its webhook is lost
    jobs.compare_payments()
    assert states() == ["succeeded"]
    jobs.compare_refunds()
    assert states() == ["failed"]
    assert [event.kind for event in order.events.all()].count("refund_failed") == 1
    said = len(double.requests)
    jobs.compare_refunds()
    assert states() == ["failed"]
    assert len(double.requests) == said + 1  # the list, and nothing else


def test_one_made_at_the_providers_desk_is_found_though_its_webhook_was_lost(
    order: Order, double: Double
) -> None:
    payment = payments.begin(order, "card", token=double.token()).payment
    gateways.get().refund(str(payment.reference), key="", amount=eur("10.00"))
    jobs.compare_refunds()
    drain.drain("high")
    assert Refund.objects.get().amount == eur("10.00").amount
    assert order.invoices.filter(kind="credit_note").count() == 1


def test_it_is_planned_for_the_night_once() -> None:
    for _ in range(3):
        jobs.reconcile()
    (planned,) = Message.objects.filter(job="orders.compare_refunds")
    assert timezone.localtime(planned.due_at).time().hour == 3
