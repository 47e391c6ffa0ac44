"""Money that goes back: refund() decides under the order's lock, a job asks, settle() hears the gateway.

Never more than was paid: judged here, and by a trigger behind it. The row with its idempotency key is written
in the transaction that wants it, so that whoever dies where, the money goes back once.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders import credits, gateways, invoices, states
from orders.balance import came_by_hand, left, left_of, refunded
from orders.gateways import RefundResult
from orders.models import Order, OrderEvent, Payment, Refund
from shop.money import Money
from shop.outbox import outbox

__all__ = ["left", "left_of", "refunded"]
logger = logging.getLogger(__name__)
Status = Refund.Status


class MoreThanPaid(Exception):
    """More was to go back than is left of what was paid; `left` says how much that is."""

    def __init__(self, order: Order, left: Money) -> None:
        self.left = left
        super().__init__(f"{order.number}: {left.amount} {left.currency} is left")


class NotOpen(Exception):
    """It did not fail, or somebody has seen to it already."""


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

    lines, delivery: for what, as invoices.credit() takes it. Money that no gateway collected is sent by a
    person, who says so with sent_by_hand(). MoreThanPaid; ValueError for nothing or less.
    """
    if amount.amount <= 0:
        raise ValueError("a refund is more than nothing")
    with transaction.atomic():
        held = states.lock(order.pk)
        payment = _paying(held, amount)
        begun = begin(payment, amount, reason=reason, actor_id=actor_id, lines=lines, delivery=delivery)
        credits.cover(held, begun)
        return begun


def of_goods(
    order: Order,
    pieces: Mapping[int, int],
    *,
    delivery: bool = False,
    amount: Money | None = None,
    reason: str = "",
    actor_id: int | None = None,
) -> Refund | None:
    """Sends back what so many pieces of those lines cost, or less (amount); None if nothing is left of that.

    Pieces whose money has gone back already cost nothing. Call it last: it takes a number. MoreThanPaid.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        count = invoices.ledger(held)
        lines = count.creditable(pieces)
        goods, brought = count.worth(lines, delivery=delivery)
        whole = goods + brought
        if amount is not None and amount > whole:
            raise MoreThanPaid(held, whole)
        sent = whole if amount is None else amount
        if not sent:
            return None
        of_delivery = brought if brought else None
        return refund(held, sent, lines=lines, delivery=of_delivery, reason=reason, actor_id=actor_id)


def _paying(order: Order, amount: Money) -> Payment:
    """What paid it, locked, and has so much left; MoreThanPaid.

    Money that no gateway collected has a row from now on, as a refund is of one.
    """
    found = order.payments.select_for_update().filter(status=Payment.Status.SUCCEEDED).first()
    if found is None and came_by_hand(order):
        found = Payment.objects.create(
            order=order,
            gateway=Payment.BY_HAND,
            idempotency_key=f"by-hand-order-{order.pk}-{order.payments.count() + 1}",
            amount=order.total,
            currency=order.currency,
            status=Payment.Status.SUCCEEDED,
            settled_at=order.paid_at,
        )
    rest = left(order)
    if found is None or amount > rest:
        raise MoreThanPaid(order, rest)
    return found


def begin(
    payment: Payment,
    amount: Money,
    *,
    reason: str = "",
    actor_id: int | None = None,
    lines: Mapping[int, int] | None = None,
    delivery: Money | None = None,
) -> Refund:
    """The refund's row and the job that asks for it; call it under the order's lock."""
    pieces = {str(line): count for line, count in (lines or {}).items() if count}
    of_delivery = delivery.amount if delivery else None
    begun = _row(payment, amount, reason=reason, actor_id=actor_id, pieces=pieces, delivery=of_delivery)
    states.note_event(payment.order, "refund_begun", note=_note(begun), actor_id=actor_id)
    if payment.reference:
        outbox.enqueue("orders.send_refund", begun.pk, queue="high")
    return begun


def _row(payment: Payment, amount: Money, *, reason: str = "", **fields: Any) -> Refund:
    fields.setdefault("idempotency_key", f"{payment.idempotency_key}-back-{payment.refunds.count() + 1}")
    of = {"payment": payment, "amount": amount.amount, "currency": amount.currency}
    return Refund.objects.create(reason=reason[:200], **of, **fields)


def sent_by_hand(refund: Refund, *, actor_id: int | None = None) -> Refund:
    """Somebody has sent the money back, which no gateway can. NotOpen if it waits for none."""
    with transaction.atomic():
        order = states.lock(refund.payment.order_id)
        found = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund.pk)
        if found.status != Status.BEGUN or found.payment.reference:
            raise NotOpen(found)
        found.actor_id = actor_id
        _become(order, found, Status.SUCCEEDED, OrderEvent.REFUNDED)
        return found


def sent_elsewhere(order: Order, amount: Money, *, reason: str = "", actor_id: int | None = None) -> Refund:
    """Somebody has sent back what a gateway had collected, at its desk or by a transfer: nobody asks for it.

    With its credit note, like any other; if the gateway tells of it, that is this one. MoreThanPaid.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        found = _row(_paying(held, amount), amount, reason=reason, actor_id=actor_id)
        _become(held, found, Status.SUCCEEDED, OrderEvent.REFUNDED)
        credits.cover(held, found)
        return found


