"""The statement that counts a list and finds its page, whatever filters are set.

What a filter asks of is an offer: two values are met together only by a variant that has both, and a price
is that of the cheapest variant in stock that meets all else. So each card is taken apart into its offers
where filters are set; without any, cards are counted as they stand, which says the same and is cheaper.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from catalog.queries import ranges
from catalog.queries.selection import Selection, Source
from shop.markets import Market

# What a list can be sorted by, and what cards are asked for it. `tier` is what a search gave; what it finds
# by relevance has the order RANKED. Every order ends with a unique column.
ORDERS = {
    "relevance": "tier, product_id",
    "popular": "popularity DESC, product_id",
    "new": "published_at DESC, product_id",
    "price": "price, product_id",
    "-price": "price DESC, product_id",
    "name": 'lower(name) COLLATE "C", product_id',  # the same on every server, and in the engine
    "rating": "rating DESC NULLS LAST, popularity DESC, product_id",
}
RANKED = "tier, score DESC, popularity DESC, product_id"
SORTED = {
    "popular": ("popularity",),
    "new": ("published_at",),
    "name": ("name",),
    "rating": ("rating", "popularity"),
}
FILTERED = ("is_from", "availability", "traits", "offers")
SALE = -1  # among the values and the attributes: being on sale

# Where nothing is searched for: what stands in a category, or is on sale.
_CARD = "SELECT {taken}, 0 AS tier FROM catalog_card c WHERE c.market = %(market)s {inside}"

# A card that fails two filters counts nowhere; one that fails the only filter counts as it stands. So does
# one whose variants all answer alike: each filter is met by the product itself or by none of them, and none
# is too dear that another is not. `missed` tells which filters are: a bit for each.
_OFFERS = """
    SELECT product_id, {kept}, price, "values", false AS is_open, {missed} AS missed
    FROM card WHERE NOT {is_open}
    UNION ALL
    SELECT *, true, {missed} FROM (
        SELECT product_id, {kept}, (offer->>1)::numeric AS price,
            traits || translate((offer->0)::text, '[]', '{{}}')::bigint[]
                || CASE WHEN offer->>2 IS NOT NULL THEN {sale} END AS "values"
        FROM card, jsonb_array_elements(offers) AS offer WHERE {is_open} AND offer->>3 <> 'out' OFFSET 0
    ) each_one"""
_IS_OPEN = (
    """(jsonb_array_length(offers) > 1 AND availability <> 'out' AND {failed} <= %(misses)s AND ({unlike}))"""
)

_SHOWN = """
    SELECT product_id, {kept}, price FROM unit WHERE missed = 0 AND NOT is_open
    UNION ALL
    SELECT product_id, {kept}, min(price)
    FROM unit WHERE missed = 0 AND is_open GROUP BY product_id, {kept}"""

# A value counts the goods that meet all filters but those of its own attribute, at the price they then have.
_TALLY = """
    SELECT value_id, sum(number)::bigint AS number FROM (
        SELECT value_id, CASE WHEN missed = 0 OR {own} THEN number ELSE 0 END AS number FROM (
            SELECT value_id, missed, count(*) AS number
            FROM (
                SELECT CASE WHEN {within} THEN missed ELSE -1 END AS missed, unnest("values") AS value_id
                FROM unit WHERE NOT is_open
            ) one GROUP BY value_id, missed
        ) alike
        UNION ALL
        SELECT value_id, count(*) FILTER (WHERE price IS NOT NULL AND {within}) FROM (
            SELECT value_id, product_id, min(price) FILTER (WHERE missed = 0 OR {own}) AS price
            FROM (SELECT product_id, price, missed, unnest("values") AS value_id FROM unit WHERE is_open) one
            GROUP BY value_id, product_id
        ) met GROUP BY value_id
    ) counted GROUP BY value_id"""

_ON_SALE = "COALESCE((SELECT number FROM tally WHERE value_id = {sale}), 0)"

# What a search puts in order.
_WANTED = "wanted AS (SELECT product_id, tier, popularity, spot FROM shown WHERE {within}),"

_PLAIN_TALLY = """
    SELECT value_id, count(*) AS number FROM (SELECT unnest("values") AS value_id FROM card) one
    GROUP BY value_id"""

_BELOW = """(SELECT jsonb_object_agg(id, number) FROM (
        SELECT id, count(*) AS number FROM card, unnest(categories) AS id
        WHERE id = ANY(%(below)s) GROUP BY id
    ) stands)"""

# All that is shown is read once for its figures, put together by how dear it is.
_STATEMENT = """
    WITH {card} {unit}
    shown AS {kept_once} ({shown}), {ranking} page AS (
        SELECT product_id, row_number() OVER () AS number FROM (
            SELECT product_id FROM {sorted} ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s
        ) sorted
    ), tally AS MATERIALIZED ({tally}), facet AS (
        SELECT a.position AS a_position, a.id AS a_id, a.code, a.name, a.kind, a.is_facet,
            v.position, v.id, v.slug, v.label, v.swatch, t.number
        FROM tally t
        JOIN catalog_attributevalue v ON v.id = t.value_id
        JOIN catalog_attribute a ON a.id = v.attribute_id
    ), cell AS (
        SELECT {step} AS step, count(*) AS number, count(*) FILTER (WHERE {within}) AS within,
            count(*) FILTER (WHERE {within} AND tier %% 2 = 0) AS whole, {reduced} AS reduced,
            min(price) AS least, max(price) AS most
        FROM shown GROUP BY 1
    )
    SELECT
        COALESCE(sum(within), 0)::bigint, COALESCE(sum(whole), 0)::bigint, {on_sale},
        min(least), max(most), jsonb_agg(jsonb_build_array(step, number)),
        (SELECT array_agg(product_id ORDER BY number) FROM page),
        (SELECT jsonb_agg(jsonb_build_array(a_id, code, name, kind, is_facet, id, slug, label, swatch, number)
            ORDER BY a_position, code, position, label, id) FROM facet WHERE {told}),
        (SELECT array_agg(DISTINCT a_id) FROM facet), {below}
    FROM cell"""


def build(
    market: Market, source: Source, selection: Selection, looked: int | None = None
) -> tuple[str, dict[str, Any]]:
    """SQL and its parameters; its one row is what catalog.queries.listing reads.

    Total, how many of them are all that was asked for, on sale, lowest and highest price, how prices spread,
    the page's ids in order, every value to filter by and its count, the attributes of all values, and how
    many goods each category below has. looked: how many cards that a search finds are looked at.
    """
    conditions = _conditions(selection)
    within, matching = _within(selection), source.matching
    is_ranked = matching is not None and bool(matching.ranking)
    kept = ["tier", *(("popularity", "spot") if is_ranked else SORTED.get(selection.sort, ()))]
    card = (
        matching.sql if matching else f"card AS MATERIALIZED ({_CARD.replace('{inside}', _inside(source))}),"
    )
    taken = _taken(kept[1:], source, selection)
    parts = {
        "card": card.format(taken=taken, looked="" if looked is None else f"LIMIT {looked}"),
        "within": within,
        "order": ORDERS[selection.sort],
        "sorted": f"shown WHERE {within}",
        "ranking": "",
        "step": ranges.STEP,
        "below": _BELOW if source.below else "NULL",
        # Of an offer on sale the card names all options.
        "told": "true" if selection.on_sale else "is_facet",
    }
    if matching and is_ranked:
        ranking = f"{_WANTED.format(within=within)} {matching.ranking}"
        parts |= {"ranking": ranking, "sorted": "best", "order": RANKED}
    parts |= _filtered(selection, conditions, kept) if selection.filters else _PLAIN
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
        **(matching.parameters if matching else {}),
    }


_PLAIN = {
    "unit": "",
    "shown": "SELECT * FROM card",
    "kept_once": "NOT MATERIALIZED",
    "tally": _PLAIN_TALLY,
    "reduced": "count(*) FILTER (WHERE on_sale)",
    "on_sale": "COALESCE(sum(reduced), 0)::bigint",
}


def _filtered(selection: Selection, conditions: dict[int, list[int]], kept: list[str]) -> dict[str, str]:
    """The parts of the statement that take cards apart and ask which offers meet the filters."""
    within, sale = _within(selection), f"ARRAY[{SALE}::bigint]"
    fails = [f'(NOT "values" && %(any_{key})s::bigint[])::int' for key in conditions]
    unlike = [
        f'("values" && %(any_{key})s::bigint[] AND NOT traits && %(any_{key})s::bigint[])'
        for key in conditions
    ]
    if selection.is_bounded:
        unlike.append("is_from" if selection.most is None else "(is_from AND price <= %(most)s)")
    parts = {
        "kept": ", ".join(kept),
        "missed": _sum([f"{fail} * {1 << place}" for place, fail in enumerate(fails)]),
        "is_open": _IS_OPEN.format(failed=_sum(fails), unlike=" OR ".join(unlike)),
    }
    own = " OR ".join(_own(key, 1 << place) for place, key in enumerate(conditions)) or "false"
    return {
        "unit": f"unit AS MATERIALIZED ({_OFFERS.format(sale=sale, **parts)}),",
        "shown": _SHOWN.format(**parts),
        "kept_once": "MATERIALIZED",
        "tally": _TALLY.format(within=within, own=own),
        "reduced": "0",
        "on_sale": _ON_SALE.format(sale=SALE),
    }


def _taken(kept: Sequence[str], source: Source, selection: Selection) -> str:
    """Of each card what this list needs: of a hundred thousand that are found, each column counts."""
    values = 'c."values"'
    columns = ["product_id", "price"]
    if selection.filters:
        columns += FILTERED
        values = f'CASE WHEN c.on_sale THEN {values} || {SALE}::bigint ELSE {values} END AS "values"'
    else:
        columns.append("on_sale")
    columns += ["categories"] if source.below else []
    taken = [f"c.{column}" for column in (*columns, *kept) if column != "spot"]
    return ", ".join([*taken, values, *(["c.ctid AS spot"] if "spot" in kept else [])])


def _conditions(selection: Selection) -> dict[int, list[int]]:
    """The values of which an offer must have one, by the attribute whose filter it is."""
    return selection.values | ({SALE: [SALE]} if selection.on_sale else {})


def _own(key: int, bit: int) -> str:
    """Does only that filter fail, and is the value one of its attribute?"""
    if key == SALE:
        return f"missed = {bit} AND value_id = {SALE}"
    ids = f"ARRAY(SELECT id FROM catalog_attributevalue WHERE attribute_id = {key})"  # noqa: S608 (a number)
    return f"missed = {bit} AND value_id = ANY({ids})"


def _within(selection: Selection) -> str:
    """What a price must be."""
    if not selection.is_bounded:
        return "true"
    return "price >= %(least)s" if selection.most is None else "price BETWEEN %(least)s AND %(most)s"


def _inside(source: Source) -> str:
    """What stands in the list, where nothing is searched for."""
    if source.category_id is not None:
        return "AND c.categories @> ARRAY[%(category)s::bigint]"
    return "AND c.on_sale" if source.on_sale else ""


def _sum(parts: list[str]) -> str:
    return " + ".join(parts) or "0"
