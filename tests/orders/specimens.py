"""Orders of every kind that an invoice may be about, as checkout.totals would make them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any

from checkout import totals
from orders import placement, states
from orders.drafts import Draft, DraftLine
from orders.models import Order
from shop.money import Money

_number = count(1)
STANDARD, REDUCED, NONE = Decimal("0.1900"), Decimal("0.0700"), Decimal("0.0000")
ADDRESS = {
    "name": "Ada Lovelace",
    "company": "",
    "line1": "Unter den Linden 1",
    "line2": "",
    "postcode": "10117",
    "city": "Berlin",
    "region": "",
    "country": "DE",
    "phone": "",
}


@dataclass(frozen=True)
class Sold:
    """A line: so many at a price, less its share of a discount."""

    name: str = "Two suns over Cadiz"
    price: str = "38.00"
    quantity: int = 1
    rate: Decimal = STANDARD
    discount: str = "0.00"
    options: str = "30 × 40 cm, black ash"
    sku: str = "TSC-3040-B"


def draft(
    lines: Sequence[Sold],
    *,
    delivery: str = "4.90",
    delivery_rate: Decimal = STANDARD,
    currency: str = "EUR",
    includes_tax: bool = True,
    discounts: Sequence[tuple[str, str]] = (),
    address: dict[str, str] | None = None,
    **fields: Any,
) -> Draft:
    """Everything that is sold is stock that nobody counts: variant 0 is none."""

    def money(amount: str | Decimal) -> Money:
        return Money(Decimal(amount), currency)

    counted = [
        totals.Line(money(line.price), line.quantity, line.rate, discount=money(line.discount))
        for line in lines
    ]
    sums = totals.compute(
        counted,
        totals.Delivery(money(delivery), delivery_rate),
        currency=currency,
        includes_tax=includes_tax,
    )
    return Draft(
        **{
            "placement_key": "",
            "market": "eu",
            "language": "en",
            "email": "ada@example.com",
            "address": ADDRESS | (address or {}),
            "lines": tuple(
                DraftLine(
                    variant_id=0,
                    name=line.name,
                    quantity=line.quantity,
                    unit=money(line.price),
                    tax_rate=line.rate,
                    discount=money(line.discount),
                    options=line.options,
                    sku=line.sku,
                )
                for line in lines
            ),
            "subtotal": sums.subtotal,
            "discount": sums.discount,
            "delivery": money(delivery),
            "tax": sums.tax_total,
            "total": sums.total,
            "taxes": sums.tax,
            "delivery_name": "Standard",
            "delivery_carrier": "DHL",
            "delivery_tax_rate": delivery_rate,
            "prices_include_tax": includes_tax,
            "discounts": tuple((name, code, sums.discount) for name, code in discounts[:1]),
            **fields,
        }
    )


def paid(order_draft: Draft) -> Order:
    """Placed and paid, without an invoice yet. No stock is touched; another one each time."""
    order = placement.write(replace(order_draft, placement_key=f"specimen-{next(_number)}"))
    assert order is not None
    return states.move(order, Order.Status.PAID)
