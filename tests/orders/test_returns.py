"""Goods come back: never more than left, to the shelf or not, and their money with them, once."""

import pytest
from django.db import IntegrityError, connection, transaction

from catalog import stock
from catalog.models import Stock, StockMovement, Variant
from orders import balance, invoices, payments, progress, refunds, returns, shipments, states
from orders.models import Order, OrderLine, Payment, Refund, Return, ReturnLine
from orders.placement import place_order
from orders.refunds import MoreThanPaid
from orders.returns import MoreThanSent
from orders.states import WrongMove
from shop.outbox import drain
from tests.checkout.conftest import together
from tests.orders.conftest import eur, make_draft

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def sent(variant: Variant) -> Order:
    """Three prints at 10 euro, 5 for delivery, on their way."""
    placed = place_order(make_draft((variant, 3)))
    payments.begin(placed, "pays")
    shipments.ship(placed)
    placed.refresh_from_db()
    return placed


@pytest.fixture
def line(sent: Order) -> OrderLine:
    return sent.lines.get()


def shelf(line: OrderLine) -> int:
    return Stock.objects.get(pk=line.variant_id).on_hand


def test_goods_come_back_to_the_shelf_and_their_money_to_the_buyer(sent: Order, line: OrderLine) -> None:
    taken = returns.take_back(sent, {line.pk: 2}, reason="too large")
    assert taken.refund is not None
    assert (taken.refund.money, shelf(line)) == (eur("20.00"), 9)
    assert progress.of(sent).out == {line.pk: 1}
    movement = StockMovement.objects.first()
    assert movement is not None
    assert (movement.kind, movement.on_hand_change, movement.reference) == ("returned", 2, sent.number)
    note = taken.refund.credit_note
    assert note is not None
    assert (note.total, note.content["lines"][0]["quantity"]) == (20, 2)
    assert [event.kind for event in sent.events.order_by("-id")[:2]] == ["refund_begun", "returned"]
    sent.refresh_from_db()
    assert sent.status == Status.SHIPPED
    drain.drain("high")
    assert balance.left(sent) == eur("15.00")


def test_what_is_damaged_does_not_go_to_the_shelf(sent: Order, line: OrderLine) -> None:
    taken = returns.take_back(sent, {line.pk: 3}, restock={line.pk: 1})
    assert shelf(line) == 8
    row = taken.lines.get()
    assert (row.quantity, row.restocked) == (3, 1)


def test_the_delivery_goes_back_too_if_it_is_to(sent: Order, line: OrderLine) -> None:
    taken = returns.take_back(sent, {line.pk: 3}, delivery=True)
    assert taken.refund is not None
    assert taken.refund.money == eur("35.00")
    assert invoices.left(sent) == eur("0.00")


def test_less_goes_back_for_what_is_worn_and_never_more(sent: Order, line: OrderLine) -> None:
    with pytest.raises(MoreThanPaid) as refused:
        returns.take_back(sent, {line.pk: 1}, amount=eur("10.01"))
    assert refused.value.left == eur("10.00")
    assert not Return.objects.exists()
    taken = returns.take_back(sent, {line.pk: 1}, amount=eur("4.00"))
    assert taken.refund is not None
    assert taken.refund.money == eur("4.00")


def test_goods_come_back_without_money_if_so_wanted(sent: Order, line: OrderLine) -> None:
    taken = returns.take_back(sent, {line.pk: 1}, has_refund=False)
    assert taken.refund is None
    assert not Refund.objects.exists()


def test_what_was_refunded_before_costs_nothing_when_it_comes(sent: Order, line: OrderLine) -> None:
    refunds.refund(sent, eur("20.00"), lines={line.pk: 2})
    first = returns.take_back(sent, {line.pk: 3})
    assert first.refund is not None
    assert first.refund.money == eur("10.00")
    assert refunds.left(sent) == eur("5.00")


def test_a_piece_that_was_refunded_first_is_not_paid_for_again_when_it_comes(
    sent: Order, line: OrderLine
) -> None:
    refunds.of_goods(sent, {line.pk: 1})
    first = returns.take_back(sent, {line.pk: 1})
    assert (first.refund, shelf(line)) == (None, 8)
    second = returns.take_back(sent, {line.pk: 1})
    assert second.refund is not None
    assert (second.refund.money, refunds.left(sent)) == (eur("10.00"), eur("15.00"))


def test_nor_does_an_amount_pay_for_it_again(sent: Order, line: OrderLine) -> None:
    refunds.of_goods(sent, {line.pk: 1})
    with pytest.raises(MoreThanPaid) as refused:
        returns.take_back(sent, {line.pk: 1}, amount=eur("0.01"))
    assert refused.value.left == eur("0.00")
    assert not Return.objects.exists()


def test_what_came_back_with_its_money_is_not_refunded_once_more(sent: Order, line: OrderLine) -> None:
    returns.take_back(sent, {line.pk: 2})
    rest = refunds.of_goods(sent, {line.pk: 3})
    assert rest is not None
    assert (rest.money, refunds.left(sent)) == (eur("10.00"), eur("5.00"))
    assert refunds.of_goods(sent, {line.pk: 1}) is None
    assert returns.take_back(sent, {line.pk: 1}).refund is None


