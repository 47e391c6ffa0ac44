"""The unguessable link of an order: signed, so that nothing has to be stored and old mails stay good.

SECRET_KEY_FALLBACKS is honoured: a new key does not break the links that were mailed.
"""

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from orders.models import Order
from shop import markets
from shop.markets import Market


def _signer() -> Signer:
    return Signer(salt="orders.link", sep=".")


def token(order_id: int) -> str:
    """What the order's address ends with."""
    return _signer().sign(str(order_id))


def order_id(token: str) -> int | None:
    """The order that a token stands for; None if we did not sign it."""
    try:
        return int(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None


def path(order: Order, *, market: Market | None = None) -> str:
    """The order's page, in this market or that one."""
    if market is None:
        return reverse("orders:order", args=[token(order.pk)])
    return markets.url(market, "orders:order", token(order.pk))


def returning(order: Order, *, market: Market) -> str:
    """Where a payment provider sends the buyer back to."""
    return markets.url(market, "orders:returned", token(order.pk))
