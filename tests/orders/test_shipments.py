"""Parcels: parts of an order leave, never more than was bought; and what of it never comes is given up."""

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from catalog.models import Stock, StockMovement, Variant
from catalog.stock import NotReserved
from orders import invoices, jobs, payments, progress, refunds, shipments, states
from orders.models import GivenUp, Order, OrderLine, Refund, Shipment, ShipmentLine
from orders.placement import place_order
from orders.shipments import MoreThanLeft
from orders.states import WrongMove
from shop.outbox import drain
from tests.checkout.conftest import together
from tests.factories import make_product
from tests.orders.conftest import eur, make_draft

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def paid(order: Order) -> Order:
    """Two prints and three cards at 10 euro each, and 5 for delivery."""
    cards = make_product("Nine cards").variants.get()
    prints = Variant.objects.get(pk=order.lines.get().variant_id)
    placed = place_order(make_draft((prints, 2), (cards, 3)))
    payments.begin(placed, "pays")
    placed.refresh_from_db()
    return placed


@pytest.fixture
def lines(paid: Order) -> list[OrderLine]:
    return list(paid.lines.all())


def shelf(line: OrderLine) -> tuple[int, int]:
    row = Stock.objects.get(pk=line.variant_id)
    return row.on_hand, row.reserved


def kinds(order: Order) -> list[str]:
    return [event.kind for event in order.events.order_by("id")]


def test_parts_leave_one_by_one_and_the_last_one_ships_the_order(paid: Order, lines: list[OrderLine]) -> None:
    prints, cards = lines
    first = shipments.ship(paid, {prints.pk: 2, cards.pk: 1}, carrier="UPS", tracking_code="1Z9")
    paid.refresh_from_db()
    assert (paid.status, paid.shipped_at) == (Status.PART_SHIPPED, None)
    assert (first.number, first.carrier, first.tracking_code) == (1, "UPS", "1Z9")
    assert shelf(cards) == (9, 2)
    assert progress.of(paid).left == {cards.pk: 2}
    shipments.ship(paid, {cards.pk: 1})
    paid.refresh_from_db()
    assert paid.status == Status.PART_SHIPPED
    shipments.ship(paid)
    paid.refresh_from_db()
    assert (paid.status, progress.of(paid).left) == (Status.SHIPPED, {})
    assert paid.shipped_at
    assert shelf(cards) == (7, 0)
    assert [kind for kind in kinds(paid) if "ship" in kind] == ["part_shipped", "part_shipped", "shipped"]
    assert [row.carrier for row in paid.shipments.all()] == ["UPS", "DHL", "DHL"]
    assert set(StockMovement.objects.exclude(kind="received").values_list("reference", flat=True)) >= {
        paid.number
    }


def test_who_moves_an_order_to_shipped_ships_all_that_is_left(paid: Order, lines: list[OrderLine]) -> None:
    shipments.ship(paid, {lines[0].pk: 1})
    states.move(paid, Status.SHIPPED)
    last = paid.shipments.get(number=2)
    assert {row.line_id: row.quantity for row in last.lines.all()} == {lines[0].pk: 1, lines[1].pk: 3}
    assert [shelf(line)[1] for line in lines] == [2, 0]  # two of the first are another order's


@pytest.mark.parametrize("more", [{0: 3}, {1: 4}, {0: 1, 1: 99}])
def test_no_more_leaves_than_is_left(paid: Order, lines: list[OrderLine], more: dict[int, int]) -> None:
    before = [shelf(line) for line in lines]
    with pytest.raises(MoreThanLeft) as refused:
        shipments.ship(paid, {lines[place].pk: count for place, count in more.items()})
    assert refused.value.left == {lines[0].pk: 2, lines[1].pk: 3}
    assert [shelf(line) for line in lines] == before
    assert not Shipment.objects.exists()


def test_another_orders_line_is_none_of_it(paid: Order, order: Order) -> None:
    with pytest.raises(MoreThanLeft):
        shipments.ship(paid, {order.lines.get().pk: 1})
    parcel = shipments.ship(paid, {paid.lines.first().pk: 1})
    with pytest.raises(IntegrityError), transaction.atomic():
        ShipmentLine.objects.create(shipment=parcel, line=order.lines.get(), quantity=1)


@pytest.mark.parametrize("nothing", [{}, {0: 0}, {0: -1}])
def test_a_parcel_has_something_in_it(paid: Order, lines: list[OrderLine], nothing: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="something"):
        shipments.ship(paid, {lines[place].pk: count for place, count in nothing.items()})


@pytest.mark.parametrize("status", sorted({*Status.values} - {"paid", "part_shipped"}))
def test_nothing_leaves_in_any_other_status(paid: Order, lines: list[OrderLine], status: str) -> None:
    Order.objects.update(status=status)
    with pytest.raises(WrongMove):
        shipments.ship(paid, {lines[0].pk: 1})
    with pytest.raises(WrongMove):
        shipments.give_up(paid)


def test_goods_that_are_not_reserved_stay_and_so_does_the_order(paid: Order, lines: list[OrderLine]) -> None:
    Stock.objects.update(reserved=0)
    with pytest.raises(NotReserved):
        shipments.ship(paid, {lines[0].pk: 1})
    paid.refresh_from_db()
    assert paid.status == Status.PAID
    assert not Shipment.objects.exists()


def test_what_was_deleted_leaves_without_a_shelf(paid: Order, lines: list[OrderLine]) -> None:
    Variant.objects.get(pk=lines[1].variant_id).delete()
    shipments.ship(paid)
    paid.refresh_from_db()
    assert paid.status == Status.SHIPPED


