"""What is read within reading() comes from a replica that is alive and has replayed what it must."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, connections
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from shop import marks, replicas
from shop.marks import Position
from shop.outbox.models import Message
from shop.replicas import reads
from shop.replicas.models import Heartbeat
from shop.replicas.router import ReplicaRouter
from tests.replicas.conftest import caught_up, replayed, wait_for

START = Position(1, 0)


def test_without_replicas_everything_is_read_on_the_primary(db):
    with replicas.reading(START) as position:
        assert position is None
        assert replicas.alias() == Message.objects.all().db == "default"


def test_within_reads_go_to_a_replica_and_writes_to_the_primary(pair):
    with replicas.reading(START) as position:
        assert position
        assert replicas.alias() in {"replica1", "replica2"}
        assert Message.objects.all().db == replicas.alias()
        row = Message.objects.create(job="shop.nothing")
        assert row._state.db == "default"
        assert Message.objects.select_for_update().db == "default"
    assert replicas.alias() == "default"
    assert Message.objects.get().pk == row.pk


def test_sessions_and_users_are_never_read_on_a_replica(pair):
    with replicas.reading(START):
        assert {Session.objects.all().db, User.objects.all().db} == {"default"}


def test_nothing_is_migrated_on_a_replica():
    assert ReplicaRouter().allow_migrate("default", "catalog")
    assert not ReplicaRouter().allow_migrate("replica1", "catalog")


def test_its_position_is_asked_first_in_one_transaction_that_reads_what_was_committed_since(pair):
    replicas.beat()
    caught_up()
    with replicas.reading(START) as position:
        used = connections[replicas.alias()]
        with CaptureQueriesContext(used) as seen:
            Message.objects.create(job="shop.nothing")
            caught_up(replicas.alias())
            assert Message.objects.count() == 1  # READ COMMITTED: a page is at least as new as its position
            assert position.lsn < replayed(replicas.alias())
        assert used.in_atomic_block
        assert len(seen) >= 2
    with (
        CaptureQueriesContext(connections["replica1"]) as one,
        CaptureQueriesContext(connections["replica2"]) as other,
    ):
        with replicas.reading(START):
            Message.objects.count()
    (statements,) = [asked.captured_queries for asked in (one, other) if asked.captured_queries]
    assert "pg_last_wal_replay_lsn" in next(row["sql"] for row in statements if "SELECT" in row["sql"])


def test_a_replica_that_has_not_replayed_what_is_needed_is_not_read_from_and_stays_in_rotation(pair):
    at = caught_up()
    with replicas.reading(at) as position:
        assert position.lsn >= at.lsn
        assert position.timeline == at.timeline
    for server in pair:
        server.hold_back(60_000)
    time.sleep(0.2)
    Message.objects.create(job="shop.nothing")
    later = marks.primary_position()
    with replicas.reading(later) as position:
        assert position is None
        assert Message.objects.count() == 1
    with replicas.reading(at) as position:
        assert position.lsn < later.lsn
        assert Message.objects.count() == 0
    with replicas.reading(Position(at.timeline + 1, 0)) as position:
        assert position is None


@pytest.mark.parametrize("is_tried_again", [False, True])
def test_a_replica_that_lags_too_much_rests_and_is_tried_again(pair, settings, is_tried_again):
    settings.REPLICA_REST_SECONDS = 0.1 if is_tried_again else 60.0
    with replicas.reading(START) as position:
        assert position
    Heartbeat.objects.update(at=Now() - timedelta(seconds=settings.REPLICA_MOST_LAG_SECONDS + 1))
    wait_for(marks.primary_position())
    for _ in range(2):
        with replicas.reading(START) as position:
            assert position is None
    caught_up()  # beats
    time.sleep(0.2)
    with replicas.reading(START) as position:
        assert bool(position) == is_tried_again


def test_without_a_heartbeat_nothing_is_known_and_the_primary_is_read(pair):
    Heartbeat.objects.all().delete()
    wait_for(marks.primary_position())
    with replicas.reading(START) as position:
        assert position is None


def test_the_timeline_is_that_of_the_heartbeat_that_was_replayed(pair):
    Heartbeat.objects.update(timeline=2)
    wait_for(marks.primary_position())
    with replicas.reading(START) as position:
        assert position is None
    with replicas.reading(Position(2, 0)) as position:
        assert position.timeline == 2


def test_who_has_no_primary_reads_on_any_replica_however_late_it_is(pair, settings):
    settings.REPLICA_MOST_LAG_SECONDS = 0.0
    with replicas.reading(START) as position:
        assert position is None
    with replicas.reading(None) as position:
        assert position.lsn
        assert replicas.alias() != "default"


def test_replicas_share_the_work(pair):
    used = set()
    for _ in range(30):
        with replicas.reading(START):
            used.add(replicas.alias())
    assert used == {"replica1", "replica2"}


def test_threads_read_each_on_its_own(pair):
    together = threading.Barrier(4)
    for _ in range(20):  # both are in rotation
        with replicas.reading(START):
            pass

    def work(number: int) -> tuple[str, str]:
        try:
            together.wait()
            if number % 2:
                return replicas.alias(), Message.objects.all().db
            with replicas.reading(START) as position:
                assert position
                return replicas.alias(), Message.objects.all().db
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert found[1] == found[3] == ("default", "default")
    assert all(one == other and one.startswith("replica") for one, other in found[::2])


def run(sql: str) -> str:
    """On a replica; which one."""
    with replicas.reading(START):
        with connections[replicas.alias()].cursor() as cursor:
            cursor.execute(sql)
        return replicas.alias()


def fail(error: Exception) -> None:
    with replicas.reading(START):
        raise error


def in_rotation() -> set[str]:
    return set(reads.rotation.in_turn())


def test_an_error_within_is_lost_and_only_what_is_the_replicas_own_fault_sends_it_away(pair):
    with pytest.raises(replicas.Lost, match="nothing_here"):
        run("SELECT nothing_here")
    with pytest.raises(replicas.Lost, match="statement timeout"):
        run("SET LOCAL statement_timeout = 20; SELECT pg_sleep(2)")
    for conflict in ("40001", "40P01"):  # as PostgreSQL calls those of hot standby
        with pytest.raises(replicas.Lost, match="gives way"):
            run(f"DO $$ BEGIN RAISE EXCEPTION 'gives way' USING ERRCODE = '{conflict}'; END $$")
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError())
    with pytest.raises(replicas.Lost, match="of the primary"):
        fail(OperationalError("of the primary"))
    for _ in range(20):
        run("SELECT 1")
    assert in_rotation() == {"replica1", "replica2"}
    for left in (1, 0):
        with pytest.raises(replicas.Lost, match="terminating"):
            run("SELECT pg_terminate_backend(pg_backend_pid())")
        assert len(in_rotation()) == left
    with replicas.reading(START) as position:
        assert position is None
        assert replicas.alias() == "default"


def test_a_replica_takes_no_write(pair):
    with pytest.raises(replicas.Lost, match="read-only"):
        run("INSERT INTO outbox_message (job) VALUES ('shop.nothing')")


def test_of_two_relays_heartbeats_one_row_stays_and_the_later_wins(transactional_db):
    replicas.beat()
    first = Heartbeat.objects.get()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: (replicas.beat(), connection.close()), range(6)))
    last = Heartbeat.objects.get()
    assert (last.pk, last.timeline) == (1, marks.primary_position().timeline)
    assert last.at > first.at
