"""drain(): claims noted changes in batches, asks the rules what follows, and does it."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models.functions import Now

from shop.changes import rules
from shop.changes.models import Change, Row
from shop.changes.rules import Effects
from shop.outbox import bell
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

BATCH = 100  # notes (of up to 1,000 rows) that are followed together


def ring() -> None:
    """After commit, tells the worker of the queue `changes` to look; the relay looks each second anyway."""
    bell.ring("changes", "shop.changes.projector.rung")


def rung(for_seconds: float) -> int:
    """drain(), in a worker whose process lives long: a connection that has ended meanwhile is another's."""
    close_old_connections()
    return drain(for_seconds=for_seconds)


def drain(
    limit: int = BATCH, *, for_seconds: float | None = None, stop: Callable[[], bool] = lambda: False
) -> int:
    """Follows open changes, and those that its own writes note, until none is left; how many."""
    started, followed = time.monotonic(), 0
    while not stop() and (for_seconds is None or time.monotonic() - started < for_seconds):
        changes = claim(limit)
        if not changes:
            break
        followed += _follow_or_divide(changes)
    return followed


def claim(limit: int = BATCH) -> list[Change]:
    """The oldest open changes, leased to the caller by the database's clock."""
    changes = Change.objects.raw(
        """
        UPDATE changes_change SET lease_until = clock_timestamp() + %(lease)s * interval '1 second'
        WHERE id = ANY(ARRAY(
            SELECT id FROM changes_change
            WHERE done_at IS NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
            ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )) RETURNING *
        """,
        {"lease": settings.CHANGES_LEASE_SECONDS, "limit": limit},
    )
    return sorted(changes, key=lambda change: change.pk)


def _follow_or_divide(changes: Sequence[Change]) -> int:
    """Follows a batch; if it fails, one by one, so that a bad change does not hold up the others.

    What fails alone stays open and comes round when its lease has run out.
    """
    try:
        follow(changes)
    except Exception as error:
        if isinstance(error, (OperationalError, InterfaceError)) and not connection.is_usable():
            raise  # the database is away: not the changes' fault
        if len(changes) > 1:
            return sum(_follow_or_divide([change]) for change in changes)
        logger.exception("Change %s cannot be followed; it is tried again.", changes[0])
        return 0
    return len(changes)


def follow(changes: Sequence[Change]) -> Effects:
    """What the rules ask for: pages are let go at once, derived rows made again; then the changes are done.

    Derived rows note changes of their own, with the same causes. Pages that could not be let go for good are
    let go again: then all of it is repeated.
    """
    effects = asked(changes)
    ids, keys = [change.pk for change in changes], frozenset(effects.keys)
    causes = sorted(set().union(*(change.causes for change in changes)))
    outcomes = [(again, let_go(keys)) for let_go, again in rules.purgers()] if keys else []
    for name, project in rules.projections().items():
        wanted = sorted(effects.projected.get(name, ()))
        for start in range(0, len(wanted), rules.CHUNK):
            with transaction.atomic():
                _name_causes(causes)
                project(wanted[start : start + rules.CHUNK])
            if len(wanted) > rules.CHUNK:
                _keep_lease(ids)
    with transaction.atomic():
        for (job, queue), jobs_ids in effects.jobs.items():
            for job_id in sorted(jobs_ids):
                enqueue(job, job_id, queue=queue, once=True)
        if all(outcome.is_marked for _again, outcome in outcomes):
            for again, outcome in outcomes:
                again(keys, causes, outcome)
            Change.objects.filter(pk__in=ids, done_at=None).update(done_at=Now(), lease_until=None)
        else:
            _lease(ids, settings.CHANGES_REPEAT_SECONDS)
    return effects


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
