"""Invariant 8: workers and relays die at any moment, Redis forgets everything: each job has its effect, once.

KILLED_JOBS gives another figure: 500 are those of a long run.
"""

import contextlib
import logging
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from redis import Redis
from rq import Queue

from shop.outbox.models import Message
from shop.outbox.outbox import enqueue
from tests import servers
from tests.shop import working
from tests.shop.working import Crew

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = int(os.environ.get("KILLED_JOBS", "60"))
FLUSHES = 5
TOGETHER = 5  # jobs in a transaction
LONGEST = 0.3  # seconds that a job takes
BETWEEN_KILLS, BETWEEN_SUBMITS = (0.1, 0.3), 0.25  # seconds
RELAY = "relay --interval 0.1"
PATIENCE = 20 + JOBS  # seconds
logger = logging.getLogger(__name__)

Submit = Callable[[int], object]


@pytest.fixture
def crew(tmp_path: Path, redis: object) -> Iterator[Crew]:
    """Two relays and a worker; a lease is short, so that what the dead held is soon somebody's again."""
    url = servers.database_url(connection.settings_dict["NAME"])
    with working.crew(tmp_path, DATABASE_URL=url, OUTBOX_LEASE_SECONDS="1") as ours:
        ours.keep("rqworker normal --skip-checks", RELAY, RELAY)
        ends = time.monotonic() + 20
        while len(ours.pids()) < 3 and time.monotonic() < ends:
            time.sleep(0.05)
        yield ours


def disaster(crew: Crew, redis: Redis, submit: Submit, is_over: Callable[[], bool]) -> int:
    """Submits the jobs while processes die and Redis forgets, until that `is_over`; how many were killed."""
    chance = random.Random(8)
    numbers, killed, flushed = list(range(JOBS)), 0, 0
    now = time.monotonic()
    ends, next_kill, next_submit = now + PATIENCE, now + BETWEEN_KILLS[1], now
    while numbers or flushed < FLUSHES or not is_over():
        now = time.monotonic()
        assert now < ends, f"{PATIENCE} s were not enough: {crew.log.read_text()[-2_000:]}"
        if numbers and now > next_submit:
            next_submit = now + BETWEEN_SUBMITS
            with transaction.atomic():
                for number in numbers[:TOGETHER]:
                    submit(number)
            del numbers[:TOGETHER]
        if now > next_kill and (pids := crew.pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
                killed += 1
            next_kill = now + chance.uniform(*BETWEEN_KILLS)
        if flushed < FLUSHES * (JOBS - len(numbers)) // JOBS:
            redis.flushdb()
            flushed += 1
        time.sleep(0.02)
    return killed


def test_each_job_has_its_effect_exactly_once_whoever_dies_and_whatever_redis_forgets(crew, redis):
    def submit(number: int) -> None:
        enqueue("shop.effect", number, LONGEST * random.random())

    def is_over() -> bool:
        return not Message.objects.filter(job="shop.effect", done_at=None, dead_at=None).exists()

    killed = disaster(crew, redis, submit, is_over)
    found = working.seen()
    logger.info("%d jobs, %d kills, %d flushes: %d deliveries", JOBS, killed, FLUSHES, len(found.deliveries))
    assert not Message.objects.filter(dead_at__isnull=False).exists()
    assert sorted(found.effects) == list(range(JOBS))
    assert found.sum == JOBS
    assert killed >= JOBS / 10


def test_broken_without_a_row_jobs_are_lost(crew, redis):
    """The broken variant: Redis holds the job itself."""
    queue = Queue("normal", connection=redis)

    def submit(number: int) -> None:
        transaction.on_commit(lambda: queue.enqueue(working.effect, number, LONGEST * random.random()))

    disaster(crew, redis, submit, lambda: not queue.count)
    done = len(working.seen().effects)
    logger.info("without a row %d of %d jobs have their effect", done, JOBS)
    assert 0 < done < JOBS