@pytest.mark.django_db(transaction=True)
def test_two_who_ship_the_same_lines_at_once_send_them_once(paid: Order) -> None:
    line = paid.lines.order_by("pk")[1]
    done = together(4, lambda _number: shipments.ship(paid, {line.pk: 2}))
    assert sum(isinstance(one, Shipment) for one in done) == 1
    assert all(isinstance(one, Shipment | MoreThanLeft) for one in done)
    assert shelf(line) == (8, 1)


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_what_careless_writers_would_send_at_once(paid: Order) -> None:
    """The net below: without the order's lock each would see the other's pieces still there."""
    line = paid.lines.order_by("pk")[1]

    def careless(number: int) -> None:
        with transaction.atomic():
            parcel = Shipment.objects.create(order=paid, number=number + 1)
            ShipmentLine.objects.create(shipment=parcel, line=line, quantity=2)
            connection.cursor().execute("SELECT pg_sleep(0.05)")  # the others come before it commits

    done = together(4, careless)
    assert sum(isinstance(one, IntegrityError) for one in done) == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        GivenUp.objects.create(line=line, quantity=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShipmentLine.objects.update(quantity=4)


def test_what_never_comes_is_given_up_and_its_money_goes_back(paid: Order, lines: list[OrderLine]) -> None:
    prints, cards = lines
    shipments.ship(paid, {prints.pk: 2, cards.pk: 1})
    refund = shipments.give_up(paid, reason="the printer broke")
    assert refund is not None
    paid.refresh_from_db()
    assert (paid.status, refund.money, refunds.left(paid)) == (Status.SHIPPED, eur("20.00"), eur("35.00"))
    assert shelf(cards) == (9, 0)
    assert progress.of(paid).given_up == {cards.pk: 2}
    note = refund.credit_note
    assert note is not None
    assert [(row["id"], row["quantity"]) for row in note.content["lines"]] == [(str(cards.pk), 2)]
    assert kinds(paid)[-3:] == ["given_up", "shipped", "refund_begun"]
    assert paid.shipments.count() == 1


def test_what_was_refunded_before_is_given_up_without_money(paid: Order, lines: list[OrderLine]) -> None:
    prints, cards = lines
    refunds.refund(paid, eur("30.00"), lines={cards.pk: 3})
    shipments.ship(paid, {prints.pk: 2})
    assert shipments.give_up(paid) is None
    assert invoices.left(paid) == eur("25.00")
    assert Refund.objects.count() == 1


def test_a_piece_that_was_refunded_before_it_is_given_up_is_not_paid_for_again(
    paid: Order, lines: list[OrderLine]
) -> None:
    prints, cards = lines
    refunds.of_goods(paid, {cards.pk: 1})
    shipments.ship(paid, {prints.pk: 2, cards.pk: 2})
    assert shipments.give_up(paid) is None
    assert Refund.objects.count() == 1


def test_it_is_given_up_without_money_if_so_wanted(paid: Order, lines: list[OrderLine]) -> None:
    shipments.ship(paid, {lines[0].pk: 2})
    assert shipments.give_up(paid, has_refund=False) is None
    assert refunds.left(paid) == eur("55.00")


@pytest.mark.django_db(transaction=True)
def test_who_ships_the_rest_and_who_gives_it_up_at_once_do_not_both(paid: Order) -> None:
    prints, cards = paid.lines.order_by("pk")
    shipments.ship(paid, {prints.pk: 2})
    done = together(2, lambda number: shipments.ship(paid) if number else shipments.give_up(paid))
    assert sum(isinstance(one, WrongMove) for one in done) == 1
    there = shelf(cards)
    assert there in {(10, 0), (7, 0)}
    assert bool(Refund.objects.count()) is (there == (10, 0))


def test_each_parcel_is_told_once_with_what_is_in_it_and_what_is_to_come(
    paid: Order, lines: list[OrderLine]
) -> None:
    drain.drain("normal")
    mail.outbox.clear()
    shipments.ship(paid, {lines[0].pk: 2}, tracking_code="JD01")
    drain.drain("normal")
    shipments.ship(paid, tracking_code="JD02")
    drain.drain("normal")
    jobs.send_shipped(paid.pk)
    first, second = mail.outbox
    for text in (str(first.body), str(first.alternatives[0][0])):
        assert "tracking-id=JD01" in text
        assert "JD02" not in text
        assert text.index("What is in it") < text.index("Two suns") < text.index("What is to come")
        assert text.index("What is to come") < text.index("Nine cards")
    for text in (str(second.body), str(second.alternatives[0][0])):
        assert "tracking-id=JD02" in text
        assert "Two suns" not in text
        assert "The last part is on its way" in text
    assert first.subject == f"A part of your order {paid.number} is on its way"
    assert second.subject == f"The last part of your order {paid.number} is on its way"
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert paid.events.filter(kind__startswith="shipped_sent").count() == 2


def test_a_parcel_of_which_nobody_is_to_be_told_is_not_mailed_later_either(
    paid: Order, lines: list[OrderLine]
) -> None:
    drain.drain("normal")
    mail.outbox.clear()
    shipments.ship(paid, {lines[0].pk: 2}, is_told=False)
    shipments.ship(paid)
    drain.drain("normal")
    assert len(mail.outbox) == 1
    assert "Two suns" not in str(mail.outbox[0].body).partition("Where it goes")[0]
