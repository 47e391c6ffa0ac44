"""Payments that no order asked for, on the desk: read, and marked as seen to."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from orders.models import StrayMoney
from shop.desk import dashboard
from shop.desk.cells import amount, grouped, moment, pill
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable

COLOURS = {"authorized": "low", "succeeded": "bad", "gone": "quiet"}


class SeenFilter(admin.SimpleListFilter):
    """Whether somebody has seen to it."""

    title = gettext_lazy("seen to")
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("not yet")), ("yes", gettext_lazy("seen to"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(closed_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(StrayMoney)
class StrayTable(Unchangeable, Table):
    """Every piece of it, the newest first."""

    section = Section.ORDERS
    place = 3
    noun = (gettext_lazy("stray payment"), gettext_lazy("stray payments"))
    list_display = ("reference", "where", "sum", "state", "first_seen", "seen")
    list_display_links = ("reference",)
    list_filter = (SeenFilter,)
    ordering = ("-seen_at", "-id")
    actions = ("see_to",)
    fields = ("reference", "where", "sum", "state", "first_seen", "seen")
    readonly_fields = fields

    def empty(self, request: HttpRequest, found: Any) -> dict[str, str]:
        """Nobody waits for one."""
        told = super().empty(request, found)
        if told["url"].startswith("?"):
            return told
        text = {"title": _("None: every payment belongs to an order."), "text": ""}
        return {**text, "label": _("Look at the orders"), "url": reverse("admin:orders_order_changelist")}

    def has_charge_permission(self, request: HttpRequest) -> bool:
        """Who decides about money that was held back decides here."""
        return bool(request.user.has_perm("orders.charge_order"))

    @admin.action(description=gettext_lazy("Mark as seen to"), permissions=["charge"])
    def see_to(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = queryset.filter(closed_at=None).update(closed_at=timezone.now())
        text = ngettext("%s payment marked as seen to", "%s payments marked as seen to", count)
        self.message_user(request, text % grouped(count), messages.SUCCESS)

    @admin.display(description=gettext_lazy("gateway"))
    def where(self, stray: StrayMoney) -> str:
        return stray.gateway

    @admin.display(description=gettext_lazy("amount"))
    def sum(self, stray: StrayMoney) -> Any:
        return amount(stray.money)

    @admin.display(description=gettext_lazy("status"))
    def state(self, stray: StrayMoney) -> Any:
        return pill("quiet" if stray.closed_at else COLOURS[stray.status], stray.get_status_display())

    @admin.display(description=gettext_lazy("first seen"), ordering="seen_at")
    def first_seen(self, stray: StrayMoney) -> Any:
        return moment(stray.seen_at)

    @admin.display(description=gettext_lazy("seen to"))
    def seen(self, stray: StrayMoney) -> Any:
        return moment(stray.closed_at)


@dashboard.figure(15)
def without_an_order(request: HttpRequest) -> dashboard.Figure | None:
    """Somebody paid, and nothing here asked for it; rare, and somebody has to look."""
    if not request.user.has_perm("orders.view_straymoney"):
        return None
    count = dashboard.counted(StrayMoney.objects.filter(closed_at=None))
    names = ngettext_lazy("payment of no order", "payments of no order")
    url = reverse("admin:orders_straymoney_changelist") + "?seen=no"
    return dashboard.Figure(names % count, count, url, "bad") if count else None
