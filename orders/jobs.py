"""What the outbox does for orders. Every job may run twice: the database says what has been done."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.db.models.functions import Now
from django.utils import timezone

from orders import (
    emails,
    gateways,
    marking,
    payments,
    popularity,
    queries,
    reconciliation,
    refunds,
    reservations,
    states,
    texts,
)
from orders.feed.jobs import look_at_feed, replay_feed, send_feed, tidy_feed  # noqa: F401 (by name)
from orders.gateways.fake import gateway as fake
from orders.models import Invoice, MailClaim, Order, OrderEvent, Payment
from orders.papers import filing
from shop.mail import Attachment
from shop.outbox import outbox

Status = Order.Status
INVOICE_SENT = "invoice_sent"
NIGHT = time(3, 30)  # when the sales are counted
AT_THE_BANK = timedelta(minutes=10)  # an attempt may be open as long as this before it counts as left
EXPIRED_AT_ONCE = 500  # orders, in a round
RECONCILED_EVERY = 5  # minutes


class Later(Exception):
    """Not now: another worker is mailing it, or the buyer is at the bank."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        super().__init__(at)


def send_confirmation(order_id: int) -> None:
    """Mail the confirmation, once, with the invoice if it is paid by then; else the invoice when it is.

    If the invoice cannot be set just now, the mail waits and is tried again: nobody gets it without.
    """
    _mail_once("orders.send_confirmation", order_id, "confirmation_sent", _confirm)
    _mail_once("orders.send_confirmation", order_id, INVOICE_SENT, _send_invoice, _wants_invoice)


def render_invoice(order_id: int) -> None:
    """Make the PDF of each paper of the order that has none; who needs one before makes it on the spot."""
    for invoice in Invoice.objects.filter(order=order_id, file=None).order_by("pk"):
        filing.pdf(invoice)


def ask_for_payment(order_id: int) -> None:
    """Mail the link to pay, once, to whom it is of use: not if it was paid or cancelled meanwhile."""
    _mail_once("orders.ask_for_payment", order_id, "payment_asked", emails.payment, _may_be_asked)


def ask_the_silent() -> None:
    """A round of the relay: who ordered a while ago, and no word of a payment has come, is asked.

    Left at the bank, or our process ended between order and payment. The event says that it was seen to.
    """
    for order_id in queries.unheard_of().values_list("pk", flat=True)[:100]:
        with transaction.atomic():
            order = states.lock(order_id)
            if queries.unheard_of().filter(pk=order_id).exists():
                states.note_event(order, "payment_missing")
                outbox.enqueue("orders.ask_for_payment", order_id)


def expire_unpaid() -> None:
    """A round of the relay: what was not paid in time is everybody's again; some of them, if many."""
    for _has_expired in reservations.expire_all(EXPIRED_AT_ONCE):
        pass


def reconcile() -> None:
    """A round of the relay: every few minutes the gateway is asked what it knows; a job does it."""
    now = timezone.now()
    minutes = RECONCILED_EVERY - now.minute % RECONCILED_EVERY
    due = now.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    outbox.enqueue("orders.compare_payments", queue="high", due=due, once=True)


def compare_payments() -> None:
    """Open payments as the gateway has them, and what it has begun of late against our rows."""
    for _has_moved in reconciliation.compare_open():
        pass
    reconciliation.compare_recent(settings.PAYMENT_GATEWAY)
    reconciliation.send_waiting()


def compare_payment(payment_id: int) -> None:
    """One of them: the buyer has come back, or the gateway says that money was sent back at its desk."""
    reconciliation.compare(Payment.objects.get(pk=payment_id))


def withdraw_payments(order_id: int) -> None:
    """What is open of an order that has ended: nobody is to pay it. Money that was faster is settled."""
    for payment in Payment.objects.filter(order=order_id, status__in=Payment.OPEN, reference__isnull=False):
        assert payment.reference is not None
        gateway = gateways.named(payment.gateway)
        result = gateway.withdraw(payment.reference, key=payment.idempotency_key)
        payments.settle(payments.word(payment, result))


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


def plan_popularity() -> None:
    """A round of the relay: the sales are to be counted next night."""
    now = timezone.localtime()
    night = now.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    due = night if night > now else night + timedelta(days=1)
    outbox.enqueue("orders.count_sales", queue="low", due=due, once=True)


def count_sales() -> None:
    """What sells becomes popular. A second run changes nothing."""
    popularity.count_sales(timezone.now())


def send_shipped(order_id: int) -> None:
    """Mail that it is on its way, once, and not when it has arrived."""
    _mail_once(
        "orders.send_shipped",
        order_id,
        "shipped_sent",
        emails.shipped,
        lambda order: order.status == Status.SHIPPED,
    )


def text_shipped(order_id: int) -> None:
    """Say by SMS that it is on its way, once."""
    _text_once(Status.SHIPPED, order_id)


