"""Marks while Redis is stopped, restarted or replaced: nothing is known then, and that is told at once."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from redis import Redis

from shop import marks
from shop.embedded import redis as embedded_redis
from shop.marks import Begun, MarksAway
from tests.marking import MARKS, ONE, Primary, begin


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


def test_a_promoted_redis_has_neither_the_epoch_nor_the_proposal_it_inherited(start, primary, settings):
    first, second = start()[0], start()[0]
    settings.MARKS_URL = first
    begun = begin()
    (proposed,) = marks.customers._do("begin", "token", "")
    with Redis.from_url(second, decode_responses=True) as replica:
        replica.replicaof(*first.removeprefix("redis://").removesuffix("/0").split(":"))
        until = time.monotonic() + 20
        while replica.hget(marks.customers.hash, "proposed") != proposed and time.monotonic() < until:
            time.sleep(0.05)
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
    for ask in [*asked(begun), *asked(begun)]:  # on a connection that there was, and on a new one
        started = time.monotonic()
        with pytest.raises(MarksAway):
            ask()
        assert time.monotonic() - started < 3 * 0.15
    assert MARKS.begin() is None
    os.kill(pid, signal.SIGCONT)
    assert begin() == begun


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
