"""An engine that was left alone: whether it is back is asked beside shoppers, cheaply, and by one."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from catalog.search import client
from catalog.search.client import Away
from tests import engines
from tests.search.asking import AT_MOST, SECONDS, fail, search, tried
from tests.search.faulty import Faulty, until


def leave_alone(
    server: Faulty, monkeypatch: pytest.MonkeyPatch, rest: float = 0.2, mode: str = "500"
) -> None:
    """It fails as often as it takes; so many seconds later somebody asks whether it is back."""
    monkeypatch.setattr(client, "REST", rest)
    client.forget()
    server.mode = mode
    fail(client.FAILURES)


def test_nobody_waits_for_whether_it_is_back(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_alone(server, monkeypatch, mode="silent")
    asked = server.asked
    time.sleep(0.25)
    assert fail(50) < SECONDS / 2, "a shopper has waited for an engine that was not back"
    assert until(lambda: server.asked == asked + 1)
    server.mode = "good"
    assert until(lambda: tried() == [7]), "it was back, and nobody has seen it"
    assert search() == [7]


def test_of_many_one_asks_whether_it_is_back(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_alone(server, monkeypatch, rest=0.5)
    asked = server.asked
    time.sleep(0.55)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: tried(), range(64)))
    assert until(lambda: server.asked > asked)
    assert server.asked == asked + 1


def test_whether_it_is_back_no_shoppers_question_decides(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_alone(server, monkeypatch)
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
    monkeypatch.setattr(client, "COLD", 2.0)
    leave_alone(server, monkeypatch)
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


def test_one_that_is_cold_is_warmed_and_then_asked_by_few(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is late for the first two real questions, and for more at once than it has answered yet."""
    leave_alone(server, monkeypatch, rest=1.0)
    touched, asked, answered, inside = 0, 0, 0, 0
    good = server.good

    def cold(request: bytes) -> bytes:
        nonlocal touched, asked, answered, inside
        if b"terminate_after" in request:
            touched += 1
            return good(request)
        asked, inside = asked + 1, inside + 1
        is_late = asked <= 2 or inside > 1 + answered
        server.is_over.wait(1.1 * SECONDS if is_late else 0.02)
        answered, inside = answered + (not is_late), inside - 1
        return good(request)

    monkeypatch.setattr(server, "good", cold)
    server.mode = "good"
    time.sleep(1.05)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: until(lambda: tried() == [7]), range(8)))
    assert all(found)
    assert touched == 2, "it was left alone once more"
    assert answered >= 8


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
