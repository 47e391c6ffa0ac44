"""More goods than can be leafed through: all of them are counted, in the engine as in the database.

Elasticsearch is asked with the true figures, for its own windows are near them; the small engine, which
takes half a minute for so many, with a tenth of both.
"""

import os
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import DjangoDbBlocker

from catalog.models import AttributeValue
from catalog.queries import listing
from catalog.queries.listing import Beyond
from catalog.queries.selection import Choice, Selection
from catalog.search import engine
from shop import markets
from tests.engines import Engine
from tests.search import goods
from tests.search.both import WAYS, figures, ids
from tests.search.counted import Catalogue, rows

pytestmark = pytest.mark.django_db
PAGE = 24
DEEPEST, COUNT = (listing.DEEPEST, 6_000) if "TESTS_ENGINE" in os.environ else (500, 600)
LAST = -(-DEEPEST // PAGE)


@pytest.fixture(scope="module")
def pebbles(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    with goods.stocked(django_db_blocker, lambda: goods.many(COUNT)) as running:
        yield running


@pytest.mark.usefixtures("pebbles")
def test_all_of_them_are_counted_and_the_first_can_be_leafed_through(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listing, engine):
        monkeypatch.setattr(module, "DEEPEST", DEEPEST)
    market = markets.default()
    everything = Catalogue(market)
    row = AttributeValue.objects.values_list("id", "slug", "label", "attribute_id", "attribute__code")
    blue = (Choice(*row.get(slug="blue")),)
    assert rows("SELECT count(*) FROM catalog_card WHERE market = 'eu'") == [(COUNT,)]
    for selection in (
        Selection(sort="new"),
        Selection(sort="price", most=Decimal(90)),
        Selection(sort="rating", choices=blue, least=Decimal("5.5")),
    ):
        expected = everything.expected(["pebble"], selection)
        for way in WAYS.values():
            first = way(market, "pebble", selection)
            last = way(market, "pebble", Selection(**{**vars(selection), "page": min(LAST, first.pages)}))
            assert (first.total, first.whole) == (len(expected.ids), len(expected.ids))
            assert ids(first) == expected.ids[:PAGE]
            assert ids(last) == expected.ids[(last.page - 1) * PAGE : last.page * PAGE]
            found = figures(first)
            found.ids = expected.ids
            assert found == expected
    assert first.total < DEEPEST < COUNT
    for way in WAYS.values():
        with pytest.raises(Beyond) as ended:
            way(market, "pebble", Selection(sort="new", page=LAST + 1))
        assert ended.value.last == LAST
