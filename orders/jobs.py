"""What the outbox does for orders. Every job may run twice: the database says what has been done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone

from orders import emails, payments, states
from orders.models import Order, OrderEvent, Payment
from shop.money import Money
from shop.outbox import outbox

Status = Order.Status
AT_THE_BANK = timedelta(minutes=15)  # an attempt may be open as long as this before it counts as left
MAIL_LOCK = 7_301  # the class of the advisory locks below; the other half is the order


class MailUnderWay(Exception):
    """Another worker is mailing about this order; the outbox tries again a little later."""


def send_confirmation(order_id: int) -> None:
    """Mail the confirmation, once."""
    _mail_once(order_id, "confirmation_sent", emails.confirmation)


def ask_for_payment(order_id: int) -> None:
    """Mail the link to pay, once, to whom it is of use: not if it was paid or cancelled meanwhile.

    Who has just begun another attempt is left in peace until that one has ended or is forgotten.
    """
    newest = Payment.objects.filter(order=order_id).order_by("-id").first()
    if newest is not None and newest.status == Payment.Status.BEGUN:
        ends_at = newest.created_at + AT_THE_BANK
        if ends_at > timezone.now():
            outbox.enqueue("orders.ask_for_payment", order_id, due=ends_at, once=True)
            return
    _mail_once(order_id, "payment_asked", emails.payment, payments.is_payable)


def send_shipped(order_id: int) -> None:
    """Mail that it is on its way, once, and not when it has arrived."""
    _mail_once(order_id, "shipped_sent", emails.shipped, lambda order: order.status == Status.SHIPPED)


def send_cancelled(order_id: int) -> None:
    """Mail the cancellation and what becomes of the money, once."""
    _mail_once(order_id, "cancelled_sent", emails.cancelled)


def send_tracking(order_id: int) -> None:
    """Mail the order's link to the address it was placed with, as often as it is asked for."""
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


def _mail_once(
    order_id: int,
    kind: str,
    send: Callable[[Order], None],
    is_due: Callable[[Order], bool] = lambda order: True,
) -> None:
    """Send it unless the order's event of that kind says that it went; then write the event."""
    with _turn(order_id):
        order = _complete(order_id)
        if order is None or any(event.kind == kind for event in order.events.all()) or not is_due(order):
            return
        send(order)
        states.note_event(order, kind, note=order.email)


@contextmanager
def _turn(order_id: int) -> Iterator[None]:
    """One worker at a time mails about an order: two messages may ask for the same mail.

    No row is locked while the mail server is spoken to. Whoever dies gives the turn back with its connection.
    """
    key = [MAIL_LOCK, order_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        if not cursor.fetchone()[0]:
            raise MailUnderWay(order_id)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _complete(order_id: int) -> Order | None:
    events = Prefetch("events", OrderEvent.objects.order_by("id"))
    return Order.objects.filter(pk=order_id).prefetch_related("lines", "payments", events).first()
