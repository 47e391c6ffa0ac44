"""A real varnishd on loopback with the project's VCL, and an origin that answers what a test sets."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shop.edge.backends import Varnish
from tests.servers import IN_CI

EDGE = Path(__file__).resolve().parents[2] / "shop" / "edge"
SECRET = "only for tests"
# Ends varnishd by its pid when the test run closes this shell's input, however the run ended.
KEEPER = '"$@" & pid=$!; cat > /dev/null; kill -TERM $pid; wait $pid'
ORIGINS = """
import directors;
probe healthz { .url = "/healthz"; .interval = 100ms; .window = 2; .threshold = 1; .initial = 1; }
sub vcl_init { new origins = directors.round_robin(); }
"""
BACKEND = """
backend web{0} {{ .host = "127.0.0.1"; .port = "{1}"; .probe = healthz; .host_header = "localhost"; }}
sub vcl_init {{ origins.add_backend(web{0}); }}
"""

# Our VCL is compiled at each start: a second of a core with the defaults, a third of that like this.
COMPILES = ("-p", "cc_command=exec gcc -O0 -w -pthread -fpic -shared -Wl,-x -o %o %s")


@dataclass(frozen=True)
class Page:
    """What the origin says. `seconds`: how long it takes to say it."""

    body: bytes = b"page"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def kept(body: bytes = b"page", keys: str = "", ttl: int = 600, **more: object) -> Page:
    """A page that is declared public."""
    headers = {"Surrogate-Control": f"max-age={ttl}", "Cache-Control": "public, max-age=0, must-revalidate"}
    headers |= {"xkey": keys} if keys else {}
    headers |= more.pop("headers", {})  # type: ignore[arg-type]
    return Page(body, headers={"Content-Type": "text/html; charset=utf-8", **headers}, **more)  # type: ignore[arg-type]


@dataclass
class Asked:
    """A request that reached the origin."""

    method: str
    path: str
    headers: Message


class Origin:
    """Answers each path as `pages` says (a Page, or a function of what was asked), and remembers."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | Callable[[Asked], Page]] = {}
        self.asked: list[Asked] = []
        self.is_well = True
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                page = origin.answer(Asked(self.command, self.path, self.headers))
                time.sleep(page.seconds)
                self.send_response_only(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(page.body)

            do_GET = do_HEAD = do_POST = do_PUT = handle_any

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                """A client that leaves is none."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, asked: Asked) -> Page:
        if asked.path == "/healthz":
            return Page(b"ok", status=200 if self.is_well else 503)
        self.asked.append(asked)
        page = self.pages.get(asked.path.partition("?")[0], Page(b"nothing", 404))
        return page if isinstance(page, Page) else page(asked)

    def count(self, path: str) -> int:
        """How often a path was asked for, whatever its query."""
        return sum(asked.path.partition("?")[0] == path for asked in list(self.asked))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass
class Edge:
    """A running varnishd."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request of a client that says Host, X-Edge-Debug and `headers` (`_` is `-`) only."""
        return self.ask_with(
            path, {name.replace("_", "-"): value for name, value in headers.items()}, method, body
        )

    def ask_with(
        self, path: str, headers: Mapping[str, str], method: str = "GET", body: bytes | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": "shop.example", "X-Edge-Debug": SECRET, **headers}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


def program() -> str:
    """varnishd; without it, or without vmod xkey, the test is skipped, and fails in CI."""
    found = shutil.which("varnishd") or shutil.which("varnishd", path="/usr/sbin")
    if found and any(Path("/usr/lib").glob("*/varnish/vmods/libvmod_xkey.so")):
        return found
    if IN_CI:
        pytest.fail("CI needs varnishd and varnish-modules.")
    pytest.skip("no varnishd with vmod xkey, see `make services`")


@contextlib.contextmanager
def varnish(*ports: int, **environment: str) -> Iterator[Edge]:
    """An edge before the origins at these ports, with the project's default.vcl."""
    home = Path(tempfile.mkdtemp(prefix="deckle-varnish-", dir="/tmp"))
    (home / "origins.vcl").write_text(ORIGINS + "".join(BACKEND.format(*each) for each in enumerate(ports)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(program(), "-F", "-j", "none", "-n", str(home / "work"), "-a", f"127.0.0.1:{port}"),
        *("-f", str(EDGE / "default.vcl"), "-p", f"vcl_path={home}:{EDGE}", "-s", "malloc,64m"),
        *COMPILES,
        *("-p", "vsl_space=4M", "-p", "thread_pools=1", "-p", "thread_pool_min=50"),
    ]
    with (home / "log").open("wb") as log:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "varnish", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "EDGE_SECRET": SECRET, **environment},
            start_new_session=True,
        )
    try:
        _wait_for(port, home / "log")
        yield Edge(port)
    finally:
        keeper.communicate(timeout=20)
        shutil.rmtree(home)


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if "VCL compilation failed" in log.read_text() or "Error:" in log.read_text():
            break
        time.sleep(0.05)
    raise AssertionError(f"varnishd did not start:\n{log.read_text()}")


def purge(edge: Edge, *keys: str) -> int | None:
    """How many pages the edge has let go, as the shop asks it to."""
    return Varnish([edge.url], SECRET, timeout=3).purge(keys)


def at_once(edge: Edge, path: str, count: int) -> list[Answer]:
    """The answers to simultaneous requests."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: edge.ask(path), range(count)))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def until(is_so: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it becomes so within that time."""
    end = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < end:
        time.sleep(0.02)
    return so
