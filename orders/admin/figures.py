"""What the orders have to say on the desk's first page: what is to be shipped, and what came last."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.admin.order import state_of
from orders.models import Order
from shop.desk import dashboard
from shop.desk.cells import amount, moment

LATEST = 6


@dashboard.figure(10)
def to_ship(request: HttpRequest) -> dashboard.Figure | None:
    """Paid, and still here."""
    return _figure(request, Order.Status.PAID, _("To ship"), "good")


@dashboard.figure(11)
def unpaid(request: HttpRequest) -> dashboard.Figure | None:
    """Placed, and the money is not there yet."""
    return _figure(request, Order.Status.PLACED, _("Waiting for payment"), "low")


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
    context = {"rows": rows, "url": reverse("admin:orders_order_changelist")}
    return render_to_string("admin/orders/order/latest.html", context)


def _figure(request: HttpRequest, status: str, label: str, state: str) -> dashboard.Figure | None:
    if not request.user.has_perm("orders.view_order"):
        return None
    count = dashboard.counted(Order.objects.filter(status=status))
    url = reverse("admin:orders_order_changelist") + f"?status__exact={status}"
    return dashboard.Figure(label, count, url, state)
