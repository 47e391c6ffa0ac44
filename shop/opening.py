"""What a demo and a production of this clone have in common: how a shop is prepared, opened and closed."""

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType

from shop import embedded
from shop.processes import Program, Supervisor, ended, launch
from shop.terminal import CLONE, last_line, say, show, shown, step

PYTHON = sys.executable
MANAGE = (PYTHON, str(CLONE / "manage.py"))
PACKAGES = ("shop", "accounts", "catalog", "orders", "checkout")
# Who draws pictures or tidies up stands back for who shows pages.
# Who follows changes forks for none: that takes longer than following one, and a merchant waits for it.
QUEUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "changes": ("0", ("--worker-class", "rq.SimpleWorker")),
    "high": ("0", ()),
    "normal": ("5", ()),
    "feed": ("5", ()),
    "low": ("10", ()),
}
# What a person waits for may not take long; what runs behind the pages may.
PATIENT = {"STATEMENT_TIMEOUT_MS": "60000", "LOCK_TIMEOUT_MS": "10000"}
UNHURRIED = {"STATEMENT_TIMEOUT_MS": "0", "LOCK_TIMEOUT_MS": "60000"}
READY_SECONDS = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """One line that says what did not work and where to read more."""


class Stopped(Exception):
    """Someone asked us to end."""


@dataclass(frozen=True)
class Home:
    """The folder of one shop of this clone, and its name: what one types after `make`."""

    folder: Path
    name: str

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @contextlib.contextmanager
    def alone(self, address: str) -> Iterator[None]:
        """One of its name for each clone; the logs of the one before are gone."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.name}.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                said = file.read().strip()
                raise Failed(f"The {self.name} of this clone runs already: {said}") from None
            file.truncate(0)
            file.write(f"{address} (process {os.getpid()})\n")
            file.flush()
            for old in self.logs.glob("*.log"):
                old.unlink()
            yield

    def check_port(self, port: int) -> None:
        if not is_free(port):
            other = port + 1 if 1024 <= port < 65_535 else 8001
            raise Failed(f"Port {port} is not free: try `make {self.name} PORT={other}`.")

    def prepare(self, *, is_own_database: bool) -> bool:
        """Static files and database as the code wants them; whether they were already."""
        static = Noted(self.folder / "static.digest", _files("static"))
        schema = Noted(self.folder / "schema.digest", _files(*PACKAGES))
        is_built = static.holds() and (self.folder / "static" / "staticfiles.json").exists()
        is_migrated = is_own_database and schema.holds()
        with contextlib.ExitStack() as stack:
            log, collect = self.logs / "collectstatic.log", None
            if not is_built:
                static.forget()
                command = (*MANAGE, "collectstatic", "--noinput", "--clear")
                collect = stack.enter_context(ended(launch(command, log)))
            if not is_migrated:
                with step("Migrating the database"):
                    self.run("migrate", "--noinput")
                if is_own_database:
                    schema.note()
            if collect:
                with step("Building the static files"):
                    if collect.wait():
                        raise Failed(f"`manage.py collectstatic` failed: {last_line(log)}")
                    static.note()
        return is_built and is_migrated

    def run(self, *command: str, is_shown: bool = False) -> None:
        """One of manage.py's commands; its output goes to its log, and is shown if it is to be seen."""
        log = self.logs / f"{command[0]}.log"
        with ended(launch((*MANAGE, *command), log, UNHURRIED, is_read=is_shown)) as process:
            if process.stdout:
                show(process.stdout.fileno(), log)
            if process.wait():
                raise Failed(f"`manage.py {command[0]}` failed: {last_line(log)}")


def web(name: str, port: int, workers: int) -> Program:
    """A node of the shop on loopback."""
    command = [PYTHON, "-m", "gunicorn", "shop.wsgi:application", "--bind", f"127.0.0.1:{port}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", str(workers), "--threads", "4"]
    command += ["--graceful-timeout", "2", "--no-control-socket"]
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 (gunicorn's heartbeat, which must not wait for a disk)
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return Program(name, command)


def behind() -> list[Program]:
    """The relay, and one worker for each queue: rq loses jobs of a worker with several."""
    return [
        Program("relay", ("nice", "-n", "5", *MANAGE, "relay"), PATIENT),
        *(
            Program(f"worker-{queue}", ("nice", "-n", niceness, *MANAGE, "rqworker", *how, queue), PATIENT)
            for queue, (niceness, how) in QUEUES.items()
        ),
    ]


def is_free(port: int) -> bool:
    """Whether a server could listen at 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def wait_for(supervisor: Supervisor, program: Program, port: int, paths: Sequence[str]) -> None:
    """Until each path has answered 200 at the program's port."""
    until = time.monotonic() + READY_SECONDS
    for path in paths:
        status: int | None = None
        while status != 200:
            if program.process is None or program.process.poll() is not None or time.monotonic() > until:
                said = f"{path} answered {status}" if status else f"{program.name} does not answer"
                raise Failed(f"The shop does not open, {said}: see {shown(supervisor.log(program))}")
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


def main(commands: Mapping[str, Callable[[], None]], arguments: Sequence[str], program: str) -> int:
    """Run the one command that was asked for; told to end, it ends in order. The exit status."""
    for each in SIGNALS:
        signal.signal(each, stop)
    os.chdir(CLONE)
    try:
        if len(arguments) != 1 or arguments[0] not in commands:
            raise Failed(f"Usage: python -m {program} {'|'.join(commands)}")
        commands[arguments[0]]()
    except Stopped:
        say("  Closed.")
    except (Failed, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def stop(number: int, frame: FrameType | None) -> None:
    """What a signal does."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # closing takes seconds, and goes to its end
    say(f"\n  {signal.Signals(number).name}: closing …")
    raise Stopped


def number(name: str, default: int, example: str) -> int:
    """A whole number typed behind `make`. Raises Failed with an example of what to type."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()):
        raise Failed(f"{name}={text} is no number: write one, like `make {example}`.")
    return int(text)
