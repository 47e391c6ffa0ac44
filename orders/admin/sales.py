"""What was sold in the last thirty days, on a page of the desk; read where a replica is at hand."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import sales
from shop import replicas
from shop.desk.cells import amount, number
from shop.desk.tables import Table

WIDTH = 100  # of the longest bar


class Selling(Table):
    """The part of the orders' desk that adds up."""

    entries = ((gettext_lazy("Sales"), "orders_order_sales", "orders.view_order"),)

    def get_pages(self) -> list[URLPattern]:
        """Beside the list of orders, and not below it: one of both is where somebody is."""
        view = self.admin_site.admin_view(self.sales_view)
        return [path("orders/sales/", view, name="orders_order_sales")]

    def sales_view(self, request: HttpRequest) -> HttpResponse:
        """By day, or (?by=week) by week."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        by_week, today = request.GET.get("by") == "week", timezone.localdate()
        found = replicas.read(lambda: sales.of(today, by_week=by_week), needs=[])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Sales of the last %d days") % sales.DAYS,
            "by_week": by_week,
            "currencies": [_shown(one) for one in found],
        }
        return TemplateResponse(request, "admin/orders/order/sales.html", context)


def _shown(found: sales.Sales) -> dict[str, Any]:
    most = found.most.amount
    return {
        "currency": found.currency,
        "whole": _span(found.whole),
        "rows": [
            _span(span) | {"bar": int(WIDTH * span.revenue.amount / most) if most > 0 else 0}
            for span in found.spans
        ],
    }


def _span(span: sales.Span) -> dict[str, Any]:
    first, last = (date_format(day, "DATE_FORMAT") for day in (span.since, span.until))
    return {
        "when": first if first == last else f"{first} – {last}",
        "orders": number(span.orders) if span.orders else "–",
        "revenue": amount(span.revenue if span.orders else None),
        "average": amount(span.average),
        "is_empty": not span.orders,
    }
