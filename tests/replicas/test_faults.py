"""Replicas that stop, die, come back and are promoted; a primary that is gone while they live."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, override_settings

from shop import replicas
from shop.breaker import Breaker
from shop.edge import rendering
from shop.embedded.replica import Replica
from shop.marks import Position
from shop.outbox.models import Message
from tests.factories import follow_changes, make_product
from tests.replicas.conftest import Attach, caught_up, made

START = Position(1, 0)


@pytest.fixture
def spare(attach: Attach) -> Iterator[Replica]:
    """A replica of this test's own, the only one."""
    server = made("spare")
    server.start()
    attach(server)
    yield server
    tell(server, signal.SIGCONT)
    connections["replica1"].close()
    server.drop()


def tell(server: Replica, number: int) -> None:
    """All its processes; killed in one go, none of them says goodbye to its clients."""
    with suppress(FileNotFoundError, ProcessLookupError):
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(stat.read_text().rpartition(") ")[2].split()[1]) == postmaster:
                    os.kill(int(stat.parent.name), number)
        os.kill(postmaster, number)


def ask() -> tuple[bool, float]:
    """Whether a replica was read from, and the seconds it took; the answer is right either way."""
    started = time.monotonic()
    try:
        with replicas.reading(START) as position:
            assert Message.objects.count() == 0
            return position is not None, time.monotonic() - started
    except replicas.Lost:
        assert Message.objects.count() == 0
        return False, time.monotonic() - started


def rejoined(within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        replicas.beat()
        if ask()[0]:
            return True
        time.sleep(0.05)
    return False


def test_a_stopped_replica_costs_one_request_half_a_second_and_then_none(spare, settings):
    assert ask()[0]
    tell(spare, signal.SIGSTOP)
    is_read, seconds = ask()
    assert not is_read
    assert 0.3 < seconds < 1.5
    assert [ask()[0] for _ in range(20)] == [False] * 20
    assert max(ask()[1] for _ in range(20)) < 0.2
    time.sleep(settings.REPLICA_REST_SECONDS)
    took = [ask()[1] for _ in range(5)]  # its kernel takes the connection, and nobody answers
    assert 1.5 < max(took) < 3.5
    assert sorted(took)[-2] < 0.2
    tell(spare, signal.SIGCONT)
    assert rejoined(2 * settings.REPLICA_REST_SECONDS)


def test_one_that_stops_in_the_middle_of_a_page_loses_the_page_and_no_more(spare, settings):
    settings.REPLICA_ANSWER_MS = 2_000
    connections["replica1"].settings_dict["PATIENCE_SECONDS"] = 0.5
    with pytest.raises(replicas.Lost, match="timeout"):
        stopped_while_reading(spare)
    assert not ask()[0]
    assert Message.objects.count() == 0


def stopped_while_reading(server: Replica) -> None:
    with replicas.reading(START):
        tell(server, signal.SIGSTOP)
        Message.objects.count()


def test_a_killed_replica_is_missed_by_nobody_and_found_again_when_it_is_back(spare, settings):
    settings.REPLICA_REST_SECONDS = 1.0
    assert ask()[0]
    tell(spare, signal.SIGKILL)
    assert [ask()[0] for _ in range(10)] == [False] * 10
    time.sleep(1.0)
    assert not ask()[0]
    spare.start()
    assert rejoined(10)


def test_a_primary_that_is_stopped_keeps_no_question_waiting(pair, settings):
    caught_up()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        answer = Client().get("/readyz")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer.content == b"ready to be read: the primary does not answer\n"
    assert time.monotonic() - started < 2.5


@pytest.fixture
def frozen(pair: object, settings: Any) -> Iterator[None]:
    """A shop whose primary was stopped longer ago than a heartbeat counts, in the middle of a connection."""
    make_product("Pen", category="Posters")
    follow_changes()
    caught_up()
    Client().get("/p/pen/")  # templates are read
    settings.REPLICA_MOST_LAG_SECONDS = 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "primary", Breaker(failures=1, seconds=1.0))
        patch.setitem(connection.settings_dict, "PATIENCE_SECONDS", 0.4)
        os.kill(pid, signal.SIGSTOP)
        yield
        os.kill(pid, signal.SIGCONT)
    connection.close()


@pytest.fixture
def blackhole() -> Iterator[socket.socket]:
    """From here on the primary is where connections are taken and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        server.setblocking(False)
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", str(server.getsockname()[1]))
        yield server


def seen(path: str = "/p/pen/") -> tuple[int, float]:
    """With which status a page comes, and after how many seconds."""
    started = time.monotonic()
    status = Client(raise_request_exception=False).get(path).status_code
    connection.close_if_unusable_or_obsolete()  # as between two requests
    return status, time.monotonic() - started


def test_a_frozen_primary_costs_one_page_its_patience_and_the_next_ones_nothing(frozen, blackhole):
    status, took = seen()
    assert status == 200
    assert 0.3 < took < 2
    for _ in range(3):
        status, took = seen()
        assert status == 200
        assert took < 0.4
    with pytest.raises(BlockingIOError):
        blackhole.accept()


def test_with_no_replica_either_who_asks_hears_so_at_once_until_one_of_them_finds_it_back(frozen):
    with override_settings(DATABASE_REPLICAS=[]):
        assert seen()[0] == 503
        status, took = seen()
        assert status == 503
        assert took < 0.3
        time.sleep(1.0)
        assert [seen()[0] for _ in range(2)] == [200, 200]  # a new connection's server process is well


def test_a_primary_that_refuses_at_once_is_asked_each_time(pair: object, settings: Any) -> None:
    """A connection that was ended says nothing of the next."""
    make_product("Pen", category="Posters")
    follow_changes()
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(DATABASE_REPLICAS=[]),
    ):
        primary = Breaker(failures=1, seconds=60.0)
        patch.setattr(rendering, "primary", primary)
        connection.close()
        patch.setitem(connection.settings_dict, "PORT", "9")
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        assert seen()[0] == 503
        assert primary.lets()
    connection.close()
    assert seen()[0] == 200


def test_one_that_was_promoted_is_no_replica_any_more(spare):
    assert ask()[0]
    spare.promote()
    assert not ask()[0]
    with replicas.reading(None) as position:
        assert position is None
    with connection.cursor() as cursor, connections["replica1"].cursor() as theirs:
        for line in (cursor, theirs):
            line.execute("SELECT pg_is_in_recovery()")
            assert line.fetchone() == (False,)


def test_without_the_primary_a_replica_is_readiness_enough_and_however_old_it_may_be_read(
    pair, settings, monkeypatch
):
    Message.objects.create(job="shop.nothing")
    caught_up()
    settings.REPLICA_MOST_LAG_SECONDS = 0.0  # nobody beats any more
    with monkeypatch.context() as patch:
        connection.close()
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        ready = Client().get("/readyz")
        assert (ready.status_code, ready.content) == (200, b"ready to be read: the primary does not answer\n")
        with replicas.reading(START) as position:
            assert position is None
        with replicas.reading(None) as position:
            assert position
            assert Message.objects.count() == 1
        with override_settings(DATABASE_REPLICAS=[]):
            assert Client().get("/readyz").status_code == 503
