"""Pages of one order that ask before something happens: found, allowed, shown, and back to the order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from orders import states
from orders.models import Order, Refund
from shop.desk.fixes import fixes
from shop.desk.tables import Table


class Meanwhile(Exception):
    """Something was sent or came back since the page was shown: by a first press, or by somebody else."""


class Asking(Table):
    """What such pages share."""

    def asked(self, request: HttpRequest, pk: int, permission: str) -> Order:
        """The order, for whom may do that to it."""
        order: Order | None = self.get_object(request, str(pk))
        if order is None:
            raise Http404
        if not request.user.has_perm(f"orders.{permission}"):
            raise PermissionDenied
        return order

    def mark(self, order: Order) -> str:
        """How many parcels, returns and refunds there are: a page sends along what it was shown with."""
        refunds = Refund.objects.filter(payment__order=order)
        return "-".join(str(rows.count()) for rows in (order.shipments, order.returns, refunds))

    @contextmanager
    def once(self, order: Order, seen: str) -> Iterator[None]:
        """What is done inside is done to the order as the page showed it; Meanwhile."""
        with transaction.atomic():
            held = states.lock(order.pk)
            if seen and seen != self.mark(held):
                raise Meanwhile
            yield

    def may_refund(self, request: HttpRequest) -> bool:
        """Whether this person sends money back; who cancels need not, and leaves it to somebody who does."""
        return request.user.has_perm("orders.refund_order")

    def ask(
        self, request: HttpRequest, order: Order, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """The page; a `form` in it tells what is to be mended."""
        form = context.get("form")
        shown = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "order": order,
            "back": self.page_of(order),
            "fixes": fixes(form) if form is not None and form.is_bound else [],
            **context,
        }
        return TemplateResponse(request, f"admin/orders/order/{template}.html", shown)

    def page_of(self, order: Order) -> str:
        return reverse("admin:orders_order_change", args=[order.pk])

    def done(self, request: HttpRequest, order: Order, text: str) -> HttpResponse:
        """Back at the order, which says so."""
        self.message_user(request, text, messages.SUCCESS)
        return self.rung(request, HttpResponseRedirect(self.page_of(order)))

    def refused(self, request: HttpRequest, order: Order, text: str) -> HttpResponse:
        """Back at the order, which is as it was."""
        self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(self.page_of(order))

    def done_already(self, request: HttpRequest, order: Order) -> HttpResponse:
        """A button was pressed twice, or two people did the same: once is enough."""
        text = _(
            "%(number)s has changed since that page was opened, and this may be done already. Look at it,"
            " please, and begin again if it is not."
        )
        return self.refused(request, order, text % {"number": order.number})

    def stays(self, request: HttpRequest, order: Order) -> HttpResponse:
        """It has moved on meanwhile, or never could."""
        text = _("%(number)s stays as it is: it is %(status)s.")
        values = {"number": order.number, "status": order.get_status_display()}
        return self.refused(request, order, text % values)
