"""What stands below an order on the desk: its payments and its timeline."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import carriers
from orders.addresses import CHANGED
from orders.admin import packing
from orders.admin.repeating import name_of
from orders.admin.tracking import ParcelForm
from orders.mailing import AGAIN
from orders.models import Order, OrderEvent, Payment, Shipment
from orders.reservations import LET_GO
from shop.desk.cells import amount, grouped, moment, pill
from shop.desk.tables import Rows, Unchangeable
from shop.money import Money

# A status that the order came into, or what else was noted about it.
EVENTS = {
    **dict(Order.Status.choices),
    Order.Status.PLACED: gettext_lazy("placed"),
    Order.Status.SHIPPED: gettext_lazy("shipped"),
    "confirmation_sent": gettext_lazy("confirmation sent"),
    "invoice_sent": gettext_lazy("invoice sent"),
    "payment_asked": gettext_lazy("link to pay sent"),
    Order.Status.PART_SHIPPED: gettext_lazy("a part shipped"),
    "shipped_sent": gettext_lazy("shipping mail sent"),
    "tracking_changed": gettext_lazy("carrier or tracking code changed"),
    "given_up": gettext_lazy("rest given up"),
    "returned": gettext_lazy("goods came back"),
    "cancelled_sent": gettext_lazy("cancellation mail sent"),
    "shipped_text": gettext_lazy("SMS sent: on its way"),
    "delivered_text": gettext_lazy("SMS sent: delivered"),
    "shipped_push": gettext_lazy("push message sent: on its way"),
    "delivered_push": gettext_lazy("push message sent: delivered"),
    "payment_pending": gettext_lazy("payment is being checked"),
    "payment_missing": gettext_lazy("nothing heard of a payment"),
    "payment_declined": gettext_lazy("payment declined"),
    "payment_late": gettext_lazy("paid when the order was not open any more"),
    "payment_twice": gettext_lazy("paid a second time"),
    "payment_withdrawn": gettext_lazy("attempt to pay ended"),
    "refund_begun": gettext_lazy("refund asked for"),
    "refund_failed": gettext_lazy("refund failed"),
    "refund_left": gettext_lazy("failed refund left: sent another way"),
    "refunded_sent": gettext_lazy("mail about the refund sent"),
    "sent_back_sent": gettext_lazy("mail about the money sent"),
    "links_renewed": gettext_lazy("links made anew, old ones are void"),
    "payment_held": gettext_lazy("payment held back"),
    "payment_accepted": gettext_lazy("payment accepted by hand"),
    "payment_returned": gettext_lazy("payment held back goes back"),
    AGAIN: gettext_lazy("mail to be sent again"),
    "again_sent": gettext_lazy("mail sent again"),
    CHANGED: gettext_lazy("address corrected"),
    LET_GO: gettext_lazy("money held for too long: goods not kept any longer"),
    "capture_begun": gettext_lazy("approved money to be taken"),
    "voucher_again": gettext_lazy("its voucher counts again"),
    OrderEvent.REFUNDED: gettext_lazy("refunded"),
}


class ShipmentRows(Rows):
    """Its parcels; who brings one and its code are written down by who ships, while it is on its way."""

    model = Shipment
    form = ParcelForm
    fields = ("label", "goods", "carrier", "tracking_code", "follow")
    readonly_fields = ("label", "goods", "follow")
    verbose_name_plural = gettext_lazy("parcels")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is not None and obj.status in {Order.Status.PART_SHIPPED, Order.Status.SHIPPED}
        return is_open and request.user.has_perm("orders.ship_order")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        return super().get_queryset(request).select_related("actor", "order").prefetch_related("lines__line")

    @admin.display(description=gettext_lazy("parcel"))
    def label(self, shipment: Shipment) -> Any:
        """Its number, when it left, and who sent it."""
        by = shipment.actor.get_full_name() if shipment.actor else ""
        told = format_html("{}. {}", shipment.number, moment(shipment.shipped_at))
        return format_html('{}<br><span class="soft">{}</span>', told, by) if by else told

    @admin.display(description=gettext_lazy("in it"))
    def goods(self, shipment: Shipment) -> Any:
        rows = [(row.quantity, row.line.name) for row in shipment.lines.all()]
        return format_html_join(mark_safe("<br>"), "{} × {}", rows)

    @admin.display(description=gettext_lazy("more of it"))
    def follow(self, shipment: Shipment) -> Any:
        url = carriers.tracking_url(shipment.carrier, shipment.tracking_code)
        if not url:
            return packing.link_of(shipment)
        link = '<a href="{}" rel="external noreferrer">{}</a><br>{}'
        return format_html(link, url, _("Follow it"), packing.link_of(shipment))


class PaymentRows(Unchangeable, Rows):
    """Each attempt to collect the total."""

    model = Payment
    classes = ("collapse",)
    fields = ("begun", "where", "paid", "state", "reason", "reference", "settled")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("begun"))
    def begun(self, payment: Payment) -> Any:
        return moment(payment.created_at)

    @admin.display(description=gettext_lazy("gateway"))
    def where(self, payment: Payment) -> str:
        """Its name; money that no gateway took has none."""
        named = {Payment.BY_HAND: _("by hand"), Payment.NOTHING: _("Nothing to pay")}
        return named.get(payment.gateway, payment.gateway)

    def said(self, row: Payment) -> str:
        return f"{row.money} {row.get_status_display()}"

    @admin.display(description=gettext_lazy("settled"))
    def settled(self, payment: Payment) -> Any:
        return moment(payment.settled_at)

    @admin.display(description=gettext_lazy("amount"))
    def paid(self, payment: Payment) -> Any:
        return amount(Money(payment.amount, payment.currency))

    @admin.display(description=gettext_lazy("status"))
    def state(self, payment: Payment) -> Any:
        colours = {
            "succeeded": "good",
            "declined": "bad",
            "held": "bad",
            "withdrawn": "quiet",
            "surplus": "quiet",
        }
        return pill(colours.get(payment.status, "low"), payment.get_status_display())


class EventRows(Unchangeable, Rows):
    """The timeline."""

    model = OrderEvent
    classes = ("collapse",)
    fields = ("when", "what", "note", "actor")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        return super().get_queryset(request).select_related("actor")

    def gist(self, rows: Sequence[OrderEvent]) -> str:
        """How many there are, and the newest."""
        return f"{grouped(len(rows))} · {self.what(rows[-1])}" if rows else super().gist(rows)

    @admin.display(description=gettext_lazy("when"))
    def when(self, event: OrderEvent) -> Any:
        return moment(event.at)

    @admin.display(description=gettext_lazy("event"))
    def what(self, event: OrderEvent) -> str:
        """A second mail of its kind has its number behind a colon; one that is sent again, what it is."""
        kind, _colon, which = event.kind.partition(":")
        told = capfirst(str(EVENTS.get(kind, event.kind)))
        return f"{told}: {name_of(which)}" if kind == AGAIN else told
