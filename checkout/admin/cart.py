"""Carts on the merchant's desk: looked at, never touched."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.queries import address_lines
from checkout.models import Cart, CartLine
from shop.desk import dashboard
from shop.desk.cells import moment, number, pill
from shop.desk.filters import MarketFilter, market_name
from shop.desk.site import Section
from shop.desk.tables import Rows, Table, Unchangeable

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)  # who left a cart an hour ago may be choosing yet


def left() -> Q:
    """Carts of the last week whose owners began the checkout and went away."""
    now = timezone.now()
    return Q(closed_at=None, updated_at__range=(now - WEEK, now - HOUR)) & ~Q(email="")


class OrderedFilter(admin.SimpleListFilter):
    """Still open, left at the checkout, or ordered."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("open")), ("left", _("left at the checkout this week")), ("ordered", _("ordered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cart]) -> QuerySet[Cart]:
        states = {"open": True, "ordered": False}
        if self.value() == "left":
            return queryset.filter(left())
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


@dashboard.figure(13)
def left_behind(request: HttpRequest) -> dashboard.Figure | None:
    """Carts that were nearly an order. There are always some: it shines for nobody."""
    if not request.user.has_perm("checkout.view_cart"):
        return None
    count = dashboard.counted(Cart.objects.filter(left()))
    url = reverse("admin:checkout_cart_changelist") + "?state=left"
    names = ngettext_lazy("cart left at the checkout this week", "carts left at the checkout this week")
    return dashboard.Figure(names % count, count, url) if count else None
