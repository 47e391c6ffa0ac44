"""Searches are counted: by a word in the page, without who searched, each once, whoever is killed."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from redis import Redis

from catalog import jobs
from catalog.models import QueryCount, Variant
from catalog.search import counting
from catalog.search.counting import LIVE, TAKEN, Search
from shop import limits, markets
from shop.breaker import Breaker
from tests.factories import make_product

pytestmark = pytest.mark.django_db

EU, GB = markets.get("eu"), markets.get("gb")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(counting, "_breaker", Breaker(failures=3, seconds=5.0))
    yield
    limits.local.clear()


def search(query: str, total: int = 1, market: markets.Market = EU, times: int = 1) -> None:
    """As often as that many browsers do."""
    for _ in range(times):
        said = counting.read(counting.word(market, query, total))
        assert said is not None
        assert counting.count(said)


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    """{(market, query): (searches, of these without a result)}"""
    return {(row.market, row.query): (row.searches, row.zero) for row in QueryCount.objects.all()}


# --- What is counted -------------------------------------------------------------------------------------


def test_searches_of_a_minute_become_a_row_for_each_query_market_and_day(redis: Redis) -> None:
    search("Café  Poster", times=2)
    search("cafe poster", total=0)
    search("cafe poster", market=GB)
    assert counted() == {}
    counting.write()
    assert counted() == {("eu", "cafe poster"): (3, 1), ("gb", "cafe poster"): (1, 0)}
    search("CAFÉ poster")
    counting.write()
    counting.write()
    assert counted()["eu", "cafe poster"] == (4, 1)
    assert QueryCount.objects.get(market="eu").shown == "café poster"
    assert not redis.exists(LIVE, TAKEN)


def test_a_day_is_that_of_the_search(redis: Redis) -> None:
    with time_machine.travel("2026-11-29 22:59:00+00:00", tick=False):  # a minute before midnight here
        search("poster")
    with time_machine.travel("2026-11-29 23:01:00+00:00", tick=False):
        search("poster")
        counting.write()
    days = {row.day.isoformat(): row.searches for row in QueryCount.objects.all()}
    assert days == {"2026-11-29": 1, "2026-11-30": 1}


@pytest.mark.parametrize(
    "query",
    [
        "ada@example.com",
        "post for ada@example",
        "a sentence that tells a very long story of somebody",  # ten words
        "x" * 61,
        '"exact words"',
        "print -harbour",
        "…",
        "",
    ],
)
def test_what_looks_personal_or_means_more_than_its_words_has_no_word_in_the_page(query: str) -> None:
    assert counting.word(EU, query, 1) == ""


@pytest.mark.parametrize(
    "query",
    [
        *("0151 23456789", "+49 30 1234567", "030/123456-7", "(555) 123-4567 8", "call 01512345678"),
        *("4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "DE89 3704 0044 0532 0130 00"),
        *("4006381333931", "1234567", "030–123–4567", "030·123·4567", "030,123,4567"),
        *("030‑123‑4567", "4111_1111_1111_1111", "０１５１ ２３４５６７８"),
    ],
)
def test_a_number_that_could_be_a_telephones_or_a_cards_is_not_kept(redis: Redis, query: str) -> None:
    assert counting.is_number(query)
    said = counting.read(counting.word(EU, query, 0))
    assert said is not None
    assert not counting.count(said)
    assert not redis.exists(LIVE)


@pytest.mark.parametrize(
    "query", ["iphone 13 128", "30 x 40 cm", "1920 1080", "a4 80 g 500", "2026", "0 5 mm"]
)
def test_a_size_or_a_year_is_no_such_number(query: str) -> None:
    assert not counting.is_number(query)


def test_our_own_codes_are_counted_however_long_they_are(redis: Redis) -> None:
    make_product("Thing", sku="AB-12345678")
    Variant.objects.update(barcode="4006381333931")
    for query in ("4006381333931", "4006381-333931", "ab-12345678-1"):
        search(query)
    counting.write()
    assert len(counted()) == 3


def test_what_is_made_up_by_the_thousand_ends_somewhere(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_COUNT", counting._COUNT.replace(str(counting.MOST), "5"))
    for number in range(9):
        search(f"poster {number}")
    search("poster 0")
    counting.write()
    assert len(counted()) == 5
    assert counted()["eu", "poster 0"] == (2, 0)


# --- Each once, or not at all ----------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: nothing of what it would have done comes."""


