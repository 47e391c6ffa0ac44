"""In CI PostgreSQL, Redis and Chromium are never skipped: the run ends and says what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("PostgreSQL", "Redis", "Chromium")
CASES = [*((missing, ci) for missing in SERVICES for ci in ("true", "1", "")), ("nothing", "true")]
# For each case a fork that begins a test run; its exit status, and what it wrote, of both kinds.
# Of these three services only what is named is missing; the others are only said to be there.
SCRIPT = """
import json, os, sys, tempfile, traceback
import django
from tests import servers

# What takes long is done before the forks.
given = dict(os.environ)
nowhere = {"DATABASE_URL": "postgres://x@127.0.0.1:9/x", "REDIS_URL": "redis://127.0.0.1:9/0"}
os.environ.update(servers.SETTINGS, MEDIA_ROOT="/nowhere", **nowhere)
django.setup()
os.environ.clear()
os.environ.update(given)

def none(*arguments):
    raise servers.embedded.EmbeddedError("none on this machine")

def begin(missing, ci):
    os.environ.update({"CI": ci} if ci else {})
    servers.IN_CI = ci in {"1", "true"}
    servers._begin_postgres = none if missing == "PostgreSQL" else lambda home: "postgres://x@127.0.0.1:9/x"
    servers.Redis.start = none if missing == "Redis" else lambda self: "redis://127.0.0.1:9/0"
    servers.chromium = lambda: None if missing == "Chromium" else "/usr/bin/chromium"
    try:
        servers.begin()
        print(servers.report(), flush=True)
    finally:
        servers.end()

told = []
for case in json.loads(sys.argv[1]):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(complaints.fileno(), 2)
            try:
                begin(*case)
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        written = []
        for stream in (out, complaints):
            stream.seek(0)
            written.append(stream.read().decode())
        told.append([status, *written])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, str], Any]:
    """By what is missing, and what CI says: exit status, output and complaints."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TESTS_", "PYTEST_")) and name not in {"DATABASE_URL", "REDIS_URL", "CI"}
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(CASES)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("ci", ["true", "1"])
@pytest.mark.parametrize("service", SERVICES)
def test_in_ci_a_missing_service_ends_the_run(
    told: dict[tuple[str, str], Any], service: str, ci: str
) -> None:
    status, output, complaints = told[service, ci]
    assert status != 0
    assert "services:" not in output
    assert f"UsageError: CI needs {service}" in complaints


@pytest.mark.parametrize("service", SERVICES)
def test_elsewhere_it_is_said_and_the_run_goes_on(told: dict[tuple[str, str], Any], service: str) -> None:
    status, output, complaints = told[service, ""]
    assert status == 0, complaints
    assert output.startswith("services:")
    assert ("no browser" if service == "Chromium" else f"no {service}: none on this machine") in output


def test_in_ci_with_all_of_them_the_run_goes_on(told: dict[tuple[str, str], Any]) -> None:
    assert told["nothing", "true"][0] == 0
