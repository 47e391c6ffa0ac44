"""read(): a page of cards with its filters, in two statements: one that counts, one that reads the cards.

Values of one attribute combine as OR; attributes, price and sale as AND, and one offer must meet them all.
A count says how many goods there would be with that value, so an attribute's counts ignore what is chosen
in it (disjunctive).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from psycopg.errors import QueryCanceled

from catalog.models import AttributeValue
from catalog.queries import cards, ranges
from catalog.queries.cards import CardShape
from catalog.queries.ranges import Range
from catalog.queries.selection import Choice, Selection, Source
from catalog.queries.statement import FILTERED, SORTED, build
from shop import replicas
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.money import Money
from shop.postgresql.base import prepared_cursor

DEEPEST = 5_000  # goods of a search that can be leafed through: who gets more filters them
LOOKED_AT = 10_000  # of what a search finds, where it finds too much to be counted in time
VALUES_SHOWN = 60  # of one attribute; the commonest, and those chosen
FACETS_SHOWN = 24  # of a list; those that most of its goods have, and those chosen


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

    @property
    def is_selected(self) -> bool:
        return any(value.is_selected for value in self.values)


@dataclass
class Counted:
    """What is known of a list before its page is read: figures, and ids.

    whole: how many of them are all that was asked for. spread: (step, goods), see catalog/queries/ranges.py.
    values: how many goods each value has; None: it is only named, for a card. below: how many each category
    below has.
    """

    total: int
    whole: int
    on_sale: int
    floor: Decimal | None
    ceiling: Decimal | None
    spread: Sequence[tuple[int, int]]
    product_ids: Sequence[int]
    values: Sequence[Sequence[Any]]  # a row of _VALUES each
    below: Mapping[str, int] = field(default_factory=dict)
    is_cut: bool = False


@dataclass
class Listing:
    """A page of a list. floor, ceiling, ranges: the prices there are with all filters but the price.

    whole: how many of `total` are all that a search asked for; the others come close, and stand behind them.
    """

    total: int
    whole: int
    cards: list[CardShape]
    facets: list[Facet]
    on_sale: int
    floor: Decimal | None
    ceiling: Decimal | None
    ranges: list[Range]
    below: dict[int, int]
    page: int
    pages: int
    is_cut: bool = False  # more is found than was counted


def choices(asked: Mapping[str, Sequence[str]]) -> list[Choice]:
    """The values that exist of those asked for by attribute code and slug, in that order."""
    if not asked:
        return []
    slugs = {slug for wanted in asked.values() for slug in wanted}
    rows = AttributeValue.objects.filter(
        attribute__code__in=list(asked), attribute__is_facet=True, slug__in=list(slugs)
    ).values_list("id", "slug", "label", "attribute_id", "attribute__code")
    codes = [f"slug/attribute/{code}" for code in asked]
    with reading(*codes, *(f"slug/attributevalue/{slug}" for slug in slugs)):
        found = [Choice(*row) for row in rows.order_by("attribute__code", "slug")]
    tag(*(f"attributevalue/{choice.id}" for choice in found))  # here stand labels
    return [choice for choice in found if choice.slug in asked[choice.attribute_code]]


class Beyond(Exception):
    """The list, or what was looked at of it, ends before the page asked for: with its page `last`."""

    def __init__(self, last: int, *, is_cut: bool = False) -> None:
        super().__init__(last)
        self.last = last
        self.is_cut = is_cut


def _row(market: Market, source: Source, selection: Selection, looked: int | None = None) -> Sequence[Any]:
    """What build() says."""
    statement, parameters = build(market, source, selection, looked)
    named = ("attribute/*", "attribute/*:values")
    with (
        reading(*_keys(market, source, selection), later=named),
        connections[replicas.alias()].cursor() as cursor,
    ):
        cursor.execute(statement, parameters)
        (row,) = cursor.fetchall()
    return row


def read(market: Market, source: Source, selection: Selection) -> Listing:
    """The page that the selection asks for; raises Beyond if the list ends before it.

    A search that finds too much to be counted in time is not refused: a part of what it finds is looked at,
    the nearest to what was asked for first, and `is_cut` says so.
    """
    alias = replicas.alias()
    is_inside, is_search = connections[alias].in_atomic_block, source.matching is not None
    is_saved = is_search and is_inside and alias != DEFAULT_DB_ALIAS  # replicas are read in transactions
    try:
        with transaction.atomic(using=alias) if is_saved else nullcontext():
            row, is_cut = _row(market, source, selection), False
    except OperationalError as error:
        is_late = is_search and isinstance(error.__cause__, QueryCanceled)
        if not is_late or (is_inside and not is_saved):
            raise
        row, is_cut = _row(market, source, selection, LOOKED_AT), True
    total, whole, on_sale, floor, ceiling, spread, ids, values, attributes, below = row
    for attribute in attributes or ():  # of each it is told whether it is a filter
        tag(f"attribute/{attribute}", f"attribute/{attribute}:values")
    counted = Counted(
        total=total,
        whole=whole,
        on_sale=on_sale,
        floor=floor,
        ceiling=ceiling,
        spread=json.loads(spread or "[]"),
        product_ids=ids or [],
        values=json.loads(values or "[]"),
        below=json.loads(below or "{}"),
        is_cut=is_cut,
    )
    return shown(market, counted, selection, is_found=source.matching is not None)


# Of the values that another engine has counted, and of those that the page's cards may mean.
_VALUES = """
    SELECT a.id, a.code, a.name, a.kind, a.is_facet, v.id, v.slug, v.label, v.swatch
    FROM catalog_attributevalue v JOIN catalog_attribute a ON a.id = v.attribute_id
    WHERE v.id = ANY(%s::bigint[] || ARRAY(
        SELECT jsonb_array_elements_text(offer->0)::bigint
        FROM catalog_card c, jsonb_array_elements(c.offers) AS offer
        WHERE c.market = %s AND c.product_id = ANY(%s::bigint[])
    ))
    ORDER BY a.position, a.code, v.position, v.label, v.id"""


def named(market: Market, values: Iterable[int], product_ids: Sequence[int]) -> list[Sequence[Any]]:
    """What the values are called that another engine has counted, in the order of filters: rows of Counted's
    values, but for the count."""
    with (
        reading(*cards.keys(market, product_ids), later=("attribute/*", "attribute/*:values")),
        prepared_cursor(connections[replicas.alias()]) as cursor,
    ):
        cursor.execute(_VALUES, [list(values), market.code, list(product_ids)])
        rows: list[Sequence[Any]] = cursor.fetchall()
    return rows


def shown(market: Market, counted: Counted, selection: Selection, *, is_found: bool = True) -> Listing:
    """The page of what was counted; raises Beyond if the list ends before it.

    is_found: by a search, which leads so far and no further.
    """
    reach = min(counted.total, DEEPEST) if is_found else counted.total
    pages = max(-(-reach // settings.CARDS_PER_PAGE), 1)
    if selection.page > pages:
        raise Beyond(pages, is_cut=counted.is_cut)
    for attribute in {row[0] for row in counted.values}:
        tag(f"attribute/{attribute}", f"attribute/{attribute}:values")
    return Listing(
        total=counted.total,
        whole=counted.whole,
        cards=cards.select(market, counted.product_ids, selection, _names(counted.values)),
        facets=_facets(counted.values, selection),
        on_sale=counted.on_sale,
        floor=counted.floor,
        ceiling=counted.ceiling,
        ranges=ranges.split(counted.spread, Money.zero(market.currency).quantum),
        below={int(category): number for category, number in counted.below.items()},
        page=selection.page,
        pages=pages,
        is_cut=counted.is_cut,
    )


# The columns of the cards that decide every list's figures; FILTERED and the first that it is SORTED by are
# those of some. What only parts equals is not followed.
COUNTED = ("in", "price", "values", "on_sale")


def _keys(market: Market, source: Source, selection: Selection) -> set[str]:
    """Of the list, and of those below whose goods it counts."""
    columns = {*COUNTED, *SORTED.get(selection.sort, ())[:1], *(FILTERED if selection.filters else ())}
    if source.matching is not None:
        return {f"search/{market.code}"}
    if source.category_id is None:
        return {f"cards/{market.code}:{column}" for column in ("categories", *columns)}
    found = {f"category/{source.category_id}/{market.code}:{column}" for column in columns}
    return found | {f"category/{below}/{market.code}:in" for below in source.below}


def _names(counted: Sequence[Sequence[Any]]) -> dict[int, Choice]:
    """What an offer's values are called."""
    return {
        value_id: Choice(value_id, slug, label, attribute_id, code)
        for attribute_id, code, _name, _kind, _is_facet, value_id, slug, label, _swatch, _number in counted
    }


def _facets(counted: Sequence[Sequence[Any]], selection: Selection) -> list[Facet]:
    """Attributes with something to choose: two values, or one that is chosen and can be taken back."""
    chosen = {choice.id for choice in selection.choices}
    facets: dict[str, Facet] = {}
    for _id, code, name, kind, is_facet, value_id, slug, label, swatch, number in counted:
        if is_facet and number is not None:
            facet = facets.setdefault(code, Facet(code=code, name=name, kind=kind))
            facet.values.append(Value(value_id, slug, label, swatch, number, value_id in chosen))
    for facet in facets.values():
        if len(facet.values) > VALUES_SHOWN:
            common = sorted(facet.values, key=lambda v: (v.is_selected, v.count), reverse=True)
            kept = {value.id for value in common[:VALUES_SHOWN]}
            facet.values = [value for value in facet.values if value.id in kept]
    useful = [facet for facet in facets.values() if len(facet.values) > 1 or facet.is_selected]
    often = sorted(useful, key=lambda f: (f.is_selected, sum(v.count for v in f.values)), reverse=True)
    shown = {facet.code for facet in often[:FACETS_SHOWN]}
    return [facet for facet in useful if facet.code in shown]
