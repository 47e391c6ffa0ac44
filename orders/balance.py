"""What of an order's money has gone back, and what is left. Read; whoever decides by it holds the lock."""

from decimal import Decimal

from django.db.models import Sum

from orders.models import Order, OrderEvent, Payment, Refund
from shop.money import Money

GIVEN_UP = frozenset({Order.Status.EXPIRED, Order.Status.CANCELLED})


def refunded(order: Order) -> Money:
    """What went back, or is on its way, of the order's total; what had come beyond that does not count."""
    paid = paying(order)
    if paid is None:
        return Money.zero(order.currency)
    return max(order.money("total") - left_of(paid), Money.zero(order.currency))


def left(order: Order) -> Money:
    """What was paid for the order and has not gone back; money that came for nothing goes back by itself."""
    paid = paying(order)
    if paid is not None:
        return left_of(paid)
    return order.money("total") if came_by_hand(order) else Money.zero(order.currency)


def left_of(payment: Payment) -> Money:
    """What has not gone back of this one, nor is on its way."""
    sent = payment.refunds.exclude(status=Refund.Status.FAILED).aggregate(sum=Sum("amount"))["sum"]
    return payment.money - Money(sent or Decimal(0), payment.currency)


def summary(order: Order) -> tuple[Money, Money, Money]:
    """What was paid of the order's total, what of it went back or is on its way, and what is left.

    Of a cancelled order whose money came by hand it is told by hand as well that it went back.
    """
    sent, rest = refunded(order), left(order)
    if order.paid_at is not None and order.status in GIVEN_UP and paying(order) is None:
        is_back = any(event.kind == OrderEvent.REFUNDED for event in order.events.all())
        sent, rest = (order.money("total"), rest) if is_back else (sent, order.money("total"))
    return sent + rest, sent, rest


def paying(order: Order) -> Payment | None:
    """The payment that paid it."""
    return order.payments.filter(status=Payment.Status.SUCCEEDED).first()


def came_by_hand(order: Order) -> bool:
    """Whether somebody said that it is paid, and no payment says so. Of a cancelled order it is told by hand
    as well what became of its money."""
    return order.paid_at is not None and order.status not in GIVEN_UP
