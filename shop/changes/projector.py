"""drain(): claims noted changes in batches, asks the rules what follows, and does it."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import ContextVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from shop.changes import rules
from shop.changes.models import IS_PART, Change, Row
from shop.changes.rules import Effects
from shop.outbox import bell
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

BATCH = 100  # notes (of up to 1,000 rows) that are followed together
RUNG = "shop.changes.projector.rung"
SMALL = 200  # rows of a note: a merchant's edit
PACKED = 8_000  # bytes that it takes in its table, at most: a larger one is not unpacked to be counted
FAILURES = 3  # after which a note that its rule cannot follow is taken for one of the whole model

_is_in_between: ContextVar[bool] = ContextVar("a long piece of work stands still", default=False)


def ring() -> None:
    """After commit, tells the worker of the queue `changes` to look; the relay looks each second anyway."""
    bell.ring("changes", RUNG)


def rung(for_seconds: float) -> int:
    """Edits, in a worker whose process lives long: a connection that has ended meanwhile is another's."""
    close_old_connections()
    bell.heard("changes", RUNG)
    return drain(for_seconds=for_seconds, small=True)


def drain(
    limit: int = BATCH,
    *,
    for_seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    small: bool = False,
) -> int:
    """Follows open changes, and those that its own writes note, until none is left; how many.

    small: those of edits, and where there is none, a few of an import. A bulk write takes minutes, and one of
    the relay's threads follows it, alone: so somebody is there for the edit that is saved meanwhile.
    """
    started, followed = time.monotonic(), 0
    while not stop() and (for_seconds is None or time.monotonic() - started < for_seconds):
        changes = claim(limit, small=True)
        if not changes:
            changes = claim(limit, small=True, parts=True) if small else claim(limit)
        if not changes:
            break
        followed += _follow_or_divide(changes)
    return followed


_OPEN = """
    done_at IS NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
    AND (NOT %(small)s OR CASE WHEN is_part <> %(parts)s OR is_whole OR pg_column_size(rows) > %(packed)s
        THEN false ELSE jsonb_array_length(rows) <= %(rows)s END)"""
# What one transaction of an import has noted is followed together: each note names the same products.
_CLAIM = f"""
    UPDATE changes_change SET lease_until = clock_timestamp() + %(lease)s * interval '1 second'
    WHERE id = ANY(ARRAY(
        SELECT id FROM changes_change WHERE {_OPEN} AND (NOT %(parts)s OR causes = (
            SELECT causes FROM changes_change WHERE {_OPEN} ORDER BY id LIMIT 1))
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )) RETURNING *"""  # noqa: S608 (a condition of ours)


def claim(limit: int = BATCH, *, small: bool = False, parts: bool = False) -> list[Change]:
    """The oldest open changes, or small ones: edits, or of an import the next `parts`; leased to the caller.

    The clock is the database's.
    """
    told = {
        "lease": settings.CHANGES_LEASE_SECONDS,
        "limit": limit,
        "small": small,
        "parts": parts,
        "packed": PACKED,
        "rows": SMALL,
    }
    changes = Change.objects.raw(_CLAIM, told)
    return sorted(changes, key=lambda change: change.pk)


def _follow_or_divide(changes: Sequence[Change]) -> int:
    """Follows a batch; if it fails, half by half, so that a bad change does not hold up the others.

    What fails alone stays open and comes round when its lease has run out. What fails so again and again has
    a row that its rule cannot read: then all that the model's rows could touch is done anew.
    """
    change = changes[0]
    if len(changes) == 1 and change.failures >= FAILURES and not change.is_whole:
        logger.error("Change %s has failed %d times: all of its model is followed.", change, FAILURES)
        change.is_whole = True
    try:
        follow(changes)
    except Exception as error:
        if isinstance(error, (OperationalError, InterfaceError)) and not connection.is_usable():
            raise  # the database is away: not the changes' fault
        if len(changes) > 1:
            logger.warning("%d changes cannot be followed together: %s", len(changes), error)
            middle = len(changes) // 2
            followed = 0
            for half in (changes[:middle], changes[middle:]):
                _keep_lease([each.pk for each in half])
                followed += _follow_or_divide(half)
            return followed
        Change.objects.filter(pk=change.pk).update(failures=F("failures") + 1)
        logger.exception("Change %s cannot be followed; it is tried again.", change)
        return 0
    return len(changes)


