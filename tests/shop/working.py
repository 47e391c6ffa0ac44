"""Real processes of the shop that know the tests' jobs: `-m tests.shop.working relay`, as `manage.py relay`.

The job `shop.effect` leaves what can be counted: a row for each delivery, one with a unique key for the
effect, and a sum that grows with it in one transaction.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import django
from django.core.management import execute_from_command_line
from django.db import connection, transaction

CLONE = Path(__file__).resolve().parents[2]
TABLES = """
CREATE TABLE tests_delivery (number integer, pid integer);
CREATE TABLE tests_effect (number integer PRIMARY KEY, pid integer);
CREATE TABLE tests_sum (effects integer);
INSERT INTO tests_sum VALUES (0)
"""
KEEP = "--keep"
PR_SET_PDEATHSIG = 1  # prctl(2): nobody is left behind by a test run that was killed
NO_TABLES = "DROP TABLE IF EXISTS tests_delivery, tests_effect, tests_sum"


def effect(number: int, seconds: float) -> None:
    """Takes that long, half of it within its transaction; a second delivery changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tests_delivery VALUES (%s, %s)", [number, os.getpid()])
        time.sleep(seconds / 2)
        with transaction.atomic():
            cursor.execute(
                "INSERT INTO tests_effect VALUES (%s, %s) ON CONFLICT DO NOTHING", [number, os.getpid()]
            )
            is_first = cursor.rowcount
            time.sleep(seconds / 2)
            cursor.execute("UPDATE tests_sum SET effects = effects + %s", [is_first])


@dataclass(frozen=True)
class Seen:
    """What the jobs left: by number of delivery and effect the processes."""

    deliveries: list[tuple[int, int]]
    effects: dict[int, int]
    sum: int


def seen() -> Seen:
    """All of it, now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, pid FROM tests_delivery")
        deliveries = list(cursor.fetchall())
        cursor.execute("SELECT number, pid FROM tests_effect")
        effects = dict(cursor.fetchall())
        cursor.execute("SELECT effects FROM tests_sum")
        return Seen(deliveries, effects, cursor.fetchone()[0])


@dataclass
class Crew:
    """Processes of one test; all are found by a mark in their environment, those that they fork too."""

    log: Path
    environment: dict[str, str]
    mark: str = field(default_factory=lambda: f"WORKING={uuid4().hex}")
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    keepers: list[int] = field(default_factory=list)

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Runs `manage.py <command>`."""
        name, value = self.mark.split("=")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.shop.working", *command],
                env={**os.environ, **self.environment, name: value},
                cwd=CLONE,
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def keep(self, *commands: str) -> None:
        """Runs each of them, and again each time it has died."""
        self.keepers.append(self.start(KEEP, *commands).pid)

    def pids(self) -> list[int]:
        """All that run, but for their keepers."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return sorted(set(found).difference(self.keepers))

    def end(self) -> None:
        """None of them is left."""
        for process in self.started:
            process.kill()
            process.wait(10)
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def crew(folder: Path, **environment: str) -> Iterator[Crew]:
    """One to begin with, and the tables; afterwards neither is left."""
    ours = Crew(folder / "crew.log", environment)
    try:
        with connection.cursor() as cursor:
            cursor.execute(NO_TABLES)
            cursor.execute(TABLES)
        yield ours
    finally:
        ours.end()
        with connection.cursor() as cursor:
            cursor.execute(NO_TABLES)


def run(command: list[str]) -> None:
    """Until it ends, or whoever started it has died."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    execute_from_command_line(["manage.py", *command])


def keep(commands: list[str]) -> None:
    """Forks them again and again: an interpreter that begins anew takes longer than until its next death."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    django.setup()
    children: dict[int, str] = {}
    while True:
        for command in list(commands):
            commands.remove(command)
            child = os.fork()
            if not child:
                run(command.split())
                os._exit(0)
            children[child] = command
        commands.append(children.pop(os.wait()[0]))
        time.sleep(0.02)


if __name__ == "__main__":
    sys.modules["shop.jobs"] = sys.modules["__main__"]
    if sys.argv[1] == KEEP:
        keep(sys.argv[2:])
    run(sys.argv[1:])
