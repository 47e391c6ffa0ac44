"""Collecting an order's total: begin() asks the gateway, settle() takes its word, once.

The gateway is never called inside a transaction or under a lock. What it says arrives twice as often as not
(the return, the webhook, a retry), in any order: settle() locks the order and lets only the first word count.
Money that pays for nothing (too late, a second time) goes back by itself; money that does not fit is held.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.stock import OutOfStock
from orders import attempts, gateways, invoices, links, refunds, states
from orders.attempts import Attempt, BeingConfirmed, NotPayable, is_payable, next_attempt
from orders.gateways import GatewayResult, PaymentEvent
from orders.models import Order, Payment
from shop import markets, rows
from shop.outbox import outbox

__all__ = ["BeingConfirmed", "NotPayable", "PaymentEvent", "is_payable", "next_attempt"]
ASKED_AFTER = timedelta(minutes=1)  # a decline: most try again at once, and need no mail for it
Status = Payment.Status
SPENT = frozenset({Status.SUCCEEDED, Status.SURPLUS})  # nothing that is said later changes it
OVER = frozenset({Status.WITHDRAWN})  # what the gateway has ended is not opened or approved any more
FOR_NOTHING = "approved too late, or twice"  # the reason of an approval that is never to be taken


class Underway(Exception):
    """Money for the order has come, or is on its way: it cannot be taken back by whoever pays it."""


@dataclass(frozen=True)
class Begun:
    """Where an attempt stands, and where the buyer goes on if the gateway wants to see them."""

    payment: Payment
    redirect_url: str = ""


def begin(order: Order, choice: str, *, attempt: Attempt = None, token: str = "") -> Begun:
    """Ask the gateway for the order's total. NotPayable; gateways.GatewayDown leaves the attempt open.

    attempt: 1 for the first, as the form says it, or the payment that was written with the order; without it
    the next one. Sent twice it is one, for the gateway as well. token: what the gateway's own fields gave.
    BeingConfirmed, a NotPayable: another card is on its way, and is not known to have failed.
    """
    if not order.total:
        return Begun(_costs_nothing(order, attempt))
    gateway = gateways.get()
    if not gateway.knows(choice):
        raise ValueError(f"{gateway.code} knows no way to pay called {choice!r}")
    payment, is_other, is_out = attempts.take(order, gateway.code, choice, attempt, token)
    if payment.status != Status.BEGUN:
        return Begun(payment)
    if payment.gateway != gateway.code:  # begun before another one came into use: it ends there first
        gateway, is_other = gateways.named(payment.gateway), True
    way = payment.choice or choice
    try:
        result = gateway.create(
            key=payment.idempotency_key,
            amount=payment.money,
            choice=way,
            description=order.number,
            return_url=settings.SITE_URL
            + links.returning(order, market=markets.get_or_default(order.market)),
            token="" if is_other else token,
            email=order.email,
        )
        if is_out and result.status == "open":
            raise BeingConfirmed(order.number)
        is_left = not result.redirect_url and not token and way != choice
        if result.status == "open" and (is_other or is_left):
            # Left in the middle, and another way or card is wanted now: that one ends first, or both could
            # be paid.
            result = gateway.withdraw(result.reference, key=payment.idempotency_key)
    except gateways.Refused as refused:
        result = GatewayResult("", "declined", str(refused))
    settled = settle(word(payment, result)) or payment
    if token and not is_other:
        attempts.answered(payment)
    if (is_other or way != choice) and settled.status in attempts.ENDED:
        return begin(order, choice, token=token)
    return Begun(settled, result.redirect_url if settled.status == Status.BEGUN else "")


def _costs_nothing(order: Order, attempt: Attempt) -> Payment:
    """Paid as it stands: no gateway takes, or can be asked for, nothing."""
    payment = attempts.take(order, Payment.NOTHING, "", attempt).payment
    return settle(word(payment, GatewayResult("", "succeeded"))) or payment


def word(payment: Payment, result: GatewayResult) -> PaymentEvent:
    """What the gateway answered when it was asked about that payment."""
    return PaymentEvent(
        gateway=payment.gateway,
        reference=result.reference,
        status=result.status,
        amount=result.amount or payment.money,
        key=payment.idempotency_key,
        reason=result.reason,
        also_known_as=result.also_known_as,
    )


def settle(event: PaymentEvent) -> Payment | None:
    """Write down the gateway's word, and what follows from it, in one transaction; the payment as it now is.

    Idempotent by the gateway's reference. None if there is no such payment. A success whose amount or
    currency is not the order's, or of which there is doubt, is held and never fulfilled.
    """
    with transaction.atomic():
        payment = attempts.locked(event.gateway, event.reference, event.key)
        if payment is None:
            return None
        order, before = payment.order, payment.status
        is_over = payment.status in OVER and payment.reference is not None
        names = _names(payment, event)
        is_inside = _is_inside(payment, event)
        if not (
            payment.status in SPENT
            or (is_inside and event.status in {"declined", "open"})
            or (is_over and event.status != "succeeded")
        ):
            WORDS[event.status](order, payment, event)
        if names and payment.status == before:  # else become() has kept them
            payment.save(update_fields=names)
        return payment


def _names(payment: Payment, event: PaymentEvent) -> list[str]:
    """The gateway's names for it that the row did not have yet: it has them now, unsaved."""
    names = []
    if payment.reference is None and event.reference:
        payment.reference = event.reference
        names.append("reference")
    name = event.reference if _is_inside(payment, event) else event.also_known_as
    if name and name != payment.also_known_as:
        payment.also_known_as = name
        names.append("also_known_as")
    return names


