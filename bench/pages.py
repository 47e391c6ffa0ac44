"""make bench-pages: what a public page costs the app, cold: CPU per request, time to answer, statements.

One gunicorn worker on one core, one client on another; the worker's own user and system time divided by
the requests. Every request has another address, so that no cache but PostgreSQL's own has seen it. A Django
that does nothing is measured beside them: `of_budget` is a page's cost in units of it, against its budget.
"""

import contextlib
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import django
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tqdm import tqdm

from bench import place
from bench.nodes import cpu_seconds

ROUNDS, REQUESTS = 3, 100
QUICK, OFTEN = {"hello"}, 10  # asked for more often: the system counts CPU in hundredths of a second
# Milliseconds of CPU, cold, on a machine where a bare Django's request under this server costs REFERENCE.
BUDGETS = {"home": 8.0, "category": 8.0, "product": 5.0, "search": 8.0}
REFERENCE = 0.37
SIZES = (None, 100_000)
HELLO = "/healthz"
CORES = os.sched_getaffinity(0)
WORDS = (
    "oak",
    "night",
    "harbour tiles",
    "notebook",
    "fern",
    "blue poster",
    "citrus",
    "letter",
    "hills",
    "sun",
)


def main() -> None:
    """Each size is measured in a process of its own, as Django keeps to one database; one line for both."""
    if sys.argv[1:]:
        products = int(sys.argv[1]) or None
        with place.shop(products) as home:
            django.setup()
            sys.stdout.write(json.dumps(measure(home)))
        return
    sizes = {}
    for size in SIZES:
        command = [sys.executable, "-m", "bench.pages", str(size or 0)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=place.CLONE)
        sizes[str(size or "demo")] = json.loads(answer.stdout)
    sys.stdout.write(json.dumps({"bench": "pages", "unit": "ms", "cards_a_page": 40, "sizes": sizes}) + "\n")


def measure(home: Path) -> dict[str, dict[str, float]]:
    """The figures of each page: medians of the rounds, and the CPU's spread.

    Before each page the Django that does nothing is asked: a machine's other guests slow both alike.
    """
    asked = addresses()
    bare = asked.pop("bare")
    cpu: dict[str, list[float]] = {page: [] for page in ("bare", *asked)}
    ratio: dict[str, list[float]] = {page: [] for page in asked}
    wall: dict[str, list[float]] = {page: [] for page in ("bare", *asked)}
    rounds = [(page, paths) for _round in range(ROUNDS) for page, paths in asked.items()]
    log = home / "web.log"
    with served("bench.bare", place.PORT + 1, log) as reference, served("shop.wsgi", place.PORT, log) as shop:
        for page, paths in tqdm(rounds, "Pages", file=sys.stderr, leave=False):
            unit, quick = ask(reference, place.PORT + 1, [next(bare) for _ in range(OFTEN * REQUESTS)])
            number = REQUESTS * (OFTEN if page in QUICK else 1)
            spent, times = ask(shop, place.PORT, [next(paths) for _ in range(number)])
            cpu["bare"].append(unit)
            wall["bare"] += quick
            cpu[page].append(spent)
            wall[page] += times
            ratio[page].append(spent / unit)
    return {
        page: {
            "cpu": round(statistics.median(cpu[page]), 2),
            "cpu_spread": round(max(cpu[page]) - min(cpu[page]), 2),
            "wall_p50": round(statistics.median(wall[page]), 1),
            "wall_p95": round(statistics.quantiles(wall[page], n=20)[-1], 1),
            **(
                {"of_budget": round(statistics.median(ratio[page]) * REFERENCE / BUDGETS[page], 2)}
                if page in BUDGETS
                else {}
            ),
            "queries": queries(next(asked[page])) if page in asked else 0,
        }
        for page in cpu
    }


def addresses() -> dict[str, Iterator[str]]:
    """Endless addresses of each kind of page; the same ones in every run."""
    from catalog.models import AttributeValue, Card, Category  # noqa: PLC0415 (after django.setup)

    chance = random.Random(1)
    slugs = list(Card.objects.filter(market="eu").order_by("?").values_list("slug", flat=True)[:2_000])
    categories = list(Category.objects.filter(depth=1).values_list("slug", flat=True))
    colours = list(AttributeValue.objects.filter(attribute__code="colour").values_list("slug", flat=True))

    def endless(make: Callable[[int], str]) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield make(number)

    def category(number: int) -> str:
        filters = {"colour": chance.choice(colours), "max": 60 + number, "sort": "price"}
        return f"/c/{chance.choice(categories)}/?{urlencode(filters)}"

    return {
        "bare": endless(lambda number: HELLO),
        "hello": endless(lambda number: HELLO),
        "home": endless(lambda number: "/"),
        "category": endless(category),
        "product": endless(lambda number: f"/p/{slugs[number % len(slugs)]}/"),
        "search": endless(lambda number: f"/search/?q={quote_plus(chance.choice(WORDS))}&max={60 + number}"),
    }


@contextlib.contextmanager
def served(app: str, port: int, path: Path) -> Iterator[int]:
    """A worker of that application on the first core; its process id."""
    command = [sys.executable, "-m", "gunicorn", f"{app}:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "1", "--no-control-socket"]
    with path.open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=place.CLONE)
        try:
            os.sched_setaffinity(server.pid, {min(CORES)})
            worker = _worker(server, port)
            os.sched_setaffinity(0, {max(CORES)})
            yield worker
        finally:
            os.sched_setaffinity(0, CORES)
            server.terminate()
            server.wait(10)


def _worker(server: "subprocess.Popen[bytes]", port: int) -> int:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    for _try in range(300):
        with contextlib.suppress(OSError):
            if (pids := children.read_text().split()) and get(
                http.client.HTTPConnection("127.0.0.1", port), HELLO
            ):
                return int(pids[0])
        time.sleep(0.1)
    raise SystemExit(f"gunicorn did not start: see the logs in {place.HOME}")


def ask(pid: int, port: int, paths: list[str]) -> tuple[float, list[float]]:
    """Milliseconds of CPU for each of the requests on average, and those until each was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    get(connection, paths[0])
    times = []
    before = cpu_seconds(pid)
    for path in paths:
        began = time.perf_counter()
        get(connection, path)
        times.append((time.perf_counter() - began) * 1000)
    spent = cpu_seconds(pid) - before
    connection.close()
    return spent / len(paths) * 1000, times


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """The page; anything but a page ends the measurement."""
    connection.request("GET", path, headers={"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: see the logs in {place.HOME}")
    return body


def queries(path: str) -> int:
    """Statements of one request."""
    with CaptureQueriesContext(database) as seen:
        Client(SERVER_NAME="127.0.0.1").get(path)
    return len(seen)


if __name__ == "__main__":
    main()
