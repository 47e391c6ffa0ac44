"""Orders on the merchant's desk: read as they were placed, moved on through orders.states."""

from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.thumbnail import thumbnail
from orders import invoices, links, marking, progress, queries, states
from orders.admin import addressing, packing, repeating, told
from orders.admin.invoice import InvoiceRows
from orders.admin.moving import Moving
from orders.admin.refunds import BACK_AS, StatusFilter, is_owed, mark, unrefunded
from orders.admin.rows import EventRows, PaymentRows, ShipmentRows
from orders.admin.sales import Selling
from orders.models import Order, OrderLine, Payment, Shipment
from orders.models.order import FIRST_NUMBER
from shop import markets
from shop.desk.cells import amount, moment, number, pill
from shop.desk.filters import MarketFilter, market_name
from shop.desk.site import Section
from shop.jinja.words import percent
from shop.money import Money

Status = Order.Status
COLOURS = {
    Status.PLACED: "low",
    Status.AUTHORIZED: "good",
    Status.PAID: "good",
    Status.PART_SHIPPED: "good",
    Status.SHIPPED: "good",
    Status.DELIVERED: "quiet",
    Status.EXPIRED: "bad",
    Status.CANCELLED: "bad",
}


def state_of(order: Order) -> Any:
    """Its status as a word with a dot."""
    return pill(COLOURS[Status(order.status)], order.get_status_display())


