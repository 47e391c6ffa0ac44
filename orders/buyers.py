"""Who has bought here before: by account, and by the mailbox that an address names."""

from django.db.models import Q, QuerySet, Value

from orders.balance import GIVEN_UP
from orders.models import Order
from orders.models.order import Mailbox


def has_ordered(customer_id: int | None, *emails: str) -> bool:
    """Whether there is an order of theirs that counts; of whom nothing is known yet there is none."""
    return orders_of(customer_id, *emails).exists()


def orders_of(customer_id: int | None, *emails: str) -> QuerySet[Order]:
    """Theirs that count."""
    known = Q()
    if customer_id is not None:
        known |= Q(customer=customer_id)
    for email in filter(None, emails):
        known |= Q(mailbox=Mailbox(Value(email)))
    if not known:
        return Order.objects.none()
    found = Order.objects.alias(mailbox=Mailbox("email")).filter(known)
    return found.exclude(status__in=GIVEN_UP)
