"""Money of cancelled orders: the desk offers to send it back, and asks until it went."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import balance, refunds, shipments, states
from orders.models import Order, OrderEvent, Payment, Refund
from shop.money import Money

_PAID = Exists(Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED))
_DONE = Exists(OrderEvent.objects.filter(order=OuterRef("pk"), kind=OrderEvent.REFUNDED))
# Refunds that did not fail, of what paid the order: all of it, or a part.
_SENT = Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED).annotate(
    sent=Coalesce(Sum("refunds__amount", filter=~Q(refunds__status=Refund.Status.FAILED)), Decimal(0))
)
_ALL, _PART = Exists(_SENT.filter(sent=F("amount"))), Exists(_SENT.filter(sent__gt=0, sent__lt=F("amount")))
_RETURNED_BY_HAND = Q(status=Order.Status.CANCELLED, paid_at__isnull=False) & ~_PAID & _DONE
_REFUNDED = Exists(_SENT.filter(sent__gt=0, sent=F("amount"))) | _RETURNED_BY_HAND
# What had come beyond the total does not count.
_IN_PART = Exists(_SENT.filter(sent__lt=F("amount"), sent__gt=F("amount") - OuterRef("total")))
# Few orders have refunds: they are found by those, and not by looking at each.
_TOUCHED = Refund.objects.exclude(status=Refund.Status.FAILED).filter(
    payment__status=Payment.Status.SUCCEEDED
)
_HAS_REFUND = Q(pk__in=_TOUCHED.values("payment__order"))
OWED = Q(status=Order.Status.CANCELLED) & (Q(paid_at__isnull=False) | _PAID) & ~_ALL & (~_DONE | _PART)

HELD = Exists(Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.HELD))
# Refunds that wait for somebody: one failed, or no gateway can send it.
_STUCK = Q(status=Refund.Status.FAILED, closed_at=None) | Q(
    status=Refund.Status.BEGUN, payment__gateway=Payment.BY_HAND
)
STUCK = Exists(Refund.objects.filter(_STUCK, payment__order=OuterRef("pk")))
TO_SHIP = Q(status__in=shipments.TO_SHIP)


def unrefunded(order: Order) -> str:
    """What has to be sent back by hand if this order is or gets cancelled; "" if there is nothing."""
    sent, rest = refunds.refunded(order), refunds.left(order)
    if any(event.kind == OrderEvent.REFUNDED for event in order.events.all()) and not (sent and rest):
        return ""
    held = [payment for payment in order.payments.all() if payment.status == Payment.Status.SUCCEEDED]
    if not held and order.paid_at is None:
        return ""
    if sent and not rest:  # on its way
        return ""
    reference = next((payment.reference for payment in held if payment.reference), "")
    values = {"amount": rest or order.money("total"), "number": order.number, "reference": reference}
    if reference:
        text = _(
            "%(number)s: %(amount)s was paid and is not refunded automatically. Press “Send the money back”"
            " on the order’s page, or send it back at your payment provider (reference %(reference)s) and"
            " press “Mark as refunded”."
        )
    else:
        text = _(
            "%(number)s: %(amount)s was paid and is not refunded automatically. Send it back the way it"
            " came, then press “Mark as refunded” on the order’s page."
        )
    return text % values


def is_owed(order: Order) -> bool:
    """Whether money of this order waits to be sent back."""
    return order.status == Order.Status.CANCELLED and bool(unrefunded(order))


# What becomes of money that is not there yet, or not the order's, if the order is or gets cancelled.
_UNDECIDED: dict[str, Any] = {
    Payment.Status.PENDING: gettext_lazy(
        "%(number)s: a payment of %(amount)s is on its way. Should it arrive, all of it goes back by itself."
    ),
    Payment.Status.AUTHORIZED: gettext_lazy(
        "%(number)s: %(amount)s was approved and not taken. The approval ends by itself."
    ),
    Payment.Status.HELD: gettext_lazy(
        "%(number)s: %(amount)s is held back. What becomes of it is decided on the order’s page."
    ),
}


def undecided(order: Order) -> list[str]:
    """What is to be known, before it is cancelled, of money beside that which paid it."""
    return [
        _UNDECIDED[payment.status] % {"number": order.number, "amount": payment.money}
        for payment in order.payments.all()
        if payment.status in _UNDECIDED
    ]


def refundable(order: Order) -> Money | None:
    """What the gateway can send back of this order if it is or gets cancelled; None if there is nothing."""
    has_reference = any(
        payment.status == Payment.Status.SUCCEEDED and payment.reference for payment in order.payments.all()
    )
    return (refunds.left(order) or None) if has_reference and unrefunded(order) else None


def send_back(order: Order, *, actor_id: int | None) -> Money | None:
    """All that is left of a cancelled order's money, by the gateway; None if somebody was faster."""
    with transaction.atomic():
        held = states.lock(order.pk)
        rest = refundable(held) if held.status == Order.Status.CANCELLED else None
        if rest is not None:
            refunds.refund(held, rest, reason="cancelled", actor_id=actor_id)
        return rest


def mark_refunded(order: Order, *, actor_id: int | None) -> bool:
    """Somebody says that the money went back; False if none is owed, so that a second press notes nothing."""
    with transaction.atomic():
        held = states.lock(order.pk)
        if not is_owed(held):
            return False
        rest, paying = refunds.left(held), balance.paying(held)
        if paying is not None and paying.gateway == Payment.BY_HAND:  # the rest of what went back before
            begun = refunds.refund(held, rest, reason="cancelled", actor_id=actor_id)
            refunds.sent_by_hand(begun, actor_id=actor_id)
        elif paying is not None:
            refunds.sent_elsewhere(held, rest, reason="cancelled", actor_id=actor_id)
        else:
            states.note_event(held, OrderEvent.REFUNDED, note=str(held.money("total")), actor_id=actor_id)
        return True


# What waits for somebody, as addresses of the list call it.
WAITING: dict[str | None, Any] = {"to_ship": TO_SHIP, "held": HELD, "stuck": STUCK, "owed": OWED}
# Of whose money something went back, or is on its way.
BACK: dict[str | None, Any] = {
    "part_refunded": _HAS_REFUND & _IN_PART,
    "refunded": (_HAS_REFUND | _RETURNED_BY_HAND) & _REFUNDED,
}
BACK_AS = {"part": gettext_lazy("partly refunded"), "all": gettext_lazy("refunded")}


def mark() -> Case:
    """How the list marks an order: "part", "all" or nothing; an annotation."""
    return Case(
        When(_REFUNDED, then=Value("all")),
        When(_IN_PART, then=Value("part")),
        default=Value(""),
        output_field=CharField(),
    )


class StatusFilter(admin.SimpleListFilter):
    """What waits for somebody, where orders stand, and whose money went back."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        waiting = [
            ("to_ship", _("to be shipped")),
            ("held", _("payment held back")),
            ("stuck", _("refund to see to")),
            ("owed", _("cancelled, to be refunded")),
        ]
        back = [("part_refunded", BACK_AS["part"]), ("refunded", BACK_AS["all"])]
        return [*waiting, *Order.Status.choices, *back]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        chosen = self.value()
        if (wanted := (WAITING | BACK).get(chosen)) is not None:
            return queryset.filter(wanted)
        return queryset.filter(status=chosen) if chosen in Order.Status.values else queryset