@admin.register(Order)
class OrderTable(Selling, Moving):
    """Every order, the newest first. None is ever added or deleted here."""

    section = Section.ORDERS
    place = 1
    list_display = ("order_number", "placed", "buyer", "state", "items", "sum", "where")
    list_display_links = ("order_number",)
    list_filter = (StatusFilter, MarketFilter, "placed_at")
    search_fields = ("email", "name")
    search_help_text = gettext_lazy("Search by number (D10042), e-mail or name")
    ordering = ("-placed_at", "-id")
    gists = MappingProxyType({"refunds": told.refunds_gist, "returned": told.returns_gist})
    inlines = (ShipmentRows, PaymentRows, InvoiceRows, EventRows)
    readonly_fields = (
        *("state", "placed", "where", "money", "refund", "held", "who", "mailbox"),
        *("address", "goods", "promise", "refunds", "returned"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What waits for somebody stands on top; what came back, while there is something."""
        first: list[Any] = [("state", "placed", "where"), ("who", "mailbox"), ("money",)]
        more: list[Any] = []
        if obj is not None:
            obj.reader = request.user  # the cells below know no request
            if is_owed(obj):
                first.insert(0, ("refund",))
            if any(payment.status == Payment.Status.HELD for payment in obj.payments.all()):
                first.insert(0, ("held",))
            if obj.returns.exists():
                more.append((gettext_lazy("Returns"), {"fields": ("returned",), "classes": ("collapse",)}))
            if found := told.refunds_of(obj):
                folds = () if any(map(told.waits, found)) else ("collapse",)
                more.append((gettext_lazy("Refunds"), {"fields": ("refunds",), "classes": folds}))
        return (
            (None, {"fields": tuple(first)}),
            (gettext_lazy("What was bought"), {"fields": ("goods",)}),
            (gettext_lazy("Delivery"), {"fields": (("address", "promise"),)}),
            (gettext_lazy("For us"), {"fields": ("note",)}),
            *more,
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        bought = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
        pieces = Subquery(bought.annotate(number=Sum("quantity")).values("number"))
        return super().get_queryset(request).select_related("customer").annotate(pieces=pieces, back=mark())

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

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """The note only: the rest may have moved on since the form was opened."""
        if "note" in form.changed_data:
            obj.save(update_fields=["note"])
            marking.after_commit(obj.customer_id)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Of the rows, who brings a parcel and its code can be written down later; the timeline says so."""
        super().save_formset(request, form, formset, change)
        for row, _fields in getattr(formset, "changed_objects", ()):
            if isinstance(row, Shipment):
                note = " ".join(filter(None, (f"{row.number}:", row.carrier, row.tracking_code)))
                states.note_event(row.order, "tracking_changed", note=note, actor_id=request.user.pk)

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
    def state(self, order: Any) -> Any:
        shown = state_of(order)
        told_of = BACK_AS.get(order.back)
        return format_html('{}<br><span class="soft">{}</span>', shown, told_of) if told_of else shown

    @admin.display(description=gettext_lazy("total"))
    def sum(self, order: Order) -> Any:
        return amount(order.money("total"))

    @admin.display(description=gettext_lazy("items"))
    def items(self, order: Any) -> Any:
        return number(order.pieces or 0)

    @admin.display(description=gettext_lazy("market"), ordering="market")
    def where(self, order: Order) -> str:
        return market_name(order.market)

    @admin.display(description=gettext_lazy("money"))
    def money(self, order: Order) -> Any:
        return told.money_of(order)

    @admin.display(description=gettext_lazy("refund"))
    def refund(self, order: Order) -> Any:
        return format_html('<p class="notice">{}</p>', unrefunded(order))

    @admin.display(description=gettext_lazy("money held back"))
    def held(self, order: Any) -> Any:
        return told.held_notice(order, may_decide=order.reader.has_perm("orders.charge_order"))

    @admin.display(description=gettext_lazy("refunds"))
    def refunds(self, order: Any) -> Any:
        return told.refunds_table(order, may_see_to=order.reader.has_perm("orders.refund_order"))

    @admin.display(description=gettext_lazy("returns"))
    def returned(self, order: Order) -> Any:
        return told.returns_table(order)

    @admin.display(description=gettext_lazy("customer"))
    def who(self, order: Order) -> Any:
        if order.customer is None:
            return _("%s (guest)") % order.name
        url = reverse("admin:accounts_user_change", args=[order.customer_id])
        return format_html('<a href="{}">{}</a>', url, order.customer.get_full_name())

    @admin.display(description=gettext_lazy("e-mail"))
    def mailbox(self, order: Any) -> Any:
        shown = repeating.mailbox(order, may_write=order.reader.has_perm("orders.change_order"))
        return addressing.email_of(order, shown, may_correct=order.reader.has_perm("orders.ship_order"))

    @admin.display(description=gettext_lazy("goes to"))
    def address(self, order: Any) -> Any:
        return addressing.address_of(order, may_correct=order.reader.has_perm("orders.ship_order"))

    @admin.display(description=gettext_lazy("promised"))
    def promise(self, order: Order) -> Any:
        lines = [" · ".join(filter(None, (order.delivery_name, order.delivery_carrier)))]
        if order.promised_from and order.promised_until:
            first, last = (
                date_format(day, "DATE_FORMAT") for day in (order.promised_from, order.promised_until)
            )
            lines.append(first if first == last else f"{first} – {last}")
        shown = format_html('<span class="lines">{}</span>', "\n".join(lines))
        if not packing.is_open(order, progress.of(order).left):
            return shown
        return format_html("{}<br>{}", shown, packing.link(order))

    @admin.display(description=gettext_lazy("goods"))
    def goods(self, order: Order) -> str:
        """Lines and sums as the buyer saw them, and how far they have come."""
        movements = told.movements(order, progress.of(order), invoices.ledger(order))
        lines = [
            {
                "thumbnail": thumbnail(line.picture),
                "name": line.name,
                "detail": " · ".join(filter(None, (line.options, line.sku))),
                "movement": movements[line.pk],
                "quantity": number(line.quantity),
                "each": Money(line.unit_price, order.currency),
                "tax": percent(line.tax_rate),
                "total": Money(line.total, order.currency),
            }
            for line in order.lines.all()
        ]
        sums = [(_("Goods"), order.money("subtotal"))]
        free = [_("Delivery")]
        for row in queries.discounts(order):
            label = " · ".join(filter(None, (row["name"], row["code"])))
            if row["amount"]:
                sums.append((label, -row["amount"]))
            else:
                free.append(label)
        sums.append((" · ".join(free), order.money("delivery")))
        taxes = [
            (percent(Decimal(str(entry["rate"]))), Money(Decimal(str(entry["tax"])), order.currency))
            for entry in order.taxes
        ]
        is_on_top = not order.prices_include_tax
        if is_on_top:
            sums += [(_("Tax %s") % rate, tax) for rate, tax in taxes if tax]
        context = {
            "lines": lines,
            "sums": sums,
            "total": order.money("total"),
            "taxes": [] if is_on_top else taxes,
            "is_reverse_charged": order.is_reverse_charged,
        }
        return render_to_string("admin/orders/order/goods.html", context)
