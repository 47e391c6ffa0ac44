"""The statement that counts a list and finds its page, whatever filters are set.

What a filter asks of is an offer: two values are met together only by a variant that has both, and a price
is that of the cheapest variant in stock that meets all else. So each card is taken apart into its offers
where filters are set; without any, cards are counted as they stand, which says the same and is cheaper.
"""

from typing import Any

from django.conf import settings

from catalog.queries import ranges
from catalog.queries.selection import Selection, Source
from shop.markets import Market

# What a list can be sorted by. `place` is the rank that a search gave; every order ends with a unique column.
ORDERS = {
    "relevance": "place, product_id",
    "popular": "popularity DESC, product_id",
    "new": "published_at DESC, product_id",
    "price": "price, product_id",
    "-price": "price DESC, product_id",
    "name": 'lower(name) COLLATE "C", product_id',  # the same on every server, and in the engine
    "rating": "rating DESC NULLS LAST, popularity DESC, product_id",
}
SALE = -1  # among the values and the attributes: being on sale

_CARD = """
    SELECT c.product_id, c.name, c.popularity, c.published_at, c.rating, c.price, c.is_from, c.availability,
        c.traits, c.offers, c.categories, c."values" || CASE WHEN c.on_sale THEN {sale} END AS "values",
        {place} AS place
    FROM {origin} WHERE c.market = %(market)s {inside}"""

# A card that fails two filters counts nowhere; one that fails the only filter counts as it stands. So does
# one whose variants all answer alike: each filter is met by the product itself or by none of them, and none
# is too dear that another is not.
_OFFERS = """
    SELECT product_id, name, popularity, published_at, rating, place, price, "values", is_open,
        {fails} AS fails, ({failed})::bigint AS failed
    FROM (
        SELECT product_id, name, popularity, published_at, rating, place, is_open,
            COALESCE((offer->>1)::numeric, price) AS price,
            CASE WHEN is_open THEN traits || translate((offer->0)::text, '[]', '{{}}')::bigint[]
                || CASE WHEN offer->>2 IS NOT NULL THEN {sale} END ELSE "values" END AS "values"
        FROM (
            SELECT *, jsonb_array_elements(CASE WHEN is_open THEN offers ELSE '[null]' END) AS offer
            FROM (
                SELECT *, availability <> 'out' AND jsonb_array_length(offers) > 1 AND {matters} AS is_open
                FROM card
            ) c
        ) each_one WHERE offer->>3 IS DISTINCT FROM 'out' OFFSET 0
    ) u"""

_SHOWN = """
    SELECT product_id, name, popularity, published_at, rating, place, price
    FROM unit WHERE fails = 0 AND NOT is_open
    UNION ALL
    SELECT product_id, min(name), min(popularity), min(published_at), min(rating), min(place), min(price)
    FROM unit WHERE fails = 0 AND is_open GROUP BY product_id"""

# A value counts the goods that meet all filters but those of its own attribute, at the price they then have.
_TALLY = """
    SELECT value_id, sum(number)::bigint AS number FROM (
        SELECT value_id, count(*) FILTER (WHERE {within} AND (fails = 0 OR {own})) AS number
        FROM (SELECT price, fails, failed, unnest("values") AS value_id FROM unit WHERE NOT is_open) one
        GROUP BY value_id
        UNION ALL
        SELECT value_id, count(*) FILTER (WHERE price IS NOT NULL AND {within}) FROM (
            SELECT value_id, product_id, min(price) FILTER (WHERE fails = 0 OR {own}) AS price
            FROM (SELECT product_id, price, fails, failed, unnest("values") AS value_id
                FROM unit WHERE is_open) one
            GROUP BY value_id, product_id
        ) met GROUP BY value_id
    ) counted GROUP BY value_id"""

_PLAIN_TALLY = """
    SELECT value_id, count(*) AS number FROM (SELECT unnest("values") AS value_id FROM card) one
    GROUP BY value_id"""

_BELOW = """(SELECT jsonb_object_agg(id, number) FROM (
        SELECT id, count(*) AS number FROM card, unnest(categories) AS id
        WHERE id = ANY(%(below)s) GROUP BY id
    ) stands)"""

