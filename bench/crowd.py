"""Who asks: addresses as often as in a large shop, and a generator on one core."""

import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from bench.place import CLONE

SECONDS = 5
CONNECTIONS = 32
SAMPLE = 50_000  # addresses, then from the first again
# Of goodbooks-10k: ratings a title. The share of all that the most popular tenth has, and the hundredth.
TENTH, HUNDREDTH = 0.571, 0.234
# Of the requests: lists are fewer than goods, and more in demand. Ours: no shop's own figures are published.
CATEGORIES, HOME, SEARCHES = 0.25, 0.05, 0.05
# Queries of real shoppers with how often each was asked, where the folder of real data lies beside the clone.
QUERIES = CLONE.parent / "shared" / "data" / "traffic" / "algolia-bestbuy-query-suggestions.json"
MOST_QUERIES = 200


@dataclass
class Load:
    """What one run of the generator saw."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def rps(self) -> float:
        return self.requests / self.seconds


def pages(database: str) -> dict[str, float]:
    """Addresses and their shares of the requests, which sum up to 1."""
    with psycopg.connect(database) as line:
        goods = line.execute(
            "SELECT slug FROM catalog_product WHERE is_published ORDER BY popularity DESC, id"
        )
        products = [f"/p/{slug}/" for (slug,) in goods]
        lists = line.execute(
            "SELECT slug FROM catalog_category c WHERE EXISTS (SELECT FROM catalog_card"
            " WHERE categories @> ARRAY[c.id::bigint]) ORDER BY depth, path"
        )
        categories = [f"/c/{slug}/" for (slug,) in lists]
    searches = _searches()
    home, found = HOME, SEARCHES if searches else 0.0
    shares = {"/": home}
    for some, share in ((categories, CATEGORIES), (products, 1 - home - CATEGORIES - found)):
        shares |= dict(zip(some, (share * part for part in curve(len(some))), strict=True))
    total = sum(searches.values())
    return shares | {path: found * count / total for path, count in searches.items()}


def _searches() -> dict[str, int]:
    if not QUERIES.exists():
        return {}
    said = json.loads(QUERIES.read_text())
    counted = sorted(((row["popularity"], row["query"]) for row in said if row["popularity"]), reverse=True)
    return {f"/search/?{urlencode({'q': query})}": count for count, query in counted[:MOST_QUERIES]}


def curve(number: int) -> list[float]:
    """Shares of so many pages, the most popular first, that sum up to 1.

    1/(rank + q)^s: the most popular tenth has its share exactly, the hundredth as nearly as a q gives it.
    """
    best: list[float] = []
    for q in (0, 1, 3, 10, 30, 100):
        low, high = 0.0, 3.0
        for _halved in range(30):
            s = (low + high) / 2
            low, high = (s, high) if _top(_zipf(number, s, q), 10) < TENTH else (low, s)
        made = _zipf(number, low, q)
        if not best or abs(_top(made, 100) - HUNDREDTH) < abs(_top(best, 100) - HUNDREDTH):
            best = made
    return best


def _zipf(number: int, s: float, q: float) -> list[float]:
    parts = [(rank + q) ** -s for rank in range(1, number + 1)]
    total = sum(parts)
    return [part / total for part in parts]


def _top(shares: list[float], of: int) -> float:
    return sum(shares[: max(1, len(shares) // of)])


def asked(shares: dict[str, float]) -> list[str]:
    """Addresses in an order of chance, the same in every run."""
    weights = list(accumulate(shares.values()))
    return random.Random(1).choices(list(shares), cum_weights=weights, k=SAMPLE)


def generator() -> str:
    """wrk, or our own loop, which is slower than any Varnish: its ratio says nothing."""
    return "wrk" if shutil.which("wrk") else "own"


def load(port: int, addresses: Path, core: int, *, rate: int | None = None) -> Load:
    """Asks for SECONDS on that core, as fast as answers come, or at a rate; times begin with the sending."""
    if generator() == "own":
        return _own(port, addresses.read_text().split(), core)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(CLONE / "bench" / "edge.lua")]
    command += [f"http://127.0.0.1:{port}", "--", str(addresses), *([str(rate)] if rate else [])]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    return Load(**json.loads(done.stdout.strip().splitlines()[-1]))


def _own(port: int, addresses: list[str], core: int) -> Load:
    connection, failed = http.client.HTTPConnection("127.0.0.1", port), 0
    times: list[float] = []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    began = time.perf_counter()
    while (sent := time.perf_counter()) < began + SECONDS:
        connection.request("GET", addresses[len(times) % len(addresses)], headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        failed += answer.status >= 400
        times.append((time.perf_counter() - sent) * 1000)
    os.sched_setaffinity(0, cores)
    cuts = [round(cut, 3) for cut in statistics.quantiles(times, n=100)]
    return Load(len(times), time.perf_counter() - began, failed, cuts[49], cuts[94], cuts[98])
