"""What a review form carries: which round of which cart, and what the buyer saw; and what is another now.

Signed, so that a form sent once more after the cart is gone still finds its order, and only its own.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.signing import BadSignature, dumps, loads
from django.utils.translation import gettext as _

from checkout.models import Cart
from checkout.quote import Quote
from shop.money import Money

SALT = "checkout.review"


class Forged(ValueError):
    """It is not a form of ours."""


@dataclass(frozen=True)
class Agreed:
    """The placement key and the digest decide; what was seen only tells what has become another."""

    placement_key: str
    digest: str
    currency: str
    lines: dict[int, tuple[str, int, Decimal]]  # by variant: name, quantity, price each
    method: tuple[str, Decimal] | None
    discount: Decimal
    tax: Decimal
    total: Decimal
    place: str  # a digest of who gets it, and where


def seal(cart: Cart, shown: Quote) -> str:
    """The text of the form's field."""
    return dumps(_content(seen(cart, shown)), salt=SALT, compress=True)


def unseal(text: str) -> Agreed:
    """What a form carries; Forged if it is not ours."""
    try:
        found = loads(text, salt=SALT)
        lines = {pk: (name, quantity, Decimal(each)) for pk, name, quantity, each in found["lines"]}
        method = found["method"] and (found["method"][0], Decimal(found["method"][1]))
        amounts: dict[str, Any] = {name: Decimal(found[name]) for name in ("discount", "tax", "total")}
        texts = {name: found[name] for name in ("placement_key", "digest", "currency", "place")}
        return Agreed(lines=lines, method=method, **amounts, **texts)
    except (BadSignature, ValueError, LookupError, TypeError) as error:
        raise Forged(text[:40]) from error


def seen(cart: Cart, shown: Quote) -> Agreed:
    """What the review shows of this cart now."""
    totals = shown.totals
    return Agreed(
        placement_key=cart.placement_key,
        digest=totals.digest,
        currency=totals.total.currency,
        lines={
            line.variant_id: (_named(line.name, line.options), line.quantity, line.unit_price.amount)
            for line in shown.lines
        },
        method=(shown.method.name, shown.method.price.amount) if shown.method else None,
        discount=totals.discount.amount,
        tax=totals.tax_total.amount,
        total=totals.total.amount,
        place=hashlib.sha256("\n".join(cart.addressee).encode()).hexdigest()[:16],
    )


def differences(then: Agreed, now: Agreed) -> list[str]:
    """What is another now, in the buyer's words; the total comes last."""
    found = []
    for pk in then.lines | now.lines:
        found += _of_line(then.lines.get(pk), now.lines.get(pk), then.currency, now.currency)
    if then.place != now.place:
        found.append(_("The address is another one."))
    if then.method != now.method:
        ways = {"before": _told(then.method, then.currency), "after": _told(now.method, now.currency)}
        found.append(_("Delivery: %(after)s instead of %(before)s.") % ways)
    for name, before, after in (
        (_("Discount"), then.discount, now.discount),
        (_("Tax"), then.tax, now.tax),
        (_("Total"), then.total, now.total),
    ):
        if (before, then.currency) != (after, now.currency):
            amounts = {"before": Money(before, then.currency), "after": Money(after, now.currency)}
            found.append(_("%(name)s: %(after)s instead of %(before)s.") % {"name": name, **amounts})
    return found


def _of_line(
    then: tuple[str, int, Decimal] | None,
    now: tuple[str, int, Decimal] | None,
    was: str,
    currency: str,
) -> list[str]:
    if then is None or now is None:
        text = _("%(name)s has come into the cart.") if then is None else _("%(name)s has left the cart.")
        return [text % {"name": (now or then or ("",))[0]}]
    found, name = [], now[0]
    if then[1] != now[1]:
        words = {"name": name, "before": then[1], "after": now[1]}
        found.append(_("%(name)s: %(after)d instead of %(before)d.") % words)
    if (then[2], was) != (now[2], currency):
        prices = {"name": name, "before": Money(then[2], was), "after": Money(now[2], currency)}
        found.append(_("%(name)s: %(after)s each instead of %(before)s.") % prices)
    return found


def _named(name: str, options: str) -> str:
    return f"{name} ({options})" if options else name


def _told(method: tuple[str, Decimal] | None, currency: str) -> str:
    if method is None:
        return _("none")
    name, price = method
    return f"{name}, {Money(price, currency) if price else _('free')}"


def _content(agreed: Agreed) -> dict[str, Any]:
    """As JSON holds it."""
    return {
        "placement_key": agreed.placement_key,
        "digest": agreed.digest,
        "currency": agreed.currency,
        "lines": [[pk, name, quantity, str(each)] for pk, (name, quantity, each) in agreed.lines.items()],
        "method": agreed.method and [agreed.method[0], str(agreed.method[1])],
        "discount": str(agreed.discount),
        "tax": str(agreed.tax),
        "total": str(agreed.total),
        "place": agreed.place,
    }
