"""choose(): whom a product stands beside, until it moves, or one of them leaves.

Near it are the next in popularity on both sides: on its own shelf (its home category, or its kind), what else
it could be; on other shelves, what goes with it. The same few best sellers beside every product help nobody.

The choice is kept, and stands until something asks for it again: so a page changes when the choice does, and
not whenever anything comes, goes or is bought more often. docs/decisions/0014.

For many at once, an import's, the place is found at once and the choice within two minutes: then most of them
stand where they belong, and each chooses once and not again whenever the next ones come.
"""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from catalog.locks import lock_products
from catalog.queries.beside import RELATED
from shop.changes import projector
from shop.outbox.outbox import enqueue

JOB = "catalog.choose_neighbours"
CHUNK = 500  # products in a transaction: as many advisory locks
FEW = 200  # products that are asked for together, and so choose at once: the demo's do
SLICE = 20.0  # seconds of a job
WINDOW = 64  # how far away in the market's order another shelf is looked for; then the next shelf's best


def choose(product_ids: Iterable[int]) -> None:
    """Places the products, and chooses for them if they are few; those without a card lose their rows."""
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            is_few = len(chunk) <= FEW and not projector.is_part()
            lock_products(chunk)
            with connection.cursor() as cursor:
                for statement in (_LEAVE, _PLACE, _CHOOSE if is_few else _PUT_OFF):
                    cursor.execute(statement, {"ids": chunk, "put_off": False})
            if not is_few:
                # Once a minute, whatever comes in it.
                minute = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
                enqueue(JOB, queue="low", due=minute, once=True)


def choose_now() -> None:
    """A job: for those that were put off; what one cannot do, the next one does."""
    until = time.monotonic() + SLICE
    while ids := _put_off():
        if time.monotonic() > until:
            enqueue(JOB, queue="low", once=True)
            return
        with transaction.atomic():
            lock_products(ids)
            with connection.cursor() as cursor:  # two jobs at once: the second finds that it is done
                cursor.execute(_CHOOSE, {"ids": ids, "put_off": True})


def _put_off() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT product_id FROM catalog_neighbours WHERE chosen_at IS NULL"
            " ORDER BY product_id LIMIT %s",
            [CHUNK],
        )
        return [product_id for (product_id,) in cursor.fetchall()]


def unaware(product_ids: Iterable[int]) -> list[int]:
    """Beside whom these have come to stand, of those that had chosen before they did."""
    with connection.cursor() as cursor:
        cursor.execute(_UNAWARE, [list(product_ids)])
        return [product_id for (product_id,) in cursor.fetchall()]


def beside(product_ids: Iterable[int]) -> list[int]:
    """The products beside which one of these stands."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, [list(product_ids)])
        return [product_id for (product_id,) in cursor.fetchall()]


# One at a time: for an array of many ids the planner reads all rows and compares each with all of them.
_BESIDE = """
SELECT DISTINCT near.product_id FROM unnest(%s::bigint[]) AS named(id) CROSS JOIN LATERAL (
    SELECT product_id FROM catalog_neighbours WHERE companions @> ARRAY[named.id]
    UNION ALL
    SELECT product_id FROM catalog_neighbours WHERE alternatives @> ARRAY[named.id]
) near
"""


_UNAWARE = """
SELECT DISTINCT other.product_id FROM catalog_neighbours came
CROSS JOIN LATERAL unnest(came.companions || came.alternatives) AS named(id)
JOIN catalog_neighbours other ON other.product_id = named.id AND other.market = came.market
WHERE came.product_id = ANY(%s) AND other.chosen_at < came.placed_at
"""


_LEAVE = """
DELETE FROM catalog_neighbours own WHERE product_id = ANY(%(ids)s) AND NOT EXISTS (
    SELECT FROM catalog_card card WHERE card.product_id = own.product_id AND card.market = own.market)
"""

_PLACE = """
INSERT INTO catalog_neighbours AS own
    (product_id, market, shelf, rank, companions, alternatives, placed_at, chosen_at)
