"""What promotions and vouchers brought: orders, what of their totals stayed, what was taken off."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from checkout.models import PromotionUse
from orders.models import Payment, Refund
from shop.money import Money


@dataclass(frozen=True)
class Brought:
    """Orders that count, what they came to and what was taken off them, a sum for each currency.

    revenue: with delivery and tax, from the placing on; less what was refunded, or is on its way back.
    """

    orders: int = 0
    revenue: tuple[Money, ...] = ()
    off: tuple[Money, ...] = ()


def of_promotions(ids: Sequence[int]) -> dict[int, Brought]:
    """By promotion."""
    return _brought("promotion", ids)


def of_vouchers(ids: Sequence[int]) -> dict[int, Brought]:
    """By voucher."""
    return _brought("voucher", ids)


# What came beyond a total was no revenue, and is none when it goes back: the paying payment's refunds only.
_WENT_BACK = """
    SELECT used.{column}_id, used.currency, sum(refund.amount)
    FROM checkout_promotionuse used
    JOIN orders_order placed ON placed.placement_key = used.placement_key
    JOIN orders_payment paid ON paid.order_id = placed.id AND paid.status = %s
    JOIN orders_refund refund ON refund.payment_id = paid.id AND refund.status <> %s
    WHERE used.{column}_id = ANY(%s) AND used.given_back_at IS NULL
    GROUP BY 1, 2
"""


def _brought(column: str, ids: Sequence[int]) -> dict[int, Brought]:
    found = defaultdict[int, Brought](Brought)
    held = PromotionUse.objects.filter(**{f"{column}__in": list(ids)}, given_back_at=None)
    rows = held.order_by(f"{column}_id", "currency").values_list(f"{column}_id", "currency")
    back = _went_back(column, ids)
    for pk, currency, orders, total, off in rows.annotate(Count("pk"), Sum("total"), Sum("amount")):
        before, kept = found[pk], total - back.get((pk, currency), Decimal(0))
        found[pk] = Brought(
            before.orders + orders,
            (*before.revenue, Money(kept, currency)),
            (*before.off, Money(off, currency)),
        )
    return found


def _went_back(column: str, ids: Sequence[int]) -> dict[tuple[int, str], Decimal]:
    with connection.cursor() as cursor:
        sql = _WENT_BACK.format(column=column)
        cursor.execute(sql, [Payment.Status.SUCCEEDED, Refund.Status.FAILED, list(ids)])
        return {(pk, currency): amount for pk, currency, amount in cursor.fetchall()}
