"""Refunds that somebody made elsewhere: at the provider's desk, or by a bank transfer. None is made twice."""

import pytest

from orders import gateways, jobs, payments, refunds, states
from orders.admin.refunds import mark_refunded
from orders.gateways import RefundResult
from orders.models import Order, Refund
from shop.outbox import drain
from tests.orders.conftest import eur
from tests.orders.test_reconciling import later
from tests.stripe.double import Double

Status = Order.Status
pytestmark = pytest.mark.django_db


def test_one_that_is_pending_at_the_providers_desk_is_looked_up_and_never_made_again(
    order: Order, double: Double
) -> None:
    payment = payments.begin(order, "card", token=double.token()).payment
    made = gateways.get().refund(str(payment.reference), key="", amount=eur("5.00"))
    refunds.settle(payment, RefundResult(made.reference, "pending", eur("5.00"), "", ""))
    assert Refund.objects.get().status == "begun"
    later(15)
    jobs.compare_payments()
    drain.drain("high")
    (there,) = double.state["refunds"]
    assert there["amount"] == 500
    assert Refund.objects.get().status == "succeeded"


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def notes(order: Order) -> list[str]:
    return [str(note.total) for note in order.invoices.filter(kind="credit_note").order_by("number")]


def fail(refund: Refund, reference: str) -> None:
    said = RefundResult(reference, "failed", refund.money, "the account is closed", refund.idempotency_key)
    refunds.settle(refund.payment, said)


def test_who_says_that_it_went_back_elsewhere_gets_its_credit_note_and_no_second_refund(paid: Order) -> None:
    states.move(paid, Status.CANCELLED)
    assert mark_refunded(paid, actor_id=None)
    assert not mark_refunded(paid, actor_id=None)
    drain.drain("high")
    refund = Refund.objects.get()
    assert (refund.status, refund.reference, notes(paid)) == ("succeeded", None, ["25.00"])
    assert gateways.get().refunds(str(refund.payment.reference)) == []
    assert refunds.left(paid) == eur("0.00")


def test_what_the_gateway_tells_of_it_afterwards_is_the_same_money(paid: Order) -> None:
    refunds.sent_elsewhere(paid, eur("10.00"))
    said = RefundResult("re_desk", "succeeded", eur("10.00"), "", "")
    for _time in range(2):
        refunds.settle(paid.payments.get(), said)
    assert (Refund.objects.get().reference, notes(paid)) == ("re_desk", ["10.00"])
    refunds.settle(paid.payments.get(), RefundResult("re_more", "succeeded", eur("10.00"), "", ""))
    assert Refund.objects.count() == 2


def test_no_more_than_was_paid_goes_back_elsewhere(paid: Order) -> None:
    with pytest.raises(refunds.MoreThanPaid):
        refunds.sent_elsewhere(paid, eur("25.01"))


def test_one_that_failed_and_is_left_counts_as_sent_and_the_next_has_a_note_of_its_own(paid: Order) -> None:
    first = refunds.refund(paid, eur("10.00"))
    fail(first, "re_1")
    first.refresh_from_db()
    refunds.let_be(first)
    assert refunds.left(paid) == eur("15.00")
    second = refunds.refund(paid, eur("5.00"), reason="another thing")
    assert second.credit_note not in (None, first.credit_note)
    assert notes(paid) == ["10.00", "5.00"]
    with pytest.raises(refunds.MoreThanPaid):
        refunds.refund(paid, eur("10.01"))


def test_what_the_gateway_says_again_of_one_that_was_left_changes_nothing(paid: Order) -> None:
    first = refunds.refund(paid, eur("10.00"))
    fail(first, "re_1")
    refunds.let_be(first)
    fail(first, "re_1")
    first.refresh_from_db()
    assert (first.status, refunds.left(paid)) == ("succeeded", eur("15.00"))


def test_one_that_failed_and_was_sent_by_another_since_is_only_closed(paid: Order) -> None:
    first = refunds.refund(paid, eur("25.00"))
    fail(first, "re_1")
    refunds.refund(paid, eur("25.00"))
    refunds.let_be(first)
    first.refresh_from_db()
    assert (first.status, first.closed_at is not None) == ("failed", True)
    assert (refunds.left(paid), notes(paid)) == (eur("0.00"), ["25.00"])
