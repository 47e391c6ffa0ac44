"""Django's PostgreSQL backend, but with connections that are known to be dead, or too slow."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import DatabaseError
from psycopg import Connection, Cursor, Error
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """A server that went has said so: there is something to read. Only then, or after an error, it is asked.

    A peer that vanished without a word is found by neither way before TCP gives up, and one that is stopped
    keeps no statement_timeout either: for that, PATIENCE_SECONDS in DATABASES, or `patience` meanwhile.
    """

    patience: float | None = None  # seconds that an answer may take now, 0: as it likes; None: see settings

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection whose answers are waited for as long as they may take, if that is told."""
        connection = super().get_new_connection(conn_params)
        connection.wait = partial(self._wait, connection)
        return connection

    def _wait(self, connection: "Connection[Any]", work: Any, *args: Any, **how: Any) -> Any:
        patience = self.settings_dict.get("PATIENCE_SECONDS") if self.patience is None else self.patience
        how.setdefault("timeout", patience or None)
        try:
            return Connection.wait(connection, work, *args, **how)
        except Error:
            # An answer that is still to come would be taken for the next one's, and be waited for once more.
            if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                connection.close()
            raise

    def prepared_cursor(self) -> Any:
        """See prepared_cursor() below."""
        self.ensure_connection()
        with self.wrap_database_errors:
            self.connection.prepare_threshold = 1 if self.settings_dict.get("PREPARES", True) else None
            return self._prepare_cursor(_Cursor(self.connection))  # type: ignore[attr-defined]

    def is_usable(self) -> bool:
        """May the next request have this connection?"""
        if self.connection is None:
            return False
        if not self.errors_occurred and self._is_quiet():
            return True
        return bool(super().is_usable())

    def _is_quiet(self) -> bool:
        watch = select.poll()
        try:
            watch.register(self.connection.fileno(), select.POLLIN)
        except (Error, DatabaseError):  # closed already, by us
            return False
        return not watch.poll(0)


class _Cursor(Cursor[Any]):
    """What begins a transaction goes out together with its BEGIN: the client sleeps once less."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        if not self._conn.autocommit and self._conn.pgconn.transaction_status == TransactionStatus.IDLE:
            with self._conn.pipeline():
                return super().execute(query, params, prepare=True, **how)
        return super().execute(query, params, prepare=True, **how)

    def _send_query_prepared(self, name: bytes, pgq: Any, **how: Any) -> None:
        self._query = pgq  # what Django shows as the last statement
        super()._send_query_prepared(name, pgq, **how)


def prepared_cursor(connection: Any) -> Any:
    """A cursor whose statements the server plans once for a connection: for texts that never change.

    Parameters go beside the text, so that each place says its type where PostgreSQL cannot tell it.
    """
    return connection.prepared_cursor()


@contextmanager
def patience(connection: Any, seconds: float) -> Iterator[None]:
    """Within, its answers may take so long, whatever the settings say; 0: as long as they like."""
    was, connection.patience = connection.patience, seconds
    try:
        yield
    finally:
        connection.patience = was
