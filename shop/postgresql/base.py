"""Django's PostgreSQL backend, but with connections that are known to be dead, or too slow."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import DatabaseError
from psycopg import Connection, Error
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


@contextmanager
def patience(connection: Any, seconds: float) -> Iterator[None]:
    """Within, its answers may take so long, whatever the settings say; 0: as long as they like."""
    was, connection.patience = connection.patience, seconds
    try:
        yield
    finally:
        connection.patience = was
