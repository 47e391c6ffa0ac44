"""What nobody is to pay any more is let go at the gateway, one by one; what pays the order is left alone."""

import pytest
from django.db.models.functions import Now
from django.test import override_settings

from orders import gateways, payments, states
from orders.gateways import GatewayResult
from orders.models import Order, Payment
from shop.outbox import drain
from shop.outbox.models import Message
from tests.orders.conftest import eur
from tests.orders.test_payments import begun_again, word
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


def approved_twice(order: Order) -> tuple[Payment, Payment]:
    """The bank has approved two attempts, the second one of the two is for nothing."""
    first, second = payments.begin(order, "approves").payment, begun_again(order)
    there = gateways.get().create(
        key="other", amount=eur("25.00"), choice="approves", description="", return_url=""
    )
    payments.settle(word("authorized", reference=there.reference, key=second.idempotency_key))
    return first, second


def standing(*rows: Payment) -> list[str]:
    return [Payment.objects.get(pk=row.pk).status for row in rows]


def test_a_second_approval_is_let_go_and_the_first_stays(order: Order) -> None:
    first, second = approved_twice(order)
    drain.drain("high")
    order.refresh_from_db()
    assert (order.status, standing(first, second)) == ("authorized", ["authorized", "withdrawn"])
    payments.capture(order)
    drain.drain("high")
    order.refresh_from_db()
    assert (order.status, standing(first, second)) == ("paid", ["succeeded", "withdrawn"])


def test_a_page_left_open_of_an_order_that_was_approved_since_is_ended_alone(order: Order) -> None:
    first, second = payments.begin(order, "approves").payment, begun_again(order)
    there = gateways.get().create(
        key="left", amount=eur("25.00"), choice="waits", description="", return_url=""
    )
    payments.settle(word("open", reference=there.reference, key=second.idempotency_key))
    drain.drain("high")
    assert standing(first, second) == ["authorized", "withdrawn"]


def refuse(monkeypatch: pytest.MonkeyPatch, reference: str | None) -> None:
    """The gateway will not let go of that one."""
    withdraw = gateways.get().withdraw

    def unwilling(asked: str, *, key: str) -> GatewayResult:
        if asked == reference:
            raise gateways.Refused("no")
        return withdraw(asked, key=key)

    monkeypatch.setattr(gateways.get(), "withdraw", unwilling)


def test_one_that_cannot_be_let_go_keeps_no_other_and_is_tried_again(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = payments.begin(order, "waits").payment
    second = begun_again(order)
    there = gateways.get().create(
        key="left", amount=eur("25.00"), choice="waits", description="", return_url=""
    )
    payments.settle(word("open", reference=there.reference, key=second.idempotency_key))
    with monkeypatch.context() as away:
        refuse(away, first.reference)
        states.move(order, "cancelled")
        drain.drain("high")
        assert standing(first, second) == ["begun", "withdrawn"]
    waiting = Message.objects.get(job="orders.withdraw_payment", done_at=None)
    assert waiting.args == [first.pk]
    Message.objects.filter(pk=waiting.pk).update(due_at=Now())
    drain.drain("high")
    assert standing(first, second) == ["withdrawn", "withdrawn"]


def test_an_attempt_of_a_gateway_of_before_ends_there_and_begins_at_the_new_one(
    order: Order, double: Double
) -> None:
    with override_settings(PAYMENT_GATEWAY="fake"):
        payments.begin(order, "waits")
    begun = payments.begin(order, "hosted", attempt=1)
    assert begun.redirect_url.startswith(double.address)
    told = list(Payment.objects.order_by("pk").values_list("gateway", "status"))
    assert told == [("fake", "withdrawn"), ("stripe", "begun")]
