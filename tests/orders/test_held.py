"""Money that did not fit waits for a person, who accepts it or sends all of it back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db.models.functions import Now

from catalog import stock
from catalog.models import Stock
from catalog.stock import OutOfStock
from orders import gateways, held, jobs, payments, refunds, states
from orders.gateways import PaymentEvent, RefundResult
from orders.held import NotEnough, NotHeld
from orders.models import Order, Payment, Refund
from orders.payments import NotPayable
from orders.states import WrongMove
from shop.money import Money
from shop.outbox import drain
from tests.checkout.conftest import together
from tests.factories import make_user
from tests.orders.conftest import eur

pytestmark = pytest.mark.django_db
Status = Order.Status


def arrive(order: Order, amount: Money, *, status: str = "succeeded", doubt: str = "") -> Payment:
    """A word of the gateway about that much money."""
    payment = payments.begin(order, "waits").payment
    event = PaymentEvent("fake", str(payment.reference), status, amount, doubt=doubt)
    payments.settle(event)
    payments.settle(event)
    payment.refresh_from_db()
    return payment


def kinds(order: Order) -> list[str]:
    return [event.kind for event in order.events.order_by("id")]


def test_what_came_is_written_down_once(order: Order) -> None:
    payment = arrive(order, eur("24.00"))
    assert (payment.status, payment.money, payment.held_as) == ("held", eur("24.00"), "succeeded")
    assert kinds(order).count("payment_held") == 1


def test_who_accepts_it_pays_the_order_in_their_name(order: Order) -> None:
    merchant = make_user()
    payment = arrive(order, eur("25.00"), doubt="of another account")
    accepted = held.accept(payment, actor_id=merchant.pk)
    payment.refresh_from_db()
    assert (accepted.status, payment.status) == (Status.PAID, "succeeded")
    assert order.invoices.get().total == 25
    event = order.events.get(kind="payment_accepted")
    assert (event.actor, event.note) == (merchant, "€25.00")
    drain.drain("normal")
    assert any(order.number in sent.subject for sent in mail.outbox)
    with pytest.raises(NotHeld):
        held.accept(payment)
    with pytest.raises(NotHeld):
        held.send_back(payment)


@pytest.mark.parametrize("amount", [eur("24.99"), Money(Decimal("25.00"), "USD")])
def test_less_or_another_currency_is_not_enough(order: Order, amount: Money) -> None:
    payment = arrive(order, amount)
    with pytest.raises(NotEnough):
        held.accept(payment)
    order.refresh_from_db()
    assert order.status == Status.PLACED


def test_what_came_beyond_the_total_goes_back_without_a_credit_note(order: Order) -> None:
    held.accept(arrive(order, eur("30.00")))
    assert Refund.objects.get().money == eur("5.00")
    assert (refunds.left(order), refunds.refunded(order)) == (eur("25.00"), eur("0.00"))
    refunds.settle(
        Payment.objects.get(),
        RefundResult("re_1", "succeeded", eur("5.00"), key=Refund.objects.get().idempotency_key),
    )
    assert [paper.kind for paper in order.invoices.all()] == ["invoice"]
    refunds.refund(order, eur("25.00"))
    assert [paper.total for paper in order.invoices.filter(kind="credit_note")] == [25]


def test_an_order_that_ended_meanwhile_is_not_paid(order: Order) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    states.move(order, Status.CANCELLED)
    with pytest.raises(WrongMove):
        held.accept(payment)
    payment.refresh_from_db()
    assert payment.status == "held"


def test_what_was_only_approved_is_approved_and_then_captured(order: Order) -> None:
    payment = arrive(order, eur("25.00"), status="authorized", doubt="of another account")
    assert held.accept(payment).status == Status.AUTHORIZED
    payment.refresh_from_db()
    assert payment.status == "authorized"
    assert not order.invoices.exists()


def test_another_sum_that_was_approved_is_not_accepted(order: Order) -> None:
    with pytest.raises(NotEnough):
        held.accept(arrive(order, eur("30.00"), status="authorized"))


@pytest.mark.parametrize("amount", [eur("24.99"), eur("30.00"), Money(Decimal("25.00"), "USD")])
def test_all_of_it_goes_back_and_its_buyer_is_told_and_can_pay(
    order: Order, amount: Money, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Money] = []

    def refund(reference: str, *, key: str, amount: Money) -> RefundResult:
        asked.append(amount)
        return RefundResult("re_1", "succeeded", amount, key=key)

    monkeypatch.setattr(gateways.get(), "refund", refund)
    payment = arrive(order, amount)
    with pytest.raises(NotPayable):
        payments.begin(order, "pays")
    held.send_back(payment, actor_id=make_user().pk)
    drain.drain("high")
    drain.drain("normal")
    payment.refresh_from_db()
    assert (payment.status, asked) == ("surplus", [amount])
    assert "payment_returned" in kinds(order)
    assert "did not match what the order costs" in str(mail.outbox[-1].body)
    assert amount.format("en") in mail.outbox[-1].subject
    assert payments.begin(order, "pays").payment.status == "succeeded"
    assert [paper.kind for paper in order.invoices.all()] == ["invoice"]


def test_what_was_only_approved_is_never_taken(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = arrive(order, eur("30.00"), status="authorized")
    held.send_back(payment)
    drain.drain("high")
    payment.refresh_from_db()
    assert payment.status == "withdrawn"
    assert not Refund.objects.exists()
    order.refresh_from_db()
    assert order.status == Status.PLACED


def test_the_right_word_after_a_wrong_one_pays(order: Order) -> None:
    payment = arrive(order, eur("24.00"))
    payments.settle(PaymentEvent("fake", str(payment.reference), "succeeded", eur("25.00")))
    payment.refresh_from_db()
    assert (payment.status, payment.money, payment.held_as) == ("succeeded", eur("25.00"), "")


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_do_so_once(order: Order) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    decide = (held.accept, held.send_back)
    done = together(4, lambda number: decide[number % 2](payment))
    assert sum(isinstance(one, NotHeld) for one in done) == 3
    order.refresh_from_db()
    is_paid = order.status == Status.PAID
    assert Refund.objects.count() == (0 if is_paid else 1)
    assert Stock.objects.get().reserved == 2


def test_capture_is_asked_for_once_and_says_who(order: Order) -> None:
    payments.begin(order, "approves")
    merchant = make_user()
    payments.capture(order, actor_id=merchant.pk)
    assert order.events.get(kind="capture_begun").actor == merchant
    drain.drain("high")
    order.refresh_from_db()
    assert order.status == Status.PAID
    with pytest.raises(NotPayable):
        payments.capture(order)


def held_since(order: Order, days: float) -> None:
    """Its time to pay is over, and so long its money has been held, by the database's clock."""
    Order.objects.filter(pk=order.pk).update(reserved_until=Now() - timedelta(minutes=1))
    order.payments.update(created_at=Now() - timedelta(days=days))
    order.events.filter(kind="payment_held").update(at=Now() - timedelta(days=days))


