"""Sessions in PostgreSQL, with a copy in Redis to read; a new one is just written."""

from django.contrib.sessions.backends import base, cached_db, db
from django.db import IntegrityError, connections, router
from django.utils.crypto import get_random_string

from shop import rows


class _Rows(db.SessionStore):
    """Django wraps the INSERT of a new one in a transaction: three round trips for what is one."""

    def save(self, must_create: bool = False) -> None:
        if not must_create or connections[router.db_for_write(self.model)].in_atomic_block:
            return super().save(must_create=must_create)
        try:
            rows.insert(self.create_model_instance(self._get_session(no_load=True)))  # type: ignore[attr-defined]
        except IntegrityError:
            raise base.CreateError from None


class SessionStore(cached_db.SessionStore, _Rows):
    """Django asks the cache and the database whether a new key is taken; its INSERT asks that anyway."""

    def _get_new_session_key(self) -> str:
        """165 bits by chance; create() takes another one should the row be there."""
        return get_random_string(32, base.VALID_KEY_CHARS)
