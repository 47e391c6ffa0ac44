"""The doorbell: tells an RQ worker to look at its queue. A lost ring costs a second: the relay looks too."""

import logging
from functools import cache, partial

from django.conf import settings
from django.db import connection, transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

logger = logging.getLogger(__name__)

DRAIN = "shop.outbox.drain.rung"
PENDING_SECONDS = 1  # then it rings again: whoever was to hear the last one may have died
SHIFT_SECONDS = 240
TIMEOUT_SECONDS = 900  # of RQ, which would end a drain in the middle of a shift's last message


def ring(queue: str, target: str = DRAIN, *args: str) -> None:
    """Rings once after the transaction commits, however often it is asked to; never raises."""
    bell = _bell(queue, target, *args)
    # A rollback, of a savepoint too, takes its callbacks from this list: a lost ring is asked for again.
    if connection.in_atomic_block and any(call[1] is bell for call in connection.run_on_commit):
        return
    transaction.on_commit(bell)


@cache
def _bell(queue: str, target: str, *args: str) -> partial[None]:
    return partial(_ring_now, queue, target, args)


def heard(queue: str, target: str = DRAIN) -> None:
    """First thing by whoever is rung for, and looks after this: what is committed from now on rings anew."""
    try:
        _of(queue).delete(_pending(queue, target))
    except (RedisError, OSError) as error:
        logger.warning("The bell of queue %s may stay silent for a second (%s).", queue, error)


def _pending(queue: str, target: str) -> str:
    return f"bell:{queue}:{target}"


def _of(queue: str) -> Redis:
    return _redis(settings.RQ_QUEUES[queue]["URL"])


def _ring_now(queue: str, target: str, args: tuple[str, ...]) -> None:
    try:
        # One that nobody has heard yet is enough: of a hundred orders a second each would be a job of RQ's.
        if not _of(queue).set(_pending(queue, target), 1, nx=True, ex=PENDING_SECONDS):
            return
        Queue(queue, connection=_of(queue)).enqueue(
            target,
            args=args,
            kwargs={"for_seconds": SHIFT_SECONDS},
            job_timeout=TIMEOUT_SECONDS,
            ttl=60,
            result_ttl=0,
            failure_ttl=3600,
        )
    except (RedisError, OSError) as error:
        logger.warning("The bell of queue %s cannot be rung (%s); the relay will look.", queue, error)


@cache
def _redis(url: str) -> Redis:
    # RQ's own connections wait for work, so their timeouts are long; whoever rings is in a request.
    return Redis.from_url(
        url,
        socket_connect_timeout=0.1,
        socket_timeout=0.15,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
