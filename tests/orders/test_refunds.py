"""Money goes back once, by the gateway, and never more than came."""

import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction

from orders import gateways, invoices, jobs, payments, refunds, states
from orders.gateways import GatewayDown, PaymentEvent, RefundResult
from orders.models import Order, Payment, Refund
from orders.refunds import MoreThanPaid
from shop.outbox import drain
from shop.outbox.models import Message
from tests.checkout.conftest import together
from tests.orders.conftest import eur
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def kinds(order: Order) -> list[str]:
    return [event.kind for event in order.events.all()]


def test_a_refund_is_decided_sent_by_a_job_and_told(paid: Order) -> None:
    begun = refunds.refund(paid, eur("10.00"), reason="a corner was bent")
    assert (begun.status, refunds.refunded(paid), refunds.left(paid)) == ("begun", eur("10.00"), eur("15.00"))
    drain.drain("high")
    begun.refresh_from_db()
    assert begun.status == "succeeded"
    assert begun.reference
    assert begun.settled_at
    assert kinds(paid)[-2:] == ["refund_begun", "refunded"]
    assert paid.events.last().note == "€10.00, a corner was bent"


def test_parts_add_up_to_what_was_paid_and_no_further(paid: Order) -> None:
    for amount in ("10.00", "14.99", "0.01"):
        refunds.refund(paid, eur(amount))
    for amount in ("0.01", "25.00"):
        with pytest.raises(MoreThanPaid) as refused:
            refunds.refund(paid, eur(amount))
        assert refused.value.left == eur("0.00")
    for nothing in ("0", "-1.00"):
        with pytest.raises(ValueError, match="more than nothing"):
            refunds.refund(paid, eur(nothing))
    drain.drain("high")
    assert {refund.status for refund in Refund.objects.all()} == {"succeeded"}


def test_an_order_that_nobody_paid_has_nothing_to_send_back(order: Order) -> None:
    with pytest.raises(MoreThanPaid):
        refunds.refund(order, eur("1.00"))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_send_back_more_than_was_paid(paid: Order) -> None:
    results = together(6, lambda _number: refunds.refund(paid, eur("10.00")))
    assert sum(isinstance(result, Refund) for result in results) == 2
    assert refunds.left(paid) == eur("5.00")


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_what_a_careless_writer_would_send_back_at_once(paid: Order) -> None:
    """The net below: without the order's lock each would see the other's money still there."""
    payment = paid.payments.get()

    def careless(number: int) -> None:
        with transaction.atomic():
            Refund.objects.create(
                payment=payment, amount="20.00", currency="EUR", idempotency_key=f"careless-{number}"
            )

    results = together(4, careless)
    assert sum(isinstance(result, IntegrityError) for result in results) == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.update(amount="25.01")
    connections.close_all()


