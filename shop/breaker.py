"""Breaker: who has failed so often in a row is left alone for a moment; then one asks, and knows for all."""

import threading
import time


class Breaker:
    """What one process knows of a service that may be away, for any number of threads.

    Who asks says how it went: worked() or failed(). After `failures` in a row nobody is let for `seconds`;
    then one is, and meanwhile, for as long again, the others go on as if it were away.
    """

    def __init__(self, *, failures: int, seconds: float) -> None:
        self.failures = failures
        self.seconds = seconds
        self._lock = threading.Lock()
        self._failed = 0
        self._until = 0.0  # of the monotonic clock

    def lets(self) -> bool:
        """Whether it may be asked."""
        if self._failed < self.failures:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                return False
            self._until = now + self.seconds
            return True

    def failed(self) -> bool:
        """It did not answer; whether that is news: it was asked by everybody until now."""
        with self._lock:
            self._failed += 1
            self._until = time.monotonic() + self.seconds
            return self._failed == self.failures

    def worked(self) -> None:
        """It answered."""
        self._failed = 0
