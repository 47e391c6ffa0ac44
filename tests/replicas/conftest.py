"""Two streaming replicas of the suite's own server, as the shop's replica1 and replica2."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from shop import marks, replicas
from shop.embedded import replica
from shop.embedded.replica import Replica
from shop.marks import Position
from shop.postgresql.base import DatabaseWrapper
from shop.replicas import reads
from shop.replicas.rotation import Rotation
from tests import servers

OPTIONS = ("wal_retrieve_retry_interval=100ms", "wal_receiver_status_interval=1s")
Attach = Callable[..., None]


def made(name: str) -> Replica:
    """A replica of the suite's server, not started yet."""
    primary = servers.postgres()
    if primary is None:
        pytest.skip("the environment names a PostgreSQL: a replica of it is not ours to make")
    name = f"{name}_{servers.WORKER or 'main'}"
    return replica.of(primary, Path(os.environ["TESTS_HOME"]) / name, name=name, options=OPTIONS)


@pytest.fixture(scope="module")
def _servers() -> Iterator[list[Replica]]:
    """Of one file: each replays whatever the whole run writes, an eighth of a core, while it lives."""
    pair = [made("replica1"), made("replica2")]
    for server in pair:
        server.start()
    yield pair
    for server in pair:
        server.drop()


@pytest.fixture
def attach(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attach]:
    """Makes servers the shop's replicas: attach(one, other). They rest for a tenth of the usual time."""
    monkeypatch.setattr(DatabaseWrapper, "ensure_connection", servers.CONNECTS, raising=False)
    _commits_are_sent(True)
    monkeypatch.setattr(reads, "rotation", Rotation())
    settings.REPLICA_REST_SECONDS = 3.0
    settings.DATABASE_REPLICAS = []

    def attach(*attached: Replica) -> None:
        for number, server in enumerate(attached, start=1):
            name, primary = f"replica{number}", connections.settings["default"]
            options = f"{primary['OPTIONS']['options']} -c default_transaction_read_only=on"
            connections.settings[name] = {
                **primary,
                "HOST": str(server.sockets),
                "OPTIONS": {**primary["OPTIONS"], "options": options},
                "PATIENCE_SECONDS": 3.5,
                "TEST": {**primary["TEST"], "MIRROR": "default"},
            }
            settings.DATABASE_REPLICAS.append(name)
        replicas.beat()
        caught_up()

    yield attach
    for name in settings.DATABASE_REPLICAS:
        connections[name].close()
        del connections[name]
        del connections.settings[name]
    _commits_are_sent(False)


@pytest.fixture
def pair(attach: Attach, _servers: list[Replica]) -> Iterator[list[Replica]]:
    """replica1 and replica2, caught up; held back as a test likes."""
    attach(*_servers)
    yield _servers
    for server in _servers:
        server.hold_back(0)
    caught_up()


def caught_up(*names: str) -> Position:
    """Waits until these replicas (all of them) know everything; the primary's position."""
    at = marks.primary_position()
    replicas.beat()  # its commit sends what was written before
    wait_for(at, *names)
    return at


def wait_for(at: Position, *names: str) -> None:
    """As caught_up(), without a heartbeat."""
    until = time.monotonic() + 15
    for name in names or [name for name in connections if name != "default"]:
        while replayed(name) < at.lsn:
            assert time.monotonic() < until, f"{name} does not catch up"
            time.sleep(0.01)


def replayed(name: str) -> int:
    """How far it has got, in bytes."""
    with connections[name].cursor() as cursor:
        cursor.execute("SELECT pg_last_wal_replay_lsn()::text")
        return marks.lsn_of(cursor.fetchone()[0])


def _commits_are_sent(at_once: bool) -> None:
    """The suite's server commits asynchronously: what others should hear of soon must be flushed soon."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    setting = "SET synchronous_commit = on" if at_once else "RESET synchronous_commit"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} {setting}")
    connection.close()
