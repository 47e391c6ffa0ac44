"""read(): a page of cards with its filters, in two statements: one that counts, one that reads the cards.

Values of one attribute combine as OR; attributes, price and sale as AND, and one offer must meet them all.
A count says how many goods there would be with that value, so an attribute's counts ignore what is chosen
in it (disjunctive).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connections

from catalog.models import AttributeValue
from catalog.queries import cards, ranges
from catalog.queries.cards import CardShape
from catalog.queries.ranges import Range
from catalog.queries.selection import Choice, Selection, Source
from catalog.queries.statement import build
from shop import replicas
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.money import Money

VALUES_SHOWN = 60  # of one attribute; the commonest, and those chosen


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
    codes = [f"slug/attribute/{code}" for code in asked]
    with reading(*codes, *(f"slug/attributevalue/{slug}" for slug in slugs)):
        found = [Choice(*row) for row in rows.order_by("attribute__code", "slug")]
    tag(*(f"attributevalue/{choice.id}" for choice in found))  # here stand labels
    return [choice for choice in found if choice.slug in asked[choice.attribute_code]]


class Beyond(Exception):
    """The list ends before the page asked for: with its page `last`."""

    def __init__(self, last: int) -> None:
        super().__init__(last)
        self.last = last


def read(market: Market, source: Source, selection: Selection) -> Listing:
    """The page that the selection asks for; raises Beyond if the list ends before it."""
    statement, parameters = build(market, source, selection)
    named = ("attribute/*", "attribute/*:values")
    with (
        reading(*_keys(market, source, selection), later=named),
        connections[replicas.alias()].cursor() as cursor,
    ):
        cursor.execute(statement, parameters)
        ((total, on_sale, floor, ceiling, spread, ids, counted, below),) = cursor.fetchall()
    pages = max(-(-total // settings.CARDS_PER_PAGE), 1)
    if selection.page > pages:
        raise Beyond(pages)
    values = json.loads(counted or "[]")
    for attribute in {row[0] for row in values}:
        tag(f"attribute/{attribute}", f"attribute/{attribute}:values")
    return Listing(
        total=total,
        cards=cards.select(market, ids or [], selection, _names(values)),
        facets=_facets(values, selection),
        on_sale=on_sale,
        floor=floor,
        ceiling=ceiling,
        ranges=ranges.split(json.loads(spread or "[]"), Money.zero(market.currency).quantum),
        below={int(category): number for category, number in json.loads(below or "{}").items()},
        page=selection.page,
        pages=pages,
    )


# The columns of the cards that decide a list's order, its figures, and its figures when it is filtered.
SORTED = {
    "relevance": "in",  # a search's rank: its key stands for everything
    "popular": "popularity",
    "new": "published_at",
    "price": "price",
    "-price": "price",
    "name": "name",
}
COUNTED = ("in", "price", "values", "on_sale")
FILTERED = ("traits", "offers", "availability", "is_from")


def _keys(market: Market, source: Source, selection: Selection) -> set[str]:
    """Of the list, and of those below whose goods it counts."""
    columns = {*COUNTED, SORTED[selection.sort], *(FILTERED if selection.filters else ())}
    if source.product_ids is not None:
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
        if is_facet:
            facet = facets.setdefault(code, Facet(code=code, name=name, kind=kind))
            facet.values.append(Value(value_id, slug, label, swatch, number, value_id in chosen))
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
