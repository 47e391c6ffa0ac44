"""`make demo`'s supervisor: what it starts ends with it, and what goes wrong is one line."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shop import opening, processes

ROOT = Path(__file__).resolve().parents[2]
# Three kinds: one that goes when asked, one that does not, and one whose child has a group of its own.
FAKES = """
import signal, sys, time
from pathlib import Path
from shop import opening
from shop.processes import Program, Supervisor
STUBBORN = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {fork}; time.sleep(60)"
boss = Supervisor([
    Program("polite", ["sleep", "60"]),
    Program("stubborn", [sys.executable, "-c", STUBBORN.format(fork="pass")]),
    Program("parent", [sys.executable, "-c", STUBBORN.format(fork="os.fork() or os.setpgrp()")]),
], Path(sys.argv[1]), lambda line: print(line, flush=True))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, opening.stop)
try:
    for program in boss.programs:
        boss.start(program)
    time.sleep(0.5)
    print(*[program.process.pid for program in boss.programs], flush=True)
    boss.watch()
except opening.Stopped:
    boss.stop(0.3, 0.3)
"""


def begin(code: str, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def alive(sessions: list[int]) -> list[str]:
    """The command lines that still run in one of these sessions."""
    listing = subprocess.run(["ps", "-eo", "sid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return [row[2] for row in rows if int(row[0]) in sessions and not row[1].startswith("Z")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_it_started_ends_with_it(number: signal.Signals, tmp_path: Path) -> None:
    boss = begin(FAKES, str(tmp_path))
    assert boss.stdout
    sessions = [int(pid) for pid in boss.stdout.readline().split()]
    assert len(alive(sessions)) == 4
    boss.send_signal(number)
    boss.communicate(timeout=10)
    assert boss.returncode == 0
    assert alive(sessions) == []


def test_what_has_died_starts_again_a_little_later_each_time(tmp_path: Path) -> None:
    said: list[str] = []
    program = processes.Program("relay", ["sleep", "60"])
    boss = processes.Supervisor([program], tmp_path, said.append)
    program.process = subprocess.Popen(["sh", "-c", "exit 3"])
    program.process.wait()
    program.began_at = time.monotonic()
    boss.look_after(program)
    assert "relay ended (exit status 3), it starts again in 1 s" in said[0]
    assert program.process is None
    boss.look_after(program)
    assert program.process is None  # not yet
    program.process = subprocess.Popen(["sh", "-c", "kill -9 $$"])
    program.process.wait()
    boss.look_after(program)
    assert "relay ended (SIGKILL), it starts again in 2 s" in said[1]


def demo(home: Path, port: str) -> tuple[int, str]:
    code = """
import sys
from pathlib import Path
from shop import opening, supervisor
supervisor.HOME = opening.Home(Path(sys.argv[1]), "demo")
sys.exit(supervisor.main(["demo"]))
"""
    process = begin(code, str(home), PORT=port)
    errors = process.communicate(timeout=20)[1]
    return process.returncode, errors


def test_a_busy_port_is_one_line_that_says_what_to_type(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, errors = demo(tmp_path, str(port))
    assert (status, errors) == (1, f"Port {port} is not free: try `make demo PORT={port + 1}`.\n")
    assert demo(tmp_path, "http") == (
        1,
        "PORT=http is no number: write one, like `make demo PORT=8001`.\n",
    )


def test_a_second_demo_of_one_clone_says_where_the_first_is(tmp_path: Path) -> None:
    with opening.Home(tmp_path, "demo").alone("http://127.0.0.1:8000"):
        status, errors = demo(tmp_path, "8123")
    assert status == 1
    assert errors.startswith("The demo of this clone runs already: http://127.0.0.1:8000")
    assert errors.count("\n") == 1


def test_a_failed_step_names_its_last_line_and_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = opening.Home(tmp_path, "demo")
    home.logs.mkdir()
    monkeypatch.setattr(opening, "MANAGE", ("sh", "-c", 'echo seen; echo "no such thing" >&2; exit 2'))
    monkeypatch.setattr(processes, "_end_with_parent", None)  # a test process may have threads
    with pytest.raises(opening.Failed, match=r"load_demo` failed: no such thing .*load_demo\.log"):
        home.run("load_demo", is_shown=True)
    assert "seen" in capfd.readouterr().out
