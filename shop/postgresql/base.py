"""Django's PostgreSQL backend, but each request's first question is no statement: is the connection alive?"""

import select

from django.db.backends.postgresql import base
from django.db.utils import DatabaseError
from psycopg import Error


class DatabaseWrapper(base.DatabaseWrapper):
    """A server that went has said so: there is something to read. Only then, or after an error, it is asked.

    A peer that vanished without a word is found by neither way before TCP gives up.
    """

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
