"""Doubles in a process of their own, and what a test may ask of one."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.test import override_settings

from tests.stripe.delivery import SECRET

ROOT = Path(__file__).resolve().parent.parent.parent


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


_stays = urllib.request.build_opener(_Stays)
_begun: "list[subprocess.Popen[str]]" = []


class Double:
    """At `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "PAYMENT_GATEWAY": "stripe",
            "STRIPE_SECRET_KEY": "sk_test_double",
            "STRIPE_PUBLISHABLE_KEY": "pk_test_double",
            "STRIPE_WEBHOOK_SECRETS": [SECRET],
            "STRIPE_API_BASE": self.address,
            "STRIPE_JS": f"{self.address}/v3/",
        }

    def fault(self, kind: str, path: str, times: int = 1) -> None:
        """For requests that match ("POST /v1/refunds"): slow, 500, reset, lost (done, and no answer)."""
        self._ask("fault", kind=kind, path=path, times=times)

    def webhook(self, url: str) -> None:
        self._ask("webhook", url=url)

    def post(self, *events: dict[str, Any]) -> list[int]:
        return self._ask("post", events=list(events))

    def bank(self, intent: str) -> None:
        """What takes its time has arrived."""
        self._ask("bank", intent=intent)

    def refund(self, name: str, status: str) -> None:
        """The bank's later word on money that went back: "succeeded", "failed" or "canceled"."""
        self._ask("refund", refund=name, status=status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return self._ask("events")

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self._ask("requests")

    @property
    def state(self) -> dict[str, list[dict[str, Any]]]:
        return self._ask("state")

    def token(self, number: str = "4242424242424242") -> str:
        """What the fields give for that card."""
        with urllib.request.urlopen(f"{self.address}/v3/token", f"number={number}".encode()) as answer:
            return str(json.loads(answer.read())["id"])

    def visit(self, url: str, **form: str) -> str:
        """What a buyer does on the provider's page: where it leads then, which is not gone."""
        try:
            _stays.open(url, urlencode(form).encode())
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        return ""

    def _ask(self, what: str, **said: Any) -> Any:
        body = json.dumps(said).encode()
        with urllib.request.urlopen(f"{self.address}/_double/{what}", body, timeout=60) as answer:
            return json.loads(answer.read())


@contextmanager
def running() -> Iterator[Double]:
    """One that knows of nothing yet. Its process is begun once: that takes Python a fifth of a second."""
    double = Double(_told(""))
    try:
        with override_settings(**double.settings):
            yield double
    finally:
        _told(double.address)


def end() -> None:
    """The process of all of them is over."""
    while _begun:
        process = _begun.pop()
        process.communicate(timeout=10)


def _told(line: str) -> str:
    if not _begun:
        command = [sys.executable, "-m", "tests.stripe.server"]
        pipe = subprocess.PIPE
        _begun.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))
    (process,) = _begun
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    answer = process.stdout.readline().strip()
    assert answer, "the process of the doubles is gone"
    return answer
