"""Money that waits for a person: approved and to be taken, held back, or refused on its way back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.stock import OutOfStock
from orders import held, payments, refunds, states
from orders.admin.asking import Asking
from orders.admin.told import what_is_wrong
from orders.models import Order, Payment, Refund

SEEN_TO = gettext_lazy("Somebody has seen to that already.")


class Deciding(Asking):
    """The part of the orders' desk that decides about money."""

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.held_view)
        return [path("<int:pk>/held/<int:payment>/", ask, name="orders_order_held"), *super().get_urls()]

    def held_view(self, request: HttpRequest, pk: int, payment: int) -> HttpResponse:
        """What is wrong with a payment, and what becomes of it."""
        order = self.asked(request, pk, "charge_order")
        found = order.payments.filter(pk=payment).first()
        if found is None:
            raise Http404
        if found.status != Payment.Status.HELD:
            return self.refused(request, order, str(SEEN_TO))
        is_enough = held.covers(found, order)
        can_pay = states.can_move(
            order, Order.Status.AUTHORIZED if found.held_as == "authorized" else Order.Status.PAID
        )
        if request.method != "POST":
            title = _("Money held back: %s") % order.number
            more = found.money - order.money("total") if is_enough else None
            return self.ask(
                request,
                order,
                "held",
                title,
                payment=found,
                wrong=what_is_wrong(found, order),
                is_enough=is_enough,
                can_pay=can_pay,
                more=more,
                kept_until=held.kept_until(found),
                has_expired=order.status == Order.Status.EXPIRED,
                is_there=order.status != Order.Status.EXPIRED or held.is_there(order),
            )
        try:
            if "accept" in request.POST:
                held.accept(found, actor_id=request.user.pk)
                return self.done(request, order, _("Payment accepted"))
            held.send_back(found, actor_id=request.user.pk)
            return self.done(request, order, _("%(sum)s goes back") % {"sum": found.money})
        except held.NotHeld:
            return self.refused(request, order, str(SEEN_TO))
        except held.NotEnough:
            return self.refused(request, order, _("That is not what the order costs: send it back, please."))
        except states.WrongMove as error:
            return self.stays(request, error.order)
        except OutOfStock:
            text = _("%s has expired, and not all of it is there any more: send the money back, please.")
            return self.refused(request, order, text % order.number)

    def capture(self, request: HttpRequest, order: Order) -> None:
        """A job takes what was approved."""
        try:
            payments.capture(order, actor_id=request.user.pk)
        except payments.NotPayable:
            self.message_user(request, str(SEEN_TO), messages.WARNING)
        else:
            self.message_user(request, _("The money is being taken"), messages.SUCCESS)

    def see_to_refund(self, request: HttpRequest, order: Order, pressed: str) -> None:
        """One that failed is tried again or left; one that goes by hand was sent. pressed: the button's."""
        if not request.user.has_perm("orders.refund_order"):
            raise PermissionDenied
        what, _colon, pk = pressed.partition(":")
        mine = Refund.objects.filter(payment__order=order).select_related("payment")
        refund = mine.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 18 else None
        if refund is None or what not in SEEING:
            raise Http404
        decide, text = SEEING[what]
        try:
            decide(refund, actor_id=request.user.pk)
        except refunds.NotOpen:
            self.message_user(request, str(SEEN_TO), messages.WARNING)
        except refunds.MoreThanPaid as error:
            said = _("Only %(left)s is left of what was paid.") % {"left": error.left}
            self.message_user(request, said, messages.WARNING)
        else:
            self.message_user(request, str(text), messages.SUCCESS)


SEEING: dict[str, tuple[Any, Any]] = {
    "again": (refunds.try_again, gettext_lazy("Refund tried again")),
    "leave": (refunds.let_be, gettext_lazy("Refund noted as sent another way")),
    "sent": (refunds.sent_by_hand, gettext_lazy("Refund noted")),
}
