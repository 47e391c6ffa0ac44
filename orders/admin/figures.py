"""What the orders have to say on the desk's first page: what is to be shipped, and what came last."""

from typing import Any

from django.db.models import Exists, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import ngettext_lazy

from orders.admin.order import state_of
from orders.admin.refunds import HELD, OWED, STUCK, TO_SHIP
from orders.models import Order
from shop.desk import dashboard
from shop.desk.cells import amount, moment

LATEST = 6


@dashboard.figure(10)
def to_ship(request: HttpRequest) -> dashboard.Figure | None:
    """Paid, and still here, all of it or a part."""
    names = ngettext_lazy("order to ship", "orders to ship")
    return _figure(request, TO_SHIP, "status=to_ship", names, "good")


@dashboard.figure(11)
def unpaid(request: HttpRequest) -> dashboard.Figure | None:
    """Placed, and the money is not there yet."""
    names = ngettext_lazy("order waits for payment", "orders wait for payment")
    return _figure(request, Q(status=Order.Status.PLACED), "status=placed", names, "low")


@dashboard.figure(12)
def to_refund(request: HttpRequest) -> dashboard.Figure | None:
    """Cancelled, and the money is still with us. It is rare: on other days nothing is said of it."""
    names = ngettext_lazy("order to refund", "orders to refund")
    figure = _figure(request, OWED, "status=owed", names, "bad")
    return figure if figure and figure.count else None


@dashboard.figure(13)
def held_back(request: HttpRequest) -> dashboard.Figure | None:
    """Money that did not fit waits for a decision; rare as well."""
    names = ngettext_lazy("payment held back", "payments held back")
    figure = _figure(request, HELD, "status=held", names, "bad")
    return figure if figure and figure.count else None


@dashboard.figure(14)
def stuck(request: HttpRequest) -> dashboard.Figure | None:
    """A refund failed, or is to be sent by hand; rare as well."""
    names = ngettext_lazy("refund to see to", "refunds to see to")
    figure = _figure(request, STUCK, "status=stuck", names, "bad")
    return figure if figure and figure.count else None


@dashboard.panel(10)
def latest(request: HttpRequest) -> SafeString | None:
    """The orders that came last."""
    if not request.user.has_perm("orders.view_order"):
        return None
    rows = [
        {
            "number": order.number,
            "url": reverse("admin:orders_order_change", args=[order.pk]),
            "placed": moment(order.placed_at),
            "name": order.name,
            "state": state_of(order),
            "total": amount(order.money("total")),
        }
        for order in Order.objects.order_by("-placed_at", "-id")[:LATEST]
    ]
    context = {
        "rows": rows,
        "url": reverse("admin:orders_order_changelist"),
        "sales_url": reverse("admin:orders_order_sales"),
    }
    return render_to_string("admin/orders/order/latest.html", context)


def _figure(
    request: HttpRequest, rows: Q | Exists, query: str, names: Any, state: str
) -> dashboard.Figure | None:
    if not request.user.has_perm("orders.view_order"):
        return None
    count = dashboard.counted(Order.objects.filter(rows))
    url = f"{reverse('admin:orders_order_changelist')}?{query}"
    return dashboard.Figure(names % count, count, url, state)
