"""What mails about orders say."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from orders import links, queries
from orders.models import Order
from shop import mail, markets
from shop.mail import Attachment


def confirmation(order: Order, papers: Sequence[Attachment] = ()) -> None:
    """The one mail about a new order: paid, and with its invoice, or its money on the way."""
    _send("orders/confirmation", order, papers)


def invoice(order: Order, papers: Sequence[Attachment] = ()) -> None:
    """The money has arrived after the confirmation was sent: here is the invoice."""
    _send("orders/invoice", order, papers)


def payment(order: Order) -> None:
    """The link to pay, for whom the first attempt did not end well."""
    _send("orders/payment", order)


def shipped(order: Order) -> None:
    """On its way: by whom, under which code, and when it should be there."""
    _send("orders/shipped", order)


def cancelled(order: Order) -> None:
    """It does not come, and what becomes of the money."""
    _send("orders/cancelled", order)


def sent_back(order: Order) -> None:
    """Money that came too late, or a second time, goes back."""
    _send("orders/sent_back", order)


def tracking(order: Order) -> None:
    """The order's link, for somebody who asked for it."""
    _send("orders/tracking", order)


def _send(name: str, order: Order, papers: Sequence[Attachment] = ()) -> None:
    """In the language in which the order was placed, and in its market, while there is that market."""
    market = markets.get_or_default(order.market)
    with markets.use(market):
        context: dict[str, Any] = {
            "has_invoice": bool(papers),
            "order": queries.order_page(order),
            "name": order.name,
            "order_url": settings.SITE_URL + links.path(order),
            "shop_url": settings.SITE_URL + market.mount,
        }
        key = f"order {order.pk}"
        mail.send(name, order.email, context, language=order.language, key=key, attachments=papers)
