"""An engine that fails, in whatever way, costs a search 0.3 s at most, and soon nothing."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from elastic_transport import Urllib3HttpNode

from catalog.search import client
from catalog.search.client import Away
from shop.breaker import Breaker
from tests import engines
from tests.search import faulty
from tests.search.faulty import FAULTS, FAULTS_TOGETHER, Faulty, until

SECONDS = 0.3
AT_MOST = 2.0  # of a busy machine's seconds, in place of 0.3


@pytest.fixture
def server(settings: Any) -> Iterator[Faulty]:
    """A server that answers well, until it is told otherwise."""
    with faulty.running() as running:
        settings.ELASTICSEARCH_URL = running.url
        settings.ELASTICSEARCH_TIMEOUT_MS = int(SECONDS * 1000)
        client.forget()
        yield running
    client.forget()


def ids(answer: Any) -> list[int]:
    return [int(hit["_id"]) for hit in answer["hits"]["hits"]]


def search() -> list[int]:
    return client.search("shop-en", {"query": {"match_all": {}}}, ids)


def fail(times: int = 1) -> float:
    """So many searches that fail; how long the slowest took."""
    slowest = 0.0
    for _ in range(times):
        began_at = time.monotonic()
        with pytest.raises(Away):
            search()
        slowest = max(slowest, time.monotonic() - began_at)
    return slowest


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


def test_nobody_waits_for_whether_it_is_back(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REST", 0.2)
    client.forget()
    server.mode = "silent"
    fail(client.FAILURES)
    asked = server.asked
    time.sleep(0.25)
    assert fail(50) < SECONDS / 2, "a shopper has waited for an engine that was not back"
    assert until(lambda: server.asked == asked + 1)
    server.mode = "good"
    assert until(lambda: tried() == [7]), "it was back, and nobody has seen it"
    assert search() == [7]


def test_whether_it_is_back_no_shoppers_question_decides(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REST", 0.2)
    client.forget()
    server.mode = "500"
    fail(client.FAILURES)
    server.mode = "good"
    time.sleep(0.25)
    with pytest.raises(Away):
        client.search("shop-en", {"query": {"poison": {}}, "aggs": {}}, lambda _told: 1 / 0)
    assert until(lambda: tried() == [7])
    probes = [asked for asked in server.requests if b'"terminate_after":1' in asked]
    assert probes
    assert all(b"/shop-en/_search" in probe for probe in probes)
    assert b"poison" not in b"".join(server.requests)


def test_an_engine_that_was_just_started_may_be_late_once(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But is asked again by shoppers only where it would not keep them waiting."""
    monkeypatch.setattr(client, "REST", 0.2)
    monkeypatch.setattr(client, "COLD", 2.0)
    client.forget()
    server.mode = "500"
    fail(client.FAILURES)
    server.mode, server.behind = "good", 2 * SECONDS
    asked = server.asked
    time.sleep(0.25)
    fail()
    assert until(lambda: server.asked == asked + 2), "it has answered one, and is asked for another"
    time.sleep(1.5 * SECONDS)
    fail()
    assert client._engine().breaker.is_open
    server.behind = 0.0
    assert until(lambda: tried() == [7])


def tried() -> list[int]:
    try:
        return search()
    except Away:
        return []


def test_of_many_one_asks_whether_it_is_back(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REST", 0.5)
    client.forget()
    server.mode = "500"
    fail(client.FAILURES)
    asked = server.asked
    time.sleep(0.55)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: tried(), range(64)))
    assert until(lambda: server.asked > asked)
    assert server.asked == asked + 1


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


def test_an_engine_that_is_stopped_keeps_nobody(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP: connecting succeeds, and nothing answers."""
    begun, url = engines.osmem()
    try:
        settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_TIMEOUT_MS = url, 5_000
        monkeypatch.setattr(client, "node_class", engines.PlainNode)
        monkeypatch.setattr(client, "REST", 0.2)
        client.forget()
        client.writer().indices.create(index="shop-en")
        assert search() == []
        os.kill(begun.pid, signal.SIGSTOP)
        assert until(lambda: all(state == "T" for state in states(begun.pid)))
        settings.ELASTICSEARCH_TIMEOUT_MS = int(SECONDS * 1000)
        assert fail(client.FAILURES) < AT_MOST
        assert fail(50) < SECONDS / 2
        os.kill(begun.pid, signal.SIGCONT)
        assert until(lambda: tried_well())
    finally:
        os.kill(begun.pid, signal.SIGCONT)
        engines.close(begun)
        client.forget()


def states(pid: int) -> list[str]:
    """Of a process's threads: T is stopped."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks]


def tried_well() -> bool:
    try:
        search()
    except Away:
        return False
    return True


def test_what_is_left_alone_is_said_once(server: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    server.mode = "500"
    with caplog.at_level(logging.ERROR):
        fail(20)
    assert [record.message for record in caplog.records if "left alone" in record.message] != []
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


def test_a_breaker_opens_after_failures_within_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("shop.breaker.time.monotonic", lambda: now)
    breaker = Breaker(failures=3, within=10, seconds=30)

    def failures_at(*moments: float) -> list[bool]:
        nonlocal now
        told = []
        for moment in moments:
            now = moment
            told.append(breaker.failed())
            if not breaker.is_open:
                breaker.worked()
        return told

    assert failures_at(1, 7, 13) == [False, False, False]
    assert failures_at(14) == [True]
    assert not breaker.lets()
    now = 44.5
    assert breaker.lets()
    breaker.worked()
    assert failures_at(45, 46) == [False, False], "what was before it worked again is forgotten"
