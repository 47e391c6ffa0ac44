"""Orders that nobody paid in time: they expire, and their goods are everybody's again."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from orders import states
from orders.models import Order, OrderEvent, Payment

Status = Payment.Status
LET_GO = "held_too_long"  # the event of an order whose money is still held

# Money that is there: what becomes of the order is decided by settle().
_HAS_MONEY = Exists(
    Payment.objects.filter(order=OuterRef("pk"), status__in=(Status.SUCCEEDED, Status.AUTHORIZED))
)
_HELD = Payment.objects.filter(order=OuterRef("pk"), status=Status.HELD)


def over() -> QuerySet[Order]:
    """Unpaid orders whose time is over by the database's clock, also if their money is at the bank since.

    While a person is to decide about money that is held, there is more of it: HELD_DAYS since it was.
    """
    lately = Now() - timedelta(days=settings.HELD_DAYS)
    noted = OrderEvent.objects.filter(order=OuterRef("pk"), kind="payment_held", at__gt=lately)
    is_fresh = Exists(_HELD) & (Exists(noted) | Exists(_HELD.filter(created_at__gt=lately)))
    return Order.objects.filter(
        ~_HAS_MONEY,
        ~is_fresh,
        status=Order.Status.PLACED,
        reserved_until__lte=Now(),
    ).order_by("reserved_until")


def expire(order_id: int) -> bool:
    """Lets one expire, if it is still to; False if not, or if it is just being paid: the next round looks.

    Its stock is released in the same transaction, what is open at the gateway is ended by a job.
    """
    with transaction.atomic():
        held = Order.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=order_id).first()
        # Judged in a statement that begins when the lock is held: it sees what a settle() before it wrote.
        if held is None or not over().filter(pk=order_id).exists():
            return False
        states.move(held, Order.Status.EXPIRED)
        if held.payments.filter(status=Status.HELD).exists():  # it stays held, and may still be accepted
            states.note_event(held, LET_GO)
        return True


def expire_all(limit: int | None = None) -> Iterator[bool]:
    """Each that is over, the oldest first: whether it has expired now."""
    for order_id in list(over().values_list("pk", flat=True)[:limit]):
        yield expire(order_id)
