"""After a test with real transactions every table is as it was after `migrate`: what was written is deleted.

Django's own way truncates each table with all its indexes and makes permissions and groups anew: that takes
half a second after each such test, and the triggers note every table that was truncated.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pgtrigger
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import DeadlockDetected
from pytest_django import DjangoDbBlocker

from checkout.models import RuleSet
from shop.changes.models import Change

TRIES = 5
LARGE = 256 * 1024  # bytes of a table from which on truncating costs less, and clears away what was deleted
_begun: dict[str, dict[str, bytes]] = {}


def contents(connection: BaseDatabaseWrapper) -> dict[str, bytes]:
    """The rows of each table, as COPY writes them, sorted; without the list of migrations."""
    return {table: _rows(connection, table) for table in _tables(connection)}


def remember(alias: str) -> None:
    """What the database begins with: to be called after `migrate`, before any test."""
    _begun[alias] = contents(connections[alias])


def empty(alias: str) -> None:
    """Put the database back to what remember() saw; waits, as TRUNCATE does, for who is still in a table.

    Who reads one table after the other, for a browser that has left, may wait for us while we wait for them.
    """
    for _again in range(TRIES):
        try:
            return _empty(alias)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _empty(alias)


def _empty(alias: str) -> None:
    connection, begun = connections[alias], _begun[alias]
    first = {table: rows for table, rows in begun.items() if rows}
    others = [table for table in begun if table not in first]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute(f"LOCK {_listed(begun)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', pg_relation_size('{table}') > {LARGE} WHERE EXISTS (SELECT FROM {table})"
                for table in others
            )
            + " UNION ALL SELECT '', current_setting('is_superuser') <> 'on'"
        )
        written = dict(cursor.fetchall())
        may_not_silence = written.pop("")
        changed = [table for table, rows in first.items() if _rows(connection, table) != rows]
        if not written and not changed:
            return
        if not may_not_silence:
            # Neither triggers nor foreign keys: what they lead to goes as well.
            cursor.execute("SET LOCAL session_replication_role = replica")
        if may_not_silence or any(written.values()):
            with pgtrigger.ignore("orders.Invoice:never_emptied"):
                cursor.execute(f"TRUNCATE {_listed(others)}")
            # What the triggers noted of that.
            cursor.execute(f"DELETE FROM {Change._meta.db_table}; DELETE FROM {RuleSet._meta.db_table}")
        else:
            cursor.execute(";".join(f"DELETE FROM {table}" for table in written) or "SELECT")
        if changed:
            _restore(connection, first)


@contextmanager
def filled(blocker: DjangoDbBlocker, fill: Callable[[], object]) -> Iterator[None]:
    """For a fixture of a module: what `fill` writes is there for each of its tests, which roll back."""
    with blocker.unblock():
        fill()
    yield
    with blocker.unblock():
        empty("default")


def _restore(connection: BaseDatabaseWrapper, first: dict[str, bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM {table}" for table in first))  # Django's foreign keys wait
        for table, rows in first.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)
    ContentType.objects.clear_cache()


def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [name for name in names if name != MigrationRecorder.Migration._meta.db_table]


def _rows(connection: BaseDatabaseWrapper, table: str) -> bytes:
    # A line is a row: COPY escapes what else would be one. What was given back may lie in another order.
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(sorted(b"".join(map(bytes, copy)).splitlines(keepends=True)))


def _listed(tables: object) -> str:
    return ", ".join(tables)  # type: ignore[call-overload]
