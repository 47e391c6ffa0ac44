"""warm: asks the edge for every public page, the most wanted first, so that visitors find them there."""

import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from catalog.queries import warmth

AT_ONCE = 4  # requests under way: a page that is slow to render holds up no other
TIMEOUT = 30.0  # seconds for a page
SHOWN = 20  # errors that are named; the others are counted
INTERRUPTED = 130  # the exit status of what Ctrl-C has ended


@dataclass
class Outcome:
    """How many pages came, how many of them lay at the edge already, and which did not come, and why."""

    asked: int = 0
    hits: int = 0
    errors: list[str] = field(default_factory=list)


class Command(BaseCommand):
    """Ctrl-C stops it; what is under way ends first."""

    help = "Fills the edge: asks it for every public page, the most popular ones first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rate", type=_positive, default=20.0, help="requests a second (default: 20)")
        parser.add_argument("--limit", type=int, help="how many pages (default: all)")
        parser.add_argument("--at-once", type=int, choices=range(1, 33), default=AT_ONCE, metavar="1-32")

    def handle(self, *args: Any, **options: Any) -> None:
        edges, outcome, began = [Edge(url) for url in _urls()], Outcome(), time.monotonic()
        total = min(warmth.number(), sys.maxsize if options["limit"] is None else max(options["limit"], 0))
        is_shown = sys.stderr.isatty() and options["verbosity"] > 0
        # The first node has a page rendered, the others find it in the origin's store.
        pages = ((edge, path) for path in islice(warmth.addresses(), total) for edge in edges)
        is_whole = True
        with ExitStack() as stack:
            bar = stack.enter_context(tqdm(total=total * len(edges), unit="page", disable=not is_shown))
            for edge in edges:
                stack.enter_context(closing(edge))
            try:
                for url, said in answers(paced(pages, options["rate"]), options["at_once"]):
                    bar.update()
                    outcome.asked += 1
                    if isinstance(said, str):
                        outcome.errors.append(f"{url}: {said}")
                    else:
                        outcome.hits += said
            except KeyboardInterrupt:
                is_whole = False
        self._tell(outcome, time.monotonic() - began, is_whole)
        if not is_whole:
            sys.exit(INTERRUPTED)
        if outcome.asked and len(outcome.errors) == outcome.asked:
            sys.exit(1)

    def _tell(self, outcome: Outcome, seconds: float, is_whole: bool) -> None:
        for error in outcome.errors[:SHOWN]:
            self.stderr.write(error)
        if unshown := len(outcome.errors[SHOWN:]):
            self.stderr.write(_("… and %d more.") % unshown)
        parts = [
            ngettext("%d page asked for", "%d pages asked for", outcome.asked) % outcome.asked,
            _("%d were there already") % outcome.hits,
            ngettext("%d error", "%d errors", len(outcome.errors)) % len(outcome.errors),
            _("%.1f seconds") % seconds,
        ]
        self.stdout.write(("" if is_whole else _("Stopped. ")) + ", ".join(parts) + ".")


class Edge:
    """Where pages are kept, asked by the name of the site; each thread has its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        site = urlsplit(settings.SITE_URL)
        self.headers = {"Host": site.netloc, "Accept-Encoding": "gzip", "User-Agent": "warm"}
        if settings.EDGE_BACKEND == "varnish":
            # Ours: it says whether a page was there, and believes what scheme we say that visitors use.
            secret = settings.EDGE_SECRET
            self.headers |= {
                "X-Edge-Debug": secret,
                "X-Edge-Secret": secret,
                "X-Forwarded-Proto": site.scheme,
            }
        self._own = threading.local()
        self._opened: list[HTTPConnection] = []

    def close(self) -> None:
        """No more is asked."""
        for connection in self._opened:
            connection.close()

    def ask(self, path: str) -> bool | str:
        """Whether it lay there already; a text says why it did not come. A closed connection is no reason."""
        try:
            try:
                return self._ask(path)
            except (ConnectionError, HTTPException):
                return self._ask(path)
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"

    def _ask(self, path: str) -> bool | str:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
            self._opened.append(connection)
        try:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()  # it opens itself again
            raise
        if answer.status >= 400:
            return str(_("answered %d") % answer.status)
        said = f"{answer.headers.get('X-Cache', '')} {answer.headers.get('CF-Cache-Status', '')}".lower()
        return "hit" in said or answer.headers.get("Age", "0") not in {"", "0"}


Page = tuple[Edge, str]


def _urls() -> list[str]:
    """EDGE_URL, if it is named; else each Varnish, which keeps its own copies; else the site itself."""
    if settings.EDGE_URL:
        return [settings.EDGE_URL]
    nodes = settings.VARNISH_NODES if settings.EDGE_BACKEND == "varnish" else []
    return list(nodes) or [settings.SITE_URL]


def paced(pages: Iterable[Page], rate: float) -> Iterator[Page]:
    """The same, no more than `rate` a second; time that was lost is not made up for."""
    due = time.monotonic()
    for page in pages:
        time.sleep(max(0.0, due - time.monotonic()))
        yield page
        due = max(due + 1 / rate, time.monotonic())


def answers(pages: Iterable[Page], at_once: int) -> Iterator[tuple[str, bool | str]]:
    """Each address with what Edge.ask says of it, as they come; never more under way than `at_once`."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="warm")
    waiting: dict[Future[bool | str], str] = {}
    try:
        for edge, path in pages:
            if len(waiting) >= at_once:
                yield from _come(waiting)
            waiting[pool.submit(edge.ask, path)] = f"{edge.url}{path}"
        while waiting:
            yield from _come(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _come(waiting: "dict[Future[bool | str], str]") -> Iterator[tuple[str, bool | str]]:
    """Takes out those that are done, after one of them is."""
    done, _others = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise ArgumentTypeError("write a number above 0")
    return number
