"""Asks several machines at once over HTTP, and waits for all of them no longer than one deadline."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

AT_ONCE = 16  # threads; further calls wait for one, within the same deadline
LONGEST = 1 << 20  # bytes of an answer; more is nobody's acknowledgement


@dataclass(frozen=True)
class Call:
    """One request. `who` names the machine to people; redirects are not followed.

    keys: what it asks for, so that whoever sent several knows what is left to ask for.
    """

    who: str
    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    keys: Collection[str] = ()


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` are found in any case."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """What the body says; None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def posting(who: str, url: str, said: object, headers: Mapping[str, str], keys: Collection[str] = ()) -> Call:
    """A call that posts JSON."""
    kind = {"Content-Type": "application/json", "Accept": "application/json"}
    return Call(who, url, "POST", {**headers, **kind}, json.dumps(said).encode(), keys)


def ask(calls: Sequence[Call], seconds: float) -> list[Answer | str]:
    """For each call its answer, or one line on why there is none. Takes `seconds` in all; never raises."""
    if not calls:
        return []
    until = time.monotonic() + seconds
    pool = ThreadPoolExecutor(min(len(calls), AT_ONCE), thread_name_prefix="edge-call")
    try:
        asked = [pool.submit(_ask, call, until) for call in calls]
        wait(asked, timeout=seconds)
        return [_outcome(future, seconds) for future in asked]
    finally:
        # Whoever is late ends by its own socket's timeout: nobody waits for it here.
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(asked: "Future[Answer]", seconds: float) -> Answer | str:
    if not asked.done():
        return f"no answer within {seconds:g} s"
    error = asked.exception()
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return f"no answer: {type(error).__name__}: {error}" if error else asked.result()


def _ask(call: Call, until: float) -> Answer:
    parts = urlsplit(call.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_left(until))
    try:
        connection.request(call.method, parts.path or "/", body=call.body or None, headers=dict(call.headers))
        response = connection.getresponse()
        body = b""
        while chunk := response.read1(1 << 16):
            body += chunk
            _left(until)  # a timeout is for one read: bytes that drip would never meet it
            if len(body) > LONGEST:
                raise HTTPException("the answer has no end")
        return Answer(response.status, response.headers, body)
    finally:
        connection.close()


def _left(until: float) -> float:
    """Seconds; raises TimeoutError if there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