def _is_inside(payment: Payment, event: PaymentEvent) -> bool:
    """What happens inside a page of the gateway's is told by another reference: there one may try again."""
    return payment.reference is not None and event.reference not in {"", payment.reference}


def _fits(order: Order, payment: Payment, event: PaymentEvent) -> bool:
    """Whether it is the order's money; else it is held, with what came, and a person looks: orders.held."""
    doubt = event.doubt or ("" if event.amount == order.money("total") else _amount(event))
    if doubt and (payment.status, payment.reason, payment.held_as) == (Status.HELD, doubt, event.status):
        return False
    held_as = event.status if doubt else ""
    if doubt or payment.held_as:
        payment.amount, payment.currency = event.amount.amount, event.amount.currency
        payment.held_as = held_as
        payment.save(update_fields=["amount", "currency", "held_as"])
    if doubt:
        become(payment, Status.HELD, doubt)
        states.note_event(order, "payment_held", note=doubt)
    return not doubt


def _amount(event: PaymentEvent) -> str:
    return f"{event.amount.amount} {event.amount.currency}"


def _succeeded(order: Order, payment: Payment, event: PaymentEvent) -> None:
    if not _fits(order, payment, event):
        return
    if any(one.status == Status.SUCCEEDED for one in order.payments.all()):
        return _send_back(order, payment, "paid twice")
    try:
        # Of an expired order this takes the stock once more: all of it, or nothing happens.
        move = states.move if order.status == Order.Status.EXPIRED else states.move_held
        paid = move(order, Order.Status.PAID)
    except (OutOfStock, states.WrongMove):
        return _send_back(order, payment, "paid too late")
    become(payment, Status.SUCCEEDED)
    confirm(order)
    # The last statement: whoever takes the next number waits until this transaction has ended.
    invoices.issue_held(paid)


def _send_back(order: Order, payment: Payment, reason: str) -> None:
    """Money that pays for nothing: it goes back, all of it, and its buyer is told."""
    become(payment, Status.SURPLUS, reason)
    states.note_event(
        order, "payment_late" if reason == "paid too late" else "payment_twice", note=str(payment)
    )
    # Somebody at the gateway's desk may have been faster.
    if rest := refunds.left_of(payment):
        refunds.begin(payment, rest, reason=reason)
    outbox.enqueue("orders.send_sent_back", order.pk)


def _authorized(order: Order, payment: Payment, event: PaymentEvent) -> None:
    # A part of it has been taken since, which is held: of the two words that one came first.
    is_taken = payment.status == Status.HELD and payment.held_as == "succeeded"
    if payment.status == Status.AUTHORIZED or not (is_taken or _fits(order, payment, event)):
        return
    is_wanted = states.can_move(order, Order.Status.AUTHORIZED)
    if not is_taken:
        become(payment, Status.AUTHORIZED, "" if is_wanted else FOR_NOTHING)
    if is_wanted:
        states.move(order, Order.Status.AUTHORIZED)
        confirm(order)
    elif not is_taken:  # too late, or a second one: nothing was taken, and nothing will be
        outbox.enqueue("orders.withdraw_payment", payment.pk, queue="high")