def test_a_gateway_that_is_away_is_asked_again_with_the_same_key(
    paid: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    refund = gateways.get().refund

    def away(reference: str, *, key: str, amount: object) -> RefundResult:
        asked.append(key)
        raise GatewayDown

    begun = refunds.refund(paid, eur("10.00"))
    monkeypatch.setattr(gateways.get(), "refund", away)
    drain.drain("high")
    begun.refresh_from_db()
    assert begun.status == "begun"
    monkeypatch.setattr(
        gateways.get(),
        "refund",
        lambda reference, **more: (asked.append(more["key"]), refund(reference, **more))[1],
    )
    Message.objects.update(due_at=begun.created_at)
    drain.drain("high")
    begun.refresh_from_db()
    assert begun.status == "succeeded"
    assert len(asked) == 2
    assert len(set(asked)) == 1


def test_a_refund_that_fails_says_so_and_its_money_can_be_sent_once_more(paid: Order) -> None:
    begun = refunds.refund(paid, eur("25.00"))
    refunds.settle(
        begun.payment, RefundResult("re_1", "failed", eur("25.00"), "lost card", begun.idempotency_key)
    )
    begun.refresh_from_db()
    assert (begun.status, begun.error) == ("failed", "lost card")
    assert "refund_failed" in kinds(paid)
    assert refunds.left(paid) == eur("25.00")
    refunds.refund(paid, eur("25.00"))


def test_a_lost_answer_and_a_second_run_send_it_back_once(order: Order, double: Double) -> None:
    payments.begin(order, "card", token=double.token())
    begun = refunds.refund(order, eur("10.00"))
    double.fault("lost", "POST /v1/refunds")
    with pytest.raises(GatewayDown):
        refunds.send(begun.pk)
    refunds.send(begun.pk)
    refunds.send(begun.pk)
    (there,) = double.state["refunds"]
    begun.refresh_from_db()
    assert (begun.reference, there["amount"]) == (there["id"], 1000)


def test_money_that_comes_for_a_cancelled_order_goes_back_at_the_provider(
    order: Order, double: Double
) -> None:
    payment = payments.begin(order, "card", token=double.token("000123456789")).payment
    states.move(order, "cancelled")
    double.bank(str(payment.reference))
    drain.drain("high")
    payment.refresh_from_db()
    assert payment.status == "surplus"
    (there,) = double.state["refunds"]
    assert there["amount"] == 2500
    assert Message.objects.filter(job="orders.send_sent_back").count() == 1


def test_only_one_payment_pays_an_order(order: Order, double: Double) -> None:
    """Two tabs at the provider's page: one of them is enough."""
    first = payments.begin(order, "hosted").payment
    Payment.objects.filter(pk=first.pk).update(status="declined")
    second = payments.begin(order, "hosted").payment
    assert first.reference != second.reference
    for session in double.state["sessions"]:
        double.visit(session["url"], number="4242424242424242")
    for payment in (first, second):
        payments.settle(payments.word(payment, gateways.get().fetch(str(payment.reference))))
    drain.drain("high")
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["succeeded", "surplus"]
    assert [there["amount"] for there in double.state["refunds"]] == [2500]


def test_each_refund_has_its_credit_note_and_together_they_are_the_invoice(paid: Order) -> None:
    line = paid.lines.get()
    refunds.refund(paid, eur("10.00"), lines={line.pk: 1}, reason="a corner was bent")
    refunds.refund(paid, eur("15.00"))
    invoice, *notes = paid.invoices.order_by("number")
    assert [note.total for note in notes] == [eur("10.00").amount, eur("15.00").amount]
    assert all(note.corrects == invoice for note in notes)
    assert invoices.left(paid) == eur("0.00")


def test_a_refund_that_fails_and_is_made_again_gets_no_second_credit_note(paid: Order) -> None:
    payment = paid.payments.get()
    first = refunds.refund(paid, eur("25.00"))
    said = RefundResult("re_1", "failed", eur("25.00"), "the account is closed", first.idempotency_key)
    refunds.settle(payment, said)
    assert refunds.left(paid) == eur("25.00")
    refunds.refund(paid, eur("25.00"))
    assert [paper.kind for paper in paid.invoices.order_by("number")] == ["invoice", "credit_note"]


def test_a_refund_made_at_the_gateways_desk_gets_its_credit_note_too(paid: Order) -> None:
    said = RefundResult("re_desk", "succeeded", eur("5.00"), "", "")
    refunds.settle(paid.payments.get(), said)
    refunds.settle(paid.payments.get(), said)
    assert [paper.total for paper in paid.invoices.filter(kind="credit_note")] == [eur("5.00").amount]


def test_money_that_came_for_nothing_goes_back_without_a_credit_note(order: Order) -> None:
    attempt = payments.begin(order, "pending").payment
    states.move(order, Order.Status.CANCELLED)
    late = PaymentEvent("fake", str(attempt.reference), "succeeded", attempt.money)
    payments.settle(late)
    assert Refund.objects.get().money == eur("25.00")
    assert not order.invoices.exists()


def test_what_lines_cost_is_what_their_credit_note_says(paid: Order) -> None:
    line = paid.lines.get()
    both = refunds.of_goods(paid, {line.pk: 1}, delivery=True)
    assert both is not None
    assert (both.money, both.pieces, both.delivery) == (eur("15.00"), {str(line.pk): 1}, eur("5.00").amount)
    assert both.credit_note is not None
    assert both.credit_note.total == both.amount
    rest = refunds.of_goods(paid, {line.pk: 2})
    assert rest is not None
    assert (rest.money, refunds.left(paid)) == (eur("10.00"), eur("0.00"))
    assert refunds.of_goods(paid, {line.pk: 1}, delivery=True) is None


def fail(refund: Refund, reference: str) -> None:
    said = RefundResult(reference, "failed", refund.money, "the account is closed", refund.idempotency_key)
    refunds.settle(refund.payment, said)


def test_a_refund_that_failed_is_tried_again_for_the_same_things(paid: Order) -> None:
    line = paid.lines.get()
    first = refunds.refund(paid, eur("10.00"), lines={line.pk: 1}, reason="a corner was bent")
    fail(first, "re_1")
    second = refunds.try_again(first)
    assert (second.money, second.pieces, second.credit_note) == (
        eur("10.00"),
        first.pieces,
        first.credit_note,
    )
    assert second.idempotency_key != first.idempotency_key
    with pytest.raises(refunds.NotOpen):
        refunds.try_again(first)
    drain.drain("high")
    assert [paper.kind for paper in paid.invoices.order_by("number")] == ["invoice", "credit_note"]
    assert refunds.left(paid) == eur("15.00")


def test_one_that_failed_is_not_tried_beyond_what_is_left(paid: Order) -> None:
    first = refunds.refund(paid, eur("20.00"))
    fail(first, "re_1")
    refunds.refund(paid, eur("10.00"))
    with pytest.raises(MoreThanPaid) as refused:
        refunds.try_again(first)
    assert refused.value.left == eur("15.00")


def test_one_that_failed_can_be_left_and_says_so(paid: Order) -> None:
    first = refunds.refund(paid, eur("20.00"))
    with pytest.raises(refunds.NotOpen):
        refunds.let_be(first)
    fail(first, "re_1")
    refunds.let_be(first)
    assert kinds(paid)[-1] == "refund_left"
    with pytest.raises(refunds.NotOpen):
        refunds.try_again(first)


@pytest.mark.django_db(transaction=True)
def test_two_who_try_again_at_once_do_so_once(paid: Order) -> None:
    first = refunds.refund(paid, eur("10.00"))
    fail(first, "re_1")
    done = together(4, lambda _number: refunds.try_again(first))
    assert sum(isinstance(one, Refund) for one in done) == 1
    assert refunds.left(paid) == eur("15.00")


def test_the_buyer_is_told_when_it_was_sent_what_for_and_once(paid: Order) -> None:
    drain.drain("normal")
    mail.outbox.clear()
    refunds.refund(paid, eur("10.00"), lines={paid.lines.get().pk: 1}, reason="a corner was bent")
    drain.drain("normal")
    assert not any("goes back" in sent.subject for sent in mail.outbox)
    drain.drain("high")
    drain.drain("normal")
    jobs.send_refunded(Refund.objects.get().pk)
    (sent,) = [sent for sent in mail.outbox if "goes back" in sent.subject]
    assert sent.subject == f"€10.00 of order {paid.number} goes back to you"
    for text in (str(sent.body), str(sent.alternatives[0][0])):
        for words in ("1 × Two suns over Cadiz", "a corner was bent", "ten working days", "credit note"):
            assert words in text
    (paper,) = sent.attachments
    assert paper[1][:5] == b"%PDF-"
