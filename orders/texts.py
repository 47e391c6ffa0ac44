"""What is said of an order by SMS and by push: where it is switched on, to who can be reached so.

An SMS goes to who left a phone number. A push goes to a customer with an account, by the name under which the
shop's app has made itself known to the provider ("customer-42"): that one knows the devices, and whether who
has them wants to hear of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from orders import links
from orders.models import Order
from shop import channels, markets
from shop.channels import Channel
from shop.outbox import outbox

Status = Order.Status
JOBS: Mapping[tuple[str, str], str] = {
    ("text", Status.SHIPPED): "orders.text_shipped",
    ("text", Status.DELIVERED): "orders.text_delivered",
    ("push", Status.SHIPPED): "orders.push_shipped",
    ("push", Status.DELIVERED): "orders.push_delivered",
}
SAID: Mapping[str, Any] = {
    Status.SHIPPED: gettext_lazy("%(shop)s: your order %(number)s is on its way. %(url)s"),
    Status.DELIVERED: gettext_lazy("%(shop)s: your order %(number)s has been delivered. %(url)s"),
}


def ask(order: Order, status: str) -> None:
    """In the transaction in which it comes into that status: somebody is to hear of it."""
    for (way, said), job in JOBS.items():
        if said == status and status in getattr(settings, WAYS[way].setting) and WAYS[way].to(order):
            outbox.enqueue(job, order.pk)


def send(order: Order, status: str, way: str) -> None:
    """In the language in which it was placed; raises if nobody takes it."""
    market = markets.get_or_default(order.market)
    with markets.use(market), translation.override(order.language):
        values = {
            "shop": settings.SITE_NAME,
            "number": order.number,
            "url": settings.SITE_URL + links.path(order),
        }
        text = str(SAID[status]) % values
    if to := WAYS[way].to(order):  # an account may be gone by now
        WAYS[way].channel().send(to, text, key=f"order-{order.pk}-{status}")


def number(order: Order) -> str:
    """The phone's, without what people write between its digits; empty if there is none."""
    phone = "".join(sign for sign in order.phone if sign in "+0123456789")
    return phone if sum(sign != "+" for sign in phone) >= 6 else ""


def devices(order: Order) -> str:
    """What the provider knows its customer's devices by; empty for a guest."""
    return f"customer-{order.customer_id}" if order.customer_id else ""


class Way(NamedTuple):
    """One of both: which setting names the states that it tells, to whom, and by what."""

    setting: str
    to: Callable[[Order], str]
    channel: Callable[[], Channel]


WAYS: Mapping[str, Way] = {
    "text": Way("SMS_ORDER_STATES", number, channels.sms),
    "push": Way("PUSH_ORDER_STATES", devices, channels.push),
}
