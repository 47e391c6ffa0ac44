"""What an order's page on the desk tells of money and goods that came back, and of money that waits."""

from collections.abc import Iterable
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import balance, held, progress
from orders.invoices import Ledger
from orders.models import Order, OrderLine, Payment, Refund, Return, ReturnLine
from shop.desk.cells import amount, grouped, moment, pill
from shop.money import Money

Status = Refund.Status


def movement(line: OrderLine, come: progress.Progress, refunded: int = 0) -> str:
    """1 of 3 sent · 1 never comes · 1 came back · 1 refunded; nothing while none was."""
    told = []
    if come.shipped:
        values = {"sent": come.shipped.get(line.pk, 0), "all": line.quantity}
        told.append(_("%(sent)d of %(all)d sent") % values)
    if never := come.given_up.get(line.pk):
        told.append(_("%d never come") % never)
    if back := come.returned.get(line.pk):
        told.append(_("%d came back") % back)
    if refunded:
        told.append(_("%d refunded") % refunded)
    return " · ".join(told)


def movements(order: Order, come: progress.Progress, ledger: Ledger) -> dict[int, str]:
    """Of each line, by its id."""
    return {line.pk: movement(line, come, ledger.refunded(line.pk)) for line in order.lines.all()}


def money_of(order: Order) -> str:
    """Paid, refunded, left: one summary; what is held back or approved stands beside it."""
    paid, back, rest = balance.summary(order)
    open_ = refunds_of(order)
    under_way = Money.sum(
        (refund.money for refund in open_ if refund.status == Status.BEGUN and _counts(refund)),
        order.currency,
    )
    context: dict[str, Any] = {"paid": paid, "back": back, "rest": rest, "under_way": min(under_way, back)}
    if not paid:
        context["unpaid"] = "\n".join(unpaid(order, open_))
    return render_to_string("admin/orders/order/money.html", context)


def unpaid(order: Order, sent: Iterable[Refund]) -> list[str]:
    """That nothing has paid it; below, what came for nothing, or is on its way to an order that has ended."""
    has_ended = order.status in balance.GIVEN_UP
    told = [_("Nothing was paid for it") if has_ended else _("Nothing is paid yet")]
    for payment in order.payments.all():
        values = {"amount": payment.money}
        if payment.status == Payment.Status.PENDING and has_ended:
            told.append(_("%(amount)s is on its way: should it arrive, it goes back by itself") % values)
        elif payment.status == Payment.Status.SURPLUS:
            own = [refund for refund in sent if refund.payment_id == payment.pk]
            if any(map(waits, own)):
                told.append(_("%(amount)s came and did not count: it waits to be sent back") % values)
            elif any(refund.status == Status.BEGUN for refund in own):
                told.append(_("%(amount)s came and did not count: it is on its way back") % values)
            else:
                told.append(_("%(amount)s came and did not count: it has gone back") % values)
    return told


def _counts(refund: Refund) -> bool:
    return refund.payment.status == Payment.Status.SUCCEEDED


def refunds_of(order: Order) -> list[Refund]:
    """Of all its payments, the oldest first."""
    found = Refund.objects.filter(payment__order=order)
    return list(found.select_related("payment", "credit_note", "actor").order_by("pk"))


def waits(refund: Refund) -> bool:
    """Whether somebody is to see to it: it failed, or no gateway sends it."""
    return _is_open(refund) or _is_by_hand(refund)


def _is_open(refund: Refund) -> bool:
    return refund.status == Status.FAILED and refund.closed_at is None


def _is_by_hand(refund: Refund) -> bool:
    return refund.payment.gateway == Payment.BY_HAND and refund.status == Status.BEGUN


def refunds_gist(order: Order) -> str:
    """What the folded part says: how many, and what they come to."""
    found = [refund for refund in refunds_of(order) if refund.status != Status.FAILED]
    sums = {refund.currency for refund in found}
    totals = [
        str(Money.sum((row.money for row in found if row.currency == currency), currency))
        for currency in sorted(sums)
    ]
    return " · ".join([grouped(len(found)), *totals])


def returns_gist(order: Order) -> str:
    """How many pieces came back, and why."""
    pieces = sum(ReturnLine.objects.filter(back__order=order).values_list("quantity", flat=True))
    text = ngettext("%d piece", "%d pieces", pieces) % pieces
    return " · ".join([text, *(back.reason for back in order.returns.all() if back.reason)])


def refunds_table(order: Order, *, may_see_to: bool) -> str:
    """Each with what became of it; may_see_to: with the buttons for those that wait for somebody."""
    names = {str(line.pk): line.name for line in order.lines.all()}
    rows = []
    for refund in refunds_of(order):
        goods = [f"{count} × {names.get(pk, pk)}" for pk, count in refund.pieces.items()]
        by_hand, is_open = _is_by_hand(refund), _is_open(refund)
        colour = {Status.SUCCEEDED: "good", Status.FAILED: "bad" if is_open else "quiet"}
        label = _("to be sent by hand") if by_hand else refund.get_status_display()
        rows.append(
            {
                "pk": refund.pk,
                "when": moment(refund.created_at),
                "sum": amount(refund.money),
                "state": pill(colour.get(Status(refund.status), "low"), label),
                "what": ", ".join([*goods, *([_("Delivery")] if refund.delivery else [])]),
                "why": " · ".join(filter(None, (refund.reason, refund.error))),
                "paper": refund.credit_note,
                "who": refund.actor.get_full_name() if refund.actor else "",
                "is_open": is_open and may_see_to,
                "by_hand": by_hand and may_see_to,
            }
        )
    return render_to_string("admin/orders/order/refunds.html", {"rows": rows})


def returns_table(order: Order) -> str:
    """Each with its goods, and what of them is sold again."""
    names = {line.pk: line.name for line in order.lines.all()}
    found = Return.objects.filter(order=order).select_related("refund__payment", "actor")
    rows = [
        {
            "when": moment(back.received_at),
            "lines": [
                {"name": names[row.line_id], "count": row.quantity, "shelf": row.restocked}
                for row in back.lines.all()
            ],
            "why": back.reason,
            "sum": amount(back.refund.money) if back.refund else "–",
            "who": back.actor.get_full_name() if back.actor else "",
        }
        for back in found.prefetch_related("lines").order_by("pk")
    ]
    return render_to_string("admin/orders/order/returns.html", {"rows": rows})


def held_notice(order: Order, *, may_decide: bool) -> str:
    """Money that did not fit, each with what is wrong."""
    rows = [
        {
            "text": what_is_wrong(payment, order),
            "kept_until": held.kept_until(payment),
            "has_expired": order.status == Order.Status.EXPIRED,
            "url": reverse("admin:orders_order_held", args=[order.pk, payment.pk]) if may_decide else "",
        }
        for payment in order.payments.all()
        if payment.status == Payment.Status.HELD
    ]
    return render_to_string("admin/orders/order/held_notice.html", {"rows": rows}) if rows else ""


def what_is_wrong(payment: Payment, order: Order) -> str:
    """In words: the sum, or what the gateway's word was doubted for."""
    if payment.money == order.money("total"):
        return _("%(came)s came, but it is doubtful: %(why)s.") % {
            "came": payment.money,
            "why": payment.reason,
        }
    values: dict[str, Any] = {"came": payment.money, "asked": order.money("total")}
    if payment.held_as == "authorized":
        return _("%(came)s was approved, and the order costs %(asked)s.") % values
    text = _("%(came)s came, and the order costs %(asked)s.") % values
    is_sum = payment.reason == f"{payment.amount} {payment.currency}"
    return text if is_sum else f"{text} {capfirst(payment.reason)}."
