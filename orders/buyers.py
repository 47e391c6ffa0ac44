"""Who has bought here before: by account, and by the mailbox that an address names."""

from django.db.models import Q, QuerySet, Value

from orders.balance import GIVEN_UP
from orders.models import Order
from orders.models.order import Mailbox


def has_ordered(customer_id: int | None, email: str) -> bool:
    """Whether there is an order of theirs that counts; of whom nothing is known yet there is none."""
    return orders_of(customer_id, email).exists()


def orders_of(customer_id: int | None, email: str) -> QuerySet[Order]:
    """Theirs that count."""
    known = Q()
    if customer_id is not None:
        known |= Q(customer=customer_id)
    if email:
        known |= Q(mailbox=Mailbox(Value(email)))
    if not known:
        return Order.objects.none()
    found = Order.objects.alias(mailbox=Mailbox("email")).filter(known)
    return found.exclude(status__in=GIVEN_UP)
