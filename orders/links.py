"""The unguessable link of an order: signed, so that no secret has to be stored and old mails stay good.

SECRET_KEY_FALLBACKS is honoured: a new key does not break the links that were mailed. Links that came into
wrong hands are made void by counting: docs/decisions/0018-links-can-be-made-anew.md.
"""

from typing import NamedTuple

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from orders.models import Order
from shop import markets
from shop.markets import Market


def _signer() -> Signer:
    return Signer(salt="orders.link", sep=".")


class Signed(NamedTuple):
    """What a token says: which order, and how often its links had been made anew by then."""

    order_id: int
    renewed: int


def token(order: Order) -> str:
    """What the order's address ends with."""
    said = f"{order.pk}-{order.links_renewed}" if order.links_renewed else str(order.pk)
    return _signer().sign(said)


def read(token: str) -> Signed | None:
    """What it says, whether or not it is still good; None if we did not sign it."""
    try:
        pk, _hyphen, renewed = _signer().unsign(token).partition("-")
        return Signed(int(pk), int(renewed or 0))
    except (BadSignature, ValueError):
        return None


def path(order: Order, *, market: Market | None = None) -> str:
    """The order's page, in this market or that one."""
    if market is None:
        return reverse("orders:order", args=[token(order)])
    return markets.url(market, "orders:order", token(order))


def returning(order: Order, *, market: Market) -> str:
    """Where a payment provider sends the buyer back to."""
    return markets.url(market, "orders:returned", token(order))
