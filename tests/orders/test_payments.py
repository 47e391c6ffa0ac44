"""One attempt is one payment, one word of the gateway counts once, and what does not fit is held."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, connections

from catalog.models import Stock, Variant
from orders import gateways, jobs, payments, states
from orders.gateways import GatewayDown, GatewayResult
from orders.models import Order, OrderEvent, Payment, Refund
from orders.payments import NotPayable, PaymentEvent
from orders.placement import place_order
from shop.outbox.models import Message
from tests.orders.conftest import eur, make_draft

pytestmark = pytest.mark.django_db


def begun(order: Order, reference: str | None = "ref-1") -> Payment:
    return Payment.objects.create(
        order=order,
        gateway="fake",
        reference=reference,
        idempotency_key=f"order-{order.pk}-1",
        amount=order.total,
        currency=order.currency,
    )


def begun_again(order: Order) -> Payment:
    """A second attempt whose answer has not come."""
    key = f"order-{order.pk}-2"
    return Payment.objects.create(
        order=order, gateway="fake", idempotency_key=key, amount=order.total, currency=order.currency
    )


def word(status: str = "succeeded", amount: str = "25.00", **fields: str) -> PaymentEvent:
    return replace(PaymentEvent("fake", "ref-1", status, eur(amount)), **fields)  # type: ignore[arg-type]


def confirmations() -> int:
    return Message.objects.filter(job="orders.send_confirmation").count()


def test_a_payment_that_succeeds_pays_the_order_and_asks_for_its_mail(order: Order) -> None:
    payment = payments.begin(order, "pays").payment
    order.refresh_from_db()
    assert (order.status, payment.status) == ("paid", "succeeded")
    assert order.paid_at is not None
    assert payment.reference
    assert [event.kind for event in order.events.all()] == ["placed", "paid"]
    assert confirmations() == 1


@pytest.mark.parametrize("again", [1, 5])
def test_the_same_word_counts_once(order: Order, again: int) -> None:
    begun(order)
    for _ in range(1 + again):
        payments.settle(word())
    assert OrderEvent.objects.filter(kind="paid").count() == confirmations() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_word_from_many_at_once_counts_once(order: Order) -> None:
    begun(order)

    def tell(_number: int) -> str:
        try:
            settled = payments.settle(word())
            return settled.status if settled else ""
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tell, range(8))) == {"succeeded"}
    assert OrderEvent.objects.filter(kind="paid").count() == confirmations() == 1


def test_a_word_may_arrive_before_the_reference_is_written(order: Order) -> None:
    begun(order, reference=None)
    assert payments.settle(word()) is None
    settled = payments.settle(word(key=f"order-{order.pk}-1"))
    assert settled is not None
    assert (settled.reference, settled.status) == ("ref-1", "succeeded")


def test_a_word_about_nobodys_payment_changes_nothing(order: Order) -> None:
    begun(order)
    assert payments.settle(word(reference="other")) is None
    assert payments.settle(word(gateway="stripe")) is None
    order.refresh_from_db()
    assert order.status == "placed"


@pytest.mark.parametrize("paid", [eur("24.99"), eur("25.01"), replace(eur("25.00"), currency="GBP")])
def test_another_amount_or_currency_is_held_and_never_fulfilled(order: Order, paid: object) -> None:
    begun(order)
    for _ in range(2):
        payments.settle(replace(word(), amount=paid))  # type: ignore[arg-type]
    order.refresh_from_db()
    assert order.status == "placed"
    assert order.payments.get().status == "held"
    assert [event.kind for event in order.events.all()] == ["placed", "payment_held"]
    assert confirmations() == 0
    assert not payments.is_payable(order)


def test_declined_leaves_the_order_payable_and_its_goods_kept(order: Order, variant: Variant) -> None:
    payment = payments.begin(order, "declines").payment
    assert payment.status == "declined"
    assert payment.reason
    assert payments.is_payable(order)
    assert payments.next_attempt(order) == 2
    assert Stock.objects.get(variant=variant).reserved == 2
    assert confirmations() == 0
    payments.begin(order, "pays", attempt=2)
    order.refresh_from_db()
    assert order.status == "paid"


def test_the_same_attempt_sent_twice_is_one_payment(order: Order) -> None:
    first = payments.begin(order, "declines", attempt=1).payment
    assert payments.begin(order, "pays", attempt=1).payment == first
    assert Payment.objects.count() == 1
    order.refresh_from_db()
    assert order.status == "placed"


def test_money_on_its_way_is_waited_for(order: Order) -> None:
    payment = payments.begin(order, "pending").payment
    assert payment.status == "pending"
    assert not payments.is_payable(order)
    assert confirmations() == 1
    with pytest.raises(NotPayable):
        payments.begin(order, "pays", attempt=2)
    jobs.settle_pending_fake(payment.idempotency_key)
    jobs.settle_pending_fake(payment.idempotency_key)
    order.refresh_from_db()
    assert order.status == "paid"
    assert confirmations() == 2  # asked for twice, sent once: see test_mail


def test_a_paid_or_cancelled_order_is_not_paid_again(order: Order) -> None:
    payments.begin(order, "pays")
    with pytest.raises(NotPayable):
        payments.begin(order, "pays")
    states.move(order, "cancelled")
    with pytest.raises(NotPayable):
        payments.begin(order, "pays")


def test_five_attempts_are_enough(order: Order) -> None:
    for attempt in range(1, 6):
        payments.begin(order, "declines", attempt=attempt)
    assert not payments.is_payable(order)
    with pytest.raises(NotPayable):
        payments.begin(order, "pays", attempt=6)


def test_an_unknown_way_to_pay_is_refused(order: Order) -> None:
    with pytest.raises(ValueError, match="gold"):
        payments.begin(order, "gold")
    assert not Payment.objects.exists()


def test_money_that_comes_after_the_cancellation_goes_back_once(order: Order) -> None:
    begun(order)
    states.move(order, "cancelled")
    for _ in range(3):
        payments.settle(word())
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.payments.get().status == "surplus"
    assert [refund.money for refund in Refund.objects.all()] == [eur("25.00")]
    assert "payment_late" in {event.kind for event in order.events.all()}
    assert Message.objects.filter(job="orders.send_refund").count() == 1


def test_money_paid_twice_goes_back_once_and_is_found_again_by_its_reference(order: Order) -> None:
    begun(order)
    second = begun_again(order)
    payments.settle(word())
    sent = payments.settle(word(reference="ref-2", key=second.idempotency_key))
    assert sent is not None
    assert (sent.status, sent.reason) == ("surplus", "paid twice")
    # A later word knows the reference only.
    assert payments.settle(word(reference="ref-2")) == second
    kinds = [event.kind for event in order.events.all()]
    assert kinds == ["placed", "paid", "payment_twice", "refund_begun"]
    assert Refund.objects.get().payment == second


@pytest.mark.django_db(transaction=True)
def test_the_gateway_is_never_called_inside_a_transaction(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order(make_draft((variant, 1)))
    inside: list[bool] = []
    create = gateways.get().create

    def watched(**asked: object) -> GatewayResult:
        inside.append(connection.in_atomic_block)
        return create(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr(gateways.get(), "create", watched)
    payments.begin(order, "pays")
    assert inside == [False]


def test_a_gateway_that_does_not_answer_leaves_the_attempt_to_be_repeated(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    create = gateways.get().create

    def down(**asked: object) -> GatewayResult:
        keys.append(str(asked["key"]))
        raise GatewayDown

    monkeypatch.setattr(gateways.get(), "create", down)
    with pytest.raises(GatewayDown):
        payments.begin(order, "pays", attempt=1)
    assert payments.is_payable(order)
    assert payments.next_attempt(order) == 1
    monkeypatch.setattr(
        gateways.get(), "create", lambda **asked: (keys.append(asked["key"]), create(**asked))[1]
    )
    payments.begin(order, "pays", attempt=1)
    assert len(set(keys)) == Payment.objects.count() == 1
    order.refresh_from_db()
    assert order.status == "paid"


def test_a_decline_that_is_told_after_the_approval_changes_nothing(order: Order) -> None:
    payment = payments.begin(order, "approves").payment
    payments.settle(word("declined", reference=payment.reference or ""))
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status) == ("authorized", "authorized")
    payments.capture(order)
