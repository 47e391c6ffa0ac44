"""Stock: the only code that moves it, and the availability that pages show instead of a number.

Every movement is one conditional statement that locks its rows in the order of primary keys; a CHECK stands
behind it. So 500 buyers get exactly what there is, and no two carts wait for each other in a circle.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from catalog.locks import lock_products
from catalog.models import Stock, StockMovement, Variant
from shop.changes import projector

Kind = StockMovement.Kind


class OutOfStock(Exception):
    """Some variants have less than was asked for; `available` says how much each has."""

    def __init__(self, available: Mapping[int, int]) -> None:
        self.available = dict(available)
        self.variant_ids = tuple(sorted(available))
        super().__init__(_("Not enough in stock."))


class NotReserved(Exception):
    """More was to be released or shipped than is reserved."""

    def __init__(self, variant_ids: Iterable[int]) -> None:
        self.variant_ids = tuple(sorted(variant_ids))
        super().__init__(_("That many are not reserved."))


class BelowReserved(Exception):
    """A count below what is promised to orders."""

    def __init__(self, variant_id: int, wanted: int, reserved: int) -> None:
        self.variant_id, self.wanted, self.reserved = variant_id, wanted, reserved
        super().__init__(
            _("The stock cannot become %(wanted)d: %(reserved)d of it are reserved for orders.")
            % {"wanted": wanted, "reserved": reserved}
        )


# Locked first, in pk order; the UPDATE then judges the newest rows. Fewer than asked: the caller rolls back.
_MOVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(quantities)s::int[]) AS w(variant_id, quantity)
    ), locked AS (
        SELECT s.variant_id, w.quantity FROM catalog_stock s JOIN wanted w USING (variant_id)
        ORDER BY s.variant_id FOR UPDATE OF s
    ), moved AS (
        UPDATE catalog_stock s SET {change} FROM locked w
        WHERE s.variant_id = w.variant_id AND {condition}
        RETURNING s.variant_id, s.is_tracked, w.quantity,
            s.is_tracked AND s.on_hand - s.reserved <= s.low_at + w.quantity AS is_near
    ), told AS (
        INSERT INTO catalog_stockmovement
            (variant_id, kind, on_hand_change, reserved_change, reference, note, actor_id, at)
        SELECT variant_id, %(kind)s, {on_hand}, {reserved}, %(reference)s, '', %(actor)s, clock_timestamp()
        FROM moved ORDER BY variant_id
    )
    SELECT variant_id, is_near FROM moved
"""
_RESERVE = _MOVE.format(
    change="reserved = s.reserved + w.quantity",
    condition="(NOT s.is_tracked OR s.on_hand - s.reserved >= w.quantity)",
    on_hand="0",
    reserved="quantity",
)
_RELEASE = _MOVE.format(
    change="reserved = s.reserved - w.quantity",
    condition="s.reserved >= w.quantity",
    on_hand="0",
    reserved="-quantity",
)
_SHIP = _MOVE.format(  # goods that are not counted leave no smaller shelf
    change="reserved = s.reserved - w.quantity,"
    " on_hand = s.on_hand - CASE WHEN s.is_tracked THEN w.quantity ELSE 0 END",
    condition="s.reserved >= w.quantity",
    on_hand="CASE WHEN is_tracked THEN -quantity ELSE 0 END",
    reserved="-quantity",
)


def reserve(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Promises these quantities, by variant id, to an order; all of them, or OutOfStock and none."""
    with transaction.atomic():
        missing = _move(_RESERVE, quantities, Kind.RESERVED, reference, actor_id)
        if missing:
            raise OutOfStock(_free(missing))


def release(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Gives a reservation back; NotReserved if there is none. What was deleted since has none to give."""
    with transaction.atomic():
        missing = _move(_RELEASE, quantities, Kind.RELEASED, reference, actor_id)
        if held := _still_there(missing):
            raise NotReserved(held)


def ship(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Reserved goods leave the shelf; NotReserved if they were not. What was deleted has no shelf."""
    with transaction.atomic():
        missing = _move(_SHIP, quantities, Kind.SHIPPED, reference, actor_id)
        if held := _still_there(missing):
            raise NotReserved(held)


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
        stock = Stock.objects.select_for_update().get(pk=variant_id)
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


def refresh_availability(product_ids: Iterable[int]) -> None:
    """Recounts in, low or out for every variant of these products.

    Two sales at once would each see the other's units still there; so it is done after them, under the
    products' lock, in a statement that sees both.
    """
    ids = sorted(set(product_ids))
    with transaction.atomic():
        lock_products(ids)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE catalog_variant v SET availability = counted.availability
                FROM (
                    SELECT v.id, CASE
                        WHEN s.variant_id IS NULL THEN 'out'
                        WHEN NOT s.is_tracked THEN 'in'
                        WHEN s.on_hand - s.reserved <= 0 THEN 'out'
                        WHEN s.on_hand - s.reserved <= s.low_at THEN 'low'
                        ELSE 'in' END AS availability
                    FROM catalog_variant v LEFT JOIN catalog_stock s ON s.variant_id = v.id
                    WHERE v.product_id = ANY(%s)
                ) counted
                WHERE v.id = counted.id AND v.availability <> counted.availability
                """,
                [ids],
            )


def _move(
    statement: str, quantities: Mapping[int, int], kind: str, reference: str, actor_id: int | None
) -> set[int]:
    """Moves what it may; the ids it may not."""
    if any(quantity < 1 for quantity in quantities.values()):
        raise ValueError("quantities are 1 or more")
    if not quantities:
        return set()
    values = {
        "ids": list(quantities),
        "quantities": list(quantities.values()),
        "kind": kind,
        "reference": reference,
        "actor": actor_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        moved = dict(cursor.fetchall())
    if any(moved.values()):  # a threshold is near, and was crossed perhaps: pages say so at once
        projector.ring()
    return set(quantities) - set(moved)


def _still_there(variant_ids: set[int]) -> set[int]:
    """Those of them that were not deleted: an order outlives the variants that it sold."""
    return (
        set(Variant.objects.filter(pk__in=variant_ids).order_by().values_list("pk", flat=True))
        if variant_ids
        else set()
    )


def _free(variant_ids: set[int]) -> dict[int, int]:
    """What can still be had of each; nothing of what has no stock row."""
    rows = Stock.objects.filter(pk__in=variant_ids).order_by().values_list("pk", "on_hand", "reserved")
    free = {pk: max(on_hand - reserved, 0) for pk, on_hand, reserved in rows}
    return {pk: free.get(pk, 0) for pk in variant_ids}
