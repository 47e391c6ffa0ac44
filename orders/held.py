"""Money that did not fit is held back until a person decides: accept() it, or send_back() all of it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from catalog import stock
from orders import invoices, payments, progress, refunds, states
from orders.models import Order, Payment
from shop.outbox import outbox

Status = Payment.Status


class NotHeld(Exception):
    """Somebody has decided about it already, or the gateway said more meanwhile."""


class NotEnough(Exception):
    """Less came than the order costs, or in another currency; or another sum than its own was approved."""


def covers(payment: Payment, order: Order) -> bool:
    """Whether it could pay the order: as much as that costs, in its currency; if approved, exactly that."""
    if payment.held_as == "authorized":
        return payment.money == order.money("total")
    return payment.currency == order.currency and payment.amount >= order.total


def kept_until(payment: Payment) -> datetime | None:
    """Until when the goods wait for a decision; None if they do not: the order has ended, or expired."""
    order = payment.order
    if order.status != Order.Status.PLACED or order.reserved_until is None:
        return None
    noted = order.events.filter(kind="payment_held").order_by("-id").first()
    since = noted.at if noted else payment.created_at
    return max(since + timedelta(days=settings.HELD_DAYS), order.reserved_until)


def is_there(order: Order) -> bool:
    """Whether the goods of an expired order could be reserved once more, as it looks just now."""
    wanted = progress.by_variant(order, {line.pk: line.quantity for line in order.lines.all()})
    free = stock.free(wanted)
    return all(free[variant] >= count for variant, count in wanted.items())


def accept(payment: Payment, *, actor_id: int | None = None) -> Order:
    """Somebody has looked at it: it pays the order, and what came beyond that goes back.

    What was only approved is approved now, and to be captured. An order that has expired meanwhile takes its
    goods once more. NotHeld; NotEnough; WrongMove for an order that cannot be paid any more;
    catalog.stock.OutOfStock: it has expired, and not all of it is there.
    """
    with transaction.atomic():
        order, found = _held(payment)
        if not covers(found, order):
            raise NotEnough(found)
        more = found.money - order.money("total")
        if found.held_as == "authorized":
            order = states.move(order, Order.Status.AUTHORIZED)
            payments.become(found, Status.AUTHORIZED)
        else:
            order = states.move(order, Order.Status.PAID)
            payments.become(found, Status.SUCCEEDED)
        states.note_event(order, "payment_accepted", note=str(found.money), actor_id=actor_id)
        payments.confirm(order)
        if found.held_as != "authorized":
            if more:
                refunds.begin(found, more, reason="more than the total", actor_id=actor_id)
            invoices.issue_or_wait(order)  # the last statement, as it takes a number
    return order


def send_back(payment: Payment, *, reason: str = "", actor_id: int | None = None) -> None:
    """It does not pay the order: all of it goes back, or, if it was only approved, is never taken. NotHeld.

    The order can be paid as before, while its goods are kept for it.
    """
    with transaction.atomic():
        order, found = _held(payment)
        states.note_event(order, "payment_returned", note=str(found.money), actor_id=actor_id)
        if found.held_as == "authorized":
            payments.become(found, Status.PENDING, reason)
            outbox.enqueue("orders.withdraw_payment", found.pk, queue="high")
            return
        payments.become(found, Status.SURPLUS, reason)
        if rest := refunds.left_of(found):  # somebody at the gateway's desk may have been faster
            refunds.begin(found, rest, reason=reason, actor_id=actor_id)


def _held(payment: Payment) -> tuple[Order, Payment]:
    order = states.lock(payment.order_id)
    found = Payment.objects.select_for_update().get(pk=payment.pk)
    found.order = order
    if found.status != Status.HELD:
        raise NotHeld(found)
    return order, found
