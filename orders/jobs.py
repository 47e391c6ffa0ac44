"""What the outbox does for orders. Every job may run twice: the database says what has been done."""

import logging
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from orders import (
    credits,
    emails,
    invoices,
    marking,
    payments,
    popularity,
    queries,
    reservations,
    states,
    texts,
)
from orders.collecting import (  # noqa: F401 (by name)
    at_night,
    capture_payment,
    compare_payment,
    compare_payments,
    compare_refunds,
    compare_stray,
    reconcile,
    send_refund,
    settle_pending_fake,
    withdraw_payment,
    withdraw_payments,
)
from orders.feed.jobs import look_at_feed, replay_feed, send_feed, tidy_feed  # noqa: F401 (by name)
from orders.mailing import Later, complete, mail_once, repeatable
from orders.models import Invoice, Order, OrderEvent, Payment, Refund, Shipment
from orders.papers import filing
from shop.mail import Attachment
from shop.outbox import outbox

logger = logging.getLogger(__name__)
Status = Order.Status
INVOICE_SENT = "invoice_sent"
AT_THE_BANK = timedelta(minutes=10)  # an attempt may be open as long as this before it counts as left
EXPIRED_AT_ONCE = 500  # orders, in a round
ON_ITS_WAY = frozenset({Status.PART_SHIPPED, Status.SHIPPED})


def send_confirmation(order_id: int) -> None:
    """Mail the confirmation, once, with the invoice if it is paid by then; else the invoice when it is.

    If the invoice cannot be set just now, the mail waits and is tried again: nobody gets it without.
    """
    mail_once("orders.send_confirmation", order_id, "confirmation_sent", _confirm, papers=_papers)
    mail_once(
        "orders.send_confirmation", order_id, INVOICE_SENT, emails.invoice, _wants_invoice, papers=_papers
    )


def issue_waiting() -> None:
    """The invoices that waited for somebody to write who sells: all of them, each in its own transaction."""
    for order_id in invoices.waiting().values_list("pk", flat=True):
        credits.issue_waiting(order_id)


def render_invoice(order_id: int) -> None:
    """Make the PDF of each paper of the order that has none; who needs one before makes it on the spot."""
    for invoice in Invoice.objects.filter(order=order_id, file=None).order_by("pk"):
        filing.pdf(invoice)


def ask_for_payment(order_id: int) -> None:
    """Mail the link to pay, once, to whom it is of use: not if it was paid or cancelled meanwhile."""
    mail_once("orders.ask_for_payment", order_id, "payment_asked", emails.payment, _may_be_asked)


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


def plan_popularity() -> None:
    """A round of the relay: the sales are to be counted next night."""
    outbox.enqueue("orders.count_sales", queue="low", due=at_night(), once=True)


def count_sales() -> None:
    """What sells becomes popular. A second run changes nothing."""
    popularity.count_sales(timezone.now())


def send_shipped(order_id: int) -> None:
    """Mail of each parcel that it is on its way, once, and not when it has arrived."""
    for shipment in Shipment.objects.filter(order=order_id, is_told=True).order_by("number"):
        # The first one is called as it was when there was only one.
        kind = "shipped_sent" if shipment.number == 1 else f"shipped_sent:{shipment.number}"
        send = partial(emails.shipped, number=shipment.number)
        mail_once("orders.send_shipped", order_id, kind, send, lambda order: order.status in ON_ITS_WAY)


def send_again(event_id: int) -> None:
    """Mail once more what somebody on the desk wants to be sent again: that event says what."""
    wish = OrderEvent.objects.filter(pk=event_id).first()
    if wish is None:
        return
    name = wish.kind.partition(":")[2]
    send, kind = partial(_repeat, name=name, wish=event_id), f"again_sent:{event_id}"
    may_go = partial(_is_repeatable, name=name)
    mail_once("orders.send_again", wish.order_id, kind, send, may_go, job_id=event_id)


def send_refunded(refund_id: int) -> None:
    """Mail that money has been sent back, and what for, once, with the credit note if there is one."""
    refund = Refund.objects.select_related("payment", "credit_note").get(pk=refund_id)
    papers = [_paper(refund.credit_note)] if refund.credit_note else []
    send = partial(emails.refunded, refund=refund, papers=papers)
    kind = f"refunded_sent:{refund_id}"
    mail_once("orders.send_refunded", refund.payment.order_id, kind, send, job_id=refund_id)


def text_shipped(order_id: int) -> None:
    """Say by SMS that it is on its way, once."""
    _say_once("text", Status.SHIPPED, order_id)


def text_delivered(order_id: int) -> None:
    """Say by SMS that it is there, once."""
    _say_once("text", Status.DELIVERED, order_id)


def push_shipped(order_id: int) -> None:
    """Say by push that it is on its way, once."""
    _say_once("push", Status.SHIPPED, order_id)


def push_delivered(order_id: int) -> None:
    """Say by push that it is there, once."""
    _say_once("push", Status.DELIVERED, order_id)


def _say_once(way: str, status: str, order_id: int) -> None:
    send, job = partial(texts.send, status=status, way=way), texts.JOBS[way, status]
    mail_once(job, order_id, f"{status}_{way}", send, lambda order: order.status == status)


def send_cancelled(order_id: int) -> None:
    """Mail the cancellation and what becomes of the money, once."""
    mail_once("orders.send_cancelled", order_id, "cancelled_sent", emails.cancelled)


def send_sent_back(order_id: int) -> None:
    """Mail that money came too late, or twice, and goes back, once."""
    mail_once("orders.send_sent_back", order_id, "sent_back_sent", emails.sent_back)


def send_tracking(order_id: int) -> None:
    """Mail the order's link to the address it was placed with, as often as it is asked for."""
    if (order := complete(order_id)) is not None:
        emails.tracking(order)


def mark_customer(customer_id: int, at: float) -> None:
    """Mark who could not be marked when their order changed."""
    marking.repeat(customer_id, at)


def _confirm(order: Order, papers: list[Attachment]) -> str | None:
    emails.confirmation(order, papers)
    return INVOICE_SENT if papers else None


def _wants_invoice(order: Order) -> bool:
    """Once the confirmation is out: it may have had the invoice with it."""
    is_confirmed = any(event.kind == "confirmation_sent" for event in order.events.all())
    return is_confirmed and order.invoices.filter(kind=Invoice.Kind.INVOICE).exists()


def _repeat(order: Order, *, name: str, wish: int) -> None:
    what, _colon, number = name.partition(":")
    if what == "shipped":
        emails.shipped(order, number=int(number), again=wish)
    else:
        send = emails.invoice if what == "invoice" else emails.confirmation
        send(order, _papers(order), again=wish)


def _is_repeatable(order: Order, *, name: str) -> bool:
    return name in repeatable(order)


def _papers(order: Order) -> list[Attachment]:
    """Its invoice, if it has one by now: asked after the order was read, so that none is forgotten."""
    return [_paper(paper) for paper in order.invoices.filter(kind=Invoice.Kind.INVOICE)]


def _paper(paper: Invoice) -> Attachment:
    return Attachment(filing.filename(paper), filing.pdf(paper), "application/pdf")


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
