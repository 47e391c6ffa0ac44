"""The bell rings once until somebody hears it, and whatever is committed after that rings anew."""

from types import ModuleType

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from shop.changes import projector
from shop.outbox import bell, drain
from shop.outbox.outbox import enqueue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second is over before twenty commits are."""
    monkeypatch.setattr(bell, "PENDING_SECONDS", 60)


def rings(redis: Redis) -> int:
    return len(Queue("normal", connection=redis))


def work(redis: Redis) -> None:
    SimpleWorker([Queue("normal", connection=redis)], connection=redis).work(burst=True)


def test_many_commits_are_one_ring_until_it_is_heard(jobs: ModuleType, redis: Redis) -> None:
    heard: list[int] = []
    jobs.say = heard.append
    for number in range(20):
        enqueue("shop.say", number)
    assert rings(redis) == 1
    work(redis)
    assert heard == list(range(20))
    enqueue("shop.say", 20)
    assert rings(redis) == 1


def test_one_that_nobody_heard_rings_again_after_a_while(jobs: ModuleType, redis: Redis) -> None:
    enqueue("shop.say", 1)
    Queue("normal", connection=redis).empty()  # who took it has died
    enqueue("shop.say", 2)
    assert rings(redis) == 0
    (pending,) = redis.keys("bell:normal:*")
    assert 0 < redis.pttl(pending) <= bell.PENDING_SECONDS * 1000
    redis.delete(pending)  # as it does by itself
    enqueue("shop.say", 3)
    assert rings(redis) == 1


def last_one_in_time(jobs: ModuleType, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the bell had done, of a message that is committed when the worker has seen the last before it."""
    heard: list[int] = []
    jobs.say = heard.append
    claim, is_late = drain.claim, iter([True])

    def too_early(queue: str) -> object:
        found = claim(queue)
        if found is None and next(is_late, False):
            enqueue("shop.say", 2)
        return found

    monkeypatch.setattr(drain, "claim", too_early)
    enqueue("shop.say", 1)
    work(redis)
    return heard


def test_what_is_committed_while_the_worker_ends_rings_anew(
    jobs: ModuleType, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert last_one_in_time(jobs, redis, monkeypatch) == [1, 2]


def test_broken_a_bell_that_is_heard_at_the_end_leaves_it_to_the_relay(
    jobs: ModuleType, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(queue: str, *, for_seconds: float) -> int:
        ran = drain.drain(queue, for_seconds=for_seconds)
        bell.heard(queue)
        return ran

    monkeypatch.setattr(drain, "rung", late)
    assert last_one_in_time(jobs, redis, monkeypatch) == [1]


def test_the_worker_of_the_changes_says_so_too(redis: Redis) -> None:
    changes = Queue("changes", connection=redis)
    projector.ring()
    projector.ring()
    assert len(changes) == 1
    projector.rung(5)
    projector.ring()
    assert len(changes) == 2
