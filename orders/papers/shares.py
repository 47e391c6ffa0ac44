"""Each part of an order with its own net and tax, to the cent what the order says of each rate.

An order has its tax by rate (checkout.totals), an invoice by line as well. What a rate comes to is allocated
to its parts by largest remainder, so that they sum to it; what is credited later is counted from the
beginning, so that all credit notes together come to the invoice and never to more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shop.money import Money

DELIVERY = "delivery"  # the key of that part; the others are the ids of order lines, as texts


@dataclass(frozen=True)
class Part:
    """A line or the delivery, after discounts."""

    key: str
    rate: Decimal
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def split(
    charged: Sequence[tuple[str, Decimal, Decimal]],
    taxes: Iterable[Mapping[str, Any]],
    currency: str,
    *,
    includes_tax: bool,
) -> list[Part]:
    """The parts of an order. charged: key, rate and cost after discounts; taxes: the order's own, by rate."""
    by_rate = {Decimal(row["rate"]): row for row in taxes}
    found: dict[str, Part] = {}
    for rate in {rate for _key, rate, _amount in charged}:
        mine = [(key, amount) for key, own, amount in charged if own == rate]
        row = by_rate.get(rate, {"net": "0", "tax": "0"})
        spread = Money(Decimal(row["net" if includes_tax else "tax"]), currency)
        shares = spread.allocate([amount for _key, amount in mine])
        for (key, amount), share in zip(mine, shares, strict=True):
            net = share.amount if includes_tax else amount
            tax = amount - net if includes_tax else share.amount
            found[key] = Part(key, rate, net, tax)
    return [found[key] for key, _rate, _amount in charged]


def spread(amount: Money, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The amount in proportion to the weights, at most each one's own if it is no more than their sum."""
    shares = amount.allocate(list(weights.values()))
    return {key: share.amount for key, share in zip(weights, shares, strict=True)}


def credited(part: Part, before: Decimal, more: Decimal, quantum: Decimal) -> Part:
    """`more` of a part, tax included, of which `before` has been credited already.

    Its net is that of both together less that of `before`: however it is cut, all of it comes to all.
    """
    net = _net(part, before + more, quantum) - _net(part, before, quantum)
    return Part(part.key, part.rate, net, more - net)


def _net(part: Part, gross: Decimal, quantum: Decimal) -> Decimal:
    if not part.gross:
        return Decimal(0)
    return (part.net * gross / part.gross).quantize(quantum, ROUND_HALF_UP)


def of_pieces(part: Part, pieces: int, of: int, quantum: Decimal) -> Decimal:
    """What the first so many pieces of a line cost, tax included."""
    return (part.gross * pieces / of).quantize(quantum, ROUND_HALF_UP)
