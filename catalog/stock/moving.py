"""Reserve, release, ship: what orders do to stock."""

import random
import time
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from catalog.models import StockMovement, Variant
from catalog.stock import rush
from catalog.stock.refusals import NotReserved, OutOfStock, Scattered
from catalog.stock.shelf import free, lent
from shop.changes import projector
from shop.postgresql.base import prepared_cursor

Kind = StockMovement.Kind

_WANTED = """
    WITH wanted AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(quantities)s::int[]) AS w(variant_id, quantity)
    ), cause AS (SELECT %(reference)s::text AS reference)"""
_DONE = "SELECT variant_id, near FROM done"


def _told(*, on_hand: str, reserved: str) -> str:
    """What is `done` is written down. `near`: a threshold was crossed, perhaps."""
    return f"""
    , told AS (
        INSERT INTO catalog_stockmovement
            (variant_id, kind, on_hand_change, reserved_change, reference, note, actor_id, at)
        SELECT variant_id, %(kind)s, {on_hand}, {reserved}, reference, '', %(actor)s, clock_timestamp()
        FROM done, cause ORDER BY variant_id
    )
    """  # noqa: S608 (its pieces stand below)


# Locked first, in pk order; the UPDATE then judges the newest rows. A row that has lent to buckets is not
# even locked: a bucket that nobody holds gives, from a random one on, of one variant after the other in pk
# order, too. Nobody waits there, so nobody waits in a circle. Fewer than asked: the caller rolls back.
_RESERVED = "".join(
    (
        """
    , locked AS MATERIALIZED (
        SELECT s.variant_id, w.quantity FROM catalog_stock s JOIN wanted w USING (variant_id)
        WHERE NOT s.is_split ORDER BY s.variant_id FOR UPDATE OF s
    ), moved AS (
        UPDATE catalog_stock s SET reserved = s.reserved + w.quantity FROM locked w
        WHERE s.variant_id = w.variant_id AND (NOT s.is_tracked OR s.on_hand - s.reserved >= w.quantity)
        RETURNING s.variant_id, w.quantity,
            s.is_tracked AND s.on_hand - s.reserved <= s.low_at + w.quantity AS near
    ), picked AS MATERIALIZED (
        SELECT w.variant_id, w.quantity, w.low_at, b.id
        FROM (
            SELECT w.variant_id, w.quantity, s.low_at
            FROM (SELECT count(*) FROM moved) first, wanted w JOIN catalog_stock s USING (variant_id)
            WHERE s.is_split ORDER BY w.variant_id
        ) w, LATERAL (
            SELECT b.id FROM catalog_stockbucket b WHERE b.stock_id = w.variant_id AND b.free >= w.quantity
            ORDER BY (b.place + %(turn)s) %% %(buckets)s LIMIT 1 FOR UPDATE SKIP LOCKED
        ) b
    ), lent AS (
        UPDATE catalog_stockbucket b SET free = b.free - p.quantity FROM picked p
        WHERE b.id = p.id AND b.free >= p.quantity
        RETURNING p.variant_id, p.quantity, b.free <= p.low_at + p.quantity AS near
    ), done AS (
        SELECT * FROM moved UNION ALL SELECT * FROM lent
    )""",
        _told(on_hand="0", reserved="quantity"),
    )
)
_RESERVE = "".join((_WANTED, _RESERVED, _DONE))

# Here all rows are locked, and whatever is split has its own row's say first.
_BACK = "".join(
    (
        _WANTED,
        """
    , locked AS MATERIALIZED (
        SELECT s.variant_id, w.quantity, s.is_split, s.low_at, s.reserved - """,
        lent("s"),
        """ AS promised
        FROM catalog_stock s JOIN wanted w USING (variant_id) ORDER BY s.variant_id FOR UPDATE OF s
    )""",
    )
)
_RELEASE = "".join(
    (
        _BACK,
        """
    , moved AS (
        UPDATE catalog_stock s SET reserved = s.reserved - w.quantity FROM locked w
        WHERE s.variant_id = w.variant_id AND NOT s.is_split AND s.reserved >= w.quantity
        RETURNING s.variant_id, w.quantity,
            s.is_tracked AND s.on_hand - s.reserved <= s.low_at + w.quantity AS near
    ), picked AS MATERIALIZED (
        SELECT b.id, w.variant_id, w.quantity, w.low_at
        FROM (SELECT count(*) FROM moved) first, catalog_stockbucket b
        JOIN locked w ON w.variant_id = b.stock_id AND w.is_split AND w.promised >= w.quantity
        WHERE b.place = %(turn)s ORDER BY w.variant_id FOR UPDATE OF b
    ), lent AS (
        UPDATE catalog_stockbucket b SET free = b.free + p.quantity FROM picked p WHERE b.id = p.id
        RETURNING p.variant_id, p.quantity, b.free <= p.low_at + p.quantity AS near
    ), done AS (
        SELECT * FROM moved UNION ALL SELECT * FROM lent
    )""",
        _told(on_hand="0", reserved="-quantity"),
        _DONE,
    )
)
_SHIP = "".join(
    (
        _BACK,
        """
    , done AS (
        UPDATE catalog_stock s SET reserved = s.reserved - w.quantity,
            on_hand = s.on_hand - CASE WHEN s.is_tracked THEN w.quantity ELSE 0 END
        FROM locked w WHERE s.variant_id = w.variant_id AND w.promised >= w.quantity
        RETURNING s.variant_id, s.is_tracked, w.quantity, false AS near
    )""",
        _told(on_hand="CASE WHEN is_tracked THEN -quantity ELSE 0 END", reserved="-quantity"),
        _DONE,
    )
)


