"""What stands below an order on the desk: its payments and its timeline."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from orders.models import Order, OrderEvent, Payment
from shop.desk.cells import amount, moment, pill
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
    "shipped_sent": gettext_lazy("shipping mail sent"),
    "cancelled_sent": gettext_lazy("cancellation mail sent"),
    "shipped_text": gettext_lazy("SMS sent: on its way"),
    "delivered_text": gettext_lazy("SMS sent: delivered"),
    "payment_pending": gettext_lazy("payment is being checked"),
    "payment_missing": gettext_lazy("nothing heard of a payment"),
    "payment_declined": gettext_lazy("payment declined"),
    "payment_late": gettext_lazy("paid when the order was not open any more"),
    "payment_twice": gettext_lazy("paid a second time"),
    "payment_withdrawn": gettext_lazy("attempt to pay ended"),
    "refund_begun": gettext_lazy("refund asked for"),
    "refund_failed": gettext_lazy("refund failed"),
    "sent_back_sent": gettext_lazy("mail about the money sent"),
    "payment_held": gettext_lazy("payment held back"),
    "voucher_again": gettext_lazy("its voucher counts again"),
    OrderEvent.REFUNDED: gettext_lazy("refunded"),
}


class PaymentRows(Unchangeable, Rows):
    """Each attempt to collect the total."""

    model = Payment
    fields = ("begun", "gateway", "paid", "state", "reason", "reference", "settled")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("begun"))
    def begun(self, payment: Payment) -> Any:
        return moment(payment.created_at)

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
    fields = ("when", "what", "note", "actor")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        return super().get_queryset(request).select_related("actor")

    @admin.display(description=gettext_lazy("when"))
    def when(self, event: OrderEvent) -> Any:
        return moment(event.at)

    @admin.display(description=gettext_lazy("event"))
    def what(self, event: OrderEvent) -> str:
        return capfirst(str(EVENTS.get(event.kind, event.kind)))
