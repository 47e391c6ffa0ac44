"""find(): the cards beside a product, in one statement: the merchant's links first, then its neighbours."""

from typing import Any

from django.db import connections

from catalog.models import ProductLink
from catalog.queries import cards
from catalog.queries.cards import CardShape
from shop import replicas
from shop.edge.recording import reading, tag
from shop.markets import Market

RELATED = 4  # of each kind

# Of each kind the first that have a card; those without are named, as the page changes when they get one.
_STATEMENT = f"""
WITH candidate AS (
    SELECT *, EXISTS (SELECT FROM catalog_card WHERE product_id = named.id AND market = %(market)s) AS is_sold
    FROM (
        SELECT CASE kind WHEN '{ProductLink.Kind.COMPANION}' THEN 1 ELSE 2 END AS part, other_id AS id,
            row_number() OVER (ORDER BY position, other_id) AS place
        FROM catalog_productlink WHERE product_id = %(product)s AND other_id <> %(product)s
        UNION ALL
        SELECT list.part, list.id, 1000000 + list.place FROM catalog_neighbours own, LATERAL (
            SELECT 1 AS part, * FROM unnest(own.companions) WITH ORDINALITY AS chosen(id, place)
            UNION ALL SELECT 2, * FROM unnest(own.alternatives) WITH ORDINALITY AS chosen(id, place)
        ) list WHERE own.product_id = %(product)s AND own.market = %(market)s
    ) named
), companion AS (
    SELECT 1 AS part, id, min(place) AS place FROM candidate WHERE part = 1 AND is_sold
    GROUP BY id ORDER BY min(place) LIMIT {RELATED}
), alternative AS (
    SELECT 2 AS part, id, min(place) AS place FROM candidate
    WHERE part = 2 AND is_sold AND id NOT IN (SELECT id FROM companion)
    GROUP BY id ORDER BY min(place) LIMIT {RELATED}
)
SELECT part, (SELECT array_agg(id) FROM candidate WHERE NOT is_sold),
    {", ".join(f"card.{name}" if name != "drawn" else "card.picture::text" for name in cards.READ)}
FROM (
    SELECT 0 AS part, %(product)s::bigint AS id, 0 AS place
    UNION ALL TABLE companion UNION ALL TABLE alternative
) shown LEFT JOIN catalog_card card ON card.product_id = shown.id AND card.market = %(market)s
ORDER BY part, place
"""  # noqa: S608 (columns of ours)


def find(market: Market, item: Any) -> tuple[CardShape | None, list[CardShape], list[CardShape]]:
    """(its own card, what goes with it, what else it could be): links first, then neighbours."""
    keys = (f"product/{item.pk}:links", f"beside/{market.code}/{item.pk}")
    with reading(*keys, later=["card/*/*"]), connections[replicas.alias()].cursor() as cursor:
        cursor.execute(_STATEMENT, {"market": market.code, "product": item.pk})
        rows = cursor.fetchall()
    own, companions, alternatives = list[CardShape](), list[CardShape](), list[CardShape]()
    for part, _unsold, *row in rows:
        if row[0] is not None:
            found = cards.shape(dict(zip(cards.READ, row, strict=True)))
            (own, companions, alternatives)[part].append(found)
    cards.tag_all(market, [card["product_id"] for card in (*companions, *alternatives)])
    cards.tag_all(market, rows[0][1] or ())
    tag(f"card/{market.code}/{item.pk}:stars")  # all that its own card says here
    return own[0] if own else None, companions, alternatives
