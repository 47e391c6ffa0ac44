"""Breaker: who has failed often is left alone for a moment; then one asks, and knows for all."""

import threading
import time
from collections import deque


class Breaker:
    """What one process knows of a service that may be away, for any number of threads.

    Who asks says how it went: worked() or failed(). After `failures` in a row, or as many `within` so many
    seconds whatever worked between them, nobody is let for `seconds`; then one is, and meanwhile, for as long
    again, the others go on as if it were away. If that one fails too, the next is let after `again` seconds.
    """

    def __init__(self, *, failures: int, seconds: float, within: float = 0.0, again: float = 0.0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.within = within
        self.again = again or seconds
        self.is_open = False  # it is left alone
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._moments = deque[float](maxlen=failures)
        self._until = 0.0  # of the monotonic clock
        self._is_tried = False  # somebody was let meanwhile

    def lets(self) -> bool:
        """Whether it may be asked."""
        if not self.is_open:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                return False
            self._until = now + self.seconds
            self._is_tried = True
            return True

    def failed(self) -> bool:
        """It did not answer; whether that is news: it was asked by everybody until now."""
        with self._lock:
            now = time.monotonic()
            self._in_a_row += 1
            self._moments.append(now)
            self._until = now + (self.again if self._is_tried else self.seconds)
            self._is_tried = False
            is_many = len(self._moments) == self.failures and now - self._moments[0] <= self.within
            is_news = not self.is_open and (is_many or self._in_a_row >= self.failures)
            self.is_open = self.is_open or is_news
            return is_news

    def worked(self) -> None:
        """It answered."""
        self._in_a_row = 0
        if self.is_open:
            with self._lock:
                self._moments.clear()
                self.is_open = self._is_tried = False
