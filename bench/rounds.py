"""Rounds of random edits on a running stack, and what became of its pages."""

import contextlib
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connections

from bench.edits import AROUND, Edits
from bench.faults import FAULTS, NONE, Faults
from bench.oracle import Oracle, Told, beside, everywhere, settled, wrong_cards
from shop import marks
from shop.edge.models import State

AT_ONCE = 20  # edits between two comparisons, at most; half of these times it is one
LOST = 10  # edits that the primary takes with it
SHOWN = 5  # of the stale pages
SETTLED_SECONDS = 900  # a tax rate stands in every price of a large catalogue


@dataclass
class Seen:
    """What became of it."""

    edits: int = 0
    compared: int = 0  # pages
    stale: int = 0
    let_go: int = 0
    changed: int = 0
    visits: int = 0
    errors: int = 0  # of 500 and above, that a visitor saw
    wrong_cards: int = 0
    faults: dict[str, int] = field(default_factory=dict)


class Rounds:
    """Edits, then a look at the pages; again and again. true: the port of a node that tells what is true."""

    def __init__(self, home: Path, settings: dict[str, str], true: int, seed: int, goods: list[int]) -> None:
        self.edge = edge = urlsplit(settings["VARNISH_NODES"]).port or 80
        self.secret = settings["EDGE_SECRET"]
        self.oracle = Oracle(
            lambda path: asked(edge, path)[0], lambda path: asked(true, path)[0], seed, goods
        )
        self.edits, self.faults = Edits(seed, goods), Faults(home, settings["REDIS_URL"])
        self.edits.number = int(time.time())  # addresses of a run before are taken
        self.seen, self.before, self.kept = Seen(), dict[str, Told](), set[str]()

    def edit(self, wanted: int) -> None:
        """Until there were so many."""
        drawn, until = self.oracle.random, self.seen.edits + wanted
        while (left := until - self.seen.edits) > 0:
            count = min(drawn.choice((1, drawn.randint(2, AT_ONCE))), left)
            is_calm = drawn.choice((True, False))
            fault = NONE if is_calm else drawn.choice(FAULTS)
            with contextlib.ExitStack() as meanwhile:
                if not is_calm:
                    meanwhile.enter_context(self.visitors())
                with self.faults.suffering(fault):
                    made = [self.edits.any(but=AROUND if count > 1 else ()) for _ in range(count)]
                self.look(f"{', '.join(made)}; {fault}", edits=count, counts=is_calm)
            self.seen.faults[fault] = self.seen.faults.get(fault, 0) + 1

    def look(self, after: str, *, edits: int, counts: bool) -> None:
        """Waits until all is followed; then every page must be true."""
        began = time.monotonic()
        settled(SETTLED_SECONDS)
        took = time.monotonic() - began
        time.sleep(1.0)
        addresses, first = self.oracle.learn(), list[str]()
        if counts:  # what the first visitor is sent counts as well
            known = [address for address in addresses if address in self.kept]
            kept = everywhere(lambda address: asked(self.edge, address, self.secret), known)
            true = everywhere(self.oracle.truth, known)
            first = [path for path, (told, _), each in zip(known, kept, true, strict=True) if told != each]
            self.seen.let_go += sum(cache != "hit" for _told, cache in kept)
            self.seen.changed += sum(
                self.before[address] != each for address, each in zip(known, true, strict=True)
            )
        stale = [*first, *self.oracle.stale(addresses)]
        self.before = dict(zip(addresses, everywhere(self.oracle.truth, addresses), strict=True))
        everywhere(self.oracle.edge, addresses)
        time.sleep(1.1)  # what took long to render was kept for a second only, and is let go by nobody
        caches = everywhere(lambda address: asked(self.edge, address, self.secret)[1], addresses)
        self.kept = {address for address, cache in zip(addresses, caches, strict=True) if cache == "hit"}
        self.seen.edits += edits
        self.seen.compared += len(addresses)
        self.seen.stale += len(stale)
        told = f"{self.seen.edits} edits ({after}), settled in {took:.1f} s"
        if counts:
            told += f", {self.seen.let_go} pages let go in all, {self.seen.changed} had changed"
        sys.stderr.write("\n".join([f"{told}, {len(stale)} stale", *stale[:SHOWN]]) + "\n")

    def compare_cards(self) -> None:
        """Those of all that was edited."""
        self.seen.wrong_cards += wrong_cards(self.oracle.goods or [])

    def promote(self) -> None:
        """The primary dies with edits that it never sent: pages that show them are stale at once."""
        self.faults.silence()
        for _ in range(LOST):
            self.edits.make("rename")
        self.look(f"{LOST} that will be lost", edits=LOST, counts=False)
        self.faults.promote()
        began = time.monotonic()
        connections.close_all()
        while State.objects.get().timeline != marks.primary_position().timeline:
            time.sleep(0.05)
        took = time.monotonic() - began
        self.look(f"the replica is the primary, seen {took:.1f} s after", edits=0, counts=False)

    @contextlib.contextmanager
    def visitors(self) -> Iterator[None]:
        """Two who ask for one page after the other."""

        def visit() -> None:
            address = random.choice(("", "/gb")) + random.choice(list(self.oracle.known))
            (status, _location, _body), _cache = asked(self.edge, address)
            self.seen.visits += 1
            self.seen.errors += status >= 500

        with beside(visit, 0.02), beside(visit, 0.03):
            yield


def asked(port: int, path: str, secret: str = "") -> tuple[Told, str]:
    """What a visitor sees of the answer; and whether the edge had it, for who knows its secret."""
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    said: dict[str, Any] = {"Host": "127.0.0.1", "Accept-Encoding": "identity"}
    try:
        line.request("GET", path, headers={**said, **({"X-Edge-Debug": secret} if secret else {})})
        answer = line.getresponse()
        told = (answer.status, answer.headers.get("Location", ""), answer.read())
        return told, answer.headers.get("X-Cache", "")
    finally:
        line.close()
