"""Carts on the merchant's desk: looked at, never touched."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from checkout.models import Cart, CartLine
from shop.desk.site import Section
from shop.desk.tables import Rows, Table, Unchangeable, moment


class LineRows(Unchangeable, Rows):
    """What lies in it."""

    model = CartLine
    fields = ("variant", "quantity", "added_at")
    readonly_fields = ("variant", "quantity", "added_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartLine]:
        return super().get_queryset(request).select_related("variant__product")


@admin.register(Cart)
class CartTable(Unchangeable, Table):
    """Carts, the latest first."""

    section = Section.ORDERS
    place = 2
    list_display = ("number", "changed", "email", "market", "line_count", "closed_at")
    list_filter = ("market", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "user__email")
    ordering = ("-updated_at",)
    inlines = (LineRows,)
    fields = ("market", "user", "email", "name", "line1", "line2", "postcode", "city", "country", "method")

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
    def line_count(self, cart: Any) -> int:
        return int(cart.number_of)
