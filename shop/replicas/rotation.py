"""Which replicas are asked: those that answered last time, and now and then, by one request, the others."""

import logging
import random
import threading
import time
from collections.abc import Iterator

from django.conf import settings

logger = logging.getLogger(__name__)

UNTRIED = -1.0  # of the monotonic clock: its first try is due


class Rotation:
    """What one process knows of its replicas, for any number of threads.

    A replica that was let go rests for REPLICA_REST_SECONDS, so that one that comes and goes is not asked
    each time. Then one request tries it; until that knows better, the others go on as if it rested.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rests_until: dict[str, float] = {}  # 0: it is in rotation
        self._is_late: dict[str, bool] = {}

    def in_turn(self, *, late: bool = False) -> Iterator[str]:
        """The aliases that may be asked now, each once, in any order; late: those too that only lag."""
        for alias in random.sample(settings.DATABASE_REPLICAS, len(settings.DATABASE_REPLICAS)):
            if self._may_try(alias, late=late):
                yield alias

    def keep(self, alias: str) -> None:
        """It answered as it should."""
        with self._lock:
            was_out = self._rests_until.get(alias, UNTRIED)
            self._rests_until[alias] = 0.0
        if was_out:
            logger.info("%s is read from.", alias)

    def rest(self, alias: str, why: object, *, is_late: bool = False) -> None:
        """It leaves the rotation for a while. is_late: it answers, but what it knows is old."""
        with self._lock:
            was_in = not self._rests_until.get(alias, 0.0) or alias not in self._is_late
            self._rests_until[alias] = time.monotonic() + settings.REPLICA_REST_SECONDS
            self._is_late[alias] = is_late
        if was_in:
            logger.warning("%s is not read from for a while: %s", alias, why)

    def _may_try(self, alias: str, *, late: bool) -> bool:
        now = time.monotonic()
        with self._lock:
            until = self._rests_until.get(alias, UNTRIED)
            if until == 0.0 or (late and self._is_late.get(alias)):
                return True
            if until > now:
                return False
            self._rests_until[alias] = now + settings.REPLICA_REST_SECONDS
            return True


rotation = Rotation()
