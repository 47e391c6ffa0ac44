"""Marks through flushes and promotions: one epoch, the same for all; without Redis that is told at once."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import OperationalError
from redis import Redis

from shop import marks
from shop.embedded import redis as embedded_redis
from shop.marks import Begun, MarksAway, Position
from tests.marking import LATE, MARKS, ONE, Primary, begin, mark


@pytest.fixture
def primary(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Primary:
    made = Primary()
    monkeypatch.setattr(marks, "primary_position", made)
    return made


@pytest.fixture
def start(redis: Redis) -> Iterator[Callable[[], tuple[str, int]]]:
    """Starts a server of the test's own on loopback: its address and its pid."""
    servers: list[tuple[embedded_redis.Redis, int]] = []

    def begin() -> tuple[str, int]:
        folder = Path(tempfile.mkdtemp(prefix="deckle-marks-", dir="/tmp"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"--pidfile {folder}/pid --port {port} --bind 127.0.0.1 --repl-diskless-sync-delay 0"
        server = embedded_redis.Redis(folder, folder, options.split())
        server.start()
        servers.append((server, int((folder / "pid").read_text())))
        return f"redis://127.0.0.1:{port}/0", servers[-1][1]

    yield begin
    for server, pid in servers:
        os.kill(pid, signal.SIGCONT)
        server.stop()
        shutil.rmtree(server.folder)


def test_two_that_propose_an_epoch_at_once_agree_on_one(primary):
    others: list[Begun] = []
    primary.meanwhile = [lambda: others.append(begin())]
    assert [begin()] == others


def test_many_that_propose_an_epoch_at_once_agree_on_one(redis, primary):
    for _ in range(5):
        redis.flushdb()
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _: begin(), range(8)))) == 1


def test_later_proposals_do_not_hold_up_the_first(primary):
    primary.meanwhile = [lambda: MARKS._do("begin", "another", "")] * marks.TRIES
    assert begin().counter == 0


def test_an_lsn_from_before_a_flush_begins_no_epoch(redis, primary):
    def others_mark_then_all_is_flushed() -> None:
        primary.at = Position(1, LATE + 5)
        mark(ONE, lsn=LATE + 5)
        redis.flushdb()

    primary.meanwhile = [others_mark_then_all_is_flushed]
    assert begin().floor == Position(1, LATE + 5)


def test_a_promotion_is_followed_without_a_mark_and_told_even_after_a_flush(redis, primary):
    begun = begin()
    assert MARKS.follow_timeline() == 1
    assert begin() == begun
    primary.at = Position(2, 500)
    assert MARKS.follow_timeline() == 2
    assert begin().floor == primary.at
    redis.flushdb()
    primary.at = Position(3, 400)
    assert MARKS.follow_timeline() == 3


def test_once_another_epoch_is_proposed_nothing_is_marked_in_the_old_one(primary):
    begun, marked = begin(), []
    primary.at = Position(2, 500)
    others = [lambda: marked.append(MARKS.mark([ONE], begun.epoch, begun.floor))]
    primary.meanwhile = [lambda: None, *others]
    MARKS.follow_timeline()
    assert marked == [None]


def test_a_promoted_redis_has_neither_the_epoch_nor_the_proposal_it_inherited(start, primary, settings):
    first, second = start()[0], start()[0]
    settings.MARKS_URL = first
    begun = begin()
    (proposed,) = marks.customers._do("begin", "token", "")
    with Redis.from_url(second, decode_responses=True) as replica:
        replica.replicaof(*first.removeprefix("redis://").removesuffix("/0").split(":"))
        until = time.monotonic() + 20
        while replica.hget(marks.customers.hash, "proposed") != proposed.decode():
            assert time.monotonic() < until
            time.sleep(0.02)
        assert replica.hget(MARKS.hash, "epoch") == begun.epoch
        replica.replicaof("NO", "ONE")
    settings.MARKS_URL = second
    assert MARKS.judge(begun, []).marked
    assert begin().epoch != begun.epoch
    marks.customers._do("settle", proposed, 1, "0" * 20)
    assert begin(marks.customers).epoch != proposed


def test_scripts_and_connections_that_the_server_dropped_are_had_again(redis, primary):
    begun = begin()
    redis.script_flush()
    assert begin() == begun
    redis.client_kill_filter(_type="normal", skipme=True)
    assert begin() == begun


def asked(begun: Begun) -> list[Callable[[], object]]:
    """All that raises MarksAway, and nothing else."""
    at = begun.floor
    return [
        lambda: MARKS.judge(begun, [ONE]),
        lambda: MARKS.mark([ONE], begun.epoch, at),
        lambda: MARKS.mark_now([ONE]),
        MARKS.follow_timeline,
    ]


def test_a_redis_that_is_stopped_is_told_within_its_timeout(start, primary, settings):
    settings.MARKS_URL, pid = start()
    settings.REDIS_TIMEOUT_MS = 150
    begun = begin()
    os.kill(pid, signal.SIGSTOP)
    took: list[float] = []
    for ask in [*asked(begun), *asked(begun)]:  # on a connection that there was, and on a new one
        started = time.monotonic()
        with pytest.raises(MarksAway):
            ask()
        took.append(time.monotonic() - started)
    assert max(took) < 3 * 0.15
    assert min(took[:4]) > 0.1
    assert took[4] < 0.05, "a page waits for it no more"
    assert min(took[5:]) > 0.1, "who marks does"
    assert MARKS.begin() is None
    os.kill(pid, signal.SIGCONT)
    assert MARKS.begin() is None
    time.sleep(marks.REST)
    assert begin() == begun


def test_who_marks_asks_whatever_pages_know(start, primary, settings):
    """Pages of another process may know that it is back: they would miss a mark that was not tried."""
    settings.MARKS_URL, pid = start()
    settings.REDIS_TIMEOUT_MS = 150
    begun = begin()
    os.kill(pid, signal.SIGSTOP)
    assert [MARKS.begin() for _ in range(marks.FAILURES)] == [None] * marks.FAILURES
    os.kill(pid, signal.SIGCONT)
    assert MARKS.begin() is None
    assert MARKS.mark([ONE], begun.epoch, primary.at)
    assert MARKS.begin()


def test_a_redis_that_refuses_or_answers_with_an_error_is_away(redis, primary, settings):
    begun = begin()
    redis.set(MARKS.hash, "no hash")
    for url in (settings.MARKS_URL, "redis://127.0.0.1:9/0", "unix:///nowhere/redis.sock"):
        settings.MARKS_URL = url
        for ask in asked(begun):
            with pytest.raises(MarksAway):
                ask()
        assert MARKS.begin() is None


def test_without_the_primary_an_epoch_is_read_but_none_begins(redis, primary, monkeypatch):
    begun = begin()

    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(marks, "primary_position", away)
    assert begin() == begun
    redis.flushdb()
    assert MARKS.begin() is None
