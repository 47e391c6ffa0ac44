"""The cart: opened by its cookie or its owner, and changed under its own lock."""

from dataclasses import dataclass

from django.contrib import messages
from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import PostalFields
from catalog import delivery, stock
from checkout import cookies, queries
from checkout.models import Cart, CartLine
from shop import markets
from shop.postgresql.base import prepared_cursor
from shop.prepared import Param, Prepared, bound

MOST = 999  # of one thing
_OF_TOKEN = Prepared(lambda: Cart.objects.filter(token_hash=Param("token_hash"), closed_at=None).order_by())
_CLOSE = """
    UPDATE checkout_cart SET closed_at = now.at, updated_at = now.at
    FROM (SELECT statement_timestamp() AS at) now WHERE id = %s
"""
_LOCKED = Prepared(
    lambda: Cart.objects.select_for_update().filter(pk=Param("pk", BigIntegerField())).order_by()
)


class CartClosed(Exception):
    """It has become an order, or part of another cart."""


class NotForSale(Exception):
    """The variant is not offered in the cart's market."""


class SoldOut(Exception):
    """Nothing of it is left."""


@dataclass(frozen=True)
class Change:
    """What became of a wish: `quantity` now stands in the cart, `left` is what could."""

    quantity: int
    left: int
    asked: int

    @property
    def is_less(self) -> bool:
        return self.quantity < self.asked


def open(request: HttpRequest) -> Cart | None:
    """The visitor's open cart: the cookie's, unless it is somebody else's, or the account's."""
    cart = _find(request)
    if cart is None or cart.market in market_codes():
        return cart
    # Its prices and its delivery are gone with its market: that is told, and the next one begins empty.
    close(cart)
    cookies.forget(request)
    text = _("Your cart was begun in a market that we no longer serve. Please fill it again here.")
    messages.info(request, text, fail_silently=True)
    return open(request)


def _find(request: HttpRequest) -> Cart | None:
    token = request.COOKIES.get(cookies.TOKEN)
    if token:
        cart = _OF_TOKEN.first(token_hash=cookies.hashed(token))
        if cart is not None and _may_have(request, cart):
            return cart
    user = request.user if request.user.is_authenticated else None
    return Cart.objects.filter(user=user, closed_at=None).first() if user else None


def _may_have(request: HttpRequest, cart: Cart) -> bool:
    """A cookie outlives a logout on a shared computer; the cart of an account needs its login."""
    return cart.user_id is None or (request.user.is_authenticated and cart.user_id == request.user.pk)


def is_of(request: HttpRequest, cart: Cart) -> bool:
    """Whether this browser has its cookie, and may have the cart."""
    token = request.COOKIES.get(cookies.TOKEN)
    return bool(token) and cart.token_hash == cookies.hashed(str(token)) and _may_have(request, cart)


def is_open_of(request: HttpRequest, cart: Cart) -> bool:
    """Whether open() would give this one, by the cookie."""
    return is_of(request, cart) and cart.closed_at is None and cart.market in market_codes()


def open_or_create(request: HttpRequest) -> Cart:
    """The visitor's open cart, or a new one whose token goes out with the answer."""
    cart = open(request)
    if cart is not None:
        return cart
    token = cookies.new_token()
    user = request.user if request.user.is_authenticated else None
    try:
        with transaction.atomic():
            cart = Cart.objects.create(
                token_hash=cookies.hashed(token), market=markets.current().code, user=user
            )
    except IntegrityError:
        # The account's other tab was faster.
        return Cart.objects.get(user=user, closed_at=None)
    cookies.remember(request, token, 0)
    return cart


def show_size(request: HttpRequest, cart: Cart | None) -> int:
    """Let the answer's cookie say how many things are in it; the number."""
    size = (cart.lines.aggregate(size=Sum("quantity"))["size"] or 0) if cart else 0
    cookies.remember(request, None, size)
    return size


