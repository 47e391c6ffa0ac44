"""mail_once(): a mail about an order goes once, whoever else sends it at that moment. again(): once more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from orders import states
from orders.balance import GIVEN_UP
from orders.models import Invoice, MailClaim, Order, OrderEvent
from shop.mail import Attachment
from shop.outbox import outbox

AGAIN = "mail_again"  # the event of somebody who wants one to be sent again; after a colon which
PAUSE = timedelta(minutes=1)  # before the same mail is sent once more: a button is pressed twice


class Later(Exception):
    """Not now: another worker is mailing it, or the buyer is at the bank."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        super().__init__(at)


class TooSoon(Exception):
    """The same mail has been sent again just now."""


def repeatable(order: Order) -> list[str]:
    """The mails that can be sent again, of those that have gone: "confirmation", "invoice", "shipped:2"."""
    if order.status in GIVEN_UP:
        return []
    sent = {event.kind for event in order.events.all()}
    names = ["confirmation"] if "confirmation_sent" in sent else []
    if "invoice_sent" in sent and order.invoices.filter(kind=Invoice.Kind.INVOICE).exists():
        names.append("invoice")
    if order.status in {Order.Status.PART_SHIPPED, Order.Status.SHIPPED}:
        names += [f"shipped:{number}" for number in order.shipments.values_list("number", flat=True)]
    return names


def again(order: Order, name: str, *, actor_id: int | None = None) -> None:
    """Have that mail sent once more, by a job, to the order's address as it is then.

    TooSoon; ValueError for one that is not to be sent.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        if name not in repeatable(held):
            raise ValueError(f"{held.number}: no mail {name!r} can be sent again")
        kind = f"{AGAIN}:{name}"
        if held.events.filter(kind=kind, at__gt=timezone.now() - PAUSE).exists():
            raise TooSoon(held.number)
        wanted = states.note_event(held, kind, actor_id=actor_id)
        outbox.enqueue("orders.send_again", wanted.pk)


def mail_once(
    job: str,
    order_id: int,
    kind: str,
    send: Callable[..., str | None],
    is_due: Callable[[Order], bool] = lambda order: True,
    *,
    papers: Callable[[Order], list[Attachment]] | None = None,
    job_id: int | None = None,
) -> None:
    """Send it unless the order's event of that kind says that it went; then write the event.

    `send` is given the order, and the `papers` if some go with it; it may say what else has gone with it.
    job_id: what the job takes, if it is not the order's id.

    Two messages may ask for the same mail: whoever claims it sends it, the other one looks again when that
    claim ends. The mail server is spoken to outside of any transaction.

    A worker that dies after the server took the mail and before the event is written leaves nobody who knows:
    the mail goes again when the claim has ended, with the same Message-ID, by which most mail programs show
    it once. So it goes twice at most for each such death, and otherwise once. A worker that was only slow, or
    stopped for a while, finds before it sends that its claim is another one's by now, and leaves it to that.
    """
    try:
        with transaction.atomic():
            order = complete(order_id, is_locked=True)
            if order is None or any(event.kind == kind for event in order.events.all()) or not is_due(order):
                return
            claim = _claim(order, kind)
    except Later as later:
        outbox.enqueue(job, order_id if job_id is None else job_id, due=later.at, once=True)
        return
    try:
        sending = partial(send, order) if papers is None else partial(send, order, papers(order))
        if not _renewed(claim):
            return
        along = sending()
    except Exception:
        claim.delete()  # the next try need not wait
        raise
    with transaction.atomic():
        # The order before its claim, as whoever claims takes them: else each might wait for the other.
        states.lock(order.pk)
        claim.delete()
        written = set(OrderEvent.objects.filter(order=order).values_list("kind", flat=True))
        for sent in filter(None, (kind, along)):
            if sent not in written:
                states.note_event(order, sent, note=order.email)


def _claim(order: Order, kind: str) -> MailClaim:
    """The right to send this mail; Later if somebody else has it. Call it under the order's lock.

    A claim that has ended is replaced by another row, so that its late owner takes nobody's away.
    """
    MailClaim.objects.filter(order=order, kind=kind, until__lte=Now()).delete()
    claim, is_ours = MailClaim.objects.get_or_create(
        order=order,
        kind=kind,
        defaults={"until": _until()},
    )
    if not is_ours:
        raise Later(claim.until)
    return claim


def _renewed(claim: MailClaim) -> bool:
    """The claim begins anew, however long it took to get ready; False if another one has replaced it."""
    return bool(MailClaim.objects.filter(pk=claim.pk).update(until=_until()))


def _until() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def complete(order_id: int, *, is_locked: bool = False) -> Order | None:
    """The order with what its mails tell; None if it is gone."""
    events = Prefetch("events", OrderEvent.objects.order_by("id"))
    rows = Order.objects.select_for_update(of=("self",)) if is_locked else Order.objects.all()
    return rows.filter(pk=order_id).prefetch_related("lines", "payments", events).first()
