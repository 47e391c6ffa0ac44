"""Packing slips: what goes into a parcel that is being packed, and what was in one that has left."""

import logging
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from orders import progress, sellers, shipments
from orders.admin.asking import Asking
from orders.models import Order, Shipment
from orders.papers import slip
from orders.papers.printing import NotRendered

logger = logging.getLogger(__name__)


class Packing(Asking):
    """The part of the orders' desk that prints what is packed; for whoever may see the order."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.slip_view)
        return [
            path("<int:pk>/packing-slip/", view, name="orders_order_slip"),
            path("<int:pk>/packing-slip/<int:number>/", view, name="orders_order_slip_of"),
            *super().get_urls(),
        ]

    def slip_view(self, request: HttpRequest, pk: int, number: int | None = None) -> HttpResponse:
        """Of that parcel; without a number, of all that is to be sent."""
        order: Order | None = self.get_object(request, str(pk))
        if order is None:
            raise Http404
        if not self.has_view_permission(request, order):
            raise PermissionDenied
        parcel = None if number is None else order.shipments.filter(number=number).first()
        if number is not None and parcel is None:
            raise Http404
        left = progress.of(order).left
        if parcel is None and not is_open(order, left):
            return self.stays(request, order)
        pieces = left if parcel is None else dict(parcel.lines.values_list("line", "quantity"))
        seller = sellers.of_market(order.market)
        try:
            made = slip.pdf(order, pieces, seller=seller, parcel=parcel, later=left if parcel else None)
        except NotRendered as error:
            logger.exception("The packing slip of %s cannot be set.", order)
            text = _("The packing slip cannot be made: %(reason)s") % {"reason": error}
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(self.page_of(order))
        headers = {
            "Content-Disposition": content_disposition_header(False, slip.filename(order, parcel)),
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(made, content_type="application/pdf", headers=headers)


def is_open(order: Order, left: progress.Pieces) -> bool:
    """Whether there is something to be packed."""
    return order.status in shipments.TO_SHIP and bool(left)


def link(order: Order) -> Any:
    """To the slip of what is to be packed."""
    return _link(reverse("admin:orders_order_slip", args=[order.pk]))


def link_of(parcel: Shipment) -> Any:
    """To that of one that has left."""
    return _link(reverse("admin:orders_order_slip_of", args=[parcel.order_id, parcel.number]))


def _link(url: str) -> Any:
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, _("Packing slip"))
