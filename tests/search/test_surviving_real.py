"""A real engine is stopped, killed and restarted under load, with the true 300 ms; only when it is asked for.

MORTAL_ENGINE is the address of an Elasticsearch that may be killed, and MORTAL_ENGINE_START a command that
starts it again there. It ends with a line of figures for each fault (pytest -s).
"""

import faulthandler
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.db import connection
from django.test import Client

from catalog.search import client, rebuilding
from tests.engines import PATIENCE_MS, follow
from tests.factories import make_category, make_product
from tests.search.asking import timed
from tests.search.faulty import until

ADDRESS, START = os.environ.get("MORTAL_ENGINE", ""), os.environ.get("MORTAL_ENGINE_START", "")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (ADDRESS and START), reason="MORTAL_ENGINE names none that may be killed"),
]

THREADS = 8
LIMIT = 0.3  # seconds that a page may wait
MARGIN = 0.3  # of a busy machine with eight threads of one process
WELL, AWAY = 4.0, 8.0  # seconds
WARM = 40
PAUSE = 0.05  # seconds that somebody looks at a page: the engine has to start beside them
BACK = 60.0
STARTS = 240.0


@dataclass(frozen=True)
class Page:
    """One answer. waited: for the engine, all in all; asked: how often."""

    at: float
    status: int
    is_plain: bool
    seconds: float
    waited: float
    asked: int


@dataclass
class Shoppers:
    """Eight that search all the time, each time for what nobody has kept."""

    pages: list[Page] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    _waiting: threading.local = field(default_factory=threading.local)
    _numbers: Iterator[int] = field(default_factory=count)

    def note(self, seconds: float) -> None:
        """Somebody has asked the engine."""
        asked = getattr(self._waiting, "asked", None)
        if asked is not None:  # else it is no shopper's thread
            asked.append(seconds)

    def search(self) -> None:
        try:
            while not self.is_over.wait(PAUSE):
                self._waiting.asked = asked = []
                began_at = time.monotonic()
                # "harbour moon" has all words nowhere: the engine is asked twice.
                word = "harbour moon" if next(self._numbers) % 2 else "poster"
                told = Client().get("/search/", {"q": word, "max": 1_000 + next(self._numbers)})
                now = time.monotonic()
                kept = told.page_seconds  # type: ignore[attr-defined]
                is_right = told.status_code == 200 and "Harbour poster" in told.content.decode()
                status = told.status_code if is_right else 999
                self.pages.append(Page(began_at, status, kept <= 60, now - began_at, sum(asked), len(asked)))
        finally:
            connection.close()

    def since(self, moment: float) -> list[Page]:
        return [page for page in list(self.pages) if page.at >= moment]


def server() -> int:
    """The process that listens there; 0: none does."""
    port = f":{urlsplit(ADDRESS).port:04X}"
    lines = [Path(f"/proc/net/{name}").read_text().splitlines() for name in ("tcp", "tcp6")]
    rows = [line.split() for found in lines for line in found]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == "0A"}
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(entry) in sockets:
                return int(entry.parts[2])
    return 0


def answers() -> bool:
    with suppress(OSError), urlopen(f"{ADDRESS}/_cluster/health?wait_for_status=yellow", timeout=5) as told:
        return json.load(told)["status"] in {"yellow", "green"}
    return False


def start() -> None:
    """Until it is there; what it had it still has."""
    told = subprocess.DEVNULL
    subprocess.run(START, shell=True, check=False, stdout=told, stderr=told)
    assert until(answers, STARTS)


def end(number: int) -> Callable[[], None]:
    def ended() -> None:
        os.kill(server(), number)
        assert until(lambda: not server(), STARTS)

    return ended


def stopped(number: int) -> Callable[[], None]:
    return lambda: os.kill(server(), number)


FAULTS = {
    "SIGSTOP": (stopped(signal.SIGSTOP), stopped(signal.SIGCONT)),
    "kill -9": (end(signal.SIGKILL), start),
    "restart": (end(signal.SIGTERM), start),
}


@pytest.fixture
def shoppers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shoppers]:
    """They have begun, and the engine answers."""
    settings.ELASTICSEARCH_URL = ADDRESS
    settings.ELASTICSEARCH_PREFIX = f"mortal-{os.getpid()}"
    settings.ELASTICSEARCH_TIMEOUT_MS = PATIENCE_MS
    monkeypatch.setattr(rebuilding, "GRACE", 0.0)
    wall = make_category("Wall")
    for name in ("Harbour", "Dune", "Fern", "Moon"):
        make_product(f"{name} poster", category=wall)
    follow()
    rebuilding.reindex()
    for _ in range(WARM):  # before there is a hurry
        Client().get("/search/", {"q": "poster"})
        Client().get("/search/", {"q": "harbour moon"})
    settings.ELASTICSEARCH_TIMEOUT_MS = int(LIMIT * 1000)
    crowd = Shoppers()
    timed(monkeypatch, crowd.note)
    client.forget()
    threads = [threading.Thread(target=crowd.search) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield crowd
    finally:
        crowd.is_over.set()
        for thread in threads:
            thread.join()
        names = client.writer().indices.get_alias(index=f"mortal-{os.getpid()}-*")
        client.writer().indices.delete(index=",".join(names), ignore_unavailable=True)
        client.forget()


@pytest.mark.parametrize("fault", FAULTS)
def test_nobody_sees_an_error_and_few_wait(shoppers: Shoppers, fault: str) -> None:
    faulthandler.cancel_dump_traceback_later()  # an engine takes its time to start, as no test may
    begins, ends = FAULTS[fault]
    time.sleep(WELL)
    assert until(lambda: not shoppers.since(0.0)[-1].is_plain, BACK), "it answers, or this tells nothing"
    begun_at = time.monotonic()
    begins()
    assert until(lambda: client._engine().breaker.is_open, AWAY)
    open_at = time.monotonic()
    time.sleep(AWAY)
    away_for = time.monotonic()
    ends()
    back_at = time.monotonic()
    is_back = until(lambda: any(not page.is_plain for page in shoppers.since(back_at)), BACK)
    found_at = time.monotonic()
    shoppers.is_over.set()

    every = shoppers.since(0.0)
    hit = [page for page in every if begun_at - LIMIT <= page.at < open_at]
    away = [page for page in every if open_at < page.at < away_for]
    figures = {
        "fault": fault,
        "pages": len(every),
        "errors": sum(page.status != 200 for page in every),
        "opened_after_s": round(open_at - begun_at, 2),
        "waited_before_max_s": round(max(page.waited for page in hit), 3),
        "waited_after_max_s": round(max(page.waited for page in away), 3),
        "asked_after": sum(page.asked for page in away),
        "recovered_after_s": round(found_at - back_at, 1),
    }
    sys.stdout.write(f"\n{json.dumps(figures)}\n")
    assert figures["errors"] == 0
    assert figures["waited_before_max_s"] < LIMIT + MARGIN
    assert figures["asked_after"] == 0
    assert is_back
