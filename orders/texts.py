"""What is said of an order by SMS: to who left a phone number, where the merchant has switched it on."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from orders import links
from orders.models import Order
from shop import channels, markets
from shop.outbox import outbox

Status = Order.Status
JOBS: Mapping[str, str] = {
    Status.SHIPPED: "orders.text_shipped",
    Status.DELIVERED: "orders.text_delivered",
}
SAID: Mapping[str, Any] = {
    Status.SHIPPED: gettext_lazy("%(shop)s: your order %(number)s is on its way. %(url)s"),
    Status.DELIVERED: gettext_lazy("%(shop)s: your order %(number)s has been delivered. %(url)s"),
}


def ask(order: Order, status: str) -> None:
    """In the transaction in which it comes into that status: somebody is to hear of it."""
    if status in JOBS and status in settings.SMS_ORDER_STATES and number(order):
        outbox.enqueue(JOBS[status], order.pk)


def send(order: Order, status: str) -> None:
    """In the language in which it was placed; raises if nobody takes it."""
    market = markets.get_or_default(order.market)
    with markets.use(market), translation.override(order.language):
        values = {
            "shop": settings.SITE_NAME,
            "number": order.number,
            "url": settings.SITE_URL + links.path(order),
        }
        text = str(SAID[status]) % values
    channels.sms().send(number(order), text, key=f"order-{order.pk}-{status}")


def number(order: Order) -> str:
    """The phone's, without what people write between its digits; empty if there is none."""
    phone = "".join(sign for sign in order.phone if sign in "+0123456789")
    return phone if sum(sign != "+" for sign in phone) >= 6 else ""
