"""Attempts to pay an order: which one is meant, and whether there may be another. Each is one payment."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, Q, Subquery
from django.db.models.functions import Now

from orders import gateways, marking, states
from orders.drafts import FirstAttempt
from orders.models import Order, Payment
from shop import rows
from shop.money import Money
from shop.prepared import Param, Prepared, hold

MOST_ATTEMPTS = 5  # an order: whoever tests stolen cards needs more
Status = Payment.Status
ENDED = frozenset({Status.DECLINED, Status.WITHDRAWN})  # without money: another attempt may follow


_ORDER = Param("order", BigIntegerField())
_MADE = Prepared(lambda: Payment.objects.filter(order=_ORDER).order_by("pk"))
_LOCKED = Prepared(lambda: Payment.objects.select_for_update().filter(order=_ORDER).order_by("pk"))
_KNOWN = Prepared(
    lambda: (
        Order.objects.select_for_update()
        .filter(
            pk=Subquery(
                Payment.objects.filter(
                    Q(reference=Param("reference")) | Q(idempotency_key=Param("key")),
                    gateway=Param("gateway"),
                )
                .order_by("pk")
                .values("order")[:1]
            )
        )
        .order_by()
    )
)
_OVER = Prepared(lambda: Order.objects.filter(pk=_ORDER, reserved_until__lte=Now()).values_list("pk"))


Attempt = int | Payment | None  # its number; itself, if it was written with its order just now; the next one


class Taken(NamedTuple):
    """An attempt, and what may be done with it.

    is_other: another card has been given to it, and that one must have ended before this one is asked.
    is_out: that one is being confirmed just now, and nobody knows how it ends.
    """

    payment: Payment
    is_other: bool = False
    is_out: bool = False


class NotPayable(Exception):
    """The order is paid, cancelled, expired, being paid, or was tried too often."""


class BeingConfirmed(NotPayable):
    """A card is being confirmed for it at this moment: no other one is asked beside it."""


def first(total: Money, choice: str, token: str = "") -> FirstAttempt:
    """The attempt that an order of this total begins with; token: what the gateway's own fields gave."""
    if not total:
        return FirstAttempt(Payment.NOTHING, "", _chance())
    card = _digest(token)
    return FirstAttempt(gateways.get().code, choice, _chance(), card, _patience() if card else None)


def take(order: Order, gateway: str, choice: str, attempt: Attempt, token: str = "") -> Taken:
    """The payment row of this attempt, if the order may still be paid. One has one card: whoever has many
    needs as many attempts."""
    if isinstance(attempt, Payment):
        # Locked by nobody: another tab that has found it since asks by the same key, and an order that has
        # ended since sends back what comes, as it does of any attempt that is on its way.
        return Taken(attempt)
    with transaction.atomic():
        held = states.lock(order.pk)
        payments = _by_number(held)
        if attempt in payments and payments[attempt].status != Status.BEGUN:
            return Taken(payments[attempt])
        # By the database's clock, as the relay that lets it expire.
        if _OVER.rows(order=held.pk) or not _is_payable(held, list(payments.values())):
            raise NotPayable(held.number)
        # They follow each other: a form cannot skip one to get a second payment beside an open first.
        following, card = _next(list(payments.values())), _digest(token)
        if (unanswered := payments.get(attempt or following) or payments.get(following)) is not None:
            return _with_card(unanswered, card, choice)
        marking.after_commit(held.customer_id)
        begun = Payment(
            order=held,
            gateway=gateway,
            choice=choice,
            idempotency_key=f"{_chance()}-order-{held.pk}-{following}",
            confirmation=card,
            confirming_until=Now() + _patience() if card else None,
            amount=held.total,
            currency=held.currency,
        )
        rows.insert(begun)
        return Taken(begun)


def _with_card(unanswered: Payment, card: str, choice: str) -> Taken:
    """An attempt without an answer, sent once more: as it was, or with the card that it waited for."""
    if card == unanswered.confirmation or not (card or unanswered.confirmation):
        return Taken(unanswered)
    if unanswered.confirmation:
        if not card and choice == unanswered.choice:
            return Taken(unanswered)
        is_out = Payment.objects.filter(pk=unanswered.pk, confirming_until__gt=Now()).exists()
        return Taken(unanswered, is_other=bool(card), is_out=is_out)
    unanswered.confirmation, unanswered.confirming_until = card, Now() + _patience()
    unanswered.save(update_fields=["confirmation", "confirming_until"])
    return Taken(unanswered)


def _chance() -> str:
    """What a key begins with: the gateway remembers keys longer than a database that is set up anew."""
    return secrets.token_hex(6)


def _patience() -> timedelta:
    """How long a card may be on its way without a word: asking takes up to three calls of the gateway's."""
    return timedelta(seconds=3 * settings.PAYMENT_TIMEOUT_SECONDS)


def answered(payment: Payment) -> None:
    """The gateway has said how its card stands: another one may take its place."""
    Payment.objects.filter(pk=payment.pk, confirming_until__isnull=False).update(confirming_until=None)


def _by_number(order: Order) -> dict[int, Payment]:
    return {number(payment): payment for payment in _MADE.rows(order=order.pk)}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""


def number(payment: Payment) -> int:
    """Which attempt of its order it is, from 1."""
    return int(payment.idempotency_key.rpartition("-")[2])


def locked(gateway: str, reference: str, key: str) -> Payment | None:
    """The payment that a gateway knows by these; its order has all its payments, and all of it is locked."""
    order: Order | None = _KNOWN.first(gateway=gateway, reference=reference or None, key=key or None)
    if order is None:
        return None
    made: list[Payment] = _LOCKED.rows(order=order.pk)
    hold(order, "payments", made)
    for one in made:
        one.order = order
    return next(one for one in made if one.gateway == gateway and _is_called(one, reference, key))


def _is_called(payment: Payment, reference: str, key: str) -> bool:
    return bool(reference and payment.reference == reference) or bool(key and payment.idempotency_key == key)


def is_waiting(order: Order, payments: Iterable[Payment]) -> bool:
    """Whether it waits for a payment, and no money has come or is on its way."""
    # A surplus of an order that waits did not fit, and was sent back.
    is_open = all(payment.status in {*ENDED, Status.BEGUN, Status.SURPLUS} for payment in payments)
    return order.status == Order.Status.PLACED and is_open


def _is_payable(order: Order, payments: list[Payment]) -> bool:
    """An attempt without an answer may be repeated: for the gateway it is the same one."""
    return is_waiting(order, payments) and _next(payments) <= MOST_ATTEMPTS


def _next(payments: list[Payment]) -> int:
    unanswered = [number(payment) for payment in payments if payment.status == Status.BEGUN]
    return unanswered[0] if unanswered else len(payments) + 1


def is_payable(order: Order) -> bool:
    """Whether the buyer may try (again): it waits for payment, and no money is on the way."""
    return _is_payable(order, list(order.payments.all()))


def next_attempt(order: Order) -> int:
    """What the form for the next attempt says."""
    return _next(list(order.payments.all()))
