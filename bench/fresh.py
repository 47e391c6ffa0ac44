"""From a merchant's save to the fresh page at the edge, on a stack that runs: `make bench-fresh`.

Renames products that somebody asks for fifty times a second; notes when the edge first sends the new name.
Then the old name comes back; pages that have kept the new one are counted at the product's next turn.
ARGS: how many edits (100). The stack's environment is .stack/environment.
"""

import json
import statistics
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench import running

MARK = "Freshly edited "
PAUSE = 0.02  # seconds between two questions
LONGEST = 10.0  # seconds that an edit may take
SETTLED = 5.0  # seconds after which a page is stale that shows another name
BARS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, LONGEST)  # seconds


def main(edits: int) -> None:
    """Measures, and prints a histogram and a line of JSON."""
    running.set_up()
    from django.conf import settings  # noqa: PLC0415 (it has its environment only now)
    from tqdm import tqdm  # noqa: PLC0415

    from catalog.models import Card, Product  # noqa: PLC0415
    from shop import markets  # noqa: PLC0415
    from shop.changes import projector  # noqa: PLC0415

    found = Card.objects.filter(market=markets.default().code).order_by("-popularity")
    ids = list(found.values_list("product_id", flat=True)[:50])
    edge = urlsplit(settings.VARNISH_NODES[0])
    line = HTTPConnection(edge.hostname or "", edge.port, timeout=LONGEST)
    took, stale, touched = [], 0, dict[str, float]()
    for number in tqdm(range(edits), unit="edit", file=sys.stderr):
        item = Product.objects.get(pk=ids[number % len(ids)])
        path, name = f"/p/{item.slug}/", f"{MARK}{number} at {time.time():.0f}"
        stale += _is_stale(line, path, touched)
        for _ in range(3):
            _asked(line, path)
            time.sleep(PAUSE)
        before, item.name = item.name, name
        began = time.monotonic()
        item.save()
        projector.ring()  # as the desk does
        while name.encode() not in _asked(line, path):
            if time.monotonic() - began > LONGEST:
                raise SystemExit(f"{path} is not fresh after {LONGEST:.0f} s")
            time.sleep(PAUSE)
        took.append(time.monotonic() - began)
        Product.objects.filter(pk=item.pk).update(name=before)
        touched[path] = time.monotonic()
        time.sleep(0.1)
    line.close()  # it is idle for longer than the edge waits
    time.sleep(SETTLED)
    stale += sum(_is_stale(line, path, touched) for path in touched)
    _tell(took, stale)


def _is_stale(line: HTTPConnection, path: str, touched: dict[str, float]) -> bool:
    """Whether the page is still as an edit made it that was taken back; neighbours are edited meanwhile."""
    settled = time.monotonic() - touched.get(path, -SETTLED) >= SETTLED
    return settled and f"<title>{MARK}".encode() in _asked(line, path)


def _asked(line: HTTPConnection, path: str) -> bytes:
    line.request("GET", path, headers={"Accept-Encoding": "identity"})
    return line.getresponse().read()


def _tell(took: list[float], stale: int) -> None:
    least = 0.0
    for most in BARS:
        count = sum(least <= each < most for each in took)
        sys.stdout.write(f"  < {most * 1000:5.0f} ms  {'█' * round(60 * count / len(took))} {count}\n")
        least = most
    centiles = statistics.quantiles(took, n=100, method="inclusive")
    found = {"edits": len(took), "p50_ms": centiles[49] * 1000, "p95_ms": centiles[94] * 1000}
    found |= {"p99_ms": centiles[98] * 1000, "max_ms": max(took) * 1000}
    found |= {"stale": stale}
    sys.stdout.write(json.dumps({name: round(value, 1) for name, value in found.items()}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
