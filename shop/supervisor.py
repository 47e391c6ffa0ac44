"""What `make demo` starts, in which order, and how it all stops."""

import contextlib
import fcntl
import http.client
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType

from shop import embedded
from shop.processes import Program, Supervisor, ended, launch

CLONE = Path(__file__).resolve().parent.parent
HOME = CLONE / ".demo"
LOGS = HOME / "logs"
PYTHON = sys.executable
MANAGE = (PYTHON, str(CLONE / "manage.py"))
PACKAGES = ("shop", "accounts", "catalog", "orders", "checkout")
# Who draws pictures or tidies up stands back for who shows pages.
QUEUES = {"changes": "0", "high": "0", "normal": "5", "low": "10"}
# What a person waits for may not take long; what runs behind the pages may.
PATIENT = {"STATEMENT_TIMEOUT_MS": "60000", "LOCK_TIMEOUT_MS": "10000"}
UNHURRIED = {"STATEMENT_TIMEOUT_MS": "0", "LOCK_TIMEOUT_MS": "60000"}
READY_SECONDS = 60
WELCOME = """
  The shop is open after {seconds:.0f} s.

    Shop   http://127.0.0.1:{port}
    Admin  http://127.0.0.1:{port}/admin/
           merchant@deckle.test, password paper-and-ink
    Mail   http://127.0.0.1:{port}/dev/mail/
    Logs   {logs}/

  Ctrl-C closes it; the data stay for the next time.
"""


class Failed(Exception):
    """One line that says what did not work and where to read more."""


class Stopped(Exception):
    """Someone asked us to end."""


def demo(port: int) -> None:
    """Run the shop until someone says stop."""
    began_at = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    with alone(HOME / "demo.lock", f"http://127.0.0.1:{port}"):
        check_port(port)
        for old in LOGS.glob("*.log"):
            old.unlink()
        with contextlib.ExitStack() as stack:
            with step("Starting PostgreSQL and Redis"):
                named = embedded.is_named
                urls = stack.enter_context(
                    embedded.services(HOME, database=not named("DATABASE_URL"), cache=not named("REDIS_URL"))
                )
            os.environ.update(embedded.environment(HOME, urls, port))
            supervisor = Supervisor(programs(port), LOGS, lambda line: say(f"  {line}"))
            stack.callback(supervisor.stop)
            web = supervisor.programs[0]
            if prepare(is_own_database=bool(urls.database)):
                supervisor.start(web)  # two cores: it opens while we look whether all the goods are there
            with step("Putting the goods on the shelves", has_lines=True):
                run("load_demo", is_shown=True)
            with step("Opening the shop"):
                if not web.process:
                    supervisor.start(web)
                wait_for(supervisor, port, ("/healthz", "/"))
            say(WELCOME.format(seconds=time.monotonic() - began_at, port=port, logs=shown(LOGS)))
            supervisor.watch()  # which starts the others now: the pages are what someone waits for


def prepare(*, is_own_database: bool) -> bool:
    """Static files and database as the code wants them; whether they were already."""
    static = Noted(HOME / "static.digest", _files("static"))
    schema = Noted(HOME / "schema.digest", _files(*PACKAGES))
    is_built = static.holds() and (HOME / "static" / "staticfiles.json").exists()
    is_migrated = is_own_database and schema.holds()
    with contextlib.ExitStack() as stack:
        log, collect = LOGS / "collectstatic.log", None
        if not is_built:
            static.forget()
            command = (*MANAGE, "collectstatic", "--noinput", "--clear")
            collect = stack.enter_context(ended(launch(command, log)))
        if not is_migrated:
            with step("Migrating the database"):
                run("migrate", "--noinput")
            if is_own_database:
                schema.note()
        if collect:
            with step("Building the static files"):
                if collect.wait():
                    raise Failed(f"`manage.py collectstatic` failed: {_last_line(log)}")
                static.note()
    return is_built and is_migrated


