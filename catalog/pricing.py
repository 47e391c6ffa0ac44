"""What a variant costs: the price a market shows, and the sale that lowers it now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Protocol

from django.db import connection, transaction

from catalog import taxes
from catalog.models import Variant
from shop.markets import Market
from shop.money import Money
from shop.outbox.outbox import enqueue


@dataclass(frozen=True)
class Shown:
    """A price as a market shows it; `list_price` is the one without the sale, None when there is no sale."""

    price: Money
    list_price: Money | None
    includes_tax: bool
    rate: Decimal

    @property
    def discount(self) -> int | None:
        """Per cent, rounded down: nobody is promised more than they get."""
        if self.list_price is None:
            return None
        off = (self.list_price - self.price).amount / self.list_price.amount * 100
        return int(off.to_integral_value(ROUND_FLOOR)) or None


def price_of(
    variant: Variant,
    market: Market,
    rates: Mapping[int, Decimal] | None = None,
    *,
    with_tax: bool | None = None,
) -> Shown | None:
    """What the variant costs in this market now; None if it is not sold there.

    rates: taxes.rates_in(market.country), so that a page asks once. Prefetch `prices`, select `product`.
    with_tax: else as the market shows prices.
    """
    price = next((p for p in variant.prices.all() if p.currency == market.currency), None)
    if price is None:
        return None
    if rates is None:
        rates = taxes.rates_in(market.country)
    return shown(price, market, rates.get(variant.product.tax_class_id, taxes.ZERO), with_tax=with_tax)


class Priced(Protocol):
    """A Price, or a row of one."""

    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def sale_amount(self) -> Decimal | None: ...
    @property
    def includes_tax(self) -> bool: ...


def shown(price: Priced, market: Market, rate: Decimal, *, with_tax: bool | None = None) -> Shown:
    """The same price with or without tax, as the market wants it. catalog/cards.py says it in SQL.

    rate: of the market's country, which is what a price that includes tax includes.
    """
    with_tax = market.tax_shown if with_tax is None else with_tax
    listed = _converted(Money(price.amount, price.currency), price.includes_tax, with_tax, rate)
    now = listed
    if price.sale_amount is not None:
        now = _converted(Money(price.sale_amount, price.currency), price.includes_tax, with_tax, rate)
    return Shown(now, listed if now < listed else None, with_tax, rate)


def _converted(amount: Money, includes_tax: bool, with_tax: bool, rate: Decimal) -> Money:
    if includes_tax == with_tax:
        return amount.rounded()  # a yen has no cents, whatever somebody's statement wrote
    return taxes.gross(amount, rate) if with_tax else taxes.net(amount, rate)


_LOCK_PRICES = "SELECT id FROM catalog_price WHERE id = ANY(%s) ORDER BY id FOR UPDATE"


def apply_sales(price_ids: Sequence[int]) -> None:
    """Writes into each price what its running sale asks, and comes again when the next one begins or ends.

    Whoever waited for a lock sees, in the same statement, the sales from before the wait: so they are read
    in a new one.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_PRICES, [list(price_ids)])
            cursor.execute(
                """
                WITH running AS (
                    SELECT price.id, (
                        SELECT s.amount FROM catalog_sale s
                        WHERE s.price_id = price.id AND s.amount < price.amount
                            AND s.starts_at <= clock_timestamp()
                            AND (s.ends_at IS NULL OR s.ends_at > clock_timestamp())
                    ) AS amount
                    FROM catalog_price price WHERE price.id = ANY(%s)
                )
                UPDATE catalog_price p SET sale_amount = running.amount FROM running
                WHERE p.id = running.id AND p.sale_amount IS DISTINCT FROM running.amount
                """,
                [list(price_ids)],
            )
        for moment, ids in sorted(_next_switches(price_ids).items()):
            enqueue("catalog.apply_sales", ids, due=moment, queue="high", once=True)


def _next_switches(price_ids: Sequence[int]) -> dict[datetime, list[int]]:
    """When a sale of these prices begins or ends next."""
    switches = defaultdict[datetime, list[int]](list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT price_id, min(moment) FROM (
                SELECT price_id, starts_at AS moment FROM catalog_sale WHERE price_id = ANY(%(ids)s)
                UNION ALL
                SELECT price_id, ends_at FROM catalog_sale WHERE price_id = ANY(%(ids)s)
            ) moments
            WHERE moment > clock_timestamp() GROUP BY price_id ORDER BY price_id
            """,
            {"ids": list(price_ids)},
        )
        for price_id, moment in cursor.fetchall():
            switches[moment].append(price_id)
    return switches
