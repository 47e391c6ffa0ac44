"""Money of cancelled orders: nothing goes back by itself, so the desk asks until somebody says it did."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import states
from orders.models import Order, OrderEvent, Payment

_PAID = Exists(Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED))
_DONE = Exists(OrderEvent.objects.filter(order=OuterRef("pk"), kind=OrderEvent.REFUNDED))
OWED = Q(status=Order.Status.CANCELLED) & (Q(paid_at__isnull=False) | _PAID) & ~_DONE


def unrefunded(order: Order) -> str:
    """What has to be sent back by hand if this order is or gets cancelled; "" if there is nothing."""
    if any(event.kind == OrderEvent.REFUNDED for event in order.events.all()):
        return ""
    held = [payment for payment in order.payments.all() if payment.status == Payment.Status.SUCCEEDED]
    if not held and order.paid_at is None:
        return ""
    reference = next((payment.reference for payment in held if payment.reference), "")
    values = {"amount": order.money("total"), "number": order.number, "reference": reference}
    if reference:
        text = _(
            "%(number)s: %(amount)s was paid and is not refunded automatically. Send it back at your payment"
            " provider (reference %(reference)s), then press “Mark as refunded” on the order’s page."
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


def mark_refunded(order: Order, *, actor_id: int | None) -> bool:
    """Somebody says that the money went back; False if none is owed, so that a second press notes nothing."""
    with transaction.atomic():
        held = states.lock(order.pk)
        if not is_owed(held):
            return False
        states.note_event(held, OrderEvent.REFUNDED, note=str(held.money("total")), actor_id=actor_id)
        return True


class StatusFilter(admin.SimpleListFilter):
    """Where orders stand, and of the cancelled ones those whose money waits to be sent back."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Order.Status.choices, ("owed", _("cancelled, to be refunded"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        chosen = self.value()
        if chosen == "owed":
            return queryset.filter(OWED)
        return queryset.filter(status=chosen) if chosen in Order.Status.values else queryset
