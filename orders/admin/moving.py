"""Orders move on: one by its buttons, many by an action, and cancelling asks first.

Who cancels a paid order and may refund chooses whether its money goes back at once; if not, the order's page
offers it to who may.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from catalog.stock import NotReserved
from orders import states
from orders.admin import buttons
from orders.admin.addressing import Addressing
from orders.admin.deciding import Deciding
from orders.admin.exporting import Exporting
from orders.admin.giving import Giving
from orders.admin.linking import Linking
from orders.admin.packing import Packing
from orders.admin.refunds import mark_refunded, refundable, send_back, undecided, unrefunded
from orders.admin.repeating import Repeating
from orders.admin.shipping import UNRESERVED, Shipping
from orders.models import Order
from shop.desk.cells import grouped

Status = Order.Status
DONE_ONE = {
    Status.DELIVERED: gettext_lazy("Order delivered"),
    Status.CANCELLED: gettext_lazy("Order cancelled"),
}
DONE_MANY = {
    Status.SHIPPED: ngettext_lazy("%(count)s order shipped", "%(count)s orders shipped", "number"),
    Status.DELIVERED: ngettext_lazy("%(count)s order delivered", "%(count)s orders delivered", "number"),
    Status.CANCELLED: ngettext_lazy("%(count)s order cancelled", "%(count)s orders cancelled", "number"),
}


class Moving(Shipping, Giving, Deciding, Repeating, Addressing, Linking, Packing, Exporting):
    """The part of the orders' desk that changes them."""

    actions = ("ship", "deliver", "cancel", "export")

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.cancel_view)
        return [path("<int:pk>/cancel/", ask, name="orders_order_cancel"), *super().get_urls()]

    def has_ship_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.ship_order")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.cancel_order")

    @admin.action(description=gettext_lazy("Ship orders"), permissions=["ship"])
    def ship(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move_all(request, queryset, Status.SHIPPED)

    @admin.action(description=gettext_lazy("Mark orders as delivered"), permissions=["ship"])
    def deliver(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move_all(request, queryset, Status.DELIVERED)

    @admin.action(description=gettext_lazy("Cancel orders"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        """Asks first: nobody takes it back."""
        if request.POST.get("confirmed"):
            self._move_all(request, queryset, Status.CANCELLED)
            return None
        orders = list(queryset.order_by("pk").prefetch_related("payments", "events"))
        going = [order for order in orders if states.can_move(order, Status.CANCELLED)]
        if not going:
            self.message_user(request, _("None of these can be cancelled any more."), messages.WARNING)
            return None
        return self._ask(request, going, back=request.get_full_path())

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same for one order, from its page."""
        order = self.asked(request, pk, "cancel_order")
        back = self.page_of(order)
        if request.method == "POST":
            if self._move(request, order, Status.CANCELLED):
                self.message_user(request, str(DONE_ONE[Status.CANCELLED]), messages.SUCCESS)
                if request.POST.get("refund") and self.may_refund(request):
                    self._send_back(request, order)
            return self.rung(request, HttpResponseRedirect(back))
        if not states.can_move(order, Status.CANCELLED):
            return self.stays(request, order)
        return self._ask(request, [order], back=back)

    def _ask(self, request: HttpRequest, orders: Sequence[Order], *, back: str) -> TemplateResponse:
        title = _("Cancel %s?") % (orders[0].number if len(orders) == 1 else self.named(2))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "orders": orders,
            # What goes back by a tick below is not said to need a hand as well.
            "owed": [
                text
                for order in orders
                if (text := unrefunded(order)) and not (self.may_refund(request) and refundable(order))
            ],
            "refundable": [amount for amount in map(refundable, orders) if amount],
            "undecided": [text for order in orders for text in undecided(order)],
            "may_refund": self.may_refund(request),
            "back": back,
            "is_many": request.method == "POST",
        }
        return TemplateResponse(request, "admin/orders/order/cancel.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the buttons that this person may press on this order."""
        order = self.get_object(request, object_id)
        shown = {**(extra_context or {}), "buttons": list(buttons.offered(request, order))}
        return super().change_view(request, object_id, form_url, shown)

    def response_change(self, request: HttpRequest, obj: Order) -> HttpResponse:
        """The form is saved, then what was pressed is done, or its page asks."""
        if "_see_to" in request.POST:
            self.see_to_refund(request, obj, request.POST["_see_to"])
            return HttpResponseRedirect(request.path)
        button = buttons.pressed(request)
        if button is None:
            return super().response_change(request, obj)
        if not request.user.has_perm(f"orders.{button.permission}"):
            raise PermissionDenied
        if button.page:
            return HttpResponseRedirect(reverse(f"admin:orders_order_{button.page}", args=[obj.pk]))
        if button.name == "_deliver":
            if self._move(request, obj, Status.DELIVERED):
                self.message_user(request, str(DONE_ONE[Status.DELIVERED]), messages.SUCCESS)
        elif button.name == "_capture":
            self.capture(request, obj)
        elif button.name == "_refund":
            self._send_back(request, obj)
        else:
            self._refunded(request, obj)
        return HttpResponseRedirect(request.path)

    def _refunded(self, request: HttpRequest, order: Order) -> None:
        """Somebody has sent the money back: the notice goes, and the timeline says who and when."""
        if mark_refunded(order, actor_id=request.user.pk):
            self.message_user(request, _("Refund noted"), messages.SUCCESS)
        else:
            text = _("%s: nothing is left to be refunded.") % order.number
            self.message_user(request, text, messages.WARNING)

    def _send_back(self, request: HttpRequest, order: Order) -> None:
        sent = send_back(order, actor_id=request.user.pk)
        if sent is not None:
            text = _("%(number)s: %(amount)s goes back the way it came.")
            values = {"number": order.number, "amount": sent}
            self.message_user(request, text % values, messages.SUCCESS)
        else:
            text = _("%s: nothing is left to be refunded.") % order.number
            self.message_user(request, text, messages.WARNING)

    def _move_all(self, request: HttpRequest, queryset: QuerySet[Order], to: Status) -> None:
        orders = list(queryset.order_by("pk").prefetch_related("payments", "events"))
        moved = [order for order in orders if self._move(request, order, to)]
        if moved:
            text = DONE_MANY[to] % {"number": len(moved), "count": grouped(len(moved))}
            self.message_user(request, text, messages.SUCCESS)
        if to == Status.CANCELLED:  # the page of a single one says it itself
            if request.POST.get("refund") and self.may_refund(request):
                for order in moved:
                    if refundable(order):
                        self._send_back(request, order)
            for owed in filter(None, map(unrefunded, moved)):
                self.message_user(request, owed, messages.WARNING)

    def _move(self, request: HttpRequest, order: Order, to: Status) -> bool:
        """Through the one door; what it refuses is told."""
        try:
            states.move(order, to, actor_id=request.user.pk)
        except states.WrongMove as error:
            self.stays(request, error.order)
            return False
        except NotReserved:
            self.message_user(request, UNRESERVED % {"number": order.number}, messages.WARNING)
            return False
        return True
