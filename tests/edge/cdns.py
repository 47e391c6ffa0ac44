"""Fastly's and Cloudflare's purge APIs on loopback, as their documentation says they behave; no more.

Fastly: fastly.com/documentation/reference/api/purging/. Cloudflare:
developers.cloudflare.com/api/resources/cache/methods/purge/, and …/cache/how-to/purge-cache/ for the limits.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "only-for-tests"
Said = tuple[int, dict[str, str], bytes]


@dataclass
class Request:
    method: str
    path: str
    headers: Message
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Machine:
    """Answers by `answer` after `seconds`, in drips or at once, and remembers what it was asked."""

    url: str = ""
    asked: list[Request] = field(default_factory=list)
    seconds: float = 0.0
    drips: bool = False
    failing: list[Said] = field(default_factory=list)  # said first, one after another

    def answer(self, request: Request) -> Said:
        return 200, {}, b""


@dataclass
class Bucket:
    """Tokens: one for each call that is taken, so many at first and at most, so many more a second."""

    most: int
    a_second: float
    tokens: float = -1
    at: float = 0

    def takes(self) -> bool:
        now = time.monotonic()
        self.tokens = self.most if self.tokens < 0 else self.tokens + (now - self.at) * self.a_second
        self.tokens, self.at = min(self.tokens, self.most), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Fastly(Machine):
    """One service of Fastly. An hour has 100,000 purges; here each key of a batch is one."""

    service = "SU1Z0isxPaozGVKXdv0eY"
    left = 100_000
    resets_in = 1_800  # seconds

    def answer(self, request: Request) -> Said:
        if (request.method, request.path) != ("POST", f"/service/{self.service}/purge"):
            return _json(404, {"msg": "Record not found"})
        if request.headers["Fastly-Key"] != TOKEN:
            return _json(401, {"msg": "Provided credentials are missing or invalid"})
        keys = request.headers.get("Surrogate-Key", "").split()
        if request.body:
            keys += request.json()["surrogate_keys"]
        if not 1 <= len(keys) <= 256 or any(len(key) > 1_024 for key in keys):
            return _json(400, {"msg": "Bad request"})
        if self.left < len(keys):
            status, headers, body = _json(429, {"msg": "Too many requests"})
            return status, {**headers, "Fastly-RateLimit-Reset": str(int(time.time()) + self.resets_in)}, body
        self.left -= len(keys)
        return _json(200, {key: f"108-1391560174-{number}" for number, key in enumerate(keys)})

    @property
    def purged(self) -> list[list[str]]:
        """The keys of each call."""
        return [request.json()["surrogate_keys"] for request in self.asked]


class Cloudflare(Machine):
    """One zone of Cloudflare, on the plan Pro: 5 calls a second. `bucket` makes it another plan's.

    What a 429 says beside its status is not documented: here nothing.
    """

    zone = "023e105f4ecef8ad9ca31a8372d0c353"

    def __init__(self, bucket: Bucket | None = None) -> None:
        super().__init__()
        self.bucket = bucket or Bucket(25, 5)
        self.purged: list[list[str]] = []  # the tags of each call that was taken
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Request) -> Said:
        if (request.method, request.path) != ("POST", f"/client/v4/zones/{self.zone}/purge_cache"):
            return _json(404, self._refusal(7003, "Could not route to that object identifier"))
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return _json(403, self._refusal(9109, "Invalid access token"))
        with self._one_at_a_time:
            if not self.bucket.takes():
                return _json(429, self._refusal(971, "Please wait and consider throttling"))
        tags = request.json().get("tags", [])
        if not 1 <= len(tags) <= 100 or any(len(tag) > 1_024 or " " in tag for tag in tags):
            return _json(400, self._refusal(1012, "Request must contain 1 to 100 tags"))
        self.purged.append(tags)
        return _json(200, {"success": True, "errors": [], "messages": [], "result": {"id": self.zone}})

    @staticmethod
    def _refusal(code: int, message: str) -> dict:
        return {
            "success": False,
            "errors": [{"code": code, "message": message}],
            "messages": [],
            "result": None,
        }


class Node(Machine):
    """A Varnish with our VCL that has nothing in it."""

    def answer(self, request: Request) -> Said:
        return 200, {"X-Purged": "0"}, b"200 Purged"


def _json(status: int, body: dict) -> Said:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


@contextmanager
def listening(machine: Machine) -> Iterator[None]:
    """The machine answers at its `url` inside the block."""

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers, body)
            machine.asked.append(request)
            status, headers, said = machine.failing.pop(0) if machine.failing else machine.answer(request)
            time.sleep(machine.seconds)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            while machine.drips:
                self.wfile.write(b".")
                time.sleep(0.05)
            self.wfile.write(said)

        do_POST = do_PURGE = do_any

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *args: object) -> None:
            """A client that has waited long enough."""

    server = Server(("127.0.0.1", 0), Handler)
    machine.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        machine.drips = False
        server.shutdown()
        server.server_close()
