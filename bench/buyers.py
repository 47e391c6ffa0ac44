"""Buyers who press "Place order" through HTTP, some at a time or all at once, each with a cart.

The shop that they meet is the demo's: gunicorn, two processes of four threads, on loopback. The gateway is
the fake one, without a network: an answer means placed and paid.
"""

import contextlib
import os
import secrets
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import urlencode

from tqdm import tqdm

from bench import placing
from bench.place import CLONE
from shop import opening

PORT = 8097
ANSWER_SECONDS = 60
ADDRESS = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
}


@dataclass(frozen=True)
class Answer:
    """Where a buyer was sent ("order", "cart", "review", or a status), and after how many seconds."""

    to: str
    seconds: float


@contextlib.contextmanager
def shop(home: Path) -> Iterator[None]:
    """Its web processes, answering."""
    program = opening.web("web", PORT, workers=placing.PROCESSES)
    limits = {"PAYMENTS_PER_HOUR": "1000000", "SITE_URL": f"http://127.0.0.1:{PORT}"}
    with (home / "web.log").open("wb") as log:
        process = subprocess.Popen(
            program.command, cwd=CLONE, env={**os.environ, **limits}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + ANSWER_SECONDS
    while opening.is_free(PORT):
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit("The shop did not start: see web.log in .bench/checkout.")
        time.sleep(0.1)
    buy([f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n".encode()], 1)


def delivery() -> int:
    """Who sells, a way to bring it to Germany, and its tax; the method's id."""
    from catalog.models import Method, MethodRate, TaxClass, TaxRate, Zone  # noqa: PLC0415 (models need settings)
    from orders import sellers  # noqa: PLC0415
    from orders.models import Seller  # noqa: PLC0415

    Seller.objects.get_or_create(market="", defaults=sellers.DEMO)  # without, invoices would wait
    standard = TaxClass.objects.get()
    TaxRate.objects.create(tax_class=standard, country="DE", rate=Decimal("0.19"))
    zone = Zone.objects.create(code="bench", name="Bench", countries=["DE"])
    method = Method.objects.create(
        zone=zone, name="Standard", carrier="DHL", min_days=2, max_days=4, tax_class=standard
    )
    MethodRate.objects.create(method=method, currency="EUR", amount=Decimal("4.90"))
    return method.pk


def carts(number: int, wanted: Sequence[Sequence[int]]) -> list[bytes]:
    """So many carts at their review, of these variants in turn; the requests that order them."""
    from checkout import agreed, cookies, quote  # noqa: PLC0415 (models need settings)
    from checkout.models import Cart, CartLine  # noqa: PLC0415

    method = delivery()
    tokens = [secrets.token_urlsafe(16) for _ in range(number)]
    made = Cart.objects.bulk_create(
        Cart(token_hash=cookies.hashed(token), market="eu", method_id=method, **ADDRESS) for token in tokens
    )
    CartLine.objects.bulk_create(
        CartLine(cart=cart, variant_id=pk, quantity=1)
        for place, cart in enumerate(made)
        for pk in wanted[place % len(wanted)]
    )
    return [
        _click(token, agreed.seal(cart, quote.of(cart)))
        for token, cart in zip(tokens, tqdm(made, "Carts", file=sys.stderr, leave=False), strict=True)
    ]


def _click(token: str, digest: str) -> bytes:
    body = urlencode({"digest": digest, "payment": "pays"}).encode()
    head = (
        f"POST /checkout/review/ HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nOrigin: http://127.0.0.1:{PORT}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nCookie: cart={token}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def buy(clicks: Sequence[bytes], at_once: int) -> tuple[list[Answer], float]:
    """Every buyer's answer, with so many of them waiting at any time, and the seconds that all took.

    By plain sockets: asyncio's streams took a seventh of the machine that the shop runs on as well.
    """
    poll, waiting = selectors.DefaultSelector(), deque(clicks)
    answers = list[Answer]()
    began = time.perf_counter()

    def press() -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", PORT))
        poll.register(sock, selectors.EVENT_WRITE, (waiting.popleft(), time.perf_counter()))

    for _ in range(min(at_once, len(clicks))):
        press()
    while poll.get_map():
        ready = poll.select(ANSWER_SECONDS)
        if not ready:
            raise SystemExit(f"{len(poll.get_map())} buyers wait for more than {ANSWER_SECONDS} seconds.")
        for key, _events in ready:
            sock, (text, pressed) = cast(socket.socket, key.fileobj), key.data
            if key.events == selectors.EVENT_WRITE:
                sock.sendall(text)  # it fits into what the kernel keeps
                poll.modify(sock, selectors.EVENT_READ, (b"", pressed))
                continue
            came = sock.recv(65_536)
            text += came
            if came and b"\r\n\r\n" not in text:
                poll.modify(sock, selectors.EVENT_READ, (text, pressed))
                continue
            answers.append(Answer(_told(text), time.perf_counter() - pressed))
            poll.unregister(sock)
            sock.close()
            if waiting:
                press()
    return answers, time.perf_counter() - began


def _told(answer: bytes) -> str:
    status, *headers = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    for line in headers:
        name, _colon, value = line.partition(": ")
        if name.lower() == "location":
            return next((part for part in reversed(value.split("?")[0].split("/")) if part in PLACES), value)
    return status.split()[1]


PLACES = ("order", "cart", "review")


def rate(number: int, wants: str) -> dict[str, Any]:
    """Orders a second, placed and paid, as many at a time as the shop has threads.

    wants: "spread", or "hot": one thing, in buckets as a second after a rush began.
    """
    from catalog.stock import rush  # noqa: PLC0415 (models need settings)

    placing.fill()
    if wants == "hot":
        rush.split(placing.HOT)
    dice, goods = Random(number), range(placing.HOT + 1, placing.GOODS + 1)
    hot = [placing.HOT] if wants == "hot" else []
    wanted = [[*hot, *dice.sample(goods, 3 - len(hot))] for _ in range(number)]
    answers, took = buy(carts(number, wanted), placing.CLIENTS)
    others = Counter(answer.to for answer in answers if answer.to != "order")
    return {f"http_{wants}_per_second": round(number / took), f"http_{wants}_not_ordered": dict(others)}


def crowd(buyers: int, units: int) -> dict[str, Any]:
    """So many buyers want one of so many units, and all press at the same moment."""
    from catalog.models import Stock  # noqa: PLC0415
    from orders.models import Order  # noqa: PLC0415

    placing.fill()
    Stock.objects.filter(pk=placing.HOT).update(on_hand=units)
    clicks = carts(buyers, [[placing.HOT]])
    answers, _took = buy(clicks, buyers)
    told = sorted(answer.seconds for answer in answers if answer.to != "order")
    shelf = Stock.objects.get(pk=placing.HOT)
    return {
        "crowd": f"{buyers} for {units}",
        "crowd_sold": Order.objects.count(),
        "crowd_reserved": shelf.reserved,
        "crowd_answers": dict(Counter(answer.to for answer in answers)),
        "crowd_refused_p50_seconds": round(told[len(told) // 2], 2) if told else None,
        "crowd_refused_last_seconds": round(told[-1], 2) if told else None,
        "crowd_last_seconds": round(max(answer.seconds for answer in answers), 2),
    }
