"""Jobs that ask a gateway: what it knows, for money that was approved, and to send money back.

orders/jobs.py offers them under their names.
"""

import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

from django.utils import timezone

from orders import gateways, payments, reconciliation, refunds, strays
from orders.gateways.fake import gateway as fake
from orders.models import Payment, StrayMoney
from shop.outbox import outbox

logger = logging.getLogger(__name__)
RECONCILED_EVERY = 5  # minutes
NIGHT = time(3, 30)  # when little is sold


def at_night() -> datetime:
    """The next one."""
    now = timezone.localtime()
    night = now.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def reconcile() -> None:
    """A round of the relay: every few minutes the gateway is asked what it knows; a job does it."""
    now = timezone.now()
    minutes = RECONCILED_EVERY - now.minute % RECONCILED_EVERY
    due = now.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    outbox.enqueue("orders.compare_payments", queue="high", due=due, once=True)
    outbox.enqueue("orders.compare_refunds", due=at_night(), once=True)


def compare_payments() -> None:
    """Open payments as the gateway has them, those that nobody is to pay any more, and what is new there.

    A gateway that is away keeps no other one's from being looked at; then the job comes again.
    """
    reconciliation.send_waiting()
    reconciliation.forget_unheard()
    _each(
        lambda: list(reconciliation.compare_open()),
        lambda: list(reconciliation.end_unwanted()),
        *(partial(reconciliation.compare_recent, code) for code in gateways.heard()),
    )


def compare_refunds() -> None:
    """Each night: of what was sent back in the last weeks a bank may have said no, and nobody told us."""
    _each(*(partial(reconciliation.compare_refunds, code) for code in gateways.heard()))


def _each(*steps: Callable[[], object]) -> None:
    away: list[gateways.GatewayDown] = []
    for step in steps:
        try:
            step()
        except gateways.GatewayDown as error:
            away.append(error)
    if away:
        raise away[0]


def compare_payment(payment_id: int) -> None:
    """One of them: the buyer has come back, or the gateway says that money was sent back at its desk."""
    reconciliation.compare(Payment.objects.get(pk=payment_id))


def compare_stray(stray_id: int) -> None:
    """Money that no order knows: the gateway says that some of it went back."""
    strays.look(StrayMoney.objects.get(pk=stray_id))


def withdraw_payments(order_id: int) -> None:
    """What is open of an order that has ended: nobody is to pay it. Money that was faster is settled."""
    for payment in Payment.objects.filter(order=order_id, status__in=Payment.OPEN, reference__isnull=False):
        try:
            reconciliation.end(payment)
        except gateways.Refused:  # the others do not wait for it; it is tried again by itself
            logger.exception("Payment %s could not be withdrawn.", payment)
            outbox.enqueue("orders.withdraw_payment", payment.pk, queue="high", once=True)


def withdraw_payment(payment_id: int) -> None:
    """One that is open, and is not to be taken."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.status in Payment.OPEN and payment.reference:
        reconciliation.end(payment)


def capture_payment(payment_id: int) -> None:
    """Take the money that was approved."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.status == Payment.Status.AUTHORIZED and payment.reference:
        gateway = gateways.named(payment.gateway)
        result = gateway.capture(payment.reference, key=payment.idempotency_key)
        payments.settle(payments.word(payment, result))


def send_refund(refund_id: int) -> None:
    """Ask the gateway to send it back."""
    refunds.send(refund_id)


def settle_pending_fake(key: str) -> None:
    """The fake bank's later word: the transfer has arrived."""
    payment = Payment.objects.filter(idempotency_key=key, gateway="fake").first()
    if payment is not None and payment.reference is not None:
        payments.settle(payments.word(payment, fake.arrive(payment.reference)))