def test_what_came_back_without_money_is_refunded_later_and_counts_for_it(
    sent: Order, line: OrderLine
) -> None:
    returns.take_back(sent, {line.pk: 1}, has_refund=False)
    refunds.of_goods(sent, {line.pk: 1})
    second = returns.take_back(sent, {line.pk: 1})
    assert second.refund is not None
    assert second.refund.money == eur("10.00")


def test_no_more_comes_back_than_was_sent(sent: Order, line: OrderLine) -> None:
    returns.take_back(sent, {line.pk: 2})
    with pytest.raises(MoreThanSent) as refused:
        returns.take_back(sent, {line.pk: 2})
    assert refused.value.out == {line.pk: 1}
    assert shelf(line) == 9
    with pytest.raises(MoreThanSent):
        returns.take_back(sent, {line.pk + 999: 1})


@pytest.mark.parametrize(("pieces", "restock"), [(0, 0), (-1, 0), (1, 2), (1, -1)])
def test_nothing_or_less_does_not_come_back(sent: Order, line: OrderLine, pieces: int, restock: int) -> None:
    with pytest.raises(ValueError, match=r"something comes back|no more goes"):
        returns.take_back(sent, {line.pk: pieces}, restock={line.pk: restock})


@pytest.mark.parametrize("status", ["placed", "authorized", "paid", "expired", "cancelled"])
def test_nothing_comes_back_of_what_was_not_sent(order: Order, status: str) -> None:
    Order.objects.update(status=status)
    with pytest.raises(WrongMove):
        returns.take_back(order, {order.lines.get().pk: 1})


def test_a_part_that_left_can_come_back_before_the_rest_leaves(variant: Variant) -> None:
    placed = place_order(make_draft((variant, 3)))
    payments.begin(placed, "pays")
    line = placed.lines.get()
    shipments.ship(placed, {line.pk: 1})
    returns.take_back(placed, {line.pk: 1})
    with pytest.raises(MoreThanSent):
        returns.take_back(placed, {line.pk: 1})
    shipments.give_up(placed)
    assert refunds.left(placed) == eur("5.00")


def test_what_was_deleted_or_is_not_counted_goes_to_no_shelf(sent: Order, line: OrderLine) -> None:
    stock.set_terms(line.variant_id, low_at=3, is_tracked=False)
    returns.take_back(sent, {line.pk: 1})
    assert shelf(line) == 7
    Variant.objects.get(pk=line.variant_id).delete()
    taken = returns.take_back(sent, {line.pk: 1})
    assert taken.refund is not None


def test_money_that_came_by_hand_goes_back_by_hand(variant: Variant) -> None:
    order = place_order(make_draft((variant, 3)))
    order = states.move(order, Status.PAID)
    states.move(order, Status.SHIPPED)
    line = order.lines.get()
    assert refunds.left(order) == eur("35.00")
    taken = returns.take_back(order, {line.pk: 1})
    refund = taken.refund
    assert refund is not None
    assert (refund.money, refund.status, refund.payment.gateway) == (eur("10.00"), "begun", Payment.BY_HAND)
    # Who gives back corrects an invoice: the order has its own by then.
    assert [paper.kind for paper in order.invoices.order_by("number")] == ["invoice", "credit_note"]
    drain.drain("high")
    refund.refresh_from_db()
    assert refund.status == "begun"
    refunds.sent_by_hand(refund)
    refund.refresh_from_db()
    assert refund.status == "succeeded"
    assert order.events.filter(kind="refunded").count() == 1
    with pytest.raises(refunds.NotOpen):
        refunds.sent_by_hand(refund)
    assert refunds.left(order) == eur("25.00")


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_same_goods_back_at_once_do_so_once(sent: Order) -> None:
    line = sent.lines.get()
    done = together(4, lambda _number: returns.take_back(sent, {line.pk: 2}))
    assert sum(isinstance(one, Return) for one in done) == 1
    assert all(isinstance(one, Return | MoreThanSent) for one in done)
    assert (shelf(line), refunds.left(sent)) == (9, eur("15.00"))


@pytest.mark.django_db(transaction=True)
def test_a_return_and_a_refund_at_once_never_give_back_more_than_came(sent: Order) -> None:
    line = sent.lines.get()

    def give(number: int) -> object:
        if number % 2:
            return refunds.of_goods(sent, {line.pk: 3}, delivery=True)
        return returns.take_back(sent, {line.pk: 3}, delivery=True)

    together(6, give)
    assert refunds.left(sent) == eur("0.00") == invoices.left(sent)
    assert shelf(line) == 10
    assert Refund.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_what_careless_writers_would_take_back_at_once(sent: Order) -> None:
    """The net below: without the order's lock each would see the other's pieces still out."""
    line = sent.lines.get()

    def careless(_number: int) -> None:
        with transaction.atomic():
            ReturnLine.objects.create(back=Return.objects.create(order=sent), line=line, quantity=2)
            connection.cursor().execute("SELECT pg_sleep(0.05)")  # the others come before it commits

    done = together(4, careless)
    assert sum(isinstance(one, IntegrityError) for one in done) == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnLine.objects.update(quantity=4)
