"""relay: looks each second at what is noted and what is due, and does it, whether Redis rang or not."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseError
from django.db import connection

from shop import replicas
from shop.changes import projector
from shop.edge import watching
from shop.outbox import bell, drain, outbox, rounds

logger = logging.getLogger(__name__)

SLICE = 2.0  # seconds a queue may take before the others are looked at again
LONGEST_PAUSE = 30.0  # seconds between attempts while the database is away
SWEEP_EVERY = 60.0  # seconds
CALL_EVERY = 30.0  # seconds between rings for one queue's backlog


class Command(BaseCommand):
    """One of these is enough; two share the work."""

    help = "Follows changes and runs due messages, each second, until it is told to stop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once, and leave")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stopping.set())
        if options["once"]:
            replicas.beat()
            look(stopping.is_set)
            return
        # A thread of its own: a long piece of work would make every replica look late.
        heart = threading.Thread(
            target=replicas.beat_until, args=(stopping, options["interval"]), daemon=True
        )
        heart.start()
        # And another one: no page waits until the relay has drawn a picture.
        follower = threading.Thread(target=follow_until, args=(stopping, options["interval"]), daemon=True)
        follower.start()
        watch(stopping, options["interval"])
        heart.join()
        follower.join()


def watch(stopping: threading.Event, interval: float) -> None:
    """Looks until it is told to stop; what it has begun it finishes."""
    pause, swept_at = interval, 0.0
    called_at: dict[str, float] = {}

    def call(queue: str) -> None:
        if time.monotonic() - called_at.get(queue, -CALL_EVERY) >= CALL_EVERY:
            called_at[queue] = time.monotonic()
            bell.ring(queue, bell.DRAIN, queue)

    is_away = False
    while not stopping.is_set():
        try:
            busy = look(stopping.is_set, call)
            if time.monotonic() - swept_at > SWEEP_EVERY:
                swept_at = time.monotonic()
                sweep()
            if is_away:
                logger.info("The database answers again.")
            is_away, pause = False, 0.0 if busy else interval
        except DatabaseError as error:
            if not is_away:
                logger.error("The database is away (%s); looking again until it is back.", _line(error))
            pause = min(max(pause, interval) * (2 if is_away else 1), LONGEST_PAUSE)
            is_away = True
            connection.close()
        except Exception:
            logger.exception("The relay stumbled; it goes on.")
            pause = max(pause, interval)
        stopping.wait(pause)


def follow_until(stopping: threading.Event, interval: float) -> None:
    """Follows edits every `interval` seconds; without the database it goes on trying: watch() says so."""
    is_first = True
    try:
        while not stopping.is_set():
            try:
                watching.watch(is_first=is_first)
                is_first = False
                projector.drain(stop=stopping.is_set, small=True)  # look() is there for bulk writes
                drain.drain("changes", stop=stopping.is_set)
            except DatabaseError:
                connection.close()
            except Exception:
                logger.exception("The relay stumbled over changes; it goes on.")
            stopping.wait(interval)
    finally:
        connection.close()


def look(stop: Callable[[], bool], call: Callable[[str], None] = lambda queue: None) -> bool:
    """Once through all queues, each for a slice of time; whether there was anything to do.

    call: told of a queue with more than a slice's work: its workers missed the bell, or ended a shift.
    """
    done = projector.drain(for_seconds=SLICE, stop=stop)
    rounds.look()
    for queue in outbox.QUEUES:
        began_at = time.monotonic()
        done += drain.drain(queue, for_seconds=SLICE, stop=stop)
        if time.monotonic() - began_at >= SLICE:
            call(queue)
        if queue != outbox.QUEUES[-1]:
            done += projector.drain(for_seconds=SLICE, stop=stop)  # no page waits for somebody's mail
    return done > 0


def sweep() -> None:
    """Forgets what was done long ago, and goes the rounds."""
    forget(lambda: drain.prune(settings.OUTBOX_KEEP_DAYS))
    forget(lambda: projector.prune(settings.CHANGES_KEEP_HOURS))
    rounds.go()


def forget(prune: Callable[[], int]) -> None:
    """Batch after batch, as more may be done in a minute than one deletes; for a slice of time."""
    until = time.monotonic() + SLICE
    while prune() and time.monotonic() < until:
        pass


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
