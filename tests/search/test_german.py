"""A language with compounds and letters of its own: engine and database find the same."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from catalog import cards, search
from catalog.models import Product
from catalog.queries.selection import Selection
from catalog.search import learning
from shop import markets
from shop.changes.models import Change
from shop.markets import Market
from tests.engines import Engine
from tests.factories import make_product
from tests.search import goods

pytestmark = pytest.mark.django_db
GERMAN = (Market("de", "Deutschland", "", "de", "EUR", "DE"),)
NAMES = (
    *("Schreibtischlampe", "Stehlampen im Doppelpack", "Lampe für Küche", "Lampenschirm", "Schreibtisch"),
    *(
        "Straßenlaterne",
        "Wäschekorb",
        "Wäsche aus Leinen",
        "Korb",
        "Kinderbuch",
        "Bücher für Kinder",
        "Kissen",
    ),
    *("Kaffeemühle", "Mühle", "Arbeitszimmer", "Arbeit", "Zimmer", "Tisch", "Stehtische"),
)
FINDS = {
    "Lampe": {"Schreibtischlampe", "Stehlampen im Doppelpack", "Lampe für Küche"},
    "lampen": {"Schreibtischlampe", "Stehlampen im Doppelpack", "Lampe für Küche"},
    "Lampe für die Küche": {"Lampe für Küche"},
    "lampe fur kuche": {"Lampe für Küche"},
    "Tische": {"Tisch", "Stehtische", "Schreibtisch"},
    "strassenlaterne": {"Straßenlaterne"},
    "STRASSENLATERNE": {"Straßenlaterne"},
    "Waschekorbe": {"Wäschekorb"},
    "Arbeitstisch": {"Tisch"},  # none of ours, but of two words that are
    "Kissen oder Korb": {"Kissen", "Korb", "Wäschekorb"},
    "Korb -Wäsche": {"Korb", "Wäschekorb"},
    "Kafeemühle": {"Kaffeemühle"},
    "muhlen": {"Mühle", "Kaffeemühle"},
}


def write() -> None:
    for name in NAMES:
        make_product(name, kind="Ding")
    cards.rebuild(Product.objects.values_list("pk", flat=True))
    learning.learn("de")
    Change.objects.all().delete()


@pytest.fixture(scope="module")
def german(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    with override_settings(MARKETS=GERMAN), goods.stocked(django_db_blocker, write) as engine:
        yield engine


def names(query: str, *, has_engine: bool) -> set[str]:
    def ask() -> search.Found:
        return search.find(markets.all()[0], search.clean(query), Selection(sort="name"))

    if has_engine:
        found = ask()
    else:
        with override_settings(ELASTICSEARCH_URL=""):
            found = ask()
    return {str(card["name"]) for card in found.listing.cards}


@pytest.mark.parametrize("query", FINDS)
def test_a_german_query_finds_what_is_meant_in_both(german: Engine, query: str) -> None:
    assert names(query, has_engine=False) == FINDS[query]
    german.needs_real("the words and stems of other languages than English: it finds all goods for each word")
    assert names(query, has_engine=True) == FINDS[query]
