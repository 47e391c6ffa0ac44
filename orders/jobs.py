"""What the outbox does for orders. Every job may run twice: the database says what has been done."""

from django.db.models import Prefetch

from orders import emails, payments, states
from orders.models import Order, OrderEvent, Payment
from shop.money import Money

MAILED = "confirmation_sent"


def send_confirmation(order_id: int) -> None:
    """Mail the confirmation, once: the event on the order says that it went."""
    order = _complete(order_id)
    if order is None or any(event.kind == MAILED for event in order.events.all()):
        return
    emails.confirmation(order)
    states.note_event(order, MAILED, note=order.email)


def send_tracking(order_id: int) -> None:
    """Mail the order's link to the address it was placed with."""
    order = _complete(order_id)
    if order is not None:
        emails.tracking(order)


def settle_pending_fake(key: str) -> None:
    """The fake bank's later word: the transfer has arrived."""
    payment = Payment.objects.filter(idempotency_key=key, gateway="fake").first()
    if payment is None or payment.reference is None:
        return
    payments.settle(
        payments.PaymentEvent(
            gateway=payment.gateway,
            reference=payment.reference,
            status="succeeded",
            amount=Money(payment.amount, payment.currency),
        )
    )


def _complete(order_id: int) -> Order | None:
    events = Prefetch("events", OrderEvent.objects.order_by("id"))
    return Order.objects.filter(pk=order_id).prefetch_related("lines", "payments", events).first()