def reserved() -> int:
    return Stock.objects.get().reserved


def test_money_that_is_held_keeps_the_goods_for_some_days_and_not_for_ever(order: Order) -> None:
    payment = arrive(order, eur("30.00"))
    held_since(order, 6.9)
    jobs.expire_unpaid()
    assert reserved() == 2
    held_since(order, 7.1)
    jobs.expire_unpaid()
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status, reserved()) == (Status.EXPIRED, "held", 0)
    assert kinds(order)[-2:] == ["expired", "held_too_long"]


def test_accepted_after_that_it_takes_its_goods_once_more(order: Order) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    held_since(order, 8)
    jobs.expire_unpaid()
    assert held.kept_until(Payment.objects.get()) is None
    assert held.accept(payment).status == Status.PAID
    assert reserved() == 2


def test_what_was_sold_meanwhile_is_not_there_and_the_money_can_go_back(order: Order) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    held_since(order, 8)
    jobs.expire_unpaid()
    order.refresh_from_db()
    assert held.is_there(order)
    stock.reserve({Stock.objects.get().pk: 9})
    assert not held.is_there(order)
    with pytest.raises(OutOfStock):
        held.accept(payment)
    payment.refresh_from_db()
    assert payment.status == "held"
    held.send_back(payment)
    assert Refund.objects.get().money == eur("25.00")


def test_it_is_told_until_when_the_goods_are_kept(order: Order) -> None:
    payment = arrive(order, eur("24.00"))
    noted = order.events.get(kind="payment_held")
    assert held.kept_until(payment) == noted.at + timedelta(days=7)


def test_a_payment_that_was_begun_long_before_it_was_held_is_kept_from_then_on(order: Order) -> None:
    arrive(order, eur("24.00"))
    held_since(order, 8)
    order.events.filter(kind="payment_held").update(at=Now() - timedelta(days=1))
    jobs.expire_unpaid()
    order.refresh_from_db()
    assert order.status == Status.PLACED
