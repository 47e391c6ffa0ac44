"""Which orders had which promotion: looked at, never touched."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkout.models import PromotionUse
from orders.models import Order
from shop.desk.cells import amount, moment, pill
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable
from shop.money import Money


@admin.register(PromotionUse)
class UseTable(Unchangeable, Table):
    """Uses, the latest first."""

    section = Section.PRICES
    place = 6
    entry_name = gettext_lazy("Uses of promotions")
    list_display = ("when", "promoted", "code", "order", "off", "sum", "state")
    sortable_by = ()
    search_fields = ("code",)
    search_help_text = gettext_lazy("Search by code")
    ordering = ("-id",)
    fields = (("when", "state"), ("promoted", "code"), "order", ("off", "sum"))
    readonly_fields = ("when", "state", "promoted", "code", "order", "off", "sum")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        named = lookup in {"promotion__pk", "voucher__pk"}
        return named or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the orders of the rows that are shown, asked for at once."""
        answer = super().changelist_view(request, extra_context)
        shown = answer.context_data if isinstance(answer, TemplateResponse) else None
        if (found := (shown or {}).get("cl")) is not None:
            rows = list(found.result_list)
            known = {order.placement_key: order for order in _orders([row.placement_key for row in rows])}
            for row in rows:
                row.placed = known.get(row.placement_key)
        return answer

    @admin.display(description=gettext_lazy("when"))
    def when(self, use: PromotionUse) -> Any:
        return moment(use.used_at)

    @admin.display(description=gettext_lazy("promotion"))
    def promoted(self, use: PromotionUse) -> str:
        return use.name

    @admin.display(description=gettext_lazy("order"))
    def order(self, use: Any) -> Any:
        placed = use.placed if hasattr(use, "placed") else next(iter(_orders([use.placement_key])), None)
        if placed is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[placed.pk])
        return format_html('<a href="{}">{}</a>', url, placed.number)

    @admin.display(description=gettext_lazy("taken off"))
    def off(self, use: PromotionUse) -> Any:
        return amount(Money(use.amount, use.currency))

    @admin.display(description=gettext_lazy("order's total"))
    def sum(self, use: PromotionUse) -> Any:
        return amount(Money(use.total, use.currency))

    @admin.display(description=gettext_lazy("state"))
    def state(self, use: PromotionUse) -> Any:
        return pill("good", _("counts")) if use.given_back_at is None else pill("quiet", _("given back"))


def _orders(placement_keys: list[str]) -> list[Order]:
    return list(Order.objects.filter(placement_key__in=placement_keys).only("pk", "placement_key"))
