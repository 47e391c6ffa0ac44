"""Orders that nobody paid in time: they expire, and their goods are everybody's again."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from orders import states
from orders.models import Order, Payment

# Money that is there: what becomes of the order is decided by settle(), or by a person.
_HAS_MONEY = Exists(
    Payment.objects.filter(
        order=OuterRef("pk"),
        status__in=(Payment.Status.SUCCEEDED, Payment.Status.AUTHORIZED, Payment.Status.HELD),
    )
)


def over() -> QuerySet[Order]:
    """Unpaid orders whose time is over by the database's clock, also if their money is at the bank since."""
    return Order.objects.filter(~_HAS_MONEY, status=Order.Status.PLACED, reserved_until__lte=Now()).order_by(
        "reserved_until"
    )


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
        return True


def expire_all(limit: int | None = None) -> Iterator[bool]:
    """Each that is over, the oldest first: whether it has expired now."""
    for order_id in list(over().values_list("pk", flat=True)[:limit]):
        yield expire(order_id)
