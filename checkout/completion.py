"""complete(): the one transaction in which a cart becomes an order, once, as it was reviewed."""

import hmac
from collections.abc import Callable

from django.db import transaction
from django.utils import translation

from accounts.models import PostalFields
from catalog.stock import Scattered
from checkout import cart as carts
from checkout import queries, quote, steps, vouchers
from checkout.models import Cart
from checkout.quote import Quote
from orders import placement
from orders.drafts import Draft, DraftLine, FirstAttempt
from orders.placement import Placed
from shop.money import Money

Pay = Callable[[Money], FirstAttempt]  # the attempt that an order of this total begins with


class CartChanged(Exception):
    """What would be ordered is not what was reviewed."""


class CannotBeBought(Exception):
    """A line has a problem, which the cart page tells."""


class NotReady(Exception):
    """A step before the review is not done."""


def complete(cart: Cart, digest: str, *, customer_id: int | None = None, pay: Pay | None = None) -> Placed:
    """The order of this round of the cart: a new one, or the one that is there already.

    CartChanged, CannotBeBought, NotReady, CartClosed, vouchers.UsedUp, vouchers.NotTheFirst,
    catalog.stock.OutOfStock: then nothing has happened.
    """
    try:
        return _complete(cart, digest, customer_id, pay)
    except Scattered:
        # All anew: what is gathered from several places is locked in another order.
        return _complete(cart, digest, customer_id, pay, gathers=True)


def _complete(
    cart: Cart, digest: str, customer_id: int | None, pay: Pay | None, *, gathers: bool = False
) -> Placed:
    with transaction.atomic():
        held = carts.lock(cart)
        if held.closed_at is not None or held.placement_key != cart.placement_key:
            # Before anything is judged: a second click for the last unit must not read "sold out". Of the
            # round that was looked at: another tab may have taken its order back, and ordered the next.
            placed = queries.placed_order(cart.placement_key)
            if placed is None:
                raise carts.CartClosed(held.pk)
            return Placed(placed)
        now = quote.of(held)
        if not now.lines or now.problems:
            raise CannotBeBought(held.pk)
        if steps.first_incomplete(held, now).code != "review":
            raise NotReady(held.pk)
        if not hmac.compare_digest(digest.encode(), now.totals.digest.encode()):
            raise CartChanged(held.pk)
        carts.close(held)
        _use_vouchers(held, now, customer_id)
        # Last, since its last statement locks the stock.
        return placement.place(_draft(held, now, customer_id, pay), gathers=gathers)


def _use_vouchers(cart: Cart, now: Quote, customer_id: int | None) -> None:
    """Here, since a voucher's row is locked before an order's and the stock's, and for as short as can be."""
    if now.offers.given:
        shown = now.offers.voucher
        vouchers.use(
            now.offers.given,
            shown.voucher if shown else None,
            placement_key=cart.placement_key,
            customer_id=customer_id,
            email=cart.email,
            total=now.totals.total,
        )


def _draft(cart: Cart, now: Quote, customer_id: int | None, pay: Pay | None) -> Draft:
    if now.method is None or now.totals.delivery is None:
        raise NotReady(cart.pk)
    return Draft(
        placement_key=cart.placement_key,
        market=cart.market,
        language=translation.get_language() or "en",
        email=cart.email,
        address={part.name: getattr(cart, part.name) for part in PostalFields._meta.fields},
        customer_id=customer_id,
        lines=tuple(
            DraftLine(
                variant_id=line.variant_id,
                name=line.name,
                options=line.options,
                sku=line.sku,
                slug=line.slug,
                picture=line.picture,
                quantity=line.quantity,
                unit=line.unit_price,
                tax_rate=line.tax_rate,
                discount=now.offers.off(line.variant_id),
            )
            for line in now.lines
        ),
        discounts=tuple(now.discounts),
        subtotal=now.totals.subtotal,
        discount=now.totals.discount,
        delivery=now.totals.delivery,
        tax=now.totals.tax_total,
        total=now.totals.total,
        taxes=now.totals.tax,
        delivery_name=now.method.name,
        delivery_carrier=now.method.carrier,
        delivery_tax_rate=now.delivery_tax_rate,
        promised_from=now.method.earliest,
        promised_until=now.method.latest,
        prices_include_tax=now.totals.includes_tax,
        vat_number=cart.vat_number,
        is_reverse_charged=now.taxation.is_reverse_charged,
        attempt=pay(now.totals.total) if pay else None,
    )
