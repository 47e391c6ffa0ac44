"""The database's lists and the engine's against a count of the tables themselves, on hundreds of filters."""

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings

from catalog.models import AttributeValue
from catalog.queries import listing
from catalog.queries.listing import Listing
from catalog.queries.selection import Choice, Selection, Source
from catalog.search import database, engine, steering
from catalog.search.meaning import understand
from shop import markets
from shop.markets import Market
from tests.engines import Engine
from tests.search.counted import ORDERS, Catalogue, Expected

pytestmark = pytest.mark.django_db
COMBINATIONS = 320
LEAFED = 40  # of them are leafed through
WORDS = ("anything",) * 4 + ("poster", "crimson", "harbour", "prints", "kestrel", "silver", "everyday")


def by_database(market: Market, query: str, selection: Selection) -> Listing:
    matching = database.matching(market, understand(market, query), is_ranked=selection.sort == "relevance")
    return listing.read(market, Source(matching=matching), selection)


def by_engine(market: Market, query: str, selection: Selection) -> Listing:
    counted = engine.count(market, understand(market, query), steering.NOTHING, selection)
    return listing.shown(market, counted, selection)


WAYS = {"database": by_database, "engine": by_engine}


def told(found: Listing) -> Expected:
    """The list's figures, comparable."""
    return Expected(
        ids=[card["product_id"] for card in found.cards],
        counts={value.id: value.count for facet in found.facets for value in facet.values},
        on_sale=found.on_sale,
        bounds=(found.floor, found.ceiling),
        ranges=found.ranges,
    )


def some(chance: random.Random, choices: dict[str, list[Choice]]) -> Selection:
    """Filters that somebody could set."""
    chosen: list[Choice] = []
    for code in chance.sample(list(choices), chance.randint(0, 3)):
        chosen += chance.sample(choices[code], chance.randint(1, 3))
    least = most = None
    if chance.random() < 0.45:
        ends = sorted(chance.sample(range(0, 4_500), 2))
        least, most = (Decimal(end) / chance.choice([100, 100, 1]) for end in ends)
        least, most = chance.choice([(least, None), (None, most), (min(least, most), max(least, most))])
    return Selection(
        choices=tuple(chosen),
        least=least,
        most=most,
        on_sale=chance.random() < 0.25,
        sort=chance.choice(list(ORDERS)),
    )


def combinations() -> Iterator[tuple[Market, str, Selection]]:
    chance = random.Random(11)
    choices: dict[str, list[Choice]] = {}
    rows = AttributeValue.objects.filter(attribute__is_facet=True).order_by("pk")
    for row in rows.values_list("id", "slug", "label", "attribute_id", "attribute__code"):
        choices.setdefault(row[4], []).append(Choice(*row))
    for _number in range(COMBINATIONS):
        yield chance.choice(markets.all()), chance.choice(WORDS), some(chance, choices)


@pytest.mark.parametrize("way", WAYS)
def test_every_figure_is_that_of_a_count_of_the_tables(generated: Engine, way: str) -> None:
    catalogues = {market: Catalogue(market) for market in markets.all()}
    several, wrong = 0, []
    for number, (market, query, selection) in enumerate(combinations()):
        expected = catalogues[market].expected([query], selection)
        size = 24 if number < LEAFED else 1_000
        with override_settings(CARDS_PER_PAGE=size):
            pages = [WAYS[way](market, query, selection)]
            for page in range(2, pages[0].pages + 1):
                pages.append(WAYS[way](market, query, replace(selection, page=page)))
        found = told(pages[0])
        found.ids = [card["product_id"] for page in pages for card in page.cards]
        assert {page.total for page in pages} == {len(found.ids)}
        if found != expected:
            wrong.append((number, market.code, query, selection, found, expected))
        several += len(expected.ids) > 1
    for one in wrong[:3]:
        print(*one, sep="\n")
    assert len(wrong) == 0
    assert several > COMBINATIONS / 2  # else it compared nothing with nothing
