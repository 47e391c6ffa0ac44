"""make bench-feed: how many events a second the feed brings to one receiver on this machine.

Orders of two lines are placed first, which notes three events each, the order's and its stock's. Then one
worker sends them, one after the other as it does to each receiver, and that one answers at once: it is the
feed's own cost. A receiver that takes 10 ms to answer adds these.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import django
from tqdm import tqdm

from bench import place

ORDERS, LINES = 500, 2


def main() -> None:
    """An argument: so many orders."""
    orders = int(sys.argv[1]) if sys.argv[1:] else ORDERS
    with place.database("feed"), _receiver() as url:
        os.environ["FEED_INSIDE"] = "true"
        django.setup()
        # Only now are there models to import.
        from orders.feed import delivering  # noqa: PLC0415
        from orders.models import FeedDelivery, FeedEndpoint  # noqa: PLC0415

        FeedDelivery.objects.all().delete()
        FeedEndpoint.objects.all().delete()
        FeedEndpoint.objects.create(name="bench", url=url, topics=["order.*", "stock.changed"])
        _place(orders)
        waiting, cpu, wall = FeedDelivery.objects.count(), time.process_time(), time.perf_counter()
        sent = 0
        while tried := delivering.deliver():
            sent += tried
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        taken = FeedDelivery.objects.filter(status="delivered").count()
    figures = {
        "events": taken,
        "a_second": round(taken / wall, 1),
        "a_second_of_one_core": round(taken / cpu, 1),
    }
    sys.stdout.write(json.dumps({"bench": "feed", "orders": orders, **figures}) + "\n")
    if not taken == sent == waiting:
        raise SystemExit(f"{waiting} events waited, {sent} were sent and {taken} taken.")


def _place(orders: int) -> None:
    from bench.drafts import draft  # noqa: PLC0415
    from catalog.models import Product, Stock, TaxClass, Variant  # noqa: PLC0415
    from orders.placement import place_order  # noqa: PLC0415

    rate, _is_new = TaxClass.objects.get_or_create(code="standard", defaults={"name": "Standard"})
    product, _is_new = Product.objects.get_or_create(
        slug="low-hills", defaults={"name": "Low hills", "tax_class": rate}
    )
    variants = [
        Variant.objects.get_or_create(sku=f"SKU-{place}", defaults={"product": product})[0].pk
        for place in range(LINES)
    ]
    for pk in variants:
        Stock.objects.update_or_create(variant_id=pk, defaults={"on_hand": 10**6})
    begun = time.time_ns()
    for number in tqdm(range(orders), unit=" orders", desc="Placing"):
        place_order(draft(variants, f"feed-{begun}-{number}"))


@contextmanager
def _receiver() -> Any:
    """A process of its own, which takes everything; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.feed", "receive"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class _Takes(BaseHTTPRequestHandler):
    """204, whatever comes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it would be measured."""


def receive() -> None:
    """The receiver's process: says where it is, and takes until it is ended."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Takes)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/hook\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    receive() if sys.argv[1:] == ["receive"] else main()