SELECT product_id, market, COALESCE('category/' || (
        SELECT category_id FROM catalog_listing listing
        WHERE listing.product_id = card.product_id AND category_id = ANY(card.categories)
        ORDER BY is_primary DESC, position, id LIMIT 1
    ), 'kind/' || kind), -popularity, '{}', '{}', clock_timestamp(), NULL
FROM catalog_card card WHERE product_id = ANY(%(ids)s) ORDER BY product_id, market
ON CONFLICT (product_id, market) DO UPDATE
SET shelf = EXCLUDED.shelf, rank = EXCLUDED.rank, placed_at = EXCLUDED.placed_at, chosen_at = NULL
WHERE (own.shelf, own.rank) IS DISTINCT FROM (EXCLUDED.shelf, EXCLUDED.rank)
"""

_PUT_OFF = """
UPDATE catalog_neighbours SET chosen_at = NULL WHERE product_id = ANY(%(ids)s) AND chosen_at IS NOT NULL
"""

# Those behind it and those before it in turns. `linked` ones stand there already.
_NEXT = """(
    SELECT product_id, 2 * row_number() OVER (ORDER BY {order}) + {first} AS place
    FROM ({those}) those WHERE {where} AND product_id <> ALL(linked) ORDER BY {order} LIMIT {related}
)"""
_BEHIND = {"side": ">", "order": "rank, product_id"}
_BEFORE = {"side": "<", "order": "rank DESC, product_id DESC"}
_ON_SHELF = """
    SELECT product_id, rank FROM catalog_neighbours
    WHERE market = me.market AND shelf = me.shelf AND (rank, product_id) {side} (me.rank, me.product_id)"""
_IN_MARKET = """
    SELECT product_id, rank, shelf FROM catalog_neighbours
    WHERE market = me.market AND (rank, product_id) {side} (me.rank, me.product_id)
    ORDER BY {order} LIMIT {window}"""
_NEXT_SHELF = """
    SELECT product_id, rank, shelf FROM catalog_neighbours
    WHERE market = me.market AND shelf {side} me.shelf ORDER BY shelf, rank, product_id LIMIT {window}"""


def _next(
    those: str, first: int, where: str = "true", side: str = ">", order: str = "rank, product_id"
) -> str:
    those = those.format(side=side, order=order, window=WINDOW)
    return _NEXT.format(those=those, first=first, where=where, order=order, related=RELATED)


_OTHER = "shelf <> me.shelf"
_NEAR = " UNION ALL ".join((_next(_ON_SHELF, 0, **_BEHIND), _next(_ON_SHELF, 1, **_BEFORE)))
_FAR = " UNION ALL ".join(
    (
        _next(_IN_MARKET, 0, _OTHER, **_BEHIND),
        _next(_IN_MARKET, 1, _OTHER, **_BEFORE),
        _next(_NEXT_SHELF, 1000, side=">"),
        _next(_NEXT_SHELF, 2000, side="<"),
    )
)
_FIRST = "ARRAY(SELECT product_id FROM ({near}) near GROUP BY 1 ORDER BY min(place) LIMIT {related})"

_CHOOSE = f"""
UPDATE catalog_neighbours own
SET companions = chosen.companions, alternatives = chosen.alternatives, chosen_at = clock_timestamp()
FROM (
    SELECT id, {_FIRST.format(near=_FAR, related=RELATED)} AS companions,
        {_FIRST.format(near=_NEAR, related=RELATED)} AS alternatives
    FROM (
        SELECT *, ARRAY(SELECT other_id FROM catalog_productlink link WHERE link.product_id = own.product_id)
            AS linked
        FROM catalog_neighbours own WHERE product_id = ANY(%(ids)s) AND (NOT %(put_off)s OR chosen_at IS NULL)
    ) me
) chosen
WHERE own.id = chosen.id AND (own.chosen_at IS NULL
    OR (own.companions, own.alternatives) IS DISTINCT FROM (chosen.companions, chosen.alternatives))
"""  # noqa: S608 (statements of ours)
