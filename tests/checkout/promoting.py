"""Small functions that make promotions and vouchers; every argument has a default that counts."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.test import Client

from catalog.models import Category, Product
from checkout.models import Promotion, PromotionAmount, Voucher


def make_promotion(
    name: str = "10 % off",
    *,
    percent: str | None = None,
    amount: Mapping[str, str] | None = None,
    minimum: Mapping[str, str] | None = None,
    categories: Iterable[Category] = (),
    products: Iterable[Product] = (),
    without: Iterable[Category] = (),
    **fields: Any,
) -> Promotion:
    """10 % off everything; `amount` and `minimum` by currency; with categories or products only for these."""
    kind = fields.pop("kind", "amount" if amount else "percent")
    chosen = [*categories], [*products]
    promotion = Promotion.objects.create(
        name=name,
        kind=kind,
        percent=Decimal(percent or "10") if kind == "percent" else None,
        scope="chosen" if any(chosen) else "all",
        **fields,
    )
    for currency in {**(amount or {}), **(minimum or {})}:
        PromotionAmount.objects.create(
            promotion=promotion,
            currency=currency,
            amount=Decimal(amount[currency]) if amount and currency in amount else None,
            minimum=Decimal((minimum or {}).get(currency, "0")),
        )
    promotion.categories.set(chosen[0])
    promotion.products.set(chosen[1])
    promotion.without.set(without)
    return promotion


def make_voucher(code: str = "SPRING", *, promotion: Promotion | None = None, **fields: Any) -> Voucher:
    """A code for 10 % off, or for that promotion; without limits."""
    given = promotion or make_promotion(name="Spring", needs_code=True)
    return Voucher.objects.create(code=code, promotion=given, **fields)


def enter(client: Client, code: str, back: str = "cart") -> Any:
    """Type the code into the field of the cart, or of the review; the page that follows."""
    return client.post("/cart/voucher/", {"code": code, "next": back}, follow=True)
