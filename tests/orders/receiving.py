"""A receiver of the feed, over HTTP: verifies signatures by its own code, and fails as it is told to."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection

from orders.models import FeedEndpoint

Reply = tuple[int, dict[str, str], bytes]
EVERYTHING = ["order.*", "stock.changed"]
TAKEN: Reply = (204, {}, b"")


@dataclass(frozen=True)
class Message:
    """What came."""

    id: str
    timestamp: int
    signatures: tuple[str, ...]
    body: bytes
    headers: dict[str, str]

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """As a receiver checks it, by the specification and without a line of the shop's."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.id}.{self.timestamp}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(f"v1,{wanted}", given) for given in self.signatures)


@dataclass
class Receiver:
    """`reply` decides what is answered; `hung` keeps whoever asks waiting until it is set."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)
    reply: Callable[[Message], Reply] = lambda message: TAKEN
    hung: threading.Event | None = None
    drips: float = 0  # seconds between the bytes of an answer that does not end
    connections: int = 0

    def ids(self) -> list[str]:
        return [message.id for message in self.messages]

    def types(self) -> list[str]:
        return [message.said["type"] for message in self.messages]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One of them, at a port of its own."""
    told = Receiver()

    class Talk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            told.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            message = Message(
                self.headers["webhook-id"],
                int(self.headers["webhook-timestamp"]),
                tuple(self.headers["webhook-signature"].split(" ")),
                body,
                dict(self.headers.items()),
            )
            told.messages.append(message)
            if told.hung is not None:
                told.hung.wait(20)
            if told.drips:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"." * 1_000:
                    self.wfile.write(bytes((byte,)))
                    self.wfile.flush()
                    time.sleep(told.drips)
                return
            status, headers, text = told.reply(message)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            told.reply(Message("a redirect was followed", 0, (), b"{}", {}))
            self.send_error(500)

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the test's terminal."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever was cut off has been."""

    with Server(("127.0.0.1", 0), Talk) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield told
        if told.hung is not None:
            told.hung.set()
        server.shutdown()


def make_endpoint(receiver: Receiver, topics: list[str] = EVERYTHING, **fields: Any) -> FeedEndpoint:
    return FeedEndpoint.objects.create(name="ERP", url=receiver.url, topics=topics, **fields)


def later(**span: float) -> None:
    """So much time goes by for everything that waits."""
    ago = timedelta(**span)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_feeddelivery SET due_at = due_at - %s, queued_at = queued_at - %s,"
            " closed_at = closed_at - %s",
            [ago] * 3,
        )
        cursor.execute(
            "UPDATE orders_feedendpoint SET rest_until = rest_until - %s, failing_since = failing_since - %s,"
            " lease_until = lease_until - %s, former_until = former_until - %s",
            [ago] * 4,
        )
