"""Whether the movements, added up, are what the counters say."""

from dataclasses import dataclass

from django.db import connection, transaction

from catalog.models import StockMovement
from catalog.stock import rush


@dataclass(frozen=True)
class Difference:
    """A variant whose movements do not come to its counters."""

    variant_id: int
    on_hand: int
    moved_on_hand: int
    reserved: int
    moved_reserved: int


def differences() -> list[Difference]:
    """All of them, in one statement and so at one moment; none if the books are right.

    What buckets have to sell counts as reserved for the row, but no order has been promised it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.variant_id, s.on_hand, coalesce(m.on_hand, 0), s.reserved - coalesce(b.free, 0),
                coalesce(m.reserved, 0)
            FROM catalog_stock s
            LEFT JOIN (
                SELECT variant_id, sum(on_hand_change)::int AS on_hand, sum(reserved_change)::int AS reserved
                FROM catalog_stockmovement GROUP BY variant_id
            ) m USING (variant_id)
            LEFT JOIN (
                SELECT stock_id, sum(free)::int AS free FROM catalog_stockbucket GROUP BY stock_id
            ) b ON b.stock_id = s.variant_id
            WHERE s.on_hand <> coalesce(m.on_hand, 0)
                OR s.reserved - coalesce(b.free, 0) <> coalesce(m.reserved, 0)
            ORDER BY s.variant_id
            """
        )
        return [Difference(*row) for row in cursor.fetchall()]


def write_down(note: str) -> list[Difference]:
    """Movements that make up for the differences, under the rows' locks; the counters stay. What it found."""
    with transaction.atomic():
        ids = [found.variant_id for found in differences()]
        rush.locked(ids)
        found = [row for row in differences() if row.variant_id in ids]
        StockMovement.objects.bulk_create(
            StockMovement(
                variant_id=row.variant_id,
                kind=StockMovement.Kind.COUNTED,
                on_hand_change=row.on_hand - row.moved_on_hand,
                reserved_change=row.reserved - row.moved_reserved,
                note=note,
            )
            for row in found
        )
    return found
