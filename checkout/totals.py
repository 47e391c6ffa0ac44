"""What a cart comes to: the only arithmetic between prices and an order, without a database.

VAT policy: tax is computed per rate, on everything taxed at that rate after discounts, delivery included, and
rounded once, halves away from zero. Where prices include tax it is taken out of that sum, else it comes on
top. Hence the nets and taxes of the rates sum to the total, to the cent. Each line bears its own share of
every discount, so that each part keeps its rate.
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
    """So many of one thing; `key` tells lines apart, `tax_rate` is a fraction (0.19).

    `discount` is what is taken off the whole line, not off each piece.
    """

    unit: Money
    quantity: int
    tax_rate: Decimal
    key: str = ""
    discount: Money | None = None

    @property
    def full(self) -> Money:
        return self.unit * self.quantity

    @property
    def left(self) -> Money:
        return self.full - self.discount if self.discount else self.full


@dataclass(frozen=True)
class Delivery:
    """What it costs to bring it; `key` names the method."""

    price: Money
    tax_rate: Decimal
    key: str = ""


class Tax(NamedTuple):
    """One row of the tax table; net + tax is what everything at that rate comes to."""

    rate: Decimal
    net: Money
    tax: Money


@dataclass(frozen=True)
class Totals:
    """`total` = `subtotal` − `discount` + `delivery` (+ tax on top) = Σ net + Σ tax.

    No `delivery` until it is known.
    """

    lines: tuple[Line, ...]
    subtotal: Money
    discount: Money
    delivery: Money | None
    tax: tuple[Tax, ...]
    total: Money
    includes_tax: bool
    digest: str

    @property
    def tax_total(self) -> Money:
        return Money.sum((row.tax for row in self.tax), self.total.currency)


def compute(
    lines: Sequence[Line],
    delivery: Delivery | None,
    *,
    currency: str,
    includes_tax: bool = True,
    terms: Iterable[str] = (),
) -> Totals:
    """The totals; `terms` is whatever else the buyer agrees to (the address), and only goes into the digest.

    ValueError if a line's discount is negative or more than the line, or a price is not rounded.
    """
    zero = Money.zero(currency)
    taxed: dict[Decimal, Money] = {}
    for line in lines:
        if not zero <= (line.discount or zero) <= line.full:
            raise ValueError("a discount lies between nothing and its line")
        taxed[line.tax_rate] = taxed.get(line.tax_rate, zero) + line.left
    if delivery is not None:
        taxed[delivery.tax_rate] = taxed.get(delivery.tax_rate, zero) + delivery.price
    if any(amount != amount.rounded() for amount in taxed.values()):
        raise ValueError("prices and discounts are rounded")
    tax = tuple(_tax(rate, taxed[rate], includes_tax) for rate in sorted(taxed, reverse=True) if taxed[rate])
    total = Money.sum((row.net + row.tax for row in tax), currency)
    return Totals(
        lines=tuple(lines),
        subtotal=Money.sum((line.full for line in lines), currency),
        discount=Money.sum((line.discount or zero for line in lines), currency),
        delivery=delivery.price if delivery else None,
        tax=tax,
        total=total,
        includes_tax=includes_tax,
        digest=_digest(lines, delivery, includes_tax, total, terms),
    )


def _tax(rate: Decimal, taxed: Money, includes_tax: bool) -> Tax:
    if includes_tax:
        tax = Money(taxed.amount * rate / (1 + rate), taxed.currency).rounded()
        return Tax(rate, taxed - tax, tax)
    return Tax(rate, taxed, (taxed * rate).rounded())


def _digest(
    lines: Sequence[Line], delivery: Delivery | None, includes_tax: bool, total: Money, terms: Iterable[str]
) -> str:
    """SHA-256 of what is agreed to; neither the order of lines nor the spelling of numbers matters."""
    content = {
        "lines": sorted(
            [
                line.key,
                _number(line.unit.amount),
                line.quantity,
                _number(line.tax_rate),
                _number(line.discount.amount) if line.discount else "0",
            ]
            for line in lines
        ),
        "delivery": delivery and [delivery.key, _number(delivery.price.amount), _number(delivery.tax_rate)],
        "includes_tax": includes_tax,
        "total": _number(total.amount),
        "currency": total.currency,
        "terms": list(terms),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _number(value: Decimal) -> str:
    """2.50 and 2.5 are the same number, and 1E+2 is 100."""
    return format(value.normalize(), "f")
