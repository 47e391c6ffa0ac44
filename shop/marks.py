"""Marks: when a key was last changed, and what a replica must have replayed to know of it.

A key falls into one of 65,536 slots, which keep the counter of their last mark and the primary's LSN of then.
They lie in one Redis hash beside a random epoch: a flush takes both, and what another epoch said is void.
Only marks.lua, run by the server, writes there: two clients that read, then write, lower each other's marks.
"""

import secrets
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shop.breaker import Breaker

SLOTS = 65_536
FAILURES, REST = 3, 1.0  # in a row; seconds in which then no page waits for a Redis that is stopped
TRIES = 5  # each fails only if the epoch has changed in the middle of it
ACTS = Path(__file__).with_suffix(".lua").read_text()
# The server runs what the first argument names.
CALL = "\nreturn act[ARGV[1]](unpack(ARGV, 2))"
SCRIPT = ACTS + CALL


class MarksAway(Exception):
    """Redis refuses, is slow or stopped, or its epoch does not hold still: nothing is known of any key."""


class Position(NamedTuple):
    """How far a server's WAL has got. An LSN (bytes, below 2^64) says nothing on another timeline."""

    timeline: int
    lsn: int


class Begun(NamedTuple):
    """What stood before a page began. The epoch began at `floor`: who has not replayed that is behind."""

    epoch: str
    counter: int
    floor: Position


class Verdict(NamedTuple):
    """marked: one of the keys, since it began. behind: what was read is older than one of their marks."""

    marked: bool
    behind: bool


class Marks:
    """The marks of one namespace, for any number of threads. All but begin() raise MarksAway."""

    def __init__(self, namespace: str) -> None:
        self.hash = f"shop:marks:{namespace}"

    def begin(self) -> Begun | None:
        """Before a page's first statement, in one round trip; None without Redis, or without an epoch."""
        try:
            return self._epoch()
        except (MarksAway, DatabaseError):
            return None

    def judge(self, begun: Begun, keys: Iterable[str], replayed: Position | None = None) -> Verdict:
        """After rendering, in one round trip. replayed: a replica's before its first read; None: primary."""
        found = self._do("judge", begun.epoch, told(keys))
        if not found:
            return Verdict(marked=True, behind=replayed is not None)
        needed = max(begun.floor.lsn, int(found[1]))
        behind = replayed and (replayed.timeline != begun.floor.timeline or replayed.lsn < needed)
        return Verdict(marked=int(found[0]) > begun.counter, behind=bool(behind))

    def mark(self, keys: Iterable[str], epoch: str, at: Position) -> int | None:
        """Raises the counter and sets it for all keys, and the LSN where it is not higher yet; the counter.

        at: the primary's, read after `epoch` was, and after the changed rows were seen. None, and nothing is
        marked, if the epoch is another by now, or of another timeline: read both again.
        """
        counter = self._do("mark", epoch, at.timeline, f"{at.lsn:020}", told(keys), insists=True)
        return int(counter) if counter else None

    def mark_now(self, keys: Iterable[str]) -> Position:
        """Marks what has been committed; with which position. Raises the database's errors as they are.

        RuntimeError inside a transaction: before its COMMIT the LSN is too low, and a stale replica passes.
        """
        keys = list(keys)
        for _ in range(TRIES):
            begun = self._epoch(insists=True)
            with transaction.atomic(durable=True):
                at = primary_position()
            if at.timeline != begun.floor.timeline:
                self._epoch(ended=begun.epoch, insists=True)
            elif self.mark(keys, begun.epoch, at) is not None:
                return at
        raise MarksAway(f"The epoch of {self.hash} changed {TRIES} times.")

    def follow_timeline(self) -> int:
        """Ends an epoch of another timeline than the primary's, which it returns.

        Who has not purged `html` for this timeline yet does so. Redis forgets: the database knows for which.
        """
        begun, timeline = self._epoch(insists=True), primary_position().timeline
        if timeline != begun.floor.timeline:
            self._epoch(ended=begun.epoch, insists=True)
        return timeline

    def _epoch(self, ended: str = "", *, insists: bool = False) -> Begun:
        """The epoch that stands; if there is none but the `ended`, a new one from the primary's LSN."""
        for _ in range(TRIES):
            said, *known = self._do("begin", secrets.token_hex(8), ended, insists=insists)
            epoch = said.decode()
            if known:
                counter, timeline, lsn = map(int, known)
                return Begun(epoch, counter, Position(timeline, lsn))
            # Read after the proposal, it is later than every mark that a flush before it has taken.
            at = primary_position()
            self._do("settle", epoch, at.timeline, f"{at.lsn:020}", insists=insists)
        raise MarksAway(f"No epoch of {self.hash} stood in {TRIES} proposals.")

    def _do(self, act: str, *args: str | int, insists: bool = False) -> Any:
        return run(SCRIPT, [self.hash], (act, *args), insists=insists)


pages = Marks("pages")
customers = Marks("customers")  # read-your-writes; thousands of them an hour make no page render again


def slots(keys: Iterable[str]) -> set[int]:
    """The slots of these keys, the same in every process and release; keys that share one cost a render.

    crc32: written in C, it spreads numbered keys evenly; marked keys are the shop's own, nobody picks them.
    """
    return {zlib.crc32(key.encode("utf-8", "replace")) % SLOTS for key in keys}


def lsn_of(text: str) -> int:
    """PostgreSQL's X/Y as the number of bytes that it means; ValueError if it is none."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def primary_position() -> Position:
    """Of the primary, now. Raises the database's errors: OperationalError on a standby."""
    with connection.cursor() as cursor:
        # pg_control_checkpoint() has the old timeline until the first checkpoint after a promotion.
        cursor.execute("SELECT at::text, left(pg_walfile_name(at), 8) FROM pg_current_wal_insert_lsn() AS at")
        at, timeline = cursor.fetchone()
    return Position(int(timeline, 16), lsn_of(at))


def run(script: str, keys: list[str], args: Iterable[str | int | bytes], *, insists: bool = False) -> Any:
    """What a script says, which the server runs whole; MarksAway if not within REDIS_TIMEOUT_MS.

    Of a server that has not answered FAILURES times in a row that is said at once, for REST seconds; not to
    who insists: a mark that was not even tried is missed by pages of those who know that Redis is back.
    """
    url = settings.MARKS_URL
    breaker = _breaker(url)
    if not (insists or breaker.lets()):
        raise MarksAway(f"{keys[0]} cannot be had: Redis has not answered a moment ago")
    try:
        said = _script(url, settings.REDIS_TIMEOUT_MS / 1000, script)(keys, args)
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        breaker.failed()
        raise MarksAway(f"{keys[0]} cannot be had: {error}") from error
    except RedisError as error:  # an answer
        breaker.worked()
        raise MarksAway(f"{keys[0]} cannot be had: {error}") from error
    breaker.worked()
    return said


def told(keys: Iterable[str]) -> str:
    """The slots of these keys as the script takes them."""
    return " ".join(map(str, slots(keys)))


@cache
def _breaker(url: str) -> Breaker:
    return Breaker(failures=FAILURES, seconds=REST)


@cache
def _script(url: str, timeout: float, script: str) -> Script:
    # Unlike Redis(), from_url() does not retry.
    waits = {"socket_connect_timeout": timeout, "socket_timeout": timeout}
    return Redis.from_url(url, **waits).register_script(script)
