"""What mails about orders say."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from orders import links, queries
from orders.models import GivenUp, Order, Payment, Refund
from shop import mail, markets
from shop.mail import Attachment
from shop.money import Money

Shape = dict[str, Any]


def confirmation(order: Order, papers: Sequence[Attachment] = (), *, again: int = 0) -> None:
    """The one mail about a new order: paid, and with its invoice, or its money on the way.

    again: which wish to have it sent again it follows, here and below: a mail program shows it besides.
    """
    _send("orders/confirmation", order, papers, about=_again(again))


def invoice(order: Order, papers: Sequence[Attachment] = (), *, again: int = 0) -> None:
    """The money has arrived after the confirmation was sent: here is the invoice."""
    _send("orders/invoice", order, papers, about=_again(again))


def payment(order: Order) -> None:
    """The link to pay, for whom the first attempt did not end well."""
    _send("orders/payment", order)


def shipped(order: Order, *, number: int | None = None, again: int = 0) -> None:
    """A parcel is on its way: what is in it, who brings it, and what is to come. number: None is the last."""

    def of_parcel(shown: Shape) -> Shape:
        of_order = {
            "number": 1,
            "lines": shown["lines"],
            "carrier": shown["carrier"],
            "tracking_code": "",
            "tracking_url": None,
        }
        parcels = [row for row in shown["parcels"] if number in {None, row["number"]}] or [of_order]
        return {"parcel": parcels[-1]}

    about = f"parcel {number}" if number and number > 1 else ""
    _send("orders/shipped", order, about=f"{about} {_again(again)}".strip(), more=of_parcel)


def _again(wish: int) -> str:
    return f"again {wish}" if wish else ""


def refunded(order: Order, *, refund: Refund, papers: Sequence[Attachment] = ()) -> None:
    """Money went back: how much, what for, and when it arrives."""
    lines = {str(line.pk): line for line in order.lines.all()}
    goods = [(lines[pk], count) for pk, count in refund.pieces.items() if pk in lines]
    told = {
        "amount": refund.money,
        "why": _why(refund),
        "reason": refund.reason,
        "lines": [{"name": line.name, "options": line.options, "quantity": count} for line, count in goods],
        "delivery": None if refund.delivery is None else Money(refund.delivery, refund.currency),
    }
    _send("orders/refunded", order, papers, about=f"refund {refund.pk}", more=lambda shown: {"refund": told})


def _why(refund: Refund) -> str:
    """Why money went back, for the words of its mail."""
    if refund.payment.status == Payment.Status.SURPLUS:
        return "held"
    if refund.returns.exists():
        return "returned"
    never_come = GivenUp.objects.filter(line__in=[int(pk) for pk in refund.pieces]).exists()
    return "given_up" if never_come else ""


def cancelled(order: Order) -> None:
    """It does not come, and what becomes of the money."""
    _send("orders/cancelled", order)


def sent_back(order: Order) -> None:
    """Money that came too late, or a second time, goes back."""
    _send("orders/sent_back", order)


def tracking(order: Order) -> None:
    """The order's link, for somebody who asked for it."""
    _send("orders/tracking", order)


def _send(
    name: str,
    order: Order,
    papers: Sequence[Attachment] = (),
    *,
    about: str = "",
    more: Callable[[Shape], Shape] = lambda shown: {},
) -> None:
    """In the language in which the order was placed, and in its market, while there is that market.

    about: which of several mails of that name about the order it is. more: what this one says besides, of
    the order as its page shows it.
    """
    market = markets.get_or_default(order.market)
    with markets.use(market):
        shown = queries.order_page(order)
        context: Shape = {
            "has_invoice": bool(papers),
            "order": shown,
            "name": order.name,
            "order_url": settings.SITE_URL + links.path(order),
            "shop_url": settings.SITE_URL + market.mount,
            **more(shown),
        }
        key = f"order {order.pk} {about}".strip()
        mail.send(name, order.email, context, language=order.language, key=key, attachments=papers)
