"""Sends what waits: one message after the other to each receiver, to all receivers side by side.

Whoever sends to an endpoint holds its lease; a worker that dies leaves one that ends, and the next one sends
again under the same webhook-id. The database is spoken to here, the receivers in threads; no transaction is
open meanwhile. A receiver that does not answer is left alone for longer and longer, and delays nobody else.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from orders.feed import shapes, signing
from orders.feed.calling import Answer, Line, body_of
from orders.feed.replaying import locked
from orders.models import FeedDelivery, FeedEndpoint

Status = FeedDelivery.Status

SHIFT = 20.0  # seconds in which new messages are begun
AT_ONCE = 16  # receivers
NUMBERED = 500  # messages that get their sequence at once
# Seconds between one try and the next, as the Standard Webhooks propose: three days and three hours in all.
PAUSES = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
SPREAD = 0.1  # of a pause: what failed together does not come back together
SHORTEST_REST, LONGEST_REST = 5, 600  # seconds for which a failing receiver is left alone
GONE = 410
# Answers about this one message; all others say that the receiver is not well.
OF_THE_MESSAGE = frozenset({400, 409, 413, 415, 422})
OUTAGE = 3  # failures in a row: what waited for the receiver's return need not wait for its own pause


@dataclass
class _Errand:
    """A receiver whose lease we hold, and what is on its way to it."""

    endpoint: FeedEndpoint
    line: Line
    delivery: FeedDelivery | None = None
    future: "Future[Answer] | None" = None
    ends_at: float = 0.0
    is_over: bool = False


def is_due() -> bool:
    """Whether anything waits that could be sent now. Without a feed it is a look into a small table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({_READY})")
        return bool(cursor.fetchone()[0])


def deliver(seconds: float = SHIFT, stop: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due for so long; how many messages were tried."""
    began_at, tried = time.monotonic(), 0
    errands: list[_Errand] = []
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="feed")

    def is_open() -> bool:
        return not stop() and time.monotonic() - began_at < seconds

    try:
        while True:
            while is_open() and len(errands) < AT_ONCE and (endpoint := _take(seconds)) is not None:
                errands.append(_Errand(endpoint, Line(endpoint.url)))
            for errand in list(errands):
                is_at_work = errand.future is not None
                if not is_at_work and (errand.is_over or not is_open() or not _begin(errand, pool)):
                    _leave(errand)
                    errands.remove(errand)
            if not errands:
                return tried
            tried += _settle(errands)
    finally:
        for errand in errands:
            _leave(errand)
        # A look-up of a name cannot be cut short: whoever is in one is not waited for.
        pool.shutdown(wait=False, cancel_futures=True)


@transaction.atomic
def give_up_old() -> int:
    """What an endpoint that has been failing all the time was never asked to take; how many."""
    days = timedelta(seconds=sum(PAUSES))
    dead = FeedEndpoint.objects.filter(is_active=True, failing_since__lt=Now() - days)
    old = FeedDelivery.objects.filter(
        endpoint__in=dead.values("pk"), status=Status.WAITING, queued_at__lt=Now() - days
    )
    return locked(old).update(status=Status.FAILED, closed_at=Now())


_READY = """
    SELECT e.id FROM orders_feedendpoint e
    WHERE e.is_active AND (e.rest_until IS NULL OR e.rest_until <= clock_timestamp())
        AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp())
        AND EXISTS (
            SELECT FROM orders_feeddelivery d
            WHERE d.endpoint_id = e.id AND d.status = 'waiting' AND d.due_at <= clock_timestamp()
        )
"""


# By chance, so that none is always the last.
_TAKE = f"""
    UPDATE orders_feedendpoint SET lease_until = clock_timestamp() + %s * interval '1 second'
    WHERE id = ({_READY} ORDER BY random() LIMIT 1 FOR UPDATE OF e SKIP LOCKED) RETURNING *
