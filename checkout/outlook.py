"""What a click on "Order and pay" meets, in one look: of many who press at once, most come too late.

Both are of one moment: whoever's first click took the last unit sees the order that it became. A yes is
judged again under the cart's lock, where the quote and the stock have their say (checkout.completion).
"""

from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Exists, OuterRef

from catalog import stock
from checkout.models import Cart, CartLine
from orders.models import Order
from shop.prepared import Param, Prepared


class Outlook(NamedTuple):
    """is_placed: this round of the cart is an order. is_short: it wants more of something than lies there.

    cart: whose it is and how it stands, and nothing else of it; None if it is gone.
    """

    is_placed: bool = False
    is_short: bool = False
    cart: Cart | None = None


_SHORT = CartLine.objects.filter(
    cart=OuterRef("pk"), variant__stock__is_tracked=True, quantity__gt=stock.Left("variant__stock__")
)
_WHOSE = frozenset({"id", "token_hash", "user_id", "market", "round", "closed_at"})
_OF_CART = [column.attname for column in Cart._meta.concrete_fields if column.attname in _WHOSE]
_SEEN = Prepared(
    lambda: (
        Cart.objects.filter(pk=Param("cart", BigIntegerField()))
        .order_by()
        .values_list(Exists(Order.objects.filter(placement_key=Param("key"))), Exists(_SHORT), *_OF_CART)
    )
)


def of(placement_key: str) -> Outlook:
    """That of a round of a cart, whose form a browser has sent."""
    seen = _SEEN.first(cart=Cart.of_placement(placement_key), key=placement_key)
    if seen is None:
        return Outlook()
    is_placed, is_short, *of_cart = seen
    return Outlook(is_placed, is_short, Cart.from_db(DEFAULT_DB_ALIAS, _OF_CART, of_cart))