def text_delivered(order_id: int) -> None:
    """Say by SMS that it is there, once."""
    _text_once(Status.DELIVERED, order_id)


def _text_once(status: str, order_id: int) -> None:
    def say(order: Order) -> None:
        texts.send(order, status)

    _mail_once(texts.JOBS[status], order_id, f"{status}_text", say, lambda order: order.status == status)


def send_cancelled(order_id: int) -> None:
    """Mail the cancellation and what becomes of the money, once."""
    _mail_once("orders.send_cancelled", order_id, "cancelled_sent", emails.cancelled)


def send_sent_back(order_id: int) -> None:
    """Mail that money came too late, or twice, and goes back, once."""
    _mail_once("orders.send_sent_back", order_id, "sent_back_sent", emails.sent_back)


def send_tracking(order_id: int) -> None:
    """Mail the order's link to the address it was placed with, as often as it is asked for."""
    order = _complete(order_id)
    if order is not None:
        emails.tracking(order)


def mark_customer(customer_id: int, at: float) -> None:
    """Mark who could not be marked when their order changed."""
    marking.repeat(customer_id, at)


def settle_pending_fake(key: str) -> None:
    """The fake bank's later word: the transfer has arrived."""
    payment = Payment.objects.filter(idempotency_key=key, gateway="fake").first()
    if payment is not None and payment.reference is not None:
        payments.settle(payments.word(payment, fake.arrive(payment.reference)))


def _mail_once(
    job: str,
    order_id: int,
    kind: str,
    send: Callable[[Order], str | None],
    is_due: Callable[[Order], bool] = lambda order: True,
) -> None:
    """Send it unless the order's event of that kind says that it went; then write the event.

    `send` may say what else has been sent with it.

    Two messages may ask for the same mail: whoever claims it sends it, the other one looks again when that
    claim ends. The mail server is spoken to outside of any transaction.

    A worker that dies after the server took the mail and before the event is written leaves nobody who knows:
    the mail goes again when the claim has ended, with the same Message-ID, by which most mail programs show
    it once. So it goes twice at most for each such death, and otherwise once.
    """
    try:
        with transaction.atomic():
            order = _complete(order_id, is_locked=True)
            if order is None or any(event.kind == kind for event in order.events.all()) or not is_due(order):
                return
            claim = _claim(order, kind)
    except Later as later:
        outbox.enqueue(job, order_id, due=later.at, once=True)
        return
    try:
        along = send(order)
    except Exception:
        claim.delete()  # the next try need not wait
        raise
    with transaction.atomic():
        claim.delete()
        for sent in filter(None, (kind, along)):
            states.note_event(order, sent, note=order.email)


def _confirm(order: Order) -> str | None:
    papers = _papers(order)
    emails.confirmation(order, papers)
    return INVOICE_SENT if papers else None


def _send_invoice(order: Order) -> None:
    emails.invoice(order, _papers(order))


def _wants_invoice(order: Order) -> bool:
    """Once the confirmation is out: it may have had the invoice with it."""
    is_confirmed = any(event.kind == "confirmation_sent" for event in order.events.all())
    return is_confirmed and order.invoices.filter(kind=Invoice.Kind.INVOICE).exists()


def _papers(order: Order) -> list[Attachment]:
    """Its invoice, if it has one by now: asked after the order was read, so that none is forgotten."""
    found = order.invoices.filter(kind=Invoice.Kind.INVOICE)
    return [Attachment(filing.filename(paper), filing.pdf(paper), "application/pdf") for paper in found]


def _claim(order: Order, kind: str) -> MailClaim:
    """The right to send this mail; Later if somebody else has it. Call it under the order's lock.

    A claim that has ended is replaced by another row, so that its late owner takes nobody's away.
    """
    MailClaim.objects.filter(order=order, kind=kind, until__lte=Now()).delete()
    claim, is_ours = MailClaim.objects.get_or_create(
        order=order,
        kind=kind,
        defaults={"until": Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)},
    )
    if not is_ours:
        raise Later(claim.until)
    return claim


def _may_be_asked(order: Order) -> bool:
    """Whether the page would take the money; Later while the newest attempt is open and may yet be answered.

    Who has just begun another attempt is left in peace until that one has ended or is forgotten.
    """
    newest = max(order.payments.all(), key=lambda payment: payment.pk, default=None)
    if newest is not None and newest.status == Payment.Status.BEGUN:
        ends_at = newest.created_at + AT_THE_BANK
        if ends_at > timezone.now():
            raise Later(ends_at)
    return payments.is_payable(order)


def _complete(order_id: int, *, is_locked: bool = False) -> Order | None:
    events = Prefetch("events", OrderEvent.objects.order_by("id"))
    rows = Order.objects.select_for_update(of=("self",)) if is_locked else Order.objects.all()
    return rows.filter(pk=order_id).prefetch_related("lines", "payments", events).first()
