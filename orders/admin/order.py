"""Orders on the merchant's desk: read as they were placed, moved on through orders.states."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.stock import NotReserved
from orders import links, states
from orders.admin.rows import EventRows, LineRows, PaymentRows
from orders.models import Order, OrderLine
from orders.models.order import FIRST_NUMBER
from shop import markets
from shop.desk.site import Section
from shop.desk.tables import Table, amount, moment, number, pill
from shop.money import Money

Status = Order.Status
COLOURS = {
    Status.PLACED: "low",
    Status.PAID: "good",
    Status.SHIPPED: "good",
    Status.DELIVERED: "quiet",
    Status.CANCELLED: "bad",
}
# The button's name, where it leads, and who may press it.
MOVES = {
    "_ship": (Status.SHIPPED, "ship_order"),
    "_deliver": (Status.DELIVERED, "ship_order"),
    "_cancel": (Status.CANCELLED, "cancel_order"),
}


@admin.register(Order)
class OrderTable(Table):
    """Every order, the newest first. None is ever added or deleted here."""

    section = Section.ORDERS
    place = 1
    list_display = ("order_number", "placed", "buyer", "state", "sum", "items", "market")
    list_display_links = ("order_number",)
    list_filter = ("status", "market", "placed_at")
    search_fields = ("email", "name")
    search_help_text = gettext_lazy("Search by number (D10042), e-mail or name")
    ordering = ("-placed_at", "-id")
    actions = ("ship", "deliver", "cancel")
    inlines = (LineRows, PaymentRows, EventRows)
    readonly_fields = (
        "state",
        "placed",
        "who",
        "email",
        "address",
        "totals",
        "promise",
        "market",
        "language",
    )
    fieldsets = (
        (None, {"fields": (("state", "placed"), ("who", "email"), "address", "promise")}),
        (gettext_lazy("What it costs"), {"fields": ("totals",)}),
        (gettext_lazy("For us"), {"fields": ("tracking_code", "note")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is written by who ships, while there is something to ship or to follow."""
        is_open = obj is not None and obj.status in {Status.PAID, Status.SHIPPED}
        if is_open and request.user.has_perm("orders.ship_order"):
            return self.readonly_fields
        return (*self.readonly_fields, "tracking_code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        bought = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
        pieces = Subquery(bought.annotate(number=Sum("quantity")).values("number"))
        return super().get_queryset(request).select_related("customer").annotate(pieces=pieces)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A number is that order; anything else an e-mail or a name."""
        digits = search_term.strip().upper().removeprefix("D")
        if digits.isascii() and digits.isdigit() and 0 < int(digits) - FIRST_NUMBER < 2**62:
            return queryset.filter(pk=int(digits) - FIRST_NUMBER), False
        for word in search_term.split()[:8]:
            queryset = queryset.filter(Q(email__icontains=word) | Q(name__icontains=word))
        return queryset, False

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The page that the buyer sees."""
        return None if obj is None else links.path(obj, market=markets.get_or_default(obj.market))

    # --- What is shown ---------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("number"), ordering="id")
    def order_number(self, order: Order) -> str:
        return order.number

    @admin.display(description=gettext_lazy("placed"), ordering="placed_at")
    def placed(self, order: Order) -> Any:
        return moment(order.placed_at)

    @admin.display(description=gettext_lazy("customer"), ordering="name")
    def buyer(self, order: Order) -> Any:
        return format_html('{}<br><span class="soft">{}</span>', order.name, order.email)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, order: Order) -> Any:
        return pill(COLOURS[Status(order.status)], order.get_status_display())

    @admin.display(description=gettext_lazy("total"))
    def sum(self, order: Order) -> Any:
        return amount(order.money("total"))

    @admin.display(description=gettext_lazy("items"))
    def items(self, order: Any) -> Any:
        return number(order.pieces or 0)

    @admin.display(description=gettext_lazy("customer"))
    def who(self, order: Order) -> Any:
        if order.customer is None:
            return _("%s (guest)") % order.name
        url = reverse("admin:accounts_user_change", args=[order.customer_id])
        return format_html('<a href="{}">{}</a>', url, order.name)

    @admin.display(description=gettext_lazy("goes to"))
    def address(self, order: Order) -> Any:
        town = f"{order.postcode} {order.city}"
        lines = [order.name, order.line1, order.line2, town, order.country, order.phone]
        return format_html('<span class="lines">{}</span>', "\n".join(line for line in lines if line))

    @admin.display(description=gettext_lazy("delivery"))
    def promise(self, order: Order) -> str:
        parts = [order.delivery_name, order.delivery_carrier]
        if order.promised_from and order.promised_until:
            first, last = date_format(order.promised_from, "j M"), date_format(order.promised_until, "j M Y")
            parts.append(f"{first} – {last}")
        return " · ".join(part for part in parts if part)

    @admin.display(description=gettext_lazy("sums"))
    def totals(self, order: Order) -> str:
        """The sums as the buyer saw them."""
        rows = [(_("Goods"), order.money("subtotal"))]
        if order.discount:
            rows.append((_("Discount"), -order.money("discount")))
        rows.append((_("Delivery"), order.money("delivery")))
        taxes = [
            (Decimal(str(entry["rate"])) * 100, Money(Decimal(str(entry["tax"])), order.currency))
            for entry in order.taxes
        ]
        shown = [(f"{rate.normalize():f} %", tax) for rate, tax in taxes]
        context = {"rows": rows, "total": order.money("total"), "taxes": shown}
        return render_to_string("admin/orders/order/totals.html", context)

    # --- What is done ----------------------------------------------------------------------------------

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
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move_all(request, queryset, Status.CANCELLED)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the buttons that this person may press on this order."""
        order = self.get_object(request, object_id)
        moves = {
            f"can{button}": order is not None
            and states.can_move(order, to)
            and request.user.has_perm(f"orders.{permission}")
            for button, (to, permission) in MOVES.items()
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **moves})

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """The note and the code only: the rest may have moved on since the form was opened."""
        fields = [name for name in form.changed_data if name in {"note", "tracking_code"}]
        if fields:
            obj.save(update_fields=fields)

    def response_change(self, request: HttpRequest, obj: Order) -> HttpResponse:
        """The form is saved, then the order moves."""
        for button, (to, permission) in MOVES.items():
            if button in request.POST:
                if not request.user.has_perm(f"orders.{permission}"):
                    raise PermissionDenied
                self._move(request, obj, to)
                return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    def _move_all(self, request: HttpRequest, queryset: QuerySet[Order], to: Status) -> None:
        moved = sum(self._move(request, order, to) for order in queryset.order_by("pk"))
        if moved:
            text = ngettext("%d order moved on", "%d orders moved on", moved)
            self.message_user(request, text % moved, messages.SUCCESS)

    def _move(self, request: HttpRequest, order: Order, to: Status) -> bool:
        """Through the one door; what it refuses is told."""
        note = order.tracking_code if to == Status.SHIPPED else ""
        try:
            states.move(order, to, note=note, actor_id=request.user.pk)
        except states.WrongMove as error:
            now = error.order.get_status_display()
            text = _("%(number)s stays as it is: it is %(status)s.") % {"number": order.number, "status": now}
        except NotReserved:
            text = _("%(number)s stays as it is: not all of its goods are reserved. Count the stock, please.")
            text = text % {"number": order.number}
        else:
            return True
        self.message_user(request, text, messages.WARNING)
        return False
