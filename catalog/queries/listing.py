"""read(): a page of cards with its filters, in two statements: one that counts, one that reads the cards.

Values of one attribute combine as OR; attributes, price and sale as AND. A price is that of the offer that
the chosen values mean. A count says how many goods there would be with that value, so an attribute's counts
ignore what is chosen in it (disjunctive).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from catalog.models import AttributeValue, Card
from catalog.queries import cards, offers, ranges
from catalog.queries.cards import CardShape
from catalog.queries.offers import Choice
from catalog.queries.ranges import Range
from shop.markets import Market

# What a list can be sorted by. `place` is the rank that a search gave; every order ends with a unique column.
ORDERS = {
    "relevance": "place, product_id",
    "popular": "popularity DESC, product_id",
    "new": "published_at DESC, product_id",
    "price": "price, product_id",
    "-price": "price DESC, product_id",
    "name": "name, product_id",
}
VALUES_SHOWN = 60  # of one attribute; the commonest, and those chosen
PRICE, SALE = -1, -2  # among the filters, beside the attributes' ids


@dataclass(frozen=True)
class Source:
    """Where a list's goods come from: a category, what a search found (the best first), what is on sale.

    below: categories whose goods in the list are counted as well, whatever filters are set.
    """

    category_id: int | None = None
    below: Sequence[int] = ()
    product_ids: Sequence[int] | None = None
    on_sale: bool = False


@dataclass(frozen=True)
class Selection:
    """What the address asks for: values, price bounds in the market's currency, sale, order, page."""

    choices: Sequence[Choice] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    on_sale: bool = False
    sort: str = "popular"
    page: int = 1

    @property
    def filters(self) -> int:
        """How many kinds of filters are set."""
        kinds = {choice.attribute_id for choice in self.choices}
        return len(kinds) + (self.least is not None or self.most is not None) + self.on_sale


@dataclass
class Value:
    """A value to filter by, and how many goods it would give."""

    id: int
    slug: str
    label: str
    swatch: str
    count: int
    is_selected: bool

    @property
    def is_disabled(self) -> bool:
        return self.count == 0


@dataclass
class Facet:
    """An attribute to filter by."""

    code: str
    name: str
    kind: str
    values: list[Value] = field(default_factory=list)


@dataclass
class Listing:
    """A page of a list. floor, ceiling, ranges: the prices there are with all filters but the price."""

    total: int
    cards: list[CardShape]
    facets: list[Facet]
    on_sale: int
    floor: Decimal | None
    ceiling: Decimal | None
    ranges: list[Range]
    below: dict[int, int]
    page: int
    pages: int


def choices(asked: Mapping[str, Sequence[str]]) -> list[Choice]:
    """The values that exist of those asked for by attribute code and slug, in that order."""
    if not asked:
        return []
    slugs = {slug for wanted in asked.values() for slug in wanted}
    rows = AttributeValue.objects.filter(
        attribute__code__in=list(asked), attribute__is_facet=True, slug__in=list(slugs)
    ).values_list("id", "slug", "label", "attribute_id", "attribute__code")
    found = (Choice(*row) for row in rows.order_by("attribute__code", "slug"))
    return [choice for choice in found if choice.slug in asked[choice.attribute_code]]


class Beyond(Exception):
    """The list ends before the page asked for: with its page `last`."""

    def __init__(self, last: int) -> None:
        super().__init__(last)
        self.last = last