def _declined(order: Order, payment: Payment, event: PaymentEvent) -> None:
    # What was approved is told of by the word that takes it, or lets it go: a decline of before comes late.
    if payment.status in {Status.DECLINED, Status.HELD, Status.AUTHORIZED}:
        return
    become(payment, Status.DECLINED, event.reason)
    states.note_event(order, "payment_declined", note=event.reason)
    # The page may be closed by now, and a guest has no other way back to it.
    if order.status == Order.Status.PLACED:
        outbox.enqueue("orders.ask_for_payment", order.pk, due_in=ASKED_AFTER)


def _withdrawn(order: Order, payment: Payment, event: PaymentEvent) -> None:
    was_approved = payment.status == Status.AUTHORIZED and payment.reason != FOR_NOTHING
    is_held = payment.status == Status.HELD and payment.held_as == "authorized"
    if payment.status not in Payment.OPEN and not is_held:
        return
    has_lapsed = was_approved and order.status == Order.Status.AUTHORIZED
    become(payment, Status.WITHDRAWN, event.reason)
    states.note_event(order, "payment_withdrawn", note=event.reason)
    if has_lapsed:  # the bank does not hold the money any longer
        states.move(order, Order.Status.CANCELLED)


def _open(order: Order, payment: Payment, event: PaymentEvent) -> None:
    """The buyer has something to do there; not for an order that has ended meanwhile."""
    if payment.status == Status.BEGUN and order.status != Order.Status.PLACED:
        outbox.enqueue("orders.withdraw_payment", payment.pk, queue="high")


def _pending(order: Order, payment: Payment, event: PaymentEvent) -> None:
    if payment.status != Status.BEGUN:
        return
    become(payment, Status.PENDING)
    states.note_event(order, "payment_pending", note=event.reason)
    if order.status == Order.Status.PLACED:
        confirm(order)


WORDS: dict[str, Callable[[Order, Payment, PaymentEvent], None]] = {
    "succeeded": _succeeded,
    "authorized": _authorized,
    "declined": _declined,
    "withdrawn": _withdrawn,
    "pending": _pending,
    "open": _open,
}


def become(payment: Payment, status: Status, reason: str = "") -> None:
    """Its new status; call it under the order's lock."""
    payment.status, payment.reason = status, reason[:200]
    payment.settled_at = None if status in {*Payment.OPEN, Status.HELD} else timezone.now()
    rows.update(payment, ["status", "reason", "settled_at", "reference", "also_known_as"])


def capture(order: Order, *, actor_id: int | None = None) -> None:
    """The money that was approved is to be taken: a job asks for it. NotPayable if none was approved."""
    with transaction.atomic():
        held = states.lock(order.pk)
        approved = held.payments.filter(status=Status.AUTHORIZED).exclude(reason=FOR_NOTHING).first()
        if held.status != Order.Status.AUTHORIZED or approved is None:
            raise NotPayable(held.number)
        states.note_event(held, "capture_begun", note=str(approved.money), actor_id=actor_id)
        outbox.enqueue("orders.capture_payment", approved.pk, queue="high", once=True)


def withdraw(order: Order, *, actor_id: int | None = None) -> Order:
    """The buyer changes their mind before paying: the order is cancelled, and no mail says so.

    Its stock is free again, and what is open at the gateway is ended by a job; should money have been faster,
    it goes back. Underway if money has come, or is on its way.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        if not attempts.is_waiting(held, held.payments.all()):
            raise Underway(held.number)
        return states.move(held, Order.Status.CANCELLED, actor_id=actor_id, is_told=False)


def confirm(order: Order) -> None:
    """Ask for the order's one mail, when its money is on the way and again when it is paid.

    Whichever is sent first is the only one (orders.jobs); it tells the payment as it stands by then.
    """
    outbox.enqueue("orders.send_confirmation", order.pk)
