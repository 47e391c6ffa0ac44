"""What the catalogue has to say on the desk's first page: what runs out."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.admin.stock import at_level
from catalog.models import Availability, Stock
from shop.desk import dashboard


@dashboard.figure(30)
def sold_out(request: HttpRequest) -> dashboard.Figure | None:
    """What nobody can buy any more, although it is for sale."""
    return _figure(request, Availability.OUT, _("Sold out"), "bad")


@dashboard.figure(31)
def low(request: HttpRequest) -> dashboard.Figure | None:
    """What is about to be sold out."""
    return _figure(request, Availability.LOW, _("Low in stock"), "low")


def _figure(request: HttpRequest, level: Availability, label: str, state: str) -> dashboard.Figure | None:
    if not request.user.has_perm("catalog.view_stock"):
        return None
    count = dashboard.counted(Stock.objects.filter(at_level(level)))
    url = reverse("admin:catalog_stock_changelist") + f"?level={level.value}"
    return dashboard.Figure(label, count, url, state)
