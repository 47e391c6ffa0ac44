"""What promotions and vouchers have brought: orders, their totals, what was taken off."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from checkout.models import PromotionUse
from shop.money import Money


@dataclass(frozen=True)
class Brought:
    """Orders that count, what they came to and what was taken off them, a sum for each currency."""

    orders: int = 0
    revenue: tuple[Money, ...] = ()
    off: tuple[Money, ...] = ()


def of_promotions(ids: Sequence[int]) -> dict[int, Brought]:
    """By promotion."""
    return _brought("promotion", ids)


def of_vouchers(ids: Sequence[int]) -> dict[int, Brought]:
    """By voucher."""
    return _brought("voucher", ids)


def _brought(column: str, ids: Sequence[int]) -> dict[int, Brought]:
    found = defaultdict[int, Brought](Brought)
    held = PromotionUse.objects.filter(**{f"{column}__in": list(ids)}, given_back_at=None)
    rows = held.order_by(f"{column}_id", "currency").values_list(f"{column}_id", "currency")
    for pk, currency, orders, total, off in rows.annotate(Count("pk"), Sum("total"), Sum("amount")):
        before = found[pk]
        found[pk] = Brought(
            before.orders + orders,
            (*before.revenue, Money(total, currency)),
            (*before.off, Money(off, currency)),
        )
    return found
