"""Codes, hyphens, numbers, short words: the engine finds what the database does, but for what is KNOWN."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from catalog import cards
from catalog.models import Product, Variant
from catalog.queries.selection import Selection
from shop import markets
from tests.engines import Engine
from tests.factories import make_product
from tests.search import goods
from tests.search.both import by_database, by_engine

pytestmark = pytest.mark.django_db
# Name, SKU, barcode, summary
GADGETS = (
    ("Wi-Fi router", "AB-0001X", "4006300000011", "For a desk"),
    ("Wifi camera", "ab-0002", "4006300000028", "With a wide-angle lens"),
    ("Wi Fi dongle", "XT.900/b", "", "It is 3.5 mm thin"),
    ("USB-C cable", "1234-5678", "", "Of 1.5 m"),
    ("USB C charger", "NX1", "", "65 W for a laptop"),
    ("TV stand", "TV-55", "", "Up to 55 inches"),
    ("E-reader", "K 7", "", "A 6.8 inch screen, e-ink"),
    ("Speaker 5.1", "S51", "", "An all-in-one of 5.1 channels"),
    ("X T-shirt", "TS_1", "", "Size L, v-neck"),
    ("Printer HP 3070-A", "CQ191B", "", "hp 3.5 photo"),
)
QUERIES = {
    "codes": "AB-0001X|ab-0001x|Ab-0001X|ab0001x|AB 0001X|0001x|ab-0001|ab|ab-0002|AB-0002|AB0002",
    "codes with other signs": "XT.900/b|xt.900/b|xt900b|xt.900|900/b|TS_1|ts_1|ts1|K 7|k7|NX1|nx-1|CQ191B",
    "codes beside words": "router ab-0001x|ab-0001x router|camera AB-0002|cable 1234-5678|tv-55 stand",
    "numbers": "1234-5678|12345678|4006300000011|1234|5678|55|3070|3070-A|3070a",
    "hyphens": "wi-fi|wifi|wi fi|Wi-Fi router|wi-fi camera|usb-c|usbc|usb c|e-reader|ereader|e reader",
    "more hyphens": "t-shirt|tshirt|t shirt|v-neck|wide-angle|all-in-one|e-ink|eink",
    "hyphens left out": "router -wi-fi|camera -wi-fi|dongle -wi-fi|router -wifi|camera -wifi|for -usb-c",
    "hyphens left out of many": "usb -usb-c|hp -3070-a|speaker -5.1|router -ab-0001x|stand -tv-55|inch -6.8",
    "phrases": '"wi fi"|"wi-fi"|"usb c"|"usb-c cable"|"c cable"|"all in one"|"5.1 channels"',
    "more phrases": '"for a desk"|"hp 3070"',
    "phrases left out": 'router -"wi fi"|usb -"usb c"|inch -"6.8 inch"|stand -"tv stand"',
    "dotted numbers": "3.5|3.5 mm|3,5|5.1|1.5|1.5 m|6.8|speaker 5.1|5|1|3",
    "two letters": "tv|hp|wi|fi|ab|mm|xt|nx|tv hp|hp tv|tv -hp",
    "one letter": "c|x|e|l|w|a|k|m|c cable|e ink|x t",
}
# What one of them alone finds, and why.
KNOWN = {
    "the engine knows what is written apart in one, too": (
        *("ab0001x", "ab0002", "xt900b", "ts1", "k7", "12345678", "3070a"),
        *("wifi", "usbc", "eink", "router -wifi"),
    ),
    "the engine finds a part of a code whatever stands before it": ("xt.900", "900/b", "5678"),
    "of what is left out, only what is written in one is": (
        *("router -wi-fi", "usb -usb-c", "hp -3070-a", "router -ab-0001x", "stand -tv-55"),
    ),
    "to the engine a number with a point is two": ("3,5", "5", "3", "1"),
    "to the database a word that says nothing is no beginning either": ("a",),
}


def fill() -> None:
    """Writes them."""
    for name, sku, barcode, summary in GADGETS:
        item = make_product(name, summary=summary)
        Variant.objects.filter(product=item).update(sku=sku, barcode=barcode)
    cards.rebuild(Product.objects.values_list("pk", flat=True))
    goods.settle()


@pytest.fixture(scope="module")
def gadgets(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    with goods.stocked(django_db_blocker, fill) as engine:
        yield engine


@pytest.mark.parametrize("kind", QUERIES)
def test_both_find_the_same(gadgets: Engine, kind: str) -> None:
    gadgets.needs_real("the parts of a hyphenated word, where they stand")
    known = {query for queries in KNOWN.values() for query in queries}
    market = markets.default()
    differs = {}
    for query in QUERIES[kind].split("|"):
        with override_settings(CARDS_PER_PAGE=1_000):
            found = [
                {card["name"] for card in way(market, query, Selection(sort="popular")).cards}
                for way in (by_engine, by_database)
            ]
        if found[0] != found[1] and query.casefold() not in known:
            differs[query] = {"engine": found[0] - found[1], "database": found[1] - found[0]}
    assert not differs
