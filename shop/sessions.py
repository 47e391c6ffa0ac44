"""Sessions in PostgreSQL, with a copy in Redis to read; a new one is just written."""

from django.contrib.sessions.backends import base, cached_db
from django.utils.crypto import get_random_string


class SessionStore(cached_db.SessionStore):
    """Django asks the cache and the database whether a new key is taken; its INSERT asks that anyway."""

    def _get_new_session_key(self) -> str:
        """165 bits by chance; create() takes another one should the row be there."""
        return get_random_string(32, base.VALID_KEY_CHARS)
