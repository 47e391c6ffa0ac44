"""What leaves, parcel by parcel, and what never comes: pages that ask what, by whom, and whether really."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.stock import NotReserved
from orders import invoices, progress, refunds, shipments, states
from orders.admin import told
from orders.admin.asking import Asking, Meanwhile
from orders.admin.pieces import ShipForm
from orders.models import Order
from shop.desk.cells import number

UNRESERVED = gettext_lazy(
    "%(number)s stays as it is: not all of its goods are reserved. Count the stock, please."
)


class Shipping(Asking):
    """The part of the orders' desk that sends goods."""

    def get_urls(self) -> list[URLPattern]:
        ship, give_up = (self.admin_site.admin_view(view) for view in (self.ship_view, self.give_up_view))
        return [
            path("<int:pk>/ship/", ship, name="orders_order_ship"),
            path("<int:pk>/give-up/", give_up, name="orders_order_give_up"),
            *super().get_urls(),
        ]

    def ship_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All that is left, or a part of it."""
        order = self.asked(request, pk, "ship_order")
        seen, come = self.mark(order), progress.of(order)
        left = come.left
        if order.status not in shipments.TO_SHIP or not left:
            return self.stays(request, order)
        data = request.POST if request.method == "POST" else None
        if data and data.get("seen", seen) != seen:
            return self.done_already(request, order)
        first = {"carrier": order.delivery_carrier, "seen": seen}
        known = told.movements(order, come, invoices.ledger(order))
        form = ShipForm(data, order=order, most=left, told=known, initial=first)
        if not form.is_valid():
            return self.ask(request, order, "ship", _("Ship %s") % order.number, form=form)
        said = form.cleaned_data
        try:
            with self.once(order, said["seen"]):
                shipment = shipments.ship(
                    order,
                    form.pieces(),
                    carrier=said["carrier"],
                    tracking_code=said["tracking_code"],
                    is_told=said["is_told"],
                    actor_id=request.user.pk,
                )
        except Meanwhile:
            return self.done_already(request, order)
        except states.WrongMove as error:
            return self.stays(request, error.order)
        except shipments.MoreThanLeft:
            form.add_error(
                None, _("Somebody has shipped a part of it meanwhile: look at what is left, please.")
            )
            return self.ask(request, order, "ship", _("Ship %s") % order.number, form=form)
        except NotReserved:
            return self.refused(request, order, UNRESERVED % {"number": order.number})
        if not progress.of(order).left:
            text = _("Order shipped") if said["tracking_code"] else _("Order shipped without a tracking code")
        else:
            text = _("Parcel %(number)d shipped") % {"number": shipment.number}
        return self.done(request, order, text)

    def give_up_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The rest never comes; its money goes back."""
        order = self.asked(request, pk, "cancel_order")
        come = progress.of(order)
        left = come.left
        if order.status != Order.Status.PART_SHIPPED or not left:
            return self.stays(request, order)
        if request.method != "POST":
            count = invoices.ledger(order)
            goods, _brought = count.worth(count.due(left, come.gone))
            lines = [(line, number(left[line.pk])) for line in order.lines.all() if line.pk in left]
            title = _("Give up the rest of %s?") % order.number
            may_refund = self.may_refund(request)
            return self.ask(request, order, "give_up", title, lines=lines, money=goods, may_refund=may_refund)
        reason = " ".join(request.POST.get("reason", "").split())[:200]
        try:
            refund = shipments.give_up(
                order,
                has_refund=bool(request.POST.get("refund")) and self.may_refund(request),
                reason=reason,
                actor_id=request.user.pk,
            )
        except states.WrongMove as error:
            return self.stays(request, error.order)
        except NotReserved:
            return self.refused(request, order, UNRESERVED % {"number": order.number})
        except refunds.MoreThanPaid as error:
            text = _(
                "%(number)s: only %(left)s is left of what was paid. Give it up without a refund, please."
            )
            return self.refused(request, order, text % {"number": order.number, "left": error.left})
        if refund is None:
            return self.done(request, order, _("Rest given up"))
        text = _("Rest given up: %(sum)s goes back") % {"sum": refund.money}
        return self.done(request, order, text)
