"""What mails about orders say."""

from typing import Any

from django.conf import settings

from orders import links, queries
from orders.models import Order
from shop import mail, markets


def confirmation(order: Order) -> None:
    """The one mail about a new order: paid, or its money on the way."""
    _send("orders/confirmation", order)


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


def _send(name: str, order: Order) -> None:
    """In the language in which the order was placed, and in its market, while there is that market."""
    market = markets.get_or_default(order.market)
    with markets.use(market):
        context: dict[str, Any] = {
            "order": queries.order_page(order),
            "name": order.name,
            "order_url": settings.SITE_URL + links.path(order),
            "shop_url": settings.SITE_URL + market.mount,
        }
        mail.send(name, order.email, context, language=order.language, key=f"order {order.pk}")
