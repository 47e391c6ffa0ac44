"""Keeping the engine's documents true: note() what may be old, index_stale() writes it anew.

A note's id is drawn after the change that it is of was committed, and is the version with which documents are
written; whoever claims it reads the truth after that. The engine refuses what has a lower version than it
has: so of any number of writers, late ones too, the one that has read last wins. Nobody holds a lock while
the engine is asked, and a note is forgotten only as it was claimed: one that was drawn meanwhile stays.

Edits are claimed by whoever comes, and go first; bulk changes are one writer's: another is there for edits.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection, transaction

from catalog import locks
from catalog.models import Refreshed, StaleDocument
from catalog.search import client, documents, indices, schema
from catalog.search.client import Away
from catalog.search.indices import Write
from shop.changes import projector
from shop.changes.models import IS_PART
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

JOB = "catalog.index_stale"
BATCH = 250  # products that are read and written together
SLICE = 20.0  # seconds of a job, less than its lease: the relay has other work as well
TOGETHER = 1.0  # seconds of a bulk change's writing until it is found
FEW = 50  # products that are noted together: a merchant's edit, which is written before bulk changes

# After a promotion, or from a backup, ids may be drawn again: a later timeline's are higher all the same.
_VERSION = "(('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint << 40)"
_TABLE = StaleDocument._meta.db_table
_NEXT = f"nextval(pg_get_serial_sequence('{_TABLE}', 'id'))"

_NOTE = f"""
    INSERT INTO {_TABLE} AS known (product_id, is_bulk)
    SELECT DISTINCT id, %s OR {IS_PART} FROM unnest(%s::bigint[]) AS noted(id) ORDER BY id
    ON CONFLICT (product_id) DO UPDATE
    SET id = {_NEXT}, is_bulk = known.is_bulk AND EXCLUDED.is_bulk"""  # noqa: S608 (ours)
_CLAIM = f"""
    SELECT id, product_id, {_VERSION} + id, is_bulk FROM {_TABLE}
    WHERE is_bulk = %s AND id > %s ORDER BY id LIMIT %s"""  # noqa: S608
# In the order in which they are noted, or each would wait for the other.
_THESE = f"id = ANY(ARRAY(SELECT id FROM {_TABLE} WHERE id = ANY(%s) ORDER BY product_id FOR UPDATE))"  # noqa: S608
_FORGET = f"DELETE FROM {_TABLE} WHERE {_THESE}"  # noqa: S608
_REFRESHED = f"""
    INSERT INTO {Refreshed._meta.db_table} AS known (alias, number)
    SELECT alias, 1 FROM unnest(%s::text[]) AS told(alias) ORDER BY alias
    ON CONFLICT (alias) DO UPDATE SET number = known.number + 1"""  # noqa: S608


class Claimed(NamedTuple):
    """A note as it was read, and the version that it stands for."""

    id: int
    product_id: int
    version: int
    is_bulk: bool


def note(product_ids: Iterable[int]) -> None:
    """Their documents may be old. A projection: call it in a transaction, after the change was committed."""
    ids = list(product_ids)
    if ids and client.is_configured():
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [len(ids) > FEW, ids])
        enqueue(JOB, once=True)


def version() -> int:
    """For documents that are read from now on."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_VERSION} + {_NEXT}")
        (drawn,) = cursor.fetchone()
    return int(drawn)


def index_stale() -> bool:
    """Writes what is noted, until nothing is; whether it came so far.

    While the engine is away all notes stay, and a round of the relay asks again.
    """
    if not client.is_configured():
        return True
    engine = client.writing()
    if not engine.lets():
        return False
    until = time.monotonic() + SLICE
    try:
        with locks.alone(locks.BULK) as is_alone:
            while _write_next(has_bulk=is_alone):
                engine.worked()
                if time.monotonic() > until:
                    enqueue(JOB, once=True)
                    return False
    except Away as error:
        engine.failed()
        logger.warning("The search engine is away, what it has to be told waits: %s", error)
        return False
    engine.worked()
    return True


def _write_next(*, has_bulk: bool) -> bool:
    """Whether there was something: edits, or a bulk change until one comes or a moment is over.

    Then it is found. has_bulk: this writer is the one of bulk changes.
    """
    taken: list[Claimed] = []
    until = time.monotonic() + TOGETHER
    while claimed := claim() or (_bulk(taken) if has_bulk else []):
        taken += claimed
        write(claimed)
        if not claimed[0].is_bulk or time.monotonic() > until:
            break
    if taken:
        _settle(taken)
    return bool(taken)


def _bulk(taken: Sequence[Claimed]) -> list[Claimed]:
    """Those behind the ones that are taken and not settled."""
    return claim(is_bulk=True, after=taken[-1].id if taken else 0)


def look() -> None:
    """A round: what still waits, as the engine was away or a worker died, is asked for again."""
    if client.is_configured() and StaleDocument.objects.exists():
        with transaction.atomic():
            enqueue(JOB, once=True)


def claim(*, is_bulk: bool = False, after: int = 0) -> list[Claimed]:
    """The notes that come next, of edits or of bulk changes."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [is_bulk, after, BATCH])
        return [Claimed(*row) for row in cursor.fetchall()]


def write(claimed: Sequence[Claimed]) -> None:
    """The documents of what was claimed, to every version of every language's index.

    Versions are asked for before the truth is read: one that is made later is filled from what is true later.
    """
    there = {language: indices.versions(language) for language in schema.languages()}
    made = documents.made(each.product_id for each in claimed)
    for language, names in there.items():
        found = made[language]
        writes = [
            Write(
                each.product_id,
                each.version,
                found[each.product_id].source if each.product_id in found else None,
            )
            for each in claimed
        ]
        for name in names:
            for why in indices.write(name, writes):
                logger.error("The search engine refuses a document: %s", why)


def refreshed(languages: Iterable[str]) -> None:
    """Pages with the engine's answers in these languages are stale."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESHED, [[indices.alias(language) for language in languages]])
    projector.ring()


def is_built() -> bool:
    """Has every language an index of the kind that this release asks, as far as the database knows?"""
    asked = {indices.alias(language) for language in schema.languages()}
    return Refreshed.objects.filter(alias__in=asked).count() == len(asked)


def _settle(written: Sequence[Claimed]) -> None:
    """What was written is found, the pages that do not know it go, and it is forgotten."""
    there = []
    for language in schema.languages():
        if asked := [name for name, is_asked in indices.versions(language).items() if is_asked]:
            indices.refresh(asked)
            there.append(language)
    with transaction.atomic():
        refreshed(there)
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [[each.id for each in written]])