_STATEMENT = """
    WITH {hits} card AS MATERIALIZED ({card}), {unit}
    shown AS {kept} ({shown}), page AS (
        SELECT product_id, row_number() OVER () AS number FROM (
            SELECT product_id FROM shown WHERE {within} ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s
        ) sorted
    ), tally AS MATERIALIZED ({tally}), facet AS (
        SELECT a.position AS a_position, a.id AS a_id, a.code, a.name, a.kind, a.is_facet,
            v.position, v.id, v.slug, v.label, v.swatch, t.number
        FROM tally t
        JOIN catalog_attributevalue v ON v.id = t.value_id
        JOIN catalog_attribute a ON a.id = v.attribute_id
    )
    SELECT
        count(*) FILTER (WHERE {within}), count(*) FILTER (WHERE {within} AND place %% 2 = 0),
        COALESCE((SELECT number FROM tally WHERE value_id = {sale_id}), 0),
        min(price), max(price), {spread},
        (SELECT array_agg(product_id ORDER BY number) FROM page),
        (SELECT jsonb_agg(jsonb_build_array(a_id, code, name, kind, is_facet, id, slug, label, swatch, number)
            ORDER BY a_position, code, position, label, id) FROM facet),
        {below}
    FROM shown"""


def build(market: Market, source: Source, selection: Selection) -> tuple[str, dict[str, Any]]:
    """SQL and its parameters; its one row is what catalog.queries.listing reads.

    Total, how many of them are all that was asked for, on sale, lowest and highest price, how prices spread,
    the page's ids in order, every value and its count, and how many goods each category below has.
    """
    conditions = _conditions(selection)
    place, origin, inside = _origin(source)
    within = _within(selection)
    sale = f"ARRAY[{SALE}::bigint]"
    parts = {
        "hits": source.matching.sql if source.matching else "",
        "card": _CARD.format(place=place, origin=origin, inside=inside, sale=sale),
        "within": within,
        "order": ORDERS[selection.sort],
        "sale_id": SALE,
        "spread": ranges.spread("shown"),
        "below": _BELOW if source.below else "NULL",
    }
    if selection.filters:
        fails = [f'(NOT "values" && %(any_{key})s::bigint[])::int' for key in conditions]
        failed = [f"{fail} * ({key})" for fail, key in zip(fails, conditions, strict=True)]
        few = f"({_sum(fails)}) <= %(misses)s"
        unlike = [
            f'("values" && %(any_{key})s::bigint[] AND NOT traits && %(any_{key})s::bigint[])'
            for key in conditions
        ]
        if selection.is_bounded:
            unlike.append("is_from" if selection.most is None else "(is_from AND price <= %(most)s)")
        matters = f"{few} AND ({' OR '.join(unlike)})"
        unit = _OFFERS.format(fails=_sum(fails), failed=_sum(failed), matters=matters, sale=sale)
        own = " OR ".join(_own(key) for key in conditions) or "false"
        tally = _TALLY.format(within=within, own=f"fails = 1 AND ({own})")
        parts |= {"unit": f"unit AS MATERIALIZED ({unit}),", "shown": _SHOWN, "kept": "MATERIALIZED"}
        parts |= {"tally": tally}
    else:
        parts |= {"unit": "", "shown": "SELECT * FROM card", "kept": "NOT MATERIALIZED"}
        parts |= {"tally": _PLAIN_TALLY}
    return _STATEMENT.format(**parts), {
        "market": market.code,
        "category": source.category_id,
        "below": list(source.below),
        "least": selection.least or 0,
        "most": selection.most,
        "misses": min(selection.filters - 1, 1),
        "size": settings.CARDS_PER_PAGE,
        "offset": (selection.page - 1) * settings.CARDS_PER_PAGE,
        **{f"any_{key}": ids for key, ids in conditions.items()},
        **(source.matching.parameters if source.matching else {}),
    }


def _conditions(selection: Selection) -> dict[int, list[int]]:
    """The values of which an offer must have one, by the attribute whose filter it is."""
    return selection.values | ({SALE: [SALE]} if selection.on_sale else {})


def _own(key: int) -> str:
    """Does only that filter fail, and is the value one of its attribute?"""
    if key == SALE:
        return f"failed = {SALE} AND value_id = {SALE}"
    ids = f"ARRAY(SELECT id FROM catalog_attributevalue WHERE attribute_id = {key})"  # noqa: S608 (a number)
    return f"failed = {key} AND value_id = ANY({ids})"


def _within(selection: Selection) -> str:
    """What a price must be."""
    if not selection.is_bounded:
        return "true"
    return "price >= %(least)s" if selection.most is None else "price BETWEEN %(least)s AND %(most)s"


def _origin(source: Source) -> tuple[str, str, str]:
    """(rank, FROM, what WHERE adds)"""
    if source.matching is not None:
        return "hit.place", "hit JOIN catalog_card c ON c.product_id = hit.id", ""
    if source.category_id is not None:
        return "0", "catalog_card c", "AND c.categories @> ARRAY[%(category)s::bigint]"
    return "0", "catalog_card c", "AND c.on_sale" if source.on_sale else ""


def _sum(parts: list[str]) -> str:
    return " + ".join(parts) or "0"
