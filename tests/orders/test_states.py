"""The status machine: only the moves of its table, each with its event and what it does to the stock."""

import pytest

from catalog.models import Stock, Variant
from orders import states
from orders.models import Order
from orders.states import MOVES, WrongMove

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("start", Order.Status.values)
@pytest.mark.parametrize("to", Order.Status.values)
def test_only_the_moves_of_the_table_are_made(order: Order, start: str, to: str) -> None:
    Order.objects.update(status=start)
    order.refresh_from_db()
    if to in MOVES[start]:
        assert states.move(order, to, note="why").status == to
        event = order.events.last()
        assert event is not None
        assert (event.kind, event.note) == (to, "why")
    else:
        with pytest.raises(WrongMove):
            states.move(order, to)
        order.refresh_from_db()
        assert order.status == start


def test_the_move_is_judged_by_the_row_and_not_by_what_the_caller_holds(order: Order) -> None:
    Order.objects.update(status="cancelled")
    assert order.status == "placed"
    with pytest.raises(WrongMove):
        states.move(order, "paid")


def test_a_cancelled_order_gives_its_goods_back_once(order: Order, variant: Variant) -> None:
    states.move(order, "cancelled")
    with pytest.raises(WrongMove):
        states.move(order, "cancelled")
    row = Stock.objects.get(variant=variant)
    assert (row.on_hand, row.reserved) == (10, 0)


def test_a_shipped_order_takes_its_goods_off_the_shelf(order: Order, variant: Variant) -> None:
    states.move(order, "paid")
    states.move(order, "shipped")
    row = Stock.objects.get(variant=variant)
    assert (row.on_hand, row.reserved) == (8, 0)
    order.refresh_from_db()
    assert order.paid_at
    assert order.shipped_at