def add(cart: Cart, variant_id: int, quantity: int) -> Change:
    """So many more of it, never above the stock. NotForSale, SoldOut, CartClosed.

    The first line fixes the market; what comes later is priced in it, whatever page it came from.
    """
    with transaction.atomic():
        held = _lock(cart)
        line = held.lines.filter(variant_id=variant_id).first()
        if line is None and not held.lines.exists():
            held.market = markets.current().code
        if not queries.is_sold(variant_id, markets.get(held.market)):
            raise NotForSale(variant_id)
        left = most(stock.free([variant_id]), variant_id)
        before = line.quantity if line else 0
        if left == 0:
            raise SoldOut(variant_id)
        # What is there already stays, even if others have bought since: the cart page tells.
        total = max(before, min(before + quantity, left))
        if line is None:
            CartLine.objects.create(cart=held, variant_id=variant_id, quantity=total)
        else:
            CartLine.objects.filter(pk=line.pk).update(quantity=total)
        _touch(held)
    cart.market = held.market
    return Change(quantity=total, left=left, asked=before + quantity)


def change(cart: Cart, line_id: int, quantity: int) -> Change | None:
    """So many of that line, never above the stock; 0 removes it. None if the line is not there (any more)."""
    with transaction.atomic():
        held = _lock(cart)
        line = held.lines.filter(pk=line_id).first()
        if line is None:
            return None
        left = most(stock.free([line.variant_id]), line.variant_id)
        if quantity == 0:
            line.delete()
            total = 0
        else:
            total = min(quantity, max(left, 1))
            CartLine.objects.filter(pk=line.pk).update(quantity=total)
        _touch(held)
    return Change(quantity=total, left=left, asked=quantity)


def remove(cart: Cart, line_id: int) -> None:
    """The line is gone."""
    change(cart, line_id, 0)


def set_address(cart: Cart, *, email: str, vat_number: str = "", **address: str) -> None:
    """Who gets it and where; a delivery method that does not go there is given up."""
    with transaction.atomic():
        held = _lock(cart)
        held.email, held.vat_number = email, vat_number
        for field in PostalFields._meta.fields:
            setattr(held, field.name, address.get(field.name, ""))
        if not delivery.goes_to(held.method_id, held.country, held.region):
            held.method_id = None
        held.save()
    cart.refresh_from_db()


def set_method(cart: Cart, method_id: int) -> None:
    """How it is brought; the caller has checked that the method is offered."""
    with transaction.atomic():
        held = _lock(cart)
        held.method_id = method_id
        held.save(update_fields=["method", "updated_at"])
    cart.refresh_from_db()


def set_voucher(cart: Cart, code: str) -> None:
    """Its voucher's code, or "" for none."""
    with transaction.atomic():
        held = _lock(cart)
        held.voucher_code = code
        held.save(update_fields=["voucher_code", "updated_at"])
    cart.voucher_code = code


def close(held: Cart) -> None:
    """It has become an order; the caller holds its lock. The account may begin a new one."""
    with prepared_cursor(connection) as cursor:
        cursor.execute(_CLOSE, [bound(held.pk)])


def lock(cart: Cart) -> Cart:
    """The cart's row, locked until the transaction ends, open or not; CartClosed if it is gone."""
    held: Cart | None = _LOCKED.first(pk=cart.pk)
    if held is None:
        raise CartClosed(cart.pk)
    return held


def _lock(cart: Cart) -> Cart:
    held = lock(cart)
    if held.closed_at is not None:
        raise CartClosed(cart.pk)
    return held


def market_codes() -> list[str]:
    """Where anything can be bought."""
    return [market.code for market in markets.all()]


def _touch(held: Cart) -> None:
    held.save(update_fields=["market", "updated_at"])


def most(free: dict[int, int], variant_id: int) -> int:
    return max(0, min(free.get(variant_id, 0), MOST))