def reserve(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Promises these quantities, by variant id, to an order; all of them, or OutOfStock and none.

    OutOfStock is never said while units lie in several buckets, or in those that others hold just now.
    """
    began, at_once = time.monotonic(), AtOnce(quantities, actor_id=actor_id)
    try:
        with transaction.atomic():
            at_once.judge(_execute(_RESERVE, _asked(quantities) | at_once.values | {"reference": reference}))
    except Scattered:
        _reserve_anywhere(quantities, reference, actor_id)
        rush.notice(quantities, time.monotonic() - began)


class AtOnce:
    """A reservation that is a part of the caller's statement, so that a buyer waits once.

    The caller's CTEs `wanted` (variant_id, quantity) and `cause` (reference) stand above `ctes`, and what
    `done` (variant_id, near) holds is judged: if that raises, the statement has to be rolled back.
    """

    ctes = _RESERVED

    def __init__(self, quantities: Mapping[int, int], *, actor_id: int | None = None) -> None:
        self.quantities = quantities
        self.values = _values(quantities, Kind.RESERVED, actor_id)
        self._began = time.monotonic()

    def judge(self, done: Mapping[int, bool]) -> None:
        """Nothing if all of it was reserved; OutOfStock; Scattered if reserve() can get it."""
        _ring(done)
        if missing := set(self.quantities) - set(done):
            there = free(missing)
            short = any(self.quantities[pk] > left for pk, left in there.items())
            raise OutOfStock(there) if short else Scattered(missing)
        rush.notice(self.quantities, time.monotonic() - self._began)


def release(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Gives a reservation back; NotReserved if there is none. What was deleted since has none to give."""
    _move_reserved(_RELEASE, quantities, Kind.RELEASED, reference, actor_id)


def ship(quantities: Mapping[int, int], *, reference: str = "", actor_id: int | None = None) -> None:
    """Reserved goods leave the shelf; NotReserved if they were not. What was deleted has no shelf."""
    _move_reserved(_SHIP, quantities, Kind.SHIPPED, reference, actor_id)


def _move_reserved(
    statement: str, quantities: Mapping[int, int], kind: str, reference: str, actor_id: int | None
) -> None:
    """All of it, or NotReserved. The rows are locked by a statement before: who waited for a row in this one
    would see its buckets as they were before the wait."""
    with transaction.atomic():
        rush.hold(quantities)
        if held := _still_there(_move(statement, quantities, kind, reference, actor_id)):
            raise NotReserved(held)


def _move(
    statement: str, quantities: Mapping[int, int], kind: str, reference: str, actor_id: int | None
) -> set[int]:
    """Moves what it may; the ids it may not."""
    values = _values(quantities, kind, actor_id)
    if not quantities:
        return set()
    moved = _execute(statement, _asked(quantities) | values | {"reference": reference})
    _ring(moved)
    return set(quantities) - set(moved)


def _values(quantities: Mapping[int, int], kind: str, actor_id: int | None) -> dict[str, Any]:
    """What each of the statements above is given."""
    if any(quantity < 1 for quantity in quantities.values()):
        raise ValueError("quantities are 1 or more")
    return {
        "turn": random.randrange(rush.BUCKETS),
        "buckets": rush.BUCKETS,
        "kind": str(kind),
        "actor": actor_id,
    }


def _asked(quantities: Mapping[int, int]) -> dict[str, Any]:
    return {"ids": list(quantities), "quantities": list(quantities.values())}


def _execute(statement: str, values: Mapping[str, Any]) -> dict[int, bool]:
    with prepared_cursor(connection) as cursor:
        cursor.execute(statement, values)
        return dict(cursor.fetchall())


def _ring(moved: Mapping[int, bool]) -> None:
    """Pages say at once what is near a threshold."""
    if any(moved.values()):
        projector.ring()


def _reserve_anywhere(quantities: Mapping[int, int], reference: str, actor_id: int | None) -> None:
    """The same with every row and bucket of theirs locked, in order, and looked through together."""
    with transaction.atomic():
        shelves = rush.locked(quantities)
        there = dict.fromkeys(quantities, 0)
        for pk, (row, buckets) in shelves.items():
            own = row.on_hand - row.reserved if row.is_tracked else quantities[pk]
            there[pk] = own + sum(bucket.free for bucket in buckets)
        if missing := {pk: left for pk, left in there.items() if left < quantities[pk]}:
            raise OutOfStock(missing)
        for pk, (row, buckets) in shelves.items():
            left = quantities[pk]
            for bucket in buckets:
                taken = min(left, bucket.free)
                if taken:
                    bucket.free, left = bucket.free - taken, left - taken
                    bucket.save(update_fields=["free"])
            if left:
                row.reserved += left
                row.save(update_fields=["reserved"])
        StockMovement.objects.bulk_create(
            StockMovement(
                variant_id=pk,
                kind=Kind.RESERVED,
                reserved_change=quantities[pk],
                reference=reference,
                actor_id=actor_id,
            )
            for pk in sorted(shelves)
        )
        projector.ring()


def _still_there(variant_ids: set[int]) -> set[int]:
    """Those of them that were not deleted: an order outlives the variants that it sold."""
    return (
        set(Variant.objects.filter(pk__in=variant_ids).order_by().values_list("pk", flat=True))
        if variant_ids
        else set()
    )