def programs(port: int) -> list[Program]:
    """The web server, the relay, and one worker for each queue: rq loses jobs of a worker with several."""
    web = [PYTHON, "-m", "gunicorn", "shop.wsgi:application", "--bind", f"127.0.0.1:{port}", "--preload"]
    web += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "2"]
    web += ["--no-control-socket"]
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 (gunicorn's heartbeat, which must not wait for a disk)
        web += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return [
        Program("web", web),
        Program("relay", ("nice", "-n", "5", *MANAGE, "relay"), PATIENT),
        *(
            Program(f"worker-{queue}", ("nice", "-n", niceness, *MANAGE, "rqworker", queue), PATIENT)
            for queue, niceness in QUEUES.items()
        ),
    ]


def run(*command: str, is_shown: bool = False) -> None:
    """One of manage.py's commands; its output goes to its log, and to the terminal if it is to be seen."""
    log = LOGS / f"{command[0]}.log"
    with ended(launch((*MANAGE, *command), log, UNHURRIED, is_read=is_shown)) as process:
        if process.stdout:
            show(process.stdout.fileno(), log)
        if process.wait():
            raise Failed(f"`manage.py {command[0]}` failed: {_last_line(log)}")


@contextlib.contextmanager
def alone(lock: Path, address: str) -> Iterator[None]:
    """One demo for each clone."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Failed(f"The demo of this clone runs already: {file.read().strip()}") from None
        file.truncate(0)
        file.write(f"{address} (process {os.getpid()})\n")
        file.flush()
        yield


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            other = port + 1 if 1024 <= port < 65_535 else 8001
            raise Failed(f"Port {port} is not free: try `make demo PORT={other}`.") from None


def wait_for(supervisor: Supervisor, port: int, paths: Sequence[str]) -> None:
    """Until each path has answered 200."""
    web = supervisor.programs[0]
    until = time.monotonic() + READY_SECONDS
    for path in paths:
        status: int | None = None
        while status != 200:
            if web.process is None or web.process.poll() is not None or time.monotonic() > until:
                said = f"{path} answered {status}" if status else "the web server does not answer"
                raise Failed(f"The shop does not open, {said}: see {shown(supervisor.log(web))}")
            time.sleep(0.1)
            status = _status(port, path)


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status
    return None


@dataclass
class Noted:
    """From which files something was made, so that a second run need not make it again."""

    path: Path
    files: list[Path]

    def holds(self) -> bool:
        return self.path.exists() and self.path.read_text() == self._digest()

    def note(self) -> None:
        self.path.write_text(self._digest())

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)

    def _digest(self) -> str:
        parts = [f"{file.relative_to(CLONE)} {sha256(file.read_bytes()).hexdigest()}" for file in self.files]
        return sha256("\n".join(parts).encode()).hexdigest()


def _files(*folders: str) -> list[Path]:
    """Those of the clone; packages bring some as well, and the pins say which."""
    found = (
        path for folder in folders for path in (CLONE / folder).rglob("*") if "__pycache__" not in path.parts
    )
    return [*sorted(path for path in found if path.is_file()), CLONE / "requirements" / "demo.txt"]


# --- The terminal ----------------------------------------------------------------------------------------
def say(line: str, end: str = "\n") -> None:
    print(line, end=end, flush=True)


@contextlib.contextmanager
def step(title: str, *, has_lines: bool = False) -> Iterator[None]:
    """Names what is done now, then how long it took."""
    began_at = time.monotonic()
    say(f"  {title} …", end="\n" if has_lines else " ")
    try:
        yield
    except BaseException:
        say("")
        raise
    seconds = f"{time.monotonic() - began_at:.1f} s"
    say(f"    {seconds}" if has_lines else seconds)


def show(output: int, log: Path) -> None:
    """Lines as they come and progress bars as they grow; a traceback is left to the log."""
    is_terminal, is_hidden, noted_at, begun = sys.stdout.isatty(), False, 0.0, b""
    with log.open("ab", buffering=0) as copy:
        while chunk := os.read(output, 65_536):
            copy.write(chunk)
            *pieces, begun = re.split(rb"(?<=[\r\n])", begun + chunk)
            for piece in pieces:
                text = piece.decode(errors="replace").rstrip()
                is_hidden |= text.startswith("Traceback ")
                if is_terminal and not is_hidden:
                    say(f"\x1b[2K\r    {text}", end="\n" if text and piece.endswith(b"\n") else "\r")
                elif text and not is_hidden and (piece.endswith(b"\n") or time.monotonic() > noted_at + 5):
                    say(f"    {text}")
                    noted_at = time.monotonic()


def shown(path: Path) -> str:
    """As one would type it in the clone."""
    return str(path.relative_to(CLONE)) if path.is_relative_to(CLONE) else str(path)


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1].strip() if lines else 'it said nothing'} (all of it: {shown(log)})"


def _stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # closing takes seconds, and goes to its end
    say(f"\n  {signal.Signals(number).name}: closing …")
    raise Stopped


def main(arguments: Sequence[str]) -> int:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _stop)
    os.chdir(CLONE)
    try:
        if list(arguments) == ["demo"]:
            port = os.environ.get("PORT") or "8000"
            if not port.isdecimal():
                raise Failed(f"PORT={port} is no port: write a number, like `make demo PORT=8001`.")
            demo(int(port))
        elif list(arguments) == ["reset"]:
            embedded.reset(HOME)
            say("The demo's data are gone; `make demo` begins anew.")
        else:
            raise Failed("Usage: python -m shop.supervisor demo|reset")
    except Stopped:
        say("  Closed.")
    except (Failed, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