def try_again(refund: Refund, *, actor_id: int | None = None) -> Refund:
    """A refund that failed is asked for anew: the same money for the same things. NotOpen; MoreThanPaid."""
    with transaction.atomic():
        order, found, payment = _failed(refund)
        if found.money > left_of(payment):
            raise MoreThanPaid(order, left_of(payment))
        begun = begin(payment, found.money, reason=found.reason, actor_id=actor_id)
        # What it is for, and its credit note; not its key: to ask for the same one is to be refused again.
        begun.pieces, begun.delivery, begun.credit_note = found.pieces, found.delivery, found.credit_note
        begun.save(update_fields=["pieces", "delivery", "credit_note"])
        found.returns.update(refund=begun)
        _close(found)
        credits.cover(order, begun)
        return begun


def let_be(refund: Refund, *, actor_id: int | None = None) -> None:
    """A refund that failed is not sent by the gateway any more: it went another way. NotOpen.

    It counts as sent from now on, as its credit note says: else the next refund would go without one, and the
    money twice. One whose money has been sent by another since is just closed.
    """
    with transaction.atomic():
        order, found, payment = _failed(refund)
        if found.money <= left_of(payment):
            found.status, found.settled_at = Status.SUCCEEDED, timezone.now()
            found.save(update_fields=["status", "settled_at"])
            states.note_event(order, OrderEvent.REFUNDED, note=_note(found), actor_id=actor_id)
        _close(found)
        states.note_event(order, "refund_left", note=_note(found), actor_id=actor_id)


def _failed(refund: Refund) -> tuple[Order, Refund, Payment]:
    order = states.lock(refund.payment.order_id)
    found = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
    if found.status != Status.FAILED or found.closed_at is not None:
        raise NotOpen(found)
    payment = Payment.objects.select_for_update().get(pk=found.payment_id)
    payment.order = order
    return order, found, payment


def _close(refund: Refund) -> None:
    refund.closed_at = timezone.now()
    refund.save(update_fields=["closed_at"])


def send(refund_id: int) -> None:
    """Ask the gateway, outside any transaction; GatewayDown if there is no answer. May run twice."""
    found = Refund.objects.select_related("payment").get(pk=refund_id)
    payment = found.payment
    if found.status != Status.BEGUN or not payment.reference:
        return
    gateway = gateways.named(payment.gateway)
    if found.reference:  # it is there: one from its desk has no key of ours, and would be made once more
        for said in gateway.refunds(payment.reference):
            if said.reference == found.reference:
                settle(payment, said)
        return
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
        elif said.status == "failed" and found.status != Status.FAILED and found.closed_at is None:
            found.error = said.reason[:200]
            _become(order, found, Status.FAILED, "refund_failed")
        credits.cover(order, found)
        return found


def _find(payment: Payment, said: RefundResult) -> Refund | None:
    mine = payment.refunds.select_for_update()
    by_reference = mine.filter(reference=said.reference).first() if said.reference else None
    by_key = mine.filter(idempotency_key=said.key).first() if said.key else None
    return by_reference or by_key or (None if said.key else _told_before(mine, said))


def _told_before(mine: QuerySet[Refund], said: RefundResult) -> Refund | None:
    """Somebody said that as much was sent elsewhere, and now the gateway tells of it: the same money."""
    if said.status == "failed" or not said.reference:
        return None
    by_word = Q(reference=None) | Q(closed_at__isnull=False)
    found = mine.filter(by_word, status=Status.SUCCEEDED, amount=said.amount.amount).first()
    if found is not None:
        found.reference, found.closed_at = said.reference, None
        found.save(update_fields=["reference", "closed_at"])
    return found


def _from_outside(order: Order, payment: Payment, said: RefundResult) -> Refund | None:
    if said.status == "failed" or not said.reference:
        return None
    try:
        with transaction.atomic():
            key = f"{payment.gateway}-{said.reference}"[:80]
            return _row(payment, said.amount, idempotency_key=key, reference=said.reference)
    except IntegrityError:
        # One of ours over the same money is under way: the gateway refuses that, and tells of this one again.
        logger.exception("Payment %s: refund %s does not fit beside ours.", payment, said.reference)
        return None


def _become(order: Order, refund: Refund, status: Status, event: str) -> None:
    refund.status, refund.settled_at = status, timezone.now()
    refund.save(update_fields=["status", "settled_at", "error"])
    note = f"{_note(refund)}: {refund.error}" if refund.error else _note(refund)
    states.note_event(order, event, note=note, actor_id=refund.actor_id)
    # Money that came too late, or twice, has a mail of its own.
    if status == Status.SUCCEEDED and (
        refund.payment.status == Payment.Status.SUCCEEDED or refund.payment.held_as
    ):
        outbox.enqueue("orders.send_refunded", refund.pk)


def _note(refund: Refund) -> str:
    return f"{refund.money}, {refund.reason}" if refund.reason else str(refund.money)