@pytest.mark.parametrize("where", ["before it adds", "before it drops"])
def test_a_killed_round_is_done_by_the_next_and_counts_nothing_twice(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    search("poster", times=2)
    run = counting._run

    def dies(script: str, *args: Any) -> Any:
        if script == counting._DROP:
            raise Killed
        found = run(script, *args)
        if where == "before it adds":
            raise Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(counting, "_run", dies)
        with pytest.raises(Killed):
            counting.write()
    search("poster")  # meanwhile
    counting.write()
    counting.write()
    assert counted() == {("eu", "poster"): (3, 0)}


def test_without_the_batchs_own_row_a_killed_round_counts_twice(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test."""
    monkeypatch.setattr(counting, "_ADD", counting._ADD.replace("EXISTS (SELECT FROM batch)", "true"))
    search("poster")
    found = redis.eval(counting._TAKE, 2, LIVE, TAKEN, "a")
    assert found
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_DROP", "return 0")
        counting.write()
    counting.write()
    assert counted() == {("eu", "poster"): (2, 0)}


@pytest.mark.django_db(transaction=True)
def test_two_relays_that_go_the_round_at_once_count_each_search_once(redis: Redis) -> None:
    def go() -> None:
        try:
            for _ in range(10):
                counting.write()
        finally:
            connection.close()

    relays = [threading.Thread(target=go) for _ in range(3)]
    for relay in relays:
        relay.start()
    search("poster", times=100)
    for relay in relays:
        relay.join()
    counting.write()
    assert counted() == {("eu", "poster"): (100, 0)}


def test_without_redis_nothing_is_counted_and_nobody_hears_of_it(settings: Any, client: Client) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    said = counting.word(EU, "poster", 1)
    for _ in range(5):
        assert client.post("/search/seen/", {"word": said}).status_code == 204
    assert not counting._breaker.lets()  # nobody waits for it any more
    jobs.write_searches()
    assert counted() == {}


def test_letters_that_become_longer_in_lower_case_keep_no_other_search_from_being_counted(
    redis: Redis,
) -> None:
    search("İ" * 60)
    search("poster")
    counting.write()
    assert counted()["eu", "poster"] == (1, 0)
    assert len(counted()) == 2


def test_what_the_database_never_takes_is_dropped_and_all_later_ones_are_counted(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(counting, "COUNTED", 1_000)
        search("poster " + "s" * 100)
    with transaction.atomic():
        counting.write()
    assert "is dropped" in caplog.text
    search("poster")
    counting.write()
    assert counted() == {("eu", "poster"): (1, 0)}


def test_what_cannot_be_written_is_there_for_the_next_round(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    search("poster")
    with monkeypatch.context() as patch:
        patch.setattr(counting, "_ADD", "SELECT nothing_there, %s, %s, %s, %s, %s, %s, %s")
        with pytest.raises(ProgrammingError), transaction.atomic():
            counting.write()
    counting.write()
    assert counted() == {("eu", "poster"): (1, 0)}


# --- The address that counts -----------------------------------------------------------------------------


def test_a_word_is_counted_if_it_is_ours(redis: Redis, client: Client) -> None:
    said = counting.word(GB, "poster", 0)
    assert client.post("/search/seen/", {"word": said}).status_code == 204
    assert client.post("/gb/search/seen/", {"word": said}).status_code == 204
    for word in ("", "poster", said[:-1], said.replace(":", ""), json.dumps(["gb", "poster", 1])):
        assert client.post("/search/seen/", {"word": word}).status_code == 400
    assert client.get("/search/seen/").status_code == 405
    counting.write()
    assert counted() == {("gb", "poster"): (2, 2)}


def test_the_answer_is_nobodys_to_keep_and_sets_nothing(redis: Redis, client: Client) -> None:
    answer = client.post("/search/seen/", {"word": counting.word(EU, "poster", 1)})
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_another_site_cannot_count(redis: Redis) -> None:
    browser, said = Client(enforce_csrf_checks=True), {"word": counting.word(EU, "poster", 1)}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {}):
        assert browser.post("/search/seen/", said, headers=headers).status_code == 403
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}):
        assert browser.post("/search/seen/", said, headers=headers).status_code == 204


def test_one_address_cannot_make_a_query_popular(redis: Redis, client: Client) -> None:
    said = {"word": counting.word(EU, "poster", 1)}
    answers = [client.post("/search/seen/", said).status_code for _ in range(62)]
    assert answers == [204] * 60 + [429] * 2


def test_redis_is_told_nothing_of_who_searched(redis: Redis, client: Client) -> None:
    headers = {"User-Agent": "Somebody's", "Cookie": "sessionid=abc"}
    client.post("/search/seen/", {"word": counting.word(EU, "poster", 1)}, headers=headers)
    assert [json.loads(field)[1:] for field in redis.hkeys(LIVE)] == [["eu", "poster", 0]]


def test_a_word_is_the_same_whenever_it_is_made() -> None:
    word = counting.word(EU, "poster", 7)
    with time_machine.travel("2030-01-01 00:00:00+00:00"):
        assert counting.word(EU, "poster", 1) == word
    assert counting.read(word) == Search("eu", "poster", False)
