"""In CI PostgreSQL, Redis and Chromium are never skipped: the run ends and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Of these three only what is named is missing; the others are only said to be there.
SCRIPT = """
import os, sys
from tests import servers

def none(*arguments):
    raise servers.embedded.EmbeddedError("none on this machine")

missing = sys.argv[1]
servers._begin_postgres = none if missing == "PostgreSQL" else lambda home: "postgres://x@127.0.0.1:9/x"
servers.Redis.start = none if missing == "Redis" else lambda self: "redis://127.0.0.1:9/0"
servers.chromium = lambda: None if missing == "Chromium" else "/usr/bin/chromium"
try:
    servers.begin()
    print(servers.report())
finally:
    servers.end()
"""


def begin(missing: str, ci: str) -> "subprocess.CompletedProcess[str]":
    """What a test run says that begins where a service is missing."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TESTS_", "PYTEST_")) and name not in {"DATABASE_URL", "REDIS_URL", "CI"}
    }
    environment = {**kept, **({"CI": ci} if ci else {})}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, missing],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("ci", ["true", "1"])
@pytest.mark.parametrize("service", ["PostgreSQL", "Redis", "Chromium"])
def test_in_ci_a_missing_service_ends_the_run(service: str, ci: str) -> None:
    done = begin(service, ci)
    assert done.returncode != 0
    assert "services:" not in done.stdout
    assert f"UsageError: CI needs {service}" in done.stderr


@pytest.mark.parametrize("service", ["PostgreSQL", "Redis", "Chromium"])
def test_elsewhere_it_is_said_and_the_run_goes_on(service: str) -> None:
    done = begin(service, "")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("services:")
    assert ("no browser" if service == "Chromium" else f"no {service}: none on this machine") in done.stdout


def test_in_ci_with_all_of_them_the_run_goes_on() -> None:
    assert begin("nothing", "true").returncode == 0
