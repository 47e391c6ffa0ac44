"""Whether the gateway and our rows say the same: what differs is settled, money that we do not know is told.

Webhooks get lost and processes die between the gateway's answer and our row. Within minutes every charge
belongs to one order or to one refund.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orders import gateways, payments, refunds, strays
from orders.gateways import GatewayResult, PaymentEvent, RefundEvent, RefundResult
from orders.models import Order, Payment, Refund
from shop.outbox import outbox

logger = logging.getLogger(__name__)
QUIET = timedelta(minutes=2)  # so long a webhook or the buyer's return may take
LOOK_BACK = timedelta(hours=1)
REFUNDS_LOOK_BACK = timedelta(days=30)  # so long a bank may take to say that it could not take one
FURTHEST = timedelta(days=7)  # for an attempt without an answer: nobody may have looked for days
NEVER_ASKED = timedelta(minutes=40)  # an attempt that the gateway does not know by then will not reach it
Status = Payment.Status
KNOWN = frozenset({Status.SUCCEEDED, Status.SURPLUS, Status.HELD})


@dataclass
class Findings:
    """What a comparison found: of how many payments, how many moved, and money that no row knows."""

    compared: int = 0
    moved: int = 0
    unknown: list[GatewayResult] = field(default_factory=list)


def open_payments() -> QuerySet[Payment]:
    """Of which the gateway should have said more by now."""
    silent = Payment.objects.filter(status__in=Payment.OPEN, created_at__lt=Now() - QUIET)
    return silent.order_by("created_at", "pk")


def compare(payment: Payment) -> bool:
    """Ask the gateway how it stands there, and what was sent back; whether our row moved. GatewayDown."""
    if payment.reference is None:
        return False
    gateway = gateways.named(payment.gateway)
    result = gateway.fetch(payment.reference)
    settled = payments.settle(payments.word(payment, result))
    for said in gateway.refunds(payment.reference):
        refunds.settle(payment, said)
    return settled is not None and settled.status != payment.status


def hear(event: PaymentEvent | RefundEvent) -> None:
    """A gateway's word, by webhook: it settles what it is about; money that no row knows is noted."""
    if isinstance(event, RefundEvent):
        return _hear_refund(event)
    # What is doubtful is another account's, or play money.
    if payments.settle(event) is None and not event.doubt:
        strays.note(event.gateway, event)


def _hear_refund(event: RefundEvent) -> None:
    """Of one that we have not asked for, or without the refund itself, a job looks there, soon.

    Its words come in any order: one that failed may be told as sent after that.
    """
    mine = Payment.objects.filter(gateway=event.gateway)
    payment = mine.filter(reference=event.of).first() or mine.filter(also_known_as=event.of).first()
    if payment is None and event.refund is not None and event.refund.key:
        ours = Refund.objects.filter(idempotency_key=event.refund.key).select_related("payment").first()
        payment = ours.payment if ours else None
    if payment is None:
        if (stray := strays.find(event.gateway, event.of)) is not None:
            outbox.enqueue("orders.compare_stray", stray.pk, queue="high", once=True)
    elif event.refund is not None and _is_known(payment, event.refund):
        refunds.settle(payment, event.refund)
    else:
        outbox.enqueue("orders.compare_payment", payment.pk, queue="high", once=True)


def compare_open() -> Iterator[bool]:
    """Each payment that is open for long; one that fails keeps no other from being looked at."""
    return _each(open_payments().filter(reference__isnull=False), compare)


def unwanted() -> QuerySet[Payment]:
    """What is open at a gateway for long, and nobody is to pay any more: its order has ended, or another has
    paid it, and whatever was to let go of it has failed."""
    has_ended = ~Q(order__status__in=(Order.Status.PLACED, Order.Status.AUTHORIZED))
    is_second = Q(order__status=Order.Status.AUTHORIZED) & (
        Q(status=Status.BEGUN) | Q(reason=payments.FOR_NOTHING)
    )
    can_end = Q(status__in=(Status.BEGUN, Status.AUTHORIZED), reference__isnull=False)
    return open_payments().filter(can_end, has_ended | is_second)


def end_unwanted() -> Iterator[bool]:
    """Each of them is let go, that no money comes of it: whether it moved."""
    return _each(unwanted(), end)


def end(payment: Payment) -> bool:
    """Nobody is to pay it any more; money that was faster is settled. GatewayDown; Refused."""
    assert payment.reference is not None
    result = gateways.named(payment.gateway).withdraw(payment.reference, key=payment.idempotency_key)
    settled = payments.settle(payments.word(payment, result))
    return settled is not None and settled.status != payment.status


