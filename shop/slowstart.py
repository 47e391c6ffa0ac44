"""SlowStart: a service that has just come back is asked by one at a time, and by more as it answers.

As senders do on a network whose load they do not know (RFC 5681): a cold service that everybody asks at once
is late for each of them, and would be left alone again.
"""

import threading


class SlowStart:
    """How many of one process's threads may ask at once: everybody, until it begins().

    Then one, one more for each answer, and half as many after a failure; `full` at once is everybody again.
    Whom it enters() it hears of: leaves().
    """

    def __init__(self, *, full: int) -> None:
        self.full = full
        self._lock = threading.Lock()
        self._places = full
        self._taken = 0

    def begins(self) -> None:
        """It is back."""
        with self._lock:
            self._places = 1

    def enters(self) -> bool:
        """Whether one more may ask now."""
        with self._lock:
            if self._taken >= self._places < self.full:
                return False
            self._taken += 1
            return True

    def leaves(self, *, is_answered: bool) -> None:
        """One that entered is done."""
        with self._lock:
            self._taken -= 1
            if self._places < self.full:
                self._places = self._places + 1 if is_answered else max(1, self._places // 2)
