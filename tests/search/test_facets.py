"""The database's lists and the engine's against a count of the tables themselves, on hundreds of filters."""

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import override_settings

from catalog.models import AttributeValue
from catalog.queries.listing import Listing
from catalog.queries.selection import Choice, Selection
from shop import markets
from shop.markets import Market
from tests.engines import Engine
from tests.search.both import WAYS, figures, ids
from tests.search.counted import ORDERS, Catalogue

pytestmark = pytest.mark.django_db
COMBINATIONS = 320
LEAFED = 40  # of them are leafed through
OF_A_SMALL_ONE = 80  # osmem-server takes a tenth of a second for each
WORDS = ("anything",) * 4 + ("poster", "crimson", "harbour", "prints", "kestrel", "silver", "everyday")


def some(chance: random.Random, choices: dict[str, list[Choice]]) -> Selection:
    """Filters that somebody could set."""
    chosen: list[Choice] = []
    for code in chance.sample(list(choices), chance.randint(0, 3)):
        chosen += chance.sample(choices[code], chance.randint(1, 3))
    least = most = None
    if chance.random() < 0.45:
        # Half of all prices are whole: so are half of the bounds, and some offer costs just that.
        ends = sorted(chance.sample(range(0, 4_500, chance.choice([1, 100])), 2))
        least, most = (Decimal(end) / 100 for end in ends)
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


def test_every_figure_is_that_of_a_count_of_the_tables(generated: Engine) -> None:
    catalogues = {market: Catalogue(market) for market in markets.all()}
    several = 0
    for number, (market, query, selection) in enumerate(combinations()):
        expected = catalogues[market].expected([query], selection)
        several += len(expected.ids) > 1
        first: Listing | None = None
        for name, way in WAYS.items():
            if name == "engine" and not generated.is_real and number >= OF_A_SMALL_ONE:
                continue
            with override_settings(CARDS_PER_PAGE=24 if number < LEAFED else 1_000):
                pages = [way(market, query, selection)]
                for page in range(2, pages[0].pages + 1):
                    pages.append(way(market, query, replace(selection, page=page)))
            case = (name, number, market.code, query, selection)
            assert {page.total for page in pages} == {len(expected.ids)}, case
            first = first or pages[0]
            assert (pages[0].cards, pages[0].facets) == (first.cards, first.facets), case
            found = figures(pages[0])
            found.ids = [pk for page in pages for pk in ids(page)]
            assert found == expected, case
    assert several > COMBINATIONS / 2  # else it compared nothing with nothing
