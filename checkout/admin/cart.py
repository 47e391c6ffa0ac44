"""Carts on the merchant's desk: looked at, never touched."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import address_lines
from checkout.models import Cart, CartLine
from shop.desk.cells import moment, number, pill
from shop.desk.filters import MarketFilter, market_name
from shop.desk.site import Section
from shop.desk.tables import Rows, Table, Unchangeable


class OrderedFilter(admin.SimpleListFilter):
    """Still open, or ordered."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("open")), ("ordered", _("ordered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cart]) -> QuerySet[Cart]:
        states = {"open": True, "ordered": False}
        state = states.get(self.value() or "")
        return queryset if state is None else queryset.filter(closed_at__isnull=state)


class LineRows(Unchangeable, Rows):
    """What lies in it."""

    model = CartLine
    fields = ("variant", "pieces", "added")
    readonly_fields = ("variant", "pieces", "added")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartLine]:
        return super().get_queryset(request).select_related("variant__product")

    @admin.display(description=gettext_lazy("quantity"))
    def pieces(self, line: CartLine) -> Any:
        return number(line.quantity)

    @admin.display(description=gettext_lazy("added"))
    def added(self, line: CartLine) -> Any:
        return moment(line.added_at)


@admin.register(Cart)
class CartTable(Unchangeable, Table):
    """Carts, the latest first."""

    section = Section.ORDERS
    place = 2
    list_display = ("number", "changed", "email", "where", "line_count", "state")
    list_filter = (MarketFilter, OrderedFilter)
    search_fields = ("email", "user__email")
    ordering = ("-updated_at",)
    inlines = (LineRows,)
    fields = (("number", "state"), ("where", "changed"), ("user", "email"), "address", "method")
    readonly_fields = ("number", "state", "where", "changed", "address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        return (
            super()
            .get_queryset(request)
            .select_related("user", "method__zone")
            .annotate(number_of=Count("lines"))
        )

    @admin.display(description=gettext_lazy("cart"), ordering="id")
    def number(self, cart: Cart) -> str:
        return str(cart)

    @admin.display(description=gettext_lazy("changed"), ordering="updated_at")
    def changed(self, cart: Cart) -> Any:
        return moment(cart.updated_at)

    @admin.display(description=gettext_lazy("lines"))
    def line_count(self, cart: Any) -> Any:
        return number(cart.number_of)

    @admin.display(description=gettext_lazy("market"), ordering="market")
    def where(self, cart: Cart) -> str:
        return market_name(cart.market)

    @admin.display(description=gettext_lazy("state"), ordering="closed_at")
    def state(self, cart: Cart) -> Any:
        return pill("quiet", _("open")) if cart.closed_at is None else pill("good", _("ordered"))

    @admin.display(description=gettext_lazy("goes to"))
    def address(self, cart: Cart) -> Any:
        shown = "\n".join(address_lines(cart))
        return format_html('<span class="lines">{}</span>', shown) if shown else "–"
