"""What was counted, came or went, by hand and by the thousand; and what is said of a shelf besides."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from catalog.models import Stock, StockMovement
from catalog.stock import rush
from catalog.stock.refusals import BelowReserved

Kind = StockMovement.Kind


def adjust(
    variant_id: int,
    *,
    on_hand: int | None = None,
    delta: int | None = None,
    kind: str | None = None,
    note: str = "",
    reference: str = "",
    actor_id: int | None = None,
) -> Stock:
    """Sets what was counted (`on_hand`), or adds what came or went (`delta`); exactly one of them.

    BelowReserved if orders have been promised more than would be left.
    """
    if (on_hand is None) == (delta is None):
        raise ValueError("give either on_hand or delta")
    with transaction.atomic():
        Stock.objects.bulk_create([Stock(variant_id=variant_id)], ignore_conflicts=True)
        held = rush.locked([variant_id])
        was_split = held[variant_id][0].is_split
        stock = rush.gathered(held)[variant_id]
        wanted = on_hand if on_hand is not None else stock.on_hand + (delta or 0)
        if wanted < 0 or (stock.is_tracked and wanted < stock.reserved):
            raise BelowReserved(variant_id, wanted, stock.reserved)
        change = wanted - stock.on_hand
        if not change:
            return stock
        stock.on_hand = wanted
        stock.save(update_fields=["on_hand"])
        StockMovement.objects.create(
            variant_id=variant_id,
            kind=kind or (Kind.COUNTED if on_hand is not None else Kind.RECEIVED),
            on_hand_change=change,
            reference=reference,
            note=note,
            actor_id=actor_id,
        )
        if was_split:  # the rush goes on, with what came in
            rush.split(variant_id)
    return stock


def adjust_many(
    levels: Mapping[int, int | None], *, kind: str = Kind.IMPORTED, reference: str = ""
) -> set[int]:
    """Sets what lies there for many variants at once; None: not counted. Makes rows that are missing.

    The ids it did not set because more is reserved are returned: an import reports them and goes on.
    """
    ids = sorted(levels)
    values: dict[str, Any] = {
        "ids": ids,
        "levels": [levels[pk] or 0 for pk in ids],
        "tracked": [levels[pk] is not None for pk in ids],
        "kind": kind,
        "reference": reference,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        new = [Stock(variant_id=pk, is_tracked=levels[pk] is not None) for pk in ids]
        Stock.objects.bulk_create(new, ignore_conflicts=True, batch_size=1_000)
        # All of them first: to lock the split ones, and then the others, would not be the one order.
        rush.gathered(rush.locked(rush.hold(ids)))
        cursor.execute(
            """
            WITH locked AS (
                SELECT s.variant_id, s.on_hand AS was, w.level, w.tracked
                FROM catalog_stock s
                JOIN unnest(%(ids)s::bigint[], %(levels)s::int[], %(tracked)s::bool[])
                    AS w(variant_id, level, tracked) USING (variant_id)
                ORDER BY s.variant_id FOR UPDATE OF s
            ), moved AS (
                UPDATE catalog_stock s SET on_hand = w.level, is_tracked = w.tracked FROM locked w
                WHERE s.variant_id = w.variant_id AND (NOT w.tracked OR s.reserved <= w.level)
                    AND (s.on_hand, s.is_tracked) IS DISTINCT FROM (w.level, w.tracked)
                RETURNING s.variant_id, w.level - w.was AS change
            )
            INSERT INTO catalog_stockmovement
                (variant_id, kind, on_hand_change, reserved_change, reference, note, at)
            SELECT variant_id, %(kind)s, change, 0, %(reference)s, '', clock_timestamp()
            FROM moved WHERE change <> 0 ORDER BY variant_id
            """,
            values,
        )
        cursor.execute(
            "SELECT s.variant_id FROM catalog_stock s JOIN unnest(%(ids)s::bigint[], %(levels)s::int[],"
            " %(tracked)s::bool[]) AS w(variant_id, level, tracked) USING (variant_id)"
            " WHERE w.tracked AND s.reserved > w.level",
            values,
        )
        return {pk for (pk,) in cursor.fetchall()}


def set_terms(variant_id: int, *, low_at: int, is_tracked: bool) -> None:
    """From how few on it is low, and whether anybody counts it.

    BelowReserved if it is to be counted, and orders have been promised more than lies there.
    """
    with transaction.atomic():
        held = rush.locked([variant_id])
        stock, _buckets = held[variant_id]
        if stock.is_tracked != is_tracked:
            rush.gathered(held)
        if is_tracked and stock.on_hand < stock.reserved and not stock.is_tracked:
            raise BelowReserved(variant_id, stock.on_hand, stock.reserved)
        stock.low_at, stock.is_tracked = low_at, is_tracked
        stock.save(update_fields=["low_at", "is_tracked"])