def _is_known(payment: Payment, said: RefundResult) -> bool:
    ours = Q(idempotency_key=said.key) if said.key else Q(pk=None)
    return payment.refunds.filter(ours | Q(reference=said.reference)).exists()


def _each(found: QuerySet[Payment], do: Callable[[Payment], bool]) -> Iterator[bool]:
    """One that is refused keeps no other waiting, nor does a gateway that is away another one's."""
    away: dict[str, gateways.GatewayDown] = {}
    for payment in found.iterator():
        if payment.gateway in away:
            continue
        try:
            yield do(payment)
        except gateways.Refused:
            logger.exception("The gateway refuses payment %s.", payment)
            yield False
        except gateways.GatewayDown as error:
            away[payment.gateway] = error
    for is_away in away.values():
        raise is_away


def compare_recent(code: str, since: datetime | None = None) -> Findings:
    """What the gateway has begun since then, against our rows; it finds those whose answer was lost, too."""
    since = since or _unheard_since(code)
    found = Findings()
    for result in gateways.named(code).recent(since):
        found.compared += 1
        ours = _row(code, result)
        if ours is None:
            strays.note(code, result)
            if result.status in strays.MONEY and not result.is_foreign:
                found.unknown.append(result)
            continue
        if _disagree(ours, result):
            settled = payments.settle(payments.word(ours, result))
            found.moved += settled is not None and settled.status != ours.status
    _forget_unasked(code, since)
    return found


def compare_refunds(code: str) -> int:
    """What the gateway has sent back in the last weeks, against our rows; how many were another's word."""
    found = 0
    for event in gateways.named(code).refunded(timezone.now() - REFUNDS_LOOK_BACK):
        if event.refund is not None and not _is_written(event.refund):
            _hear_refund(event)
            found += 1
    return found


def _is_written(said: RefundResult) -> bool:
    told = {"succeeded": Refund.Status.SUCCEEDED, "failed": Refund.Status.FAILED}.get(said.status)
    return Refund.objects.filter(reference=said.reference, status=told or Refund.Status.BEGUN).exists()


def _unheard_since(code: str) -> datetime:
    """How far to look back: to the oldest attempt whose answer is missing, as nothing else would find it."""
    now = timezone.now()
    unheard = open_payments().filter(gateway=code, reference=None, created_at__gte=now - FURTHEST)
    oldest = unheard.values_list("created_at", flat=True).first()
    return min(now - LOOK_BACK, oldest - 2 * QUIET) if oldest else now - LOOK_BACK


def _row(code: str, result: GatewayResult) -> Payment | None:
    mine = Payment.objects.filter(gateway=code)
    by_reference = mine.filter(reference=result.reference).first()
    return by_reference or (mine.filter(idempotency_key=result.key).first() if result.key else None)


def _disagree(ours: Payment, result: GatewayResult) -> bool:
    if ours.reference is None:
        return True
    if result.status in strays.MONEY:
        return ours.status not in {*KNOWN, result.status}
    return ours.status in Payment.OPEN


def forget_unheard() -> None:
    """Attempts that ended before a gateway was asked which is not in use any more, or that needed none."""
    heard = gateways.heard()
    mine = open_payments().filter(reference=None, created_at__lt=Now() - NEVER_ASKED)
    _end_unasked(mine.exclude(gateway__in=heard))


def _forget_unasked(code: str, since: datetime) -> None:
    """Attempts that ended before the gateway was asked: it would have told of them above."""
    _end_unasked(
        open_payments().filter(
            gateway=code, reference=None, created_at__gte=since + QUIET, created_at__lt=Now() - NEVER_ASKED
        )
    )


def _end_unasked(unasked: QuerySet[Payment]) -> None:
    for payment in unasked:
        payments.settle(payments.word(payment, GatewayResult("", "withdrawn")))


def send_waiting() -> int:
    """Refunds whose job was given up, or whose bank takes its time, are asked for again; how many."""
    waiting = Refund.objects.filter(
        status=Refund.Status.BEGUN, payment__reference__isnull=False, created_at__lt=Now() - 5 * QUIET
    )
    ids = list(waiting.values_list("pk", flat=True)[:500])
    for refund_id in ids:
        outbox.enqueue("orders.send_refund", refund_id, queue="high", once=True)
    return len(ids)
