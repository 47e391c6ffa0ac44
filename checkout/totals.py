"""What a cart comes to: the only arithmetic between prices and an order, without a database.

VAT policy: prices include tax. The tax of a rate is taken out of the gross total of everything taxed at
that rate, delivery included, and rounded once. Hence per rate net + tax is the gross to the cent, and the
grosses of the rates sum to the total. A discount is spread over the lines by their gross, largest remainder
first, so that each part keeps its rate.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shop.money import Money


@dataclass(frozen=True)
class Line:
    """So many of one thing; `key` tells lines apart, `unit` includes tax, `tax_rate` is a fraction (0.19)."""

    unit: Money
    quantity: int
    tax_rate: Decimal
    key: str = ""

    @property
    def gross(self) -> Money:
        return self.unit * self.quantity


@dataclass(frozen=True)
class Delivery:
    """What it costs to bring it, tax included; `key` names the method."""

    price: Money
    tax_rate: Decimal
    key: str = ""


class Tax(NamedTuple):
    """One row of the tax table; net + tax is the gross total at that rate."""

    rate: Decimal
    net: Money
    tax: Money


@dataclass(frozen=True)
class Totals:
    """`total` = `subtotal` − `discount` + `delivery` = Σ net + Σ tax. No `delivery` until it is known."""

    lines: tuple[Line, ...]
    subtotal: Money
    discount: Money
    delivery: Money | None
    tax: tuple[Tax, ...]
    total: Money
    digest: str

    @property
    def tax_total(self) -> Money:
        return Money.sum((row.tax for row in self.tax), self.total.currency)


def compute(
    lines: Sequence[Line],
    delivery: Delivery | None,
    *,
    currency: str,
    discount: Money | None = None,
    terms: Iterable[str] = (),
) -> Totals:
    """The totals; `terms` is whatever else the buyer agrees to (the address), and only goes into the digest.

    ValueError if the discount is negative or more than the goods, or a price is not rounded.
    """
    subtotal = Money.sum((line.gross for line in lines), currency)
    discount = discount or Money.zero(currency)
    if discount < Money.zero(currency) or discount > subtotal:
        raise ValueError("a discount lies between nothing and the goods")
    gross: dict[Decimal, Money] = {}
    parts = discount.allocate([line.gross.amount for line in lines]) if lines else []
    for line, part in zip(lines, parts, strict=True):
        gross[line.tax_rate] = gross.get(line.tax_rate, Money.zero(currency)) + line.gross - part
    if delivery is not None:
        gross[delivery.tax_rate] = gross.get(delivery.tax_rate, Money.zero(currency)) + delivery.price
    tax = tuple(_tax(rate, gross[rate]) for rate in sorted(gross, reverse=True) if gross[rate])
    total = subtotal - discount
    if delivery is not None:
        total += delivery.price
    return Totals(
        lines=tuple(lines),
        subtotal=subtotal,
        discount=discount,
        delivery=delivery.price if delivery else None,
        tax=tax,
        total=total,
        digest=_digest(lines, delivery, discount, total, terms),
    )


def _tax(rate: Decimal, gross: Money) -> Tax:
    tax = Money(gross.amount * rate / (1 + rate), gross.currency).rounded()
    return Tax(rate, gross - tax, tax)


def _digest(
    lines: Sequence[Line], delivery: Delivery | None, discount: Money, total: Money, terms: Iterable[str]
) -> str:
    """SHA-256 of what is agreed to; neither the order of lines nor the spelling of numbers matters."""
    content = {
        "lines": sorted(
            [line.key, _number(line.unit.amount), line.quantity, _number(line.tax_rate)] for line in lines
        ),
        "delivery": delivery and [delivery.key, _number(delivery.price.amount), _number(delivery.tax_rate)],
        "discount": _number(discount.amount),
        "total": _number(total.amount),
        "currency": total.currency,
        "terms": list(terms),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _number(value: Decimal) -> str:
    """2.50 and 2.5 are the same number, and 1E+2 is 100."""
    return format(value.normalize(), "f")
