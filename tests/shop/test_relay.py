"""The relay does what is noted and due, whether Redis rang or not, and survives the database's absence."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from shop.management.commands import relay
from shop.outbox import outbox, rounds
from shop.outbox.models import Message
from shop.outbox.outbox import enqueue
from shop.replicas.models import Heartbeat
from tests import servers

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_caller_notices_nothing_and_the_relay_does_the_work(jobs, settings, caplog):
    settings.RQ_QUEUES = {name: {"URL": "redis://127.0.0.1:9/0"} for name in outbox.QUEUES}
    heard = []
    jobs.say = heard.append
    started = time.monotonic()
    enqueue("shop.say", 1)
    assert time.monotonic() - started < 0.5
    assert "cannot be rung" in caplog.text
    relay.look(lambda: False)
    assert heard == [1]


def test_the_relay_finishes_what_it_has_begun_and_then_stops(jobs):
    stopping = threading.Event()
    heard = []

    def say(number: int) -> None:
        stopping.set()
        heard.append(number)

    jobs.say = say
    enqueue("shop.say", 1)
    enqueue("shop.say", 2)
    relay.watch(stopping, 0.01)
    assert heard == [1]
    assert Message.objects.filter(job="shop.say", done_at=None).count() == 1


def test_the_relay_says_once_that_the_database_is_away_and_once_that_it_is_back(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    stopping, looks = threading.Event(), []

    def look(*asked: object) -> bool:
        looks.append(1)
        if len(looks) < 4:
            raise relay.DatabaseError("connection refused\nIs the server running?")
        stopping.set()
        return False

    monkeypatch.setattr(relay, "look", look)
    monkeypatch.setattr(relay, "sweep", lambda: None)
    monkeypatch.setattr(relay, "connection", SimpleNamespace(close=lambda: None))
    relay.watch(stopping, 0.01)
    assert [record.message for record in caplog.records] == [
        "The database is away (connection refused); looking again until it is back.",
        "The database answers again.",
    ]


@pytest.mark.django_db(transaction=True)
def test_the_relay_leaves_at_sigterm():
    url = servers.database_url(connection.settings_dict["NAME"])
    program = "import django; django.setup(); from django.core.management import call_command as call;"
    process = subprocess.Popen(
        [sys.executable, "-c", program + " call('relay', interval=0.05)"],
        env={**os.environ, "DATABASE_URL": url},
    )
    # An unknown job waits for its release: that it was tried and postponed shows that the relay is at work.
    tried = Message.objects.filter(pk=enqueue("shop.nothing").pk, lease_until=None).exclude(error="")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not tried.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert tried.exists()


def test_the_relay_calls_the_workers_of_a_queue_with_a_backlog(jobs, monkeypatch):
    """A bell that rang before any worker listened is rung again, or one process would do all the work."""
    monkeypatch.setattr(relay, "SLICE", 0.05)
    jobs.say = lambda: time.sleep(0.06)
    for _ in range(2):
        enqueue("shop.say", queue="low")
    called: list[str] = []
    relay.look(lambda: False, called.append)
    assert called == ["low"]
    jobs.say = lambda: None
    relay.look(lambda: False, called.append)
    assert called == ["low"]


def test_a_round_that_fails_keeps_no_other_from_its_turn(jobs, monkeypatch, caplog):
    walked = []

    def fail() -> None:
        raise ValueError("no such thing")

    jobs.fail, jobs.walk = fail, lambda: walked.append(1)
    monkeypatch.setattr(rounds, "jobs", ["shop.fail", "shop.walk"])
    relay.sweep()
    assert not Message.objects.filter(job="tests.noted").exists()
    assert "The round shop.fail failed" in caplog.text


def test_a_round_without_a_database_is_left_to_the_relays_patience(jobs, monkeypatch):
    def fail() -> None:
        raise OperationalError("gone")

    jobs.fail = fail
    monkeypatch.setattr(rounds, "jobs", ["shop.fail"])
    with pytest.raises(relay.DatabaseError):
        relay.sweep()


def test_a_round_is_registered_once(monkeypatch):
    monkeypatch.setattr(rounds, "jobs", [])
    for _ in range(2):
        rounds.register("shop.walk")
    assert rounds.jobs == ["shop.walk"]


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_however_long_a_piece_of_work_takes_and_stops_with_the_relay(jobs, monkeypatch):
    seen: list[datetime] = []

    def work() -> None:
        for _ in range(5):
            time.sleep(0.1)
            seen.append(Heartbeat.objects.get().at)
        stops[0].set()

    def watch(stopping: threading.Event, interval: float) -> None:
        stops.append(stopping)
        watches(stopping, interval)

    jobs.work, watches = work, relay.watch
    stops: list[threading.Event] = []
    monkeypatch.setattr(relay, "watch", watch)
    enqueue("shop.work")
    before = threading.active_count()
    call_command("relay", interval=0.05)
    assert len(set(seen)) == 5
    assert threading.active_count() == before


def test_more_than_one_deletion_may_take_is_forgotten_in_a_sweep(jobs, monkeypatch):
    long_ago = timezone.now() - timedelta(days=400)
    Message.objects.bulk_create(Message(job="tests.noted", done_at=long_ago) for _ in range(2_500))
    relay.sweep()
    assert not Message.objects.filter(job="tests.noted").exists()
