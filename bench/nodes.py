"""Who is asked: a stack, a Varnish before an origin that does nothing, and how busy their processes are."""

import contextlib
import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tqdm import tqdm

from shop import stack as production
from shop.processes import ended, launch

PORT = 8098
START_SECONDS = 1_800  # a large catalogue takes its time
UP = "import sys; from pathlib import Path; from shop import opening, stack; "
UP += "stack.HOME = opening.Home(Path(sys.argv[1]), 'stack'); sys.exit(stack.main(['up']))"
PLAIN = 'vcl 4.1; backend origin { .host = "127.0.0.1"; .port = "%d"; }'
CPU_REQUESTS = 2_000


@dataclass
class Varnish:
    """A running varnishd and its folder."""

    port: int
    folder: Path

    def pin(self, core: int) -> None:
        """Keep it, its child and all their threads to one core."""
        for pid in pids(f"-a 127.0.0.1:{self.port} "):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})

    def cpu_seconds(self) -> float:
        """What it has used since it began."""
        return sum(cpu_seconds(pid) for pid in pids(f"-a 127.0.0.1:{self.port} "))

    def counters(self) -> dict[str, int]:
        """What it has counted since it began."""
        command = ["varnishstat", "-n", str(self.folder), "-1", "-j"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return {name: counter["value"] for name, counter in told["counters"].items()}


@dataclass
class Stack:
    """A running `make stack`."""

    process: "subprocess.Popen[bytes]"
    edge: Varnish
    settings: dict[str, str]
    nodes: list[int]  # ports

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """The workers stand still: there are pictures to draw for minutes, and two cores."""
        started = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        with still({int(pid) for pid in started} & set(pids("manage.py rqworker "))):
            yield


@contextlib.contextmanager
def stack(home: Path, products: int) -> Iterator[Stack]:
    """All of production with so many goods, in a folder that is kept for the next time."""
    log = home / "stack.log"
    home.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    environ = {"PORT": str(PORT), "PRODUCTS": str(products), "CATALOGUE": ""}
    process = launch([sys.executable, "-c", UP, str(home)], log, environ)
    try:
        until = time.monotonic() + START_SECONDS
        while "Ctrl-C closes it" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The stack does not open: see {log}")
            time.sleep(0.5)
        lines = shlex.split((home / "environment").read_text())
        settings = dict(line.split("=", 1) for line in lines)
        nodes = [int(part.strip(" ,:").rpartition(":")[2]) for part in _nodes(log.read_text())]
        yield Stack(process, Varnish(PORT, home / "varnish"), settings, nodes)
    finally:
        process.terminate()
        process.wait(60)


def _nodes(said: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.strip().startswith("Nodes ")]
    return [word for word in line.split() if word.startswith("http://")]


@contextlib.contextmanager
def static(folder: Path, sizes: dict[str, int]) -> Iterator[Varnish]:
    """A Varnish with no VCL to speak of, before an origin whose pages have these sizes and nothing to do."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = b"x" * sizes[self.path]
            self.send_response_only(200)
            self.send_header("Cache-Control", "max-age=86400")
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    origin = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    port = PORT + 100
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plain.vcl").write_text(PLAIN % origin.server_address[1])
    command = [production.edge_program(), "-F", "-j", "none", "-n", str(folder / "work")]
    command += ["-a", f"127.0.0.1:{port}", "-f", str(folder / "plain.vcl"), *production.MEMORY]
    with ended(launch(command, folder / "log")):
        for _try in range(100):
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port).connect()
                break
            time.sleep(0.1)
        yield Varnish(port, folder / "work")
    origin.shutdown()
    origin.server_close()


def warmed(edge: Varnish, paths: list[str]) -> dict[str, int]:
    """Asks for each page once, so that it is kept; the bytes that each has on its way."""
    connection, sizes = http.client.HTTPConnection("127.0.0.1", edge.port), {}
    for path in tqdm(paths, "Pages", file=sys.stderr, leave=False):
        for _try in range(2):  # the first is packed while it streams
            sizes[path] = len(page(connection, path, {"Accept-Encoding": "gzip"}))
    connection.close()
    return sizes


def page(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    """Its body as it was sent; anything but a page ends the measurement."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body


def app_cpu_without_varnish(stack: Stack, asked: list[str]) -> dict[str, float]:
    """Milliseconds of a node's CPU a request, asked past Varnish, with the secret.

    `first`: pages once; `again`: the same again and again, with a page store a hit; `healthz`: any request.
    """
    port = stack.nodes[0]
    workers = pids(f"--bind 127.0.0.1:{port} ")
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {
        "Host": "127.0.0.1",
        "Accept-Encoding": "gzip",
        "X-Edge-Secret": stack.settings["EDGE_SECRET"],
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "http",
    }
    goods = [path for path in dict.fromkeys(asked) if path.startswith("/p/")][: CPU_REQUESTS // 10]
    spent = {}
    for name, paths in (("first", goods), ("again", goods * (CPU_REQUESTS // len(goods)))):
        before = sum(map(cpu_seconds, workers))
        for path in paths:
            page(connection, path, headers)
        spent[name] = round((sum(map(cpu_seconds, workers)) - before) / len(paths) * 1000, 3)
    connection.request("GET", "/healthz", headers=headers)
    connection.getresponse().read()
    before = sum(map(cpu_seconds, workers))
    for _time in range(CPU_REQUESTS):
        page(connection, "/healthz", headers)
    spent["healthz"] = round((sum(map(cpu_seconds, workers)) - before) / CPU_REQUESTS * 1000, 3)
    return spent


def pids(words: str) -> list[int]:
    """Processes of this machine whose command line has these words."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words in entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(entry.parent.name))
    return found


def session(pid: int) -> int | None:
    """The process that began what it belongs to."""
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None


@contextlib.contextmanager
def still(leaders: Container[int | None]) -> Iterator[None]:
    """Processes that lead a session stand still meanwhile, with all that they have begun."""
    mine = [pid for pid in pids("") if session(pid) in leaders]
    for pid in mine:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in mine:
            os.kill(pid, signal.SIGCONT)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