"""  # noqa: S608 (of our own making)


def _take(seconds: float) -> FeedEndpoint | None:
    """A receiver that waits for something, leased to us until after our shift and its last call."""
    lease = seconds + settings.FEED_TIMEOUT_SECONDS * 2
    return next(iter(FeedEndpoint.objects.raw(_TAKE, [lease])), None)


def _begin(errand: _Errand, pool: ThreadPoolExecutor) -> bool:
    """Sends the next one on its way; False if none is due."""
    while (delivery := _next(errand.endpoint)) is not None:
        payload = shapes.payload(delivery)
        if payload is None:
            _write(delivery, status=Status.SKIPPED, closed_at=Now())
            continue
        now, body = timezone.now(), body_of(payload)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"{settings.SITE_NAME} feed".encode("ascii", "replace").decode(),
            **signing.headers(errand.endpoint, delivery.message_id, body, now),
        }
        errand.delivery = delivery
        errand.ends_at = time.monotonic() + settings.FEED_TIMEOUT_SECONDS
        errand.future = pool.submit(errand.line.post, body, headers)
        return True
    return False


def _next(endpoint: FeedEndpoint) -> FeedDelivery | None:
    """The first of its messages that is due. What has come in since gets its numbers."""
    waiting = FeedDelivery.objects.filter(endpoint=endpoint.pk, status=Status.WAITING)
    due = waiting.filter(due_at__lte=Now(), sequence__isnull=False).order_by("sequence")
    return due.first() or (due.first() if _number(endpoint) else None)


def _number(endpoint: FeedEndpoint) -> int:
    """Sequences for the next few, without gaps; how many.

    In the order of their ids among those that are committed: what happened to one order under its lock comes
    in that order. A transaction that is late gets the later numbers, and is never passed over.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT numbered FROM orders_feedendpoint WHERE id = %s FOR UPDATE", [endpoint.pk])
        row = cursor.fetchone()
        if row is None:
            return 0
        cursor.execute(
            "UPDATE orders_feeddelivery d SET sequence = %s + n.place FROM ("
            "  SELECT id, row_number() OVER (ORDER BY id) AS place FROM ("
            "    SELECT id FROM orders_feeddelivery WHERE endpoint_id = %s AND status = 'waiting'"
            "      AND sequence IS NULL ORDER BY id LIMIT %s FOR UPDATE"
            "  ) new"
            ") n WHERE d.id = n.id",
            [row[0], endpoint.pk, NUMBERED],
        )
        count = cursor.rowcount
        if count:
            FeedEndpoint.objects.filter(pk=endpoint.pk).update(numbered=F("numbered") + count)
        return count


def _settle(errands: list[_Errand]) -> int:
    """Waits until one has answered, or its time is over, and writes down how it went; how many did."""
    futures = [errand.future for errand in errands if errand.future is not None]
    first = min(errand.ends_at for errand in errands)
    wait(futures, timeout=max(0.0, min(0.2, first - time.monotonic())), return_when=FIRST_COMPLETED)
    ended = 0
    for errand in errands:
        if errand.future is None or errand.delivery is None:
            continue
        if errand.future.done():
            answer = errand.future.result()
        elif time.monotonic() >= errand.ends_at:
            errand.line.cut()
            answer = Answer(error="No answer in time.")
            errand.line = Line(errand.endpoint.url)
        else:
            continue
        errand.is_over = not _note(errand.endpoint, errand.delivery, answer)
        errand.delivery = errand.future = None
        ended += 1
    return ended


def _note(endpoint: FeedEndpoint, delivery: FeedDelivery, answer: Answer) -> bool:
    """The outcome of one try, at the message and at its receiver; whether that one can have the next."""
    tries = delivery.attempts + 1
    said = {
        "attempts": tries,
        "tried_at": Now(),
        "response_status": answer.status,
        "error": answer.error,
    }
    with transaction.atomic():
        if answer.is_taken:
            _write(delivery, **said, status=Status.DELIVERED, closed_at=Now())
            _well(endpoint)
            return True
        if answer.status == GONE:
            _write(delivery, **said)
            FeedEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, stopped="410 Gone")
            return False
        if tries > len(PAUSES):
            _write(delivery, **said, status=Status.FAILED, closed_at=Now())
        else:
            _write(delivery, **said, due_at=Now() + timedelta(seconds=_pause(tries, answer)))
        return answer.status in OF_THE_MESSAGE or _unwell(endpoint, answer)


def _pause(tries: int, answer: Answer) -> float:
    pause = PAUSES[tries - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)
    return max(pause, answer.retry_after or 0)


def _write(delivery: FeedDelivery, **fields: object) -> None:
    """If it still waits: somebody may have been faster, or has begun it anew."""
    held = FeedDelivery.objects.filter(pk=delivery.pk, status=Status.WAITING, attempts=delivery.attempts)
    held.update(**fields)


def _well(endpoint: FeedEndpoint) -> None:
    """It answers. After an outage all that waited for it is due at once."""
    if not endpoint.failures:
        return
    if endpoint.failures >= OUTAGE:
        waiting = FeedDelivery.objects.filter(endpoint=endpoint.pk, status=Status.WAITING, attempts__gt=0)
        locked(waiting.filter(due_at__gt=Now())).update(due_at=Now())
    endpoint.failures = 0
    FeedEndpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None, rest_until=None)


def _unwell(endpoint: FeedEndpoint, answer: Answer) -> bool:
    """It failed, and is left in peace for a while: False, it can have nothing now."""
    endpoint.failures += 1
    rest = min(SHORTEST_REST * 2 ** min(endpoint.failures - 1, 20), LONGEST_REST)
    FeedEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=endpoint.failures,
        failing_since=Coalesce("failing_since", Now()),
        rest_until=Now() + timedelta(seconds=max(rest, answer.retry_after or 0)),
    )
    return False


def _leave(errand: _Errand) -> None:
    """The lease goes back, if it is still ours; a call that is on its way ends by itself."""
    errand.line.close()
    held = FeedEndpoint.objects.filter(pk=errand.endpoint.pk, lease_until=errand.endpoint.lease_until)
    held.update(lease_until=None)
