"""find(): the cards beside a product, in one statement: the merchant's links first, then neighbours."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connections

from catalog.models import ProductLink
from catalog.queries import cards
from catalog.queries.cards import CardShape
from shop import replicas
from shop.edge.recording import reading
from shop.markets import Market

RELATED = 4
LISTS = ("cards:in", "cards:popularity", "cards:categories", "cards:kind")  # from which they are cut

# Twice as many neighbours as are shown: some of them may be linked already.
_STATEMENT = """
WITH candidate (what, place, id) AS (
    {companions} UNION ALL {far_below} UNION ALL {far_above}
    UNION ALL {alternatives} UNION ALL {near_below} UNION ALL {near_above}
), companion AS (
    SELECT 1 AS part, id, min(place) AS place FROM candidate WHERE what = 1
    GROUP BY id ORDER BY min(place) LIMIT {related}
), alternative AS (
    SELECT 2 AS part, id, min(place) AS place FROM candidate
    WHERE what = 2 AND id NOT IN (SELECT id FROM companion)
    GROUP BY id ORDER BY min(place) LIMIT {related}
)
SELECT part, {columns} FROM (
    SELECT 0 AS part, %(product)s::bigint AS id, 0 AS place
    UNION ALL TABLE companion UNION ALL TABLE alternative
) shown JOIN catalog_card card ON card.product_id = shown.id AND card.market = %(market)s
ORDER BY part, place
"""
_LINKED = """(
    SELECT {what}, row_number() OVER (ORDER BY link.position, other_id), other_id
    FROM catalog_productlink link
    JOIN catalog_card card ON card.product_id = other_id AND card.market = %(market)s
    WHERE link.product_id = %(product)s AND link.kind = '{kind}' AND other_id <> %(product)s
    ORDER BY link.position, other_id LIMIT {related}
)"""
_NEIGHBOURS = """(
    SELECT {what}, {first} + row_number() OVER (ORDER BY {order}), product_id FROM catalog_card
    WHERE market = %(market)s AND product_id <> %(product)s AND {where}
        AND popularity {side}= %(loved)s
        AND (popularity {side} %(loved)s OR popularity = %(loved)s AND product_id {other} %(product)s)
    ORDER BY {order} LIMIT 2 * {related}
)"""
# Those below in popularity come before those above.
_BELOW = {"side": "<", "other": ">", "order": "popularity DESC, product_id", "first": RELATED}
_ABOVE = {"side": ">", "other": "<", "order": "popularity, product_id DESC", "first": 3 * RELATED}


def find(market: Market, item: Any) -> tuple[CardShape | None, list[CardShape], list[CardShape]]:
    """(its own card, what goes with it, what else it could be): the merchant's links first, then others.

    Near is what stands in its home category, or is of its kind. Neighbours are those next in popularity: the
    same few best sellers beside every product help nobody.
    """
    with (
        reading(f"product/{item.pk}:links", *LISTS, later=["card/*/*"]),
        connections[replicas.alias()].cursor() as cursor,
    ):
        cursor.execute(
            _statement("categories @> ARRAY[%(shelf)s]::bigint[]" if item.home_id else "kind = %(kind)s"),
            {
                "market": market.code,
                "product": item.pk,
                "loved": item.popularity,
                "kind": item.kind,
                "shelf": item.home_id,
            },
        )
        rows = cursor.fetchall()
    parts: list[list[CardShape]] = [[], [], []]
    for part, *row in rows:
        parts[part].append(cards.shape(dict(zip(cards.READ, row, strict=True))))
    own, companions, alternatives = parts
    cards.tag_all(market, [item.pk, *(card["product_id"] for part in parts for card in part)])
    return own[0] if own else None, companions, alternatives


@cache
def _statement(near: str) -> str:
    def linked(kind: ProductLink.Kind, what: int) -> str:
        return _LINKED.format(what=what, kind=kind.value, related=RELATED)

    def neighbours(where: str, what: int, side: Mapping[str, Any]) -> str:
        return _NEIGHBOURS.format(what=what, where=where, related=RELATED, **side)

    far = f"NOT ({near})"
    return _STATEMENT.format(
        companions=linked(ProductLink.Kind.COMPANION, 1),
        far_below=neighbours(far, 1, _BELOW),
        far_above=neighbours(far, 1, _ABOVE),
        alternatives=linked(ProductLink.Kind.ALTERNATIVE, 2),
        near_below=neighbours(near, 2, _BELOW),
        near_above=neighbours(near, 2, _ABOVE),
        columns=", ".join(f"card.{name}" if name != "drawn" else "card.picture::text" for name in cards.READ),
        related=RELATED,
    )
