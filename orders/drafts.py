"""Draft: what somebody agreed to, as values. Its rows are what an order copies of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from shop.money import Money


@dataclass(frozen=True)
class DraftLine:
    """One thing to be sold, as it is called and priced now; `discount` is its share of the order's."""

    variant_id: int
    name: str
    quantity: int
    unit: Money
    tax_rate: Decimal
    discount: Money | None = None
    options: str = ""
    sku: str = ""
    slug: str = ""
    picture: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FirstAttempt:
    """How it is to be paid: the payment that is written with the order, for its gateway to be asked next."""

    gateway: str
    choice: str
    chance: str  # what its key begins with
    confirmation: str = ""  # the digest of a card
    patience: timedelta | None = None  # how long that card may be on its way without a word


@dataclass(frozen=True)
class Draft:
    """Everything an order copies. A second draft with the same `placement_key` is the same order."""

    placement_key: str
    market: str
    language: str
    email: str
    address: Mapping[str, str]  # the parts of accounts.models.PostalFields
    lines: tuple[DraftLine, ...]
    subtotal: Money
    discount: Money
    delivery: Money
    tax: Money
    total: Money
    taxes: tuple[tuple[Decimal, Money, Money], ...]  # rate, net, tax
    delivery_name: str
    delivery_carrier: str
    delivery_tax_rate: Decimal
    promised_from: date | None = None
    promised_until: date | None = None
    customer_id: int | None = None
    prices_include_tax: bool = True  # else the tax comes on top
    vat_number: str = ""
    is_reverse_charged: bool = False
    discounts: tuple[tuple[str, str, Money], ...] = ()  # name, code of the voucher if it took one, amount
    attempt: FirstAttempt | None = None  # nobody has said how to pay


def order_row(draft: Draft) -> dict[str, Any]:
    """The order's columns, by name. What it lacks has the model's default, or the database says it."""
    return {
        "placement_key": draft.placement_key,
        "market": draft.market,
        "language": draft.language,
        "currency": draft.total.currency,
        "customer_id": draft.customer_id,
        "email": draft.email,
        "subtotal": draft.subtotal.amount,
        "discount": draft.discount.amount,
        "delivery": draft.delivery.amount,
        "tax": draft.tax.amount,
        "total": draft.total.amount,
        "taxes": [
            {"rate": str(rate), "net": str(net.amount), "tax": str(tax.amount)}
            for rate, net, tax in draft.taxes
        ],
        "delivery_name": draft.delivery_name,
        "delivery_carrier": draft.delivery_carrier,
        "delivery_tax_rate": draft.delivery_tax_rate,
        "promised_from": draft.promised_from,
        "promised_until": draft.promised_until,
        "prices_include_tax": draft.prices_include_tax,
        "vat_number": draft.vat_number,
        "is_reverse_charged": draft.is_reverse_charged,
        "discounts": [
            {"name": name, "code": code, "amount": str(amount.amount)}
            for name, code, amount in draft.discounts
        ],
        **draft.address,
    }


def attempt_row(draft: Draft) -> dict[str, Any]:
    """The first payment's columns, by name; the rest of its key, and its moments, the database says."""
    assert draft.attempt is not None
    return {
        "gateway": draft.attempt.gateway,
        "choice": draft.attempt.choice,
        "idempotency_key": draft.attempt.chance,
        "confirmation": draft.attempt.confirmation,
        "confirming_until": draft.attempt.patience,
        "amount": draft.total.amount,
        "currency": draft.total.currency,
    }


def line_row(line: DraftLine) -> dict[str, Any]:
    """A line's columns, by name, as JSON can hold them: decimals are strings."""
    return {
        "variant_id": line.variant_id,
        "name": line.name,
        "options": line.options,
        "sku": line.sku,
        "slug": line.slug,
        "picture": dict(line.picture),
        "quantity": line.quantity,
        "unit_price": str(line.unit.amount),
        "tax_rate": str(line.tax_rate),
        "total": str((line.unit * line.quantity).amount),
        "discount": str(line.discount.amount) if line.discount else "0",
    }
