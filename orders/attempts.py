"""Attempts to pay an order: which one is meant, and whether there may be another. Each is one payment."""

import secrets
from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from orders import marking, states
from orders.models import Order, Payment

MOST_ATTEMPTS = 5  # an order: whoever tests stolen cards needs more
Status = Payment.Status
ENDED = frozenset({Status.DECLINED, Status.WITHDRAWN})  # without money: another attempt may follow


class NotPayable(Exception):
    """The order is paid, cancelled, expired, being paid, or was tried too often."""


def take(order: Order, gateway: str, choice: str, attempt: int | None) -> tuple[Payment, bool]:
    """The payment row of this attempt, and whether it is new: if the order may still be paid."""
    with transaction.atomic():
        held = states.lock(order.pk)
        payments = {_number(payment): payment for payment in held.payments.all()}
        if attempt in payments:
            return payments[attempt], False
        # By the database's clock, as the relay that lets it expire.
        is_over = Order.objects.filter(pk=held.pk, reserved_until__lte=Now()).exists()
        if is_over or not _is_payable(held, list(payments.values())):
            raise NotPayable(held.number)
        if (unanswered := payments.get(_next(list(payments.values())))) is not None:
            return unanswered, False
        # Numbers follow each other: a form cannot skip one to get a second payment beside an open first.
        number = len(payments) + 1
        marking.after_commit(held.customer_id)
        begun = Payment.objects.create(
            order=held,
            gateway=gateway,
            choice=choice,
            # By chance as well: the gateway remembers keys longer than a database that is set up anew.
            idempotency_key=f"{secrets.token_hex(6)}-order-{held.pk}-{number}",
            amount=held.total,
            currency=held.currency,
        )
        return begun, True


def _number(payment: Payment) -> int:
    return int(payment.idempotency_key.rpartition("-")[2])


def is_waiting(order: Order, payments: Iterable[Payment]) -> bool:
    """Whether it waits for a payment, and no money has come or is on its way."""
    # A surplus of an order that waits did not fit, and was sent back.
    is_open = all(payment.status in {*ENDED, Status.BEGUN, Status.SURPLUS} for payment in payments)
    return order.status == Order.Status.PLACED and is_open


def _is_payable(order: Order, payments: list[Payment]) -> bool:
    """An attempt without an answer may be repeated: for the gateway it is the same one."""
    return is_waiting(order, payments) and _next(payments) <= MOST_ATTEMPTS


def _next(payments: list[Payment]) -> int:
    unanswered = [_number(payment) for payment in payments if payment.status == Status.BEGUN]
    return unanswered[0] if unanswered else len(payments) + 1


def is_payable(order: Order) -> bool:
    """Whether the buyer may try (again): it waits for payment, and no money is on the way."""
    return _is_payable(order, list(order.payments.all()))


def next_attempt(order: Order) -> int:
    """What the form for the next attempt says."""
    return _next(list(order.payments.all()))