def read(market: Market, source: Source, selection: Selection) -> Listing:
    """The page that the selection asks for; raises Beyond if the list ends before it."""
    size = settings.CARDS_PER_PAGE
    statement, parameters = _statement(market, source, selection, size)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        ((total, on_sale, floor, ceiling, spread, ids, counted, below),) = cursor.fetchall()
    pages = max(-(-total // size), 1)
    if selection.page > pages:
        raise Beyond(pages)
    return Listing(
        total=total,
        cards=_in_order(market, ids or [], selection.choices),
        facets=_facets(json.loads(counted or "[]"), selection),
        on_sale=on_sale,
        floor=floor,
        ceiling=ceiling,
        ranges=ranges.split(json.loads(spread or "[]")),
        below={int(category): number for category, number in json.loads(below or "{}").items()},
        page=selection.page,
        pages=pages,
    )


def _in_order(market: Market, ids: Sequence[int], choices: Sequence[Choice]) -> list[CardShape]:
    if not ids:
        return []
    place = {product_id: number for number, product_id in enumerate(ids)}
    found = cards.read(Card.objects.filter(market=market.code, product_id__in=list(ids)), choices)
    return sorted(found, key=lambda card: place[card["product_id"]])


def _facets(counted: Sequence[Sequence[Any]], selection: Selection) -> list[Facet]:
    """Attributes with something to choose: two values, or one that is chosen and can be taken back."""
    chosen = {choice.id for choice in selection.choices}
    facets: dict[str, Facet] = {}
    for code, name, kind, value_id, slug, label, swatch, count in counted:
        facet = facets.setdefault(code, Facet(code=code, name=name, kind=kind))
        facet.values.append(Value(value_id, slug, label, swatch, count, value_id in chosen))
    for facet in facets.values():
        if len(facet.values) > VALUES_SHOWN:
            common = sorted(facet.values, key=lambda v: (v.is_selected, v.count), reverse=True)
            kept = {value.id for value in common[:VALUES_SHOWN]}
            facet.values = [value for value in facet.values if value.id in kept]
    return [
        facet
        for facet in facets.values()
        if len(facet.values) > 1 or any(value.is_selected for value in facet.values)
    ]


def _conditions(selection: Selection) -> list[tuple[int, str, list[Any]]]:
    """(whose filter it is, what a card must meet, parameters)."""
    by_attribute: dict[int, list[int]] = {}
    for choice in selection.choices:
        by_attribute.setdefault(choice.attribute_id, []).append(choice.id)
    conditions: list[tuple[int, str, list[Any]]] = [
        (attribute, 'c."values" && %s::bigint[]', [ids]) for attribute, ids in by_attribute.items()
    ]
    if selection.least is not None or selection.most is not None:
        least, most = selection.least or Decimal(0), selection.most
        if most is None:
            conditions.append((PRICE, "shown.price >= %s", [least]))
        else:
            conditions.append((PRICE, "shown.price BETWEEN %s AND %s", [least, most]))
    if selection.on_sale:
        conditions.append((SALE, "c.discount IS NOT NULL", []))
    return conditions


_BELOW = """(SELECT jsonb_object_agg(id, number) FROM (
                SELECT id, count(*) AS number FROM base, unnest(categories) AS id
                WHERE id = ANY(%s) GROUP BY id
            ) stands)"""


AT_ANY_PRICE = f"fails = 0 OR fails = 1 AND failed = {PRICE}"
SPREAD = ranges.sql(AT_ANY_PRICE)


def _statement(market: Market, source: Source, selection: Selection, size: int) -> tuple[str, list[Any]]:
    """Each card of the source once, with the number of filters it fails and, if that is one, which.

    It is in the list if it fails none, and counts for an attribute's values if it fails no other's filter.
    """
    conditions = _conditions(selection)
    fails = " + ".join(f"(NOT ({sql}))::int" for _, sql, _ in conditions) or "0"
    failed = " + ".join(f"(NOT ({sql}))::int * ({key})" for key, sql, _ in conditions) or "0"
    below = _BELOW if source.below else "NULL"
    filters = [value for _, _, values in conditions for value in values]
    origin, where = _origin(source)
    price, priced = offers.price_sql(selection.choices)
    once = "OFFSET 0" if priced else ""  # else the planner copies the expression to wherever it is used
    statement = f"""
        WITH base AS MATERIALIZED (
            SELECT c.product_id, shown.price, c.name, c.popularity, c.published_at, c."values", c.categories,
                c.discount IS NOT NULL AS on_sale, {origin[0]} AS place,
                {fails} AS fails, ({failed})::bigint AS failed
            FROM {origin[1]} CROSS JOIN LATERAL (SELECT {price} AS price {once}) shown
            WHERE c.market = %s {where[0]}
        ), page AS (
            SELECT product_id, row_number() OVER () AS number FROM (
                SELECT product_id FROM base WHERE fails = 0
                ORDER BY {ORDERS[selection.sort]} LIMIT %s OFFSET %s
            ) sorted
        ), tally AS (
            SELECT value_id, CASE WHEN fails = 0 THEN 0 WHEN fails = 1 THEN failed END AS failed,
                count(*) AS number
            FROM base, unnest("values") AS value_id GROUP BY 1, 2
        ), facet AS (
            SELECT a.position AS a_position, a.code, a.name, a.kind,
                v.position, v.id, v.slug, v.label, v.swatch,
                COALESCE(sum(t.number) FILTER (WHERE t.failed IN (0, a.id)), 0)::bigint AS number
            FROM tally t
            JOIN catalog_attributevalue v ON v.id = t.value_id
            JOIN catalog_attribute a ON a.id = v.attribute_id AND a.is_facet
            GROUP BY a.id, v.id
        )
        SELECT
            count(*) FILTER (WHERE fails = 0),
            count(*) FILTER (WHERE on_sale AND (fails = 0 OR fails = 1 AND failed = {SALE})),
            min(price) FILTER (WHERE {AT_ANY_PRICE}),
            max(price) FILTER (WHERE {AT_ANY_PRICE}),
            {SPREAD},
            (SELECT array_agg(product_id ORDER BY number) FROM page),
            (SELECT jsonb_agg(jsonb_build_array(code, name, kind, id, slug, label, swatch, number)
                ORDER BY a_position, code, position, label, id) FROM facet),
            {below}
        FROM base
    """  # noqa: S608 (built from constants and numbers; values are parameters)
    offset = (selection.page - 1) * size
    counted_below = [list(source.below)] if source.below else []
    page = [size, offset]
    parameters = [*filters, *filters, *origin[2], *priced, market.code, *where[1], *page, *counted_below]
    return statement, parameters


def _origin(source: Source) -> tuple[tuple[str, str, list[Any]], tuple[str, list[Any]]]:
    """(rank, FROM, its parameters), (what WHERE adds, its parameters)."""
    if source.product_ids is not None:
        hits = "unnest(%s::bigint[]) WITH ORDINALITY AS hit(id, place)"
        joined = f"{hits} JOIN catalog_card c ON c.product_id = hit.id"
        return ("hit.place", joined, [list(source.product_ids)]), ("", [])
    if source.category_id is not None:
        return ("0", "catalog_card c", []), ("AND c.categories @> ARRAY[%s::bigint]", [source.category_id])
    return ("0", "catalog_card c", []), ("AND c.discount IS NOT NULL" if source.on_sale else "", [])
