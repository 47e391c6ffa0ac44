"""Processes that are kept running, each with its log, and end without leaving a child behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BACKOFF_SECONDS = (1, 2, 4, 8, 15, 30)
STEADY_SECONDS = 60  # who has run that long starts again at once


@dataclass
class Program:
    """A process that is kept running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    began_at: float = 0
    failures: int = 0
    due_at: float = 0


class Supervisor:
    """Keeps programs running, each with its log, until it is told to stop them."""

    def __init__(self, programs: Sequence[Program], logs: Path, say: Callable[[str], None] = print) -> None:
        self.programs = list(programs)
        self.logs = logs
        self.say = say

    def start(self, program: Program) -> None:
        program.process = launch(program.command, self.log(program), program.environment)
        program.began_at = time.monotonic()

    def log(self, program: Program) -> Path:
        return self.logs / f"{program.name}.log"

    def watch(self) -> None:
        """Start again whoever has died, a little later each time. Ends by an exception only."""
        while True:
            for program in self.programs:
                self.look_after(program)
            time.sleep(0.25)

    def look_after(self, program: Program) -> None:
        now = time.monotonic()
        if program.process is None:
            if now >= program.due_at:
                self.start(program)
        elif program.process.poll() is not None:
            if now - program.began_at > STEADY_SECONDS:
                program.failures = 0
            wait = BACKOFF_SECONDS[min(program.failures, len(BACKOFF_SECONDS) - 1)]
            how = _ending(program.process.returncode)
            self.say(f"{program.name} ended ({how}), it starts again in {wait} s: see {self.log(program)}")
            end_session(program.process.pid)
            program.process, program.failures, program.due_at = None, program.failures + 1, now + wait

    def stop(self, first_seconds: float = 2.5, second_seconds: float = 2.5) -> None:
        """Ask, ask again (a worker then gives up its job, which will be done later), and end what is left."""
        running = [program.process for program in self.programs if program.process]
        for seconds in (first_seconds, second_seconds):
            asked = [process for process in running if process.poll() is None]
            for process in asked:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            until = time.monotonic() + seconds
            while any(process.poll() is None for process in asked) and time.monotonic() < until:
                time.sleep(0.05)
        for process in running:
            end_session(process.pid)
            process.wait()


def launch(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    is_read: bool = False,
) -> "subprocess.Popen[bytes]":
    """A process in a session of its own, so that a Ctrl-C in the terminal reaches us alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_read else output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # safe: we have one thread
        )


def end_session(leader: int) -> None:
    """Kill what a process and its children have left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    left = []  # a worker's job runs in a group of its own
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            state, _parent, _group, session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                left.append(int(stat.parent.name))
    for pid in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _ending(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def _end_with_parent() -> None:
    """Where the kernel offers it (Linux), a supervisor that is killed takes its programs along."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """Whatever happens, the process does not outlive the block."""
    try:
        yield process
    finally:
        end_session(process.pid)
        process.wait()
        if process.stdout:
            process.stdout.close()
