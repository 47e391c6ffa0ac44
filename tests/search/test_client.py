"""An engine that fails, in whatever way, costs a search 0.3 s at most, and soon nothing."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from elastic_transport import Urllib3HttpNode

from catalog.search import client
from catalog.search.client import Away
from tests.search.asking import AT_MOST, SECONDS, fail, ids, search, tried
from tests.search.faulty import FAULTS, FAULTS_TOGETHER, Faulty


def test_without_an_engine_everybody_is_told_at_once() -> None:
    with pytest.raises(Away):
        search()


def test_an_answer_is_read(server: Faulty) -> None:
    assert search() == [7]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_is_away_in_time_and_after_five_times_nobody_asks(server: Faulty, fault: str) -> None:
    server.mode = fault
    assert fail(client.FAILURES) < AT_MOST
    asked = server.asked
    began_at = time.monotonic()
    fail(200)
    assert time.monotonic() - began_at < SECONDS
    assert server.asked == asked


def together() -> list[list[int]]:
    return client.search_all("shop-en", [{"size": 1}, {"size": 2}], lambda told: [ids(each) for each in told])


def test_several_are_asked_in_one(server: Faulty) -> None:
    server.mode = "good together"
    assert together() == [[7], [7]]
    assert server.asked == 1


@pytest.mark.parametrize("fault", FAULTS_TOGETHER)
def test_of_several_one_that_fails_is_all_of_it(server: Faulty, fault: str) -> None:
    server.mode = fault
    for _ in range(client.FAILURES):
        with pytest.raises(Away):
            together()
    asked = server.asked
    with pytest.raises(Away):
        together()
    assert server.asked == asked, "it is left alone"


def test_what_one_question_took_the_next_of_a_page_has_not(server: Faulty, settings: Any) -> None:
    settings.ELASTICSEARCH_TIMEOUT_MS = 1_000
    server.behind = 0.7
    patience = client.Patience()
    began_at = time.monotonic()
    for _ in range(3):
        with suppress(Away):
            client.search("shop-en", {}, ids, patience)
    assert time.monotonic() - began_at < 1.3
    assert server.asked == 2, "nobody asks who has no time for the answer"


def test_the_engine_is_told_when_nobody_waits_any_more(server: Faulty) -> None:
    search()
    assert b'"timeout":"300ms"' in server.requests[-1]
    server.mode = "good together"
    together()
    assert server.requests[-1].count(b'"timeout":"300ms"') == 2


def test_nobody_at_the_address_is_away(server: Faulty) -> None:
    server.end()
    assert fail(client.FAILURES) < AT_MOST


def test_a_drip_outlasts_the_node_that_the_client_comes_with(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: a timeout of each read is none of the whole."""
    monkeypatch.setattr(client, "node_class", Urllib3HttpNode)
    server.mode = "drip"
    began_at = time.monotonic()
    assert search() == [7]
    assert time.monotonic() - began_at > 3 * SECONDS


def test_a_query_that_the_engine_refuses_is_no_failure_of_it(server: Faulty) -> None:
    server.mode = "400"
    fail(2 * client.FAILURES)
    assert server.asked == 2 * client.FAILURES
    server.mode = "400 together"
    for _ in range(2 * client.FAILURES):
        with pytest.raises(Away):
            together()
    assert server.asked == 4 * client.FAILURES
    server.mode = "good"
    assert search() == [7]


def test_what_it_refuses_is_said_once_a_minute(
    server: Faulty, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.mode = "400"
    fail(50)
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + client.SELDOM)
    monkeypatch.setattr(client, "time", later)
    fail(50)
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message for record in said] == 2 * [
        "The search engine refuses a query; the database answers."
    ]


def test_an_engine_that_fails_now_and_then_is_left_alone_too(server: Faulty) -> None:
    for _ in range(client.FAILURES - 1):
        server.mode = "500"
        fail()
        server.mode = "good"
        assert search() == [7]
    server.mode = "500"
    fail()
    server.mode = "good"
    asked = server.asked
    fail()
    assert server.asked == asked


def test_no_thread_waits_for_anothers_connection(
    server: Faulty, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECTIONS", 1)
    client._client.cache_clear()
    settings.ELASTICSEARCH_TIMEOUT_MS = 3_000  # of one after the other the last would take six seconds
    server.behind = 0.5
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: tried(), range(12)))
    client._client.cache_clear()
    assert found == [[7]] * 12


def test_a_connection_that_the_engine_has_closed_costs_no_search(server: Faulty) -> None:
    server.closes = True
    for _ in range(20):
        assert search() == [7]
        time.sleep(0.005)


def test_what_is_left_alone_is_said_once(server: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    server.mode = "500"
    with caplog.at_level(logging.ERROR):
        fail(20)
    assert [record.message for record in caplog.records if "left alone" in record.message] != []
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
