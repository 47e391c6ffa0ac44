"""drain(): claims due messages one by one, runs each, and marks, postpones or buries it.

A lease by the database's clock is the only right to a message: who commits after its end changes nothing.
"""

import errno
import logging
import random
import smtplib
import socket
import ssl
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from shop.outbox import bell
from shop.outbox.away import Away
from shop.outbox.models import Message
from shop.outbox.outbox import UnknownJob, resolve

logger = logging.getLogger(__name__)

MAX_TRIES = 5
MAX_KILLS = 20  # claims in a row without an outcome: a job that kills its worker is buried too
FIRST_WAIT, LONGEST_WAIT = 5, 3600  # seconds
SPREAD = 0.25  # of a wait, to either side: what failed together does not come back together
# Somebody else's service is away: that is waited for, a day long, however often it was tried.
AWAY = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError, smtplib.SMTPException)
# These come as plain OSErrors, as do broken pictures and full disks, which no waiting mends.
UNREACHABLE = {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
AWAY_FOR = timedelta(hours=24)
# During a rolling deployment an old worker meets the new release's jobs: the new ones will know them.
UNKNOWN_FOR = timedelta(minutes=15)
ERROR_TAIL = 4_000  # characters of the traceback that are kept


def rung(queue: str, *, for_seconds: float) -> int:
    """What the bell calls in an RQ worker."""
    bell.heard(queue)
    return drain(queue, for_seconds=for_seconds)


def drain(queue: str, *, for_seconds: float | None = None, stop: Callable[[], bool] = lambda: False) -> int:
    """Runs what is due until nothing is left, the time is over or `stop` says so; how many ran."""
    started, ran = time.monotonic(), 0
    while not stop() and (for_seconds is None or time.monotonic() - started < for_seconds):
        message = claim(queue)
        if message is None:
            break
        run(message)
        ran += 1
    return ran


def claim(queue: str) -> Message | None:
    """The message that is due longest, leased to the caller; None if there is none to have."""
    claimed = list(
        Message.objects.raw(
            """
            UPDATE outbox_message SET
                lease_until = clock_timestamp() + %(lease)s * interval '1 second',
                tries = tries + 1, unfinished = unfinished + 1
            WHERE id = (
                SELECT id FROM outbox_message
                WHERE queue = %(queue)s AND due_at <= clock_timestamp()
                    AND done_at IS NULL AND dead_at IS NULL
                    AND (lease_until IS NULL OR lease_until < clock_timestamp())
                ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
            ) RETURNING *, clock_timestamp() - first_due_at AS overdue
            """,
            {"queue": queue, "lease": settings.OUTBOX_LEASE_SECONDS},
        )
    )
    return claimed[0] if claimed else None


def run(message: Message) -> None:
    """Runs a claimed message and writes down how it went; never raises because of the job."""
    if message.unfinished > MAX_KILLS:
        return _bury(message, f"every worker that began it died\n{message.error}".strip())
    try:
        resolve(message.job)(*message.args)
    except Exception as error:
        _failed(message, error)
    else:
        _close(message, done_at=Now(), error="")


def _failed(message: Message, error: Exception) -> None:
    text = "".join(traceback.format_exception(error))[-ERROR_TAIL:]
    is_waited_for: bool = message.overdue < _patience(error)  # type: ignore[attr-defined]
    if _is_final(error) or (message.tries >= MAX_TRIES and not is_waited_for):
        return _bury(message, text)
    wait = _wait(message.tries, error)
    logger.warning("%s failed (try %d), next in %d s: %s", message, message.tries, wait, error)
    left = {"args": error.left} if isinstance(error, Away) and error.left is not None else {}
    _close(message, due_at=Now() + timedelta(seconds=wait), error=text, **left)


def _wait(tries: int, error: Exception) -> float:
    """Seconds until the next try: ever more, spread by chance, and no fewer than the service asks for."""
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT) * random.uniform(1 - SPREAD, 1 + SPREAD)
    asked = error.retry_after if isinstance(error, Away) else None
    if asked is None or asked <= wait:
        return wait
    return min(asked, AWAY_FOR.total_seconds()) * random.uniform(1, 1 + SPREAD)


def _patience(error: Exception) -> timedelta:
    """How long a message is tried on, however often that was."""
    if isinstance(error, UnknownJob):
        return UNKNOWN_FOR
    if isinstance(error, Away) and error.is_temporary:
        return AWAY_FOR
    if isinstance(error, AWAY) or (isinstance(error, OSError) and error.errno in UNREACHABLE):
        return AWAY_FOR
    return timedelta(0)


def _is_final(error: Exception) -> bool:
    """The mail server knows none of the recipients (5xx; 4xx means: later): so it will be tomorrow."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _text in error.recipients.values()
    )


def _bury(message: Message, text: str) -> None:
    logger.error("%s is given up after %d tries: %s", message, message.tries, text)
    _close(message, dead_at=Now(), error=text)


def _close(message: Message, **fields: object) -> None:
    """Writes the outcome if the lease still holds: a late one is somebody else's by now."""
    held = Message.objects.filter(pk=message.pk, lease_until=message.lease_until, done_at=None, dead_at=None)
    if not held.update(lease_until=None, unfinished=0, **fields):
        logger.warning("%s ran longer than its lease: its outcome is left to whoever has it now.", message)


def replay(ids: Sequence[int]) -> int:
    """Dead letters start anew; how many."""
    return Message.objects.filter(pk__in=ids, dead_at__isnull=False).update(
        dead_at=None, due_at=Now(), first_due_at=Now(), lease_until=None, tries=0, unfinished=0
    )


def prune(days: int, limit: int = 1_000) -> int:
    """Deletes at most `limit` messages that were done longer than `days` ago; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM outbox_message WHERE id = ANY(ARRAY(SELECT id FROM outbox_message"
            " WHERE done_at < now() - %s * interval '1 day' ORDER BY done_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED))",  # several relays sweep; IN might run it twice
            [days, limit],
        )
        return cursor.rowcount
