"""A streaming replica on this machine: follows its primary, is held back, promoted and dropped."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from shop.embedded import EmbeddedError, replica
from shop.embedded.postgres import Postgres
from tests import servers

SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=20", "wal_retrieve_retry_interval=100ms")


@pytest.fixture(scope="module")
def primary() -> Iterator[Postgres]:
    suite = servers.postgres()
    if not suite:
        pytest.skip("the environment names a PostgreSQL: there are no programs to start another")
    home = Path(tempfile.mkdtemp(prefix="deckle-replica-", dir="/tmp"))
    home.chmod(0o711)
    server = Postgres(suite.programs, home / "primary", home / "primary", suite.account, SETTINGS)
    server.start()
    run(server, "CREATE TABLE told (word text)")
    yield server
    server.stop()
    shutil.rmtree(home)


@pytest.fixture
def one(primary: Postgres) -> Iterator[replica.Replica]:
    made = replica.of(primary, primary.data.with_name("one"), name="one")
    made.start()
    yield made
    made.drop()


def run(server: Postgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url, autocommit=True) as line:
        cursor = line.execute(statement)
        return cursor.fetchall() if cursor.description else []


def within(seconds: float, happens: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.02)
    return False


def knows(server: Postgres, word: str) -> bool:
    return (word,) in run(server, "SELECT word FROM told")


def test_it_has_what_there_was_and_follows_and_is_found_again_after_a_stop(primary, one):
    run(primary, "INSERT INTO told VALUES ('follows')")
    assert within(5, lambda: knows(one, "follows"))
    assert run(one, "SELECT pg_is_in_recovery()") == [(True,)]
    assert run(primary, "SELECT slot_name, active FROM pg_replication_slots") == [("one", True)]
    assert run(primary, "SELECT application_name FROM pg_stat_replication") == [("one",)]
    one.stop()
    run(primary, "INSERT INTO told VALUES ('meanwhile')")
    assert one.start() == one.url
    assert within(5, lambda: knows(one, "meanwhile"))


def test_in_a_clone_that_was_moved_it_follows_again(primary: Postgres, one: replica.Replica) -> None:
    run(one, "ALTER SYSTEM SET primary_conninfo = 'user=shop host=/gone'")
    one.stop()
    one.start()
    run(primary, "INSERT INTO told VALUES ('moved')")
    assert within(5, lambda: knows(one, "moved"))


def test_it_is_held_back_by_an_option_or_while_it_runs(primary, one):
    one.stop()
    slow = replica.of(primary, one.data, name="one", options=("recovery_min_apply_delay=5s",))
    slow.start()
    assert run(slow, "SHOW recovery_min_apply_delay") == [("5s",)]
    slow.stop()
    one.start()
    one.hold_back(700)
    assert run(one, "SHOW recovery_min_apply_delay") == [("700ms",)]
    assert within(5, lambda: run(primary, "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"))
    started = time.monotonic()
    run(primary, "INSERT INTO told VALUES ('later')")
    assert within(5, lambda: knows(one, "later"))
    assert time.monotonic() - started > 0.6
    one.hold_back(0)


def test_promoted_it_takes_writes_on_a_timeline_of_its_own(primary, one):
    one.promote()
    run(one, "INSERT INTO told VALUES ('mine')")
    assert run(one, "SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)") == [("00000002",)]
    assert not knows(primary, "mine")
    with pytest.raises(EmbeddedError, match="not promoted"):
        one.promote()


def test_dropped_it_leaves_neither_data_nor_a_slot(primary, one):
    one.drop()
    assert not one.data.exists()
    assert run(primary, "SELECT slot_name FROM pg_replication_slots") == []


def test_a_copy_that_fails_leaves_nothing_that_would_be_started(primary):
    away = Postgres(primary.programs, primary.data, primary.data.with_name("nowhere"), primary.account)
    with pytest.raises((EmbeddedError, psycopg.OperationalError)):
        replica.of(away, primary.data.with_name("two"), name="two").start()
    assert not primary.data.with_name("two").exists()
