"""Money that goes back: refund() decides under the order's lock, a job asks, settle() hears the gateway.

Never more than was paid: judged here, and by a trigger behind it. The row with its idempotency key is written
in the transaction that wants it, so that whoever dies where, the money goes back once.
"""

import logging
from collections.abc import Mapping
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from orders import gateways, invoices, states
from orders.gateways import RefundResult
from orders.models import Order, OrderEvent, Payment, Refund
from shop.money import Money
from shop.outbox import outbox

logger = logging.getLogger(__name__)
Status = Refund.Status


class MoreThanPaid(Exception):
    """More was to go back than is left of what was paid; `left` says how much that is."""

    def __init__(self, order: Order, left: Money) -> None:
        self.left = left
        super().__init__(f"{order.number}: {left.amount} {left.currency} is left")


def refund(
    order: Order,
    amount: Money,
    *,
    lines: Mapping[int, int] | None = None,
    delivery: Money | None = None,
    reason: str = "",
    actor_id: int | None = None,
) -> Refund:
    """Sends a part or all of what was paid back, with its credit note.

    lines, delivery: for what, as invoices.credit() takes it. MoreThanPaid; ValueError for nothing or less.
    """
    if amount.amount <= 0:
        raise ValueError("a refund is more than nothing")
    with transaction.atomic():
        held = states.lock(order.pk)
        payment = held.payments.select_for_update().filter(status=Payment.Status.SUCCEEDED).first()
        rest = left(held)
        if payment is None or payment.reference is None or amount > rest:
            raise MoreThanPaid(held, rest)
        begun = begin(payment, amount, reason=reason, actor_id=actor_id)
        _credit(held, reason, lines, delivery)
        return begun


def _credit(
    order: Order,
    reason: str,
    lines: Mapping[int, int] | None = None,
    delivery: Money | None = None,
) -> None:
    """The credit note over what has gone back and has none: a refund that fails, and is made again, gets no
    second one. Last in its transaction, as it takes a number."""
    credited, rest = invoices.balance(order)
    missing = refunded(order) - credited
    if missing.amount > 0 and rest >= missing:
        invoices.credit(order, amount=missing, lines=lines, delivery=delivery, reason=reason)


def begin(payment: Payment, amount: Money, *, reason: str = "", actor_id: int | None = None) -> Refund:
    """The refund's row and the job that asks for it; call it under the order's lock."""
    number = payment.refunds.count() + 1
    begun = Refund.objects.create(
        payment=payment,
        amount=amount.amount,
        currency=amount.currency,
        reason=reason[:200],
        actor_id=actor_id,
        idempotency_key=f"{payment.idempotency_key}-back-{number}",
    )
    states.note_event(payment.order, "refund_begun", note=_note(begun), actor_id=actor_id)
    outbox.enqueue("orders.send_refund", begun.pk, queue="high")
    return begun


def refunded(order: Order) -> Money:
    """What went back, or is on its way, of what paid the order."""
    paid = order.payments.filter(status=Payment.Status.SUCCEEDED).first()
    return paid.money - left_of(paid) if paid else Money.zero(order.currency)


def left(order: Order) -> Money:
    """What was paid for the order and has not gone back; money that came for nothing goes back by itself."""
    paid = order.payments.filter(status=Payment.Status.SUCCEEDED).first()
    return left_of(paid) if paid else Money.zero(order.currency)


def left_of(payment: Payment) -> Money:
    """What has not gone back of this one, nor is on its way."""
    sent = payment.refunds.exclude(status=Status.FAILED).aggregate(sum=Sum("amount"))["sum"]
    return payment.money - Money(sent or Decimal(0), payment.currency)


def send(refund_id: int) -> None:
    """Ask the gateway, outside any transaction; GatewayDown if there is no answer. May run twice."""
    found = Refund.objects.select_related("payment").get(pk=refund_id)
    payment = found.payment
    if found.status != Status.BEGUN or not payment.reference:
        return
    gateway = gateways.named(payment.gateway)
    try:
        said = gateway.refund(payment.reference, key=found.idempotency_key, amount=found.money)
    except gateways.Refused as refused:
        said = RefundResult("", "failed", found.money, str(refused), found.idempotency_key)
    settle(payment, said)


def settle(payment: Payment, said: RefundResult) -> Refund | None:
    """Write down the gateway's word on a refund of that payment; one made at its desk gets its row."""
    with transaction.atomic():
        order = states.lock(payment.order_id)
        found = _find(payment, said) or _from_outside(order, payment, said)
        if found is None:
            return None
        if said.reference and found.reference is None:
            found.reference = said.reference
            found.save(update_fields=["reference"])
        # A bank may send it back even after it was sent; what failed is not tried again by itself.
        if said.status == "succeeded" and found.status == Status.BEGUN:
            _become(order, found, Status.SUCCEEDED, OrderEvent.REFUNDED)
        elif said.status == "failed" and found.status != Status.FAILED:
            found.error = said.reason[:200]
            _become(order, found, Status.FAILED, "refund_failed")
        _credit(order, found.reason)
        return found


def _find(payment: Payment, said: RefundResult) -> Refund | None:
    mine = payment.refunds.select_for_update()
    by_reference = mine.filter(reference=said.reference).first() if said.reference else None
    return by_reference or (mine.filter(idempotency_key=said.key).first() if said.key else None)


def _from_outside(order: Order, payment: Payment, said: RefundResult) -> Refund | None:
    if said.status == "failed" or not said.reference:
        return None
    try:
        with transaction.atomic():
            return Refund.objects.create(
                payment=payment,
                amount=said.amount.amount,
                currency=said.amount.currency,
                idempotency_key=f"{payment.gateway}-{said.reference}"[:80],
                reference=said.reference,
            )
    except IntegrityError:
        # One of ours over the same money is under way: the gateway refuses that, and tells of this one again.
        logger.exception("Payment %s: refund %s does not fit beside ours.", payment, said.reference)
        return None


def _become(order: Order, refund: Refund, status: Status, event: str) -> None:
    refund.status, refund.settled_at = status, timezone.now()
    refund.save(update_fields=["status", "settled_at", "error"])
    note = f"{_note(refund)}: {refund.error}" if refund.error else _note(refund)
    states.note_event(order, event, note=note, actor_id=refund.actor_id)


def _note(refund: Refund) -> str:
    return f"{refund.money}, {refund.reason}" if refund.reason else str(refund.money)
