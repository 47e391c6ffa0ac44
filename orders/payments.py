"""Collecting an order's total: begin() asks the gateway, settle() takes its word, once.

The gateway is never called inside a transaction or under a lock. What it says arrives twice as often as not
(the return, the webhook, a retry), in any order: settle() locks the order and lets only the first word count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders import gateways, invoices, links, marking, states
from orders.models import Order, Payment
from shop import markets
from shop.money import Money
from shop.outbox import outbox

MOST_ATTEMPTS = 5  # an order: whoever tests stolen cards needs more
ASKED_AFTER = timedelta(minutes=1)  # a decline: most try again at once, and need no mail for it
Status = Payment.Status


class NotPayable(Exception):
    """The order is paid, cancelled, being paid, or was tried too often."""


@dataclass(frozen=True)
class PaymentEvent:
    """A gateway's word on one payment. `key` finds the payment before its reference has been written."""

    gateway: str
    reference: str
    status: str  # succeeded, declined, pending
    amount: Money
    key: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Begun:
    """Where an attempt stands, and where the buyer goes on if the gateway wants to see them."""

    payment: Payment
    redirect_url: str = ""


def begin(order: Order, choice: str, *, attempt: int | None = None) -> Begun:
    """Ask the gateway for the order's total. NotPayable; gateways.GatewayDown leaves the attempt open.

    attempt: 1 for the first, as the form that was sent says it. The same attempt sent twice is one payment,
    for the gateway as well; without it the next one is meant.
    """
    gateway = gateways.get()
    if choice not in {known.value for known in gateway.choices()}:
        raise ValueError(f"{gateway.code} knows no way to pay called {choice!r}")
    payment = _attempt(order, gateway.code, attempt)
    if payment.status not in {Status.BEGUN, Status.PENDING}:
        return Begun(payment)
    amount = Money(payment.amount, payment.currency)
    result = gateway.create(
        key=payment.idempotency_key,
        amount=amount,
        choice=choice,
        description=order.number,
        return_url=settings.SITE_URL + links.path(order, market=markets.get_or_default(order.market)),
    )
    settled = settle(
        PaymentEvent(
            gateway=gateway.code,
            reference=result.reference,
            status=result.status,
            amount=amount,
            key=payment.idempotency_key,
            reason=result.reason,
        )
    )
    return Begun(settled or payment, result.redirect_url)


def _attempt(order: Order, gateway: str, attempt: int | None) -> Payment:
    """The payment row of this attempt: the one that is there, or a new one if the order may still be paid."""
    with transaction.atomic():
        held = states.lock(order.pk)
        payments = {_number(payment): payment for payment in held.payments.all()}
        if attempt in payments:
            return payments[attempt]
        if not _is_payable(held, list(payments.values())):
            raise NotPayable(held.number)
        if (unanswered := payments.get(_next(list(payments.values())))) is not None:
            return unanswered
        # Numbers follow each other: a form cannot skip one to get a second payment beside an open first.
        number = len(payments) + 1
        marking.after_commit(held.customer_id)
        return Payment.objects.create(
            order=held,
            gateway=gateway,
            idempotency_key=f"order-{held.pk}-{number}",
            amount=held.total,
            currency=held.currency,
        )


def _number(payment: Payment) -> int:
    return int(payment.idempotency_key.rpartition("-")[2])


def _is_payable(order: Order, payments: list[Payment]) -> bool:
    """An attempt without an answer may be repeated: for the gateway it is the same one."""
    return (
        order.status == Order.Status.PLACED
        and all(payment.status in {Status.DECLINED, Status.BEGUN} for payment in payments)
        and _next(payments) <= MOST_ATTEMPTS
    )


def _next(payments: list[Payment]) -> int:
    unanswered = [_number(payment) for payment in payments if payment.status == Status.BEGUN]
    return unanswered[0] if unanswered else len(payments) + 1


def is_payable(order: Order) -> bool:
    """Whether the buyer may try (again): it waits for payment, and no money is on the way."""
    return _is_payable(order, list(order.payments.all()))


def next_attempt(order: Order) -> int:
    """What the form for the next attempt says."""
    return _next(list(order.payments.all()))


def settle(event: PaymentEvent) -> Payment | None:
    """Write down the gateway's word, and what follows from it, in one transaction; the payment as it now is.

    Idempotent by the gateway's reference. None if there is no such payment. A success whose amount or
    currency is not the order's is held as pending, never fulfilled.
    """
    with transaction.atomic():
        found = _find(event)
        if found is None:
            return None
        order = states.lock(found.order_id)
        payment = Payment.objects.select_for_update().get(pk=found.pk)
        if payment.reference is None:
            payment.reference = event.reference
        if payment.status == Status.SUCCEEDED:
            return payment
        WORDS[event.status](order, payment, event)
        return payment


def _find(event: PaymentEvent) -> Payment | None:
    mine = Payment.objects.filter(gateway=event.gateway)
    by_reference = mine.filter(reference=event.reference).first()
    if by_reference is not None or not event.key:
        return by_reference
    return mine.filter(idempotency_key=event.key, reference=None).first()


def _succeeded(order: Order, payment: Payment, event: PaymentEvent) -> None:
    if event.amount != order.money("total"):
        _hold(order, payment, f"{event.amount.amount} {event.amount.currency}")
        return
    payment.status, payment.settled_at, payment.reason = Status.SUCCEEDED, timezone.now(), ""
    try:
        with transaction.atomic():
            payment.save()
    except IntegrityError:
        # Another attempt has paid this order already: this money is to go back.
        payment.refresh_from_db()
        # The failed write took the reference along, and later words find the payment by nothing else.
        payment.reference = payment.reference or event.reference
        _hold(order, payment, "paid twice")
        return
    if not states.can_move(order, Order.Status.PAID):
        states.note_event(order, "payment_late", note=event.reference)
        return
    states.move(order, Order.Status.PAID)
    _confirm(order)
    # The last statement: whoever takes the next number waits until this transaction has ended.
    invoices.issue(order)


def _hold(order: Order, payment: Payment, reason: str) -> None:
    """Money that does not fit: a person looks at it."""
    if payment.reason == reason:
        return
    payment.status, payment.reason = Status.PENDING, reason
    payment.save()
    states.note_event(order, "payment_held", note=reason)


def _declined(order: Order, payment: Payment, event: PaymentEvent) -> None:
    if payment.status == Status.DECLINED:
        return
    payment.status, payment.settled_at, payment.reason = (
        Status.DECLINED,
        timezone.now(),
        event.reason[:200],
    )
    payment.save()
    states.note_event(order, "payment_declined", note=event.reason)
    # The page may be closed by now, and a guest has no other way back to it.
    outbox.enqueue("orders.ask_for_payment", order.pk, due_in=ASKED_AFTER)


def _pending(order: Order, payment: Payment, event: PaymentEvent) -> None:
    if payment.status != Status.BEGUN:
        return
    payment.status = Status.PENDING
    payment.save()
    states.note_event(order, "payment_pending", note=event.reason)
    _confirm(order)


WORDS: dict[str, Callable[[Order, Payment, PaymentEvent], None]] = {
    "succeeded": _succeeded,
    "declined": _declined,
    "pending": _pending,
}


def _confirm(order: Order) -> None:
    """Ask for the order's one mail, when its money is on the way and again when it is paid.

    Whichever is sent first is the only one (orders.jobs); it tells the payment as it stands by then.
    """
    outbox.enqueue("orders.send_confirmation", order.pk)
