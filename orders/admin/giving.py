"""Money and goods that come back: what for is chosen first, then the sum is shown, then it happens."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import invoices, progress, refunds, returns, states
from orders.admin import told
from orders.admin.asking import Asking, Meanwhile
from orders.admin.pieces import MoneyForm, ReturnForm
from orders.balance import GIVEN_UP
from orders.models import Order, Payment, Refund
from shop.money import Money


class Giving(Asking):
    """The part of the orders' desk that gives money back, and takes goods."""

    def get_urls(self) -> list[URLPattern]:
        refund, back = (self.admin_site.admin_view(view) for view in (self.refund_view, self.return_view))
        return [
            path("<int:pk>/refund/", refund, name="orders_order_refund"),
            path("<int:pk>/return/", back, name="orders_order_return"),
            *super().get_urls(),
        ]

    def refund_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For goods, the delivery, or an amount."""
        order = self.asked(request, pk, "refund_order")
        seen, left = self.mark(order), refunds.left(order)
        if order.status in GIVEN_UP or not left:
            return self.refused(request, order, _("%s: nothing is left to be refunded.") % order.number)
        ledger = invoices.ledger(order)
        lines = {line.pk: line.quantity for line in order.lines.all()}
        data = request.POST if request.method == "POST" else None
        if data and data.get("seen", seen) != seen:
            return self.done_already(request, order)
        _goods, brought = ledger.worth({}, delivery=True)
        come = progress.of(order)
        form = MoneyForm(
            data,
            order=order,
            most=ledger.creditable(lines),
            told=told.movements(order, come, ledger),
            brought=brought,
            initial={"seen": seen},
        )
        sum_: Money | None = None
        if form.is_valid():
            said, pieces = form.cleaned_data, form.pieces()
            sum_, amount = self._sum(form, ledger, pieces), said.get("amount")
            if sum_ > left:
                form.add_error(None, self._too_much(left))
            if not form.errors and request.POST.get("agreed") == str(sum_.amount):
                try:
                    with self.once(order, said["seen"]):
                        if pieces or said.get("delivery"):
                            refund = refunds.of_goods(
                                order,
                                pieces,
                                delivery=bool(said.get("delivery")),
                                amount=amount,
                                reason=said["reason"],
                                actor_id=request.user.pk,
                            )
                        else:
                            refund = refunds.refund(
                                order, sum_, reason=said["reason"], actor_id=request.user.pk
                            )
                except Meanwhile:
                    return self.done_already(request, order)
                except refunds.MoreThanPaid as error:
                    form.add_error(None, self._too_much(error.left))
                else:
                    return self.done(request, order, self._sent(refund))
        title = _("Refund %s") % order.number
        shown = None if form.errors else sum_
        hint = self._in_advance(form, ledger, come) if shown else ""
        return self.ask(request, order, "refund", title, form=form, left=left, sum=shown, hint=hint)

    def return_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Goods are here again; to the shelf or not, with their money or without."""
        order = self.asked(request, pk, "refund_order")
        seen, come = self.mark(order), progress.of(order)
        if order.status not in progress.SENT or not come.out:
            return self.stays(request, order)
        ledger = invoices.ledger(order)
        data = request.POST if request.method == "POST" else None
        if data and data.get("seen", seen) != seen:
            return self.done_already(request, order)
        _goods, brought = ledger.worth({}, delivery=True)
        form = ReturnForm(
            data,
            order=order,
            most=come.out,
            told=told.movements(order, come, ledger),
            brought=brought,
            initial={"seen": seen},
        )
        sum_: Money | None = None
        due: Mapping[int, int] = {}
        if form.is_valid():
            said = form.cleaned_data
            due = ledger.due(form.pieces(), come.gone) if said["has_refund"] else {}
            sum_ = self._sum(form, ledger, due) if said["has_refund"] else Money.zero(order.currency)
            if sum_ > refunds.left(order):
                form.add_error(None, self._too_much(refunds.left(order)))
            if not form.errors and request.POST.get("agreed") == str(sum_.amount):
                try:
                    with self.once(order, said["seen"]):
                        taken = returns.take_back(
                            order,
                            form.pieces(),
                            restock=form.pieces("shelf"),
                            has_refund=said["has_refund"],
                            amount=said.get("amount") if said["has_refund"] else None,
                            delivery=bool(said.get("delivery")),
                            reason=said["reason"],
                            actor_id=request.user.pk,
                        )
                except Meanwhile:
                    return self.done_already(request, order)
                except returns.MoreThanSent:
                    text = _("Somebody has taken a part of it back meanwhile: look at what is out, please.")
                    form.add_error(None, text)
                except refunds.MoreThanPaid as error:
                    form.add_error(None, self._too_much(error.left))
                except states.WrongMove as error:
                    return self.stays(request, error.order)
                else:
                    return self.done(request, order, self._taken(taken.refund))
        title = _("Take goods of %s back") % order.number
        shown = None if form.errors else sum_
        hint = self._before(form, due) if shown is not None else ""
        return self.ask(
            request, order, "return", title, form=form, left=refunds.left(order), sum=shown, hint=hint
        )

    def _before(self, form: ReturnForm, due: Mapping[int, int]) -> str:
        """That pieces which came back were refunded while they were out, and cost nothing now."""
        back, paid = sum(form.pieces().values()), sum(due.values())
        if not form.cleaned_data["has_refund"] or back == paid:
            return ""
        if not paid:
            return _("These pieces have been refunded: they are only taken back.")
        text = ngettext(
            "%(count)d of these pieces has been refunded: the others’ money goes back.",
            "%(count)d of these pieces have been refunded: the others’ money goes back.",
            back - paid,
        )
        return text % {"count": back - paid}

    def _in_advance(self, form: MoneyForm, ledger: invoices.Ledger, come: progress.Progress) -> str:
        """That pieces which are refunded are still out: their return will bring no money once more."""
        open_ = {pk: come.gone.get(pk, 0) - ledger.refunded(pk) for pk in form.pieces()}
        ahead = sum(count - min(max(open_[pk], 0), count) for pk, count in form.pieces().items())
        if not ahead or form.order.status not in progress.SENT:
            return ""
        text = ngettext(
            "%(count)d of these pieces has not come back: when it does, no more goes back for it.",
            "%(count)d of these pieces have not come back: when they do, no more goes back for them.",
            ahead,
        )
        return text % {"count": ahead}

    def _sum(self, form: MoneyForm, ledger: invoices.Ledger, pieces: Mapping[int, int]) -> Money:
        """By the same arithmetic as the credit note; complains if the amount is more than that."""
        said = form.cleaned_data
        goods, brought = ledger.worth(ledger.creditable(pieces), delivery=bool(said.get("delivery")))
        whole: Money = goods + brought
        amount: Money | None = said["amount"]
        if amount is None:
            return whole
        if (form.pieces() or said.get("delivery")) and amount > whole:
            text = _("Those cost %(sum)s: no more goes back for them.") % {"sum": whole}
            form.add_error(
                "amount", text if whole else _("Those have been refunded: no more goes back for them.")
            )
        return amount

    def _too_much(self, left: Money) -> str:
        return _("Only %(left)s is left of what was paid.") % {"left": left}

    def _sent(self, refund: Refund | None) -> str:
        if refund is None:
            return _("Nothing is left of that to be refunded.")
        if refund.payment.gateway == Payment.BY_HAND:
            return _("%(sum)s is yours to send back: say so below when it is done") % {"sum": refund.money}
        return _("%(sum)s goes back") % {"sum": refund.money}

    def _taken(self, refund: Refund | None) -> str:
        return _("Goods taken back") if refund is None else _("Goods taken back: %s") % self._sent(refund)


def offers_refund(order: Order) -> bool:
    """Whether money of it can go back by that page; a cancelled order has a button of its own."""
    return order.status not in GIVEN_UP and bool(refunds.left(order))