def follow(changes: Sequence[Change]) -> Effects:
    """What the rules ask for: pages are let go at once, derived rows made again; then the changes are done.

    Derived rows note changes of their own, with the same causes, parts if these are. Pages that could not
    be let go for good are let go again: then all of it is repeated.
    """
    effects = asked(changes)
    ids, keys = [change.pk for change in changes], frozenset(effects.keys)
    causes = sorted(set().union(*(change.causes for change in changes)))
    is_let_go = _let_go(keys, causes)
    are_parts = all(change.is_part for change in changes)
    for name, project in rules.projections().items():
        wanted = sorted(effects.projected.get(name, ()))
        for start in range(0, len(wanted), rules.CHUNK):
            with transaction.atomic():
                _name_causes(causes)
                if are_parts:
                    part_of_many()
                project(wanted[start : start + rules.CHUNK])
            if start + rules.CHUNK < len(wanted):
                _keep_lease(ids)
                _follow_small()
    with transaction.atomic():
        for (job, queue, ahead), jobs_ids in effects.jobs.items():
            for job_id in sorted(jobs_ids):
                enqueue(job, job_id, queue=queue, once=True, ahead=ahead)
        if is_let_go:
            Change.objects.filter(pk__in=ids, done_at=None).update(done_at=Now(), lease_until=None)
        else:
            _lease(ids, settings.CHANGES_REPEAT_SECONDS)
    return effects


def _let_go(keys: frozenset[str], causes: Sequence[int]) -> bool:
    """Whether the pages have gone for good, or will by what was written down for it.

    At once, not with the changes' being done: behind many derived rows the second purge would be late. Who
    dies between the two lets them go twice more.
    """
    outcomes = [(again, let_go(keys)) for let_go, again in rules.purgers()] if keys else []
    is_marked = all(outcome.is_marked for _again, outcome in outcomes)
    if is_marked and outcomes:
        with transaction.atomic():
            for again, outcome in outcomes:
                again(keys, causes, outcome)
    return is_marked


def _follow_small() -> None:
    """In the middle of many derived rows: an edit that is saved meanwhile waits for a chunk at most."""
    if _is_in_between.get():
        return
    token = _is_in_between.set(True)
    try:
        if changes := claim(small=True):
            _follow_or_divide(changes)
    finally:
        _is_in_between.reset(token)


def asked(changes: Sequence[Change]) -> Effects:
    """The effects of the changes, nothing done yet: each rule sees all rows of its model at once."""
    effects, by_model = Effects(), defaultdict[str, list[Row]](list)
    emptied: set[str] = set()
    for change in changes:
        if change.is_whole:
            emptied.add(change.model)
        else:
            by_model[change.model].extend(change.noted())
    for label in sorted({*by_model, *emptied}):
        rule = rules.rule_of(label)
        if rule is None:
            logger.error(
                "Changes of %s are noted, but it has no rule: register one with shop.changes.", label
            )
            continue
        of_rows, of_whole = rule
        if label in emptied:
            of_whole(effects)
        if by_model.get(label):
            of_rows(by_model[label], effects)
    return effects


def prune(hours: int, limit: int = 1_000) -> int:
    """Deletes at most `limit` changes that were done longer than `hours` ago; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM changes_change WHERE id = ANY(ARRAY(SELECT id FROM changes_change"
            " WHERE done_at < now() - %s * interval '1 hour' ORDER BY done_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED))",  # several relays sweep; IN might run it twice
            [hours, limit],
        )
        return cursor.rowcount


def part_of_many() -> None:
    """What this transaction changes is a part of an import, say: whatever is edited meanwhile goes first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('shop.is_part', 'on', true)")


def is_part() -> bool:
    """Whether this transaction, or what it follows, has said so."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_PART}")
        return bool(cursor.fetchone()[0])


def _name_causes(causes: Sequence[int]) -> None:
    """What this transaction changes is noted as caused by these, see Change.causes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('shop.causes', %s, true)", [",".join(map(str, causes))])


def _keep_lease(ids: Sequence[int]) -> None:
    _lease(ids, settings.CHANGES_LEASE_SECONDS)


def _lease(ids: Sequence[int], seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE changes_change SET lease_until = clock_timestamp() + %s * interval '1 second'"
            " WHERE id = ANY(%s) AND done_at IS NULL",
            [seconds, list(ids)],
        )
