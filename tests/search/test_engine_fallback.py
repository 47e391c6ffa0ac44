"""With an engine and without one a query finds the same, and what comes close is the same as well."""

import random
from collections.abc import Callable

import pytest
from django.test import override_settings

from catalog import search
from catalog.models import Card, Product
from catalog.queries.listing import Listing
from catalog.queries.selection import Selection
from catalog.search import Found
from catalog.search.steering import NOTHING, Steering
from shop import markets
from shop.markets import Market
from tests.engines import Engine
from tests.search.both import by_database, by_engine, figures, ids

pytestmark = pytest.mark.django_db
QUERIES = {
    "words of names": "silver|Silver|SILVER|harbour|harbours|meadows|mountain|wild|rapid|northern|north",
    "words of their family": "rapidly|quietly|zesty",
    "kinds": "poster|posters|lamps|shelf|shelves|mug|notebooks|poster's",
    "labels": "crimson|azure|ivory|walnut|steel|wool|tiny|handwash|dustcloth|calm",
    "categories": "prints|print|frames|frame|wall|desk|lighting|light|stationery|secrets|attic",
    "accents": "café|cafe|cafes|élan|elan|elan's|übersee|ubersee",
    "beginnings": "silv|harb|mount|post|walnu|letterp|deck|silver har",
    "codes": "AB-0001/x|ab-0001/x|4006300000003|ab0001x",
    "codes in parts": "ab 0001|ab-0001|ab-0001-x|0001|0001 poster",
    "written apart": "wi-fi|wifi|wi fi|WiFi lamp|wifis|tshirt|t-shirt|t shirt|lamp -wi-fi|e mail|email",
    "two letters": "hp|tv|hp tv|hp lamp|x|x lamp|q",
    "with a stroke": "black/white|white|black poster",
    "left out": "silver -harbour|-silver harbour|poster -crimson|silver -prints|poster -nothing",
    "sizes": "30x40|30 x 40|30×40|30 X 40 cm|50x70|50 × 70|70x50|a print 50x70|50x70 -30x40",
    "quoted": '"silver harbour"|"harbour silver"|"golden river"|"quiet"|silver -"harbour"|"golden river',
    "quoted and nothing": '"the" silver|silver "the"|"the"|poster -"the"|the -silver',
    "or": "silver or golden|silver OR golden harbour|poster or lamp|crimson or nothing",
    "several": "silver harbour|golden poster|everyday|anything|at leisure|anything at leisure|deckle prints",
    "joined": "silver-harbour|silver/harbour|silver, harbour|silverharbour|hand-wash|dust cloth",
    "mistyped": "silvr|hrabour|postre|silver habrour",
    "words that say nothing": "the|the silver|at|",
    "no words": "silver _|_ silver|silver ½|½ _|SILVER ⑤",
    "other letters": "ＳＩＬＶＥＲ|ﬁlter|Ｓilver harbour",
    "what is nowhere": "xylophone|xylophone poster|quux quuz",
}
VOCABULARY = (
    *("silver", "golden", "northern", "élan", "zesty", "harbour", "meadow", "mountain", "river", "übersee"),
    *("poster", "lamp", "mug", "shelf", "deckle", "kestrel", "almanac", "crimson", "azure", "tiny", "birch"),
    *(
        "wild",
        "handwash",
        "prints",
        "wall",
        "desk",
        "letterpress",
        "everyday",
        "the",
        "harbours",
        "xylophone",
    ),
)
# What the small server cannot.
_PARTS = "word_delimiter_graph: a word with hyphens or strokes is one to it"
LACKING = {
    "words of their family": "the stemmer of PostgreSQL: its own is an older one, of which -ly is no ending",
    **dict.fromkeys(("codes in parts", "written apart", "two letters", "with a stroke"), _PARTS),
}


def found(market: Market, query: str, sort: str, *, has_engine: bool) -> Found:
    with override_settings(CARDS_PER_PAGE=1_000):
        if has_engine:
            told = search.find(market, search.clean(query), Selection(sort=sort))
        else:
            with override_settings(ELASTICSEARCH_URL=""):
                told = search.find(market, search.clean(query), Selection(sort=sort))
    assert not told.is_degraded
    return told


@pytest.mark.parametrize("kind", QUERIES)
def test_a_query_finds_the_same_in_both(generated: Engine, kind: str) -> None:
    if kind in LACKING:
        generated.needs_real(LACKING[kind])
    market = markets.default()
    number = 0
    for query in QUERIES[kind].split("|"):
        for sort in ("relevance", "popular"):
            ours = found(market, query, sort, has_engine=True)
            other = found(market, query, sort, has_engine=False)
            shown, expected = ids(ours.listing), ids(other.listing)
            assert set(shown) == set(expected), query
            assert (ours.listing.total, ours.listing.whole) == (other.listing.total, other.listing.whole)
            assert ours.corrected == other.corrected
            whole = ours.listing.whole
            assert set(shown[:whole]) == set(expected[:whole]) or sort != "relevance", query
            assert shown == expected or sort == "relevance", query
            number += len(shown)
    assert number or kind == "words that say nothing"


def test_what_comes_close_is_the_same_in_both(generated: Engine) -> None:
    """And what is pinned, raised, lowered and hidden leaves that as it is."""
    chance = random.Random(5)
    goods = sorted(Product.objects.values_list("pk", flat=True))
    sold = {
        m: set(Card.objects.filter(market=m.code).values_list("product_id", flat=True)) for m in markets.all()
    }
    close = 0
    for number in range(90):
        market = chance.choice(markets.all())
        query = " ".join(chance.sample(VOCABULARY, chance.choice([2, 2, 3, 3, 4, 5])))
        if chance.random() < 0.1:
            query += f" -{chance.choice(VOCABULARY)}"
        asked = Selection(sort=chance.choice(["relevance", "relevance", "popular", "price"]))
        steered = NOTHING
        if number % 2:
            one, *others = chance.sample(goods, 61)
            steered = Steering((one,), tuple(others[:20]), tuple(others[20:40]), tuple(others[40:]))
        with override_settings(CARDS_PER_PAGE=1_000):
            ours = by_engine(market, query, asked, steered)
            other = by_database(market, query, asked, steered)
        shown, expected = figures(ours), figures(other)
        assert ours.whole == other.whole, query
        close += 0 < ours.whole < ours.total
        if asked.sort == "relevance":
            if steered and steered.first[0] in sold[market]:
                assert shown.ids[:1] == expected.ids[:1] == list(steered.first)
            if not steered:
                assert set(shown.ids[: ours.whole]) == set(expected.ids[: ours.whole]), query
            shown.ids.sort()
            expected.ids.sort()
        assert shown == expected, (query, asked, steered)
        assert set(steered.hidden).isdisjoint(shown.ids)
    assert close > 15  # else it compared nothing with nothing


@pytest.mark.parametrize("way", [by_database, by_engine])
def test_pins_stand_in_their_order(generated: Engine, way: Callable[..., Listing]) -> None:
    """Whatever the words would say: the last of what the words find is pinned first, the first of it last."""
    asked = Selection(sort="relevance")
    best = ids(way(markets.default(), "golden lantern poster", asked))
    pinned = best[::-6][:3] + best[:2]
    found = ids(way(markets.default(), "golden lantern poster", asked, Steering(first=tuple(pinned))))
    assert found[: len(pinned)] == pinned
