"""What comes close in the database: its few scans of the index find what counting word by word finds."""

import random
from collections.abc import Iterator, Sequence

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings

from catalog import search
from catalog.models import Card
from catalog.queries import listing
from catalog.queries.selection import Selection, Source
from catalog.search import database
from catalog.search.steering import NOTHING, Steering
from catalog.search.words import FEW, Asked, Group, Way
from shop import markets
from tests.factories import follow_changes, make_category, make_product

pytestmark = pytest.mark.django_db
WORDS = [f"{letter}umbra{letter}" for letter in "bcdfghjklmnprstvz"]
GOODS = 40


@pytest.fixture
def sayings() -> dict[int, frozenset[str]]:
    """Products and the words that only they and some others bear, common and rare ones."""
    chance = random.Random(4)
    found = {}
    for number in range(GOODS):
        words = frozenset(word for place, word in enumerate(WORDS) if chance.random() < 0.7 / (1 + place / 2))
        product = make_product(
            f"Thing {number} {' '.join(sorted(words))}", sku=f"S{number}", popularity=number
        )
        found[product.pk] = words
    follow_changes()
    return found


def asked(words: Sequence[str]) -> Asked:
    groups = tuple(Group((Way((word,), rarity=(1 + WORDS.index(word) / 4,)),)) for word in words)
    return Asked(" ".join(words), groups)


def expected(sayings: dict[int, frozenset[str]], words: Sequence[str], few: int) -> dict[int, int]:
    """Of each product that is found, how many of the words it has."""
    levels = {pk: len(said.intersection(words)) for pk, said in sayings.items()}
    whole = {pk: level for pk, level in levels.items() if level == len(words)}
    if len(whole) >= few:
        return whole
    enough = -(-len(words) // 2)
    if not whole and max(levels.values()) < enough:
        enough = 1
    return whole | {pk: level for pk, level in levels.items() if level >= enough}


def test_what_has_half_of_the_words_is_found_and_stands_by_how_many_it_has(
    sayings: dict[int, frozenset[str]],
) -> None:
    chance = random.Random(6)
    alone = close = 0
    for number in range(300):
        words = chance.sample(WORDS, chance.choice([2, 2, 3, 3, 4, 5, 6, 7, 9, 12]))
        sort = chance.choice(["relevance", "relevance", "popular"])
        few = FEW if sort == "relevance" else 1
        steered = Steering(hidden=tuple(chance.sample(sorted(sayings), 5))) if number % 3 == 0 else NOTHING
        said = {pk: words for pk, words in sayings.items() if pk not in steered.hidden}
        levels = expected(said, words, few)
        matching = database.matching(markets.default(), asked(words), steered, is_ranked=sort == "relevance")
        with override_settings(CARDS_PER_PAGE=GOODS):
            page = listing.read(markets.default(), Source(matching=matching), Selection(sort=sort))
        ids = [card["product_id"] for card in page.cards]
        assert set(ids) == set(levels), words
        assert (page.total, page.whole) == (
            len(levels),
            sum(level == len(words) for level in levels.values()),
        )
        if sort == "relevance":
            assert [levels[pk] for pk in ids] == sorted(levels.values(), reverse=True), words
        close += 0 < page.whole < page.total
        alone += bool(levels) and len(words) > 4 and max(levels.values()) < -(-len(words) // 2)
    assert close > 15  # else it compared nothing with nothing
    assert alone > 3, alone


def test_what_is_pinned_counts_where_it_is_asked_whether_anything_has_enough() -> None:
    """It alone has half of the words, so what has one of them is not shown in its place."""
    one, _other = make_product("Quorla quimbo", sku="P"), make_product("Quorla", sku="Q")
    follow_changes()
    groups = tuple(Group((Way((word,), rarity=(1.0,)),)) for word in ("quorla", "quimbo", "never", "nowhere"))
    for steered in (NOTHING, Steering(first=(one.pk,))):
        matching = database.matching(markets.default(), Asked("quorla quimbo never nowhere", groups), steered)
        page = listing.read(markets.default(), Source(matching=matching), Selection(sort="relevance"))
        assert [card["product_id"] for card in page.cards] == [one.pk]


@pytest.fixture
def slow(sayings: dict[int, frozenset[str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is to be counted as a whole takes longer than a statement may."""
    build = listing.build

    def built(*asked: object, **how: object) -> object:
        told = build(*asked, **how)  # type: ignore[arg-type]
        return told if len(asked) > 3 and asked[3] else ("SELECT pg_sleep(20)", {})

    monkeypatch.setattr(listing, "build", built)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '700ms'")
        yield
        cursor.execute("RESET statement_timeout")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("slow")
def test_a_search_that_takes_too_long_shows_the_nearest_of_what_it_looks_at(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    answer = client.get("/search/?q=thing")
    assert answer.status_code == 200
    assert "More was found than could be counted" in answer.content.decode()
    assert answer.page_seconds <= 60  # type: ignore[attr-defined]
    found = search.find(markets.default(), "thing 7").listing
    assert found.is_cut
    assert (found.total, found.whole) == (3, 1)
    assert found.cards[0]["name"].startswith("Thing 7 ")
    assert search.find(markets.default(), "thing").listing.total == 3
    beyond = client.get("/search/?page=9&q=thing")
    assert (beyond.status_code, beyond["Location"]) == (302, "/search/?q=thing")
    assert beyond.page_seconds <= 60  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("slow")
def test_a_category_that_takes_too_long_is_refused_as_before() -> None:
    shelf = make_category("Shelf")
    with pytest.raises(OperationalError, match="statement timeout"):
        listing.read(markets.default(), Source(category_id=shelf.pk), Selection())


def test_only_as_much_is_looked_at_as_is_told(sayings: dict[int, frozenset[str]]) -> None:
    matching = database.matching(markets.default(), asked(WORDS[:2]))
    source, selection = Source(matching=matching), Selection(sort="relevance")
    row = listing._row(markets.default(), source, selection, 6)
    assert row[0] == 6 < Card.objects.filter(market=markets.default().code).count()
    whole = sum(said.issuperset(WORDS[:2]) for said in sayings.values())
    assert row[1] == min(whole, 6)  # they come first
