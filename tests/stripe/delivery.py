"""How the double's events come: signed, each after the other, or kept back until a test asks for them."""

import contextlib
import hmac
import itertools
import json
import queue
import threading
import time
import urllib.error
import urllib.request
from typing import Any

SECRET = "whsec_tests"


def signature(body: bytes, secret: str = SECRET, at: float | None = None) -> str:
    """The header that goes with a webhook's body."""
    when = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), b"%d." % when + body, "sha256").hexdigest()
    return f"t={when},v1={digest}"


class Delivery:
    """Posts events to `url`; while that is empty they wait in `kept`."""

    def __init__(self) -> None:
        self.url = ""
        self.kept: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self._is_over = False
        self._numbers = itertools.count(1)
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._deliver, daemon=True).start()

    def tell(self, kind: str, row: dict[str, Any]) -> None:
        event = {
            "id": f"evt_{next(self._numbers):06d}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": row},
        }
        self.told.append(event)
        if self.url:
            self._queue.put(event)
        else:
            self.kept.append(event)

    def post(self, event: dict[str, Any]) -> int:
        """Once, now; the answer's status, 0 if there was none."""
        body = json.dumps(event).encode()
        request = urllib.request.Request(
            self.url,
            body,
            {"Content-Type": "application/json", "Stripe-Signature": signature(body)},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def end(self) -> None:
        """Nothing is sent any more, not even what waits."""
        self._is_over = True
        self._queue.put(None)

    def _deliver(self) -> None:
        while event := self._queue.get():
            for pause in (0, 0.2, 1):
                time.sleep(pause)
                if self._is_over:
                    return
                with contextlib.suppress(Exception):
                    if 200 <= self.post(event) < 300:
                        break
