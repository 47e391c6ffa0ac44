"""manage.py finds the demo's services by itself; no other process does."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import embedded
from shop.embedded import ground, postgres

ROOT = Path(__file__).resolve().parents[2]
SHOW = "from django.conf import settings; print(settings.DATABASE_URL, settings.REDIS_URL, settings.DEMO)"
GIVEN = {"DATABASE_URL": "postgres://mine@127.0.0.1:9/mine", "REDIS_URL": "redis://127.0.0.1:9/0"}


@pytest.fixture
def clone() -> Iterator[Path]:
    """A clone of its own, whose .demo is not the developer's."""
    folder = Path(tempfile.mkdtemp(prefix="deckle-clone-", dir="/tmp"))
    folder.chmod(0o755)
    shutil.copy(ROOT / "manage.py", folder)
    for package in ("shop", "accounts", "catalog", "orders", "checkout"):
        (folder / package).symlink_to(ROOT / package)
    yield folder
    embedded.reset(folder / ".demo")
    shutil.rmtree(folder)


def run(clone: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    named = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL", "DEMO", "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=clone,
        env={name: value for name, value in os.environ.items() if name not in named} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_command_that_only_reads_code_starts_nothing(clone: Path) -> None:
    done = run(clone, "manage.py", "version")
    assert done.returncode == 0
    assert not (clone / ".demo" / "postgres").exists()


def test_what_the_environment_names_is_used_and_nothing_started(clone: Path) -> None:
    done = run(clone, "manage.py", "shell", "--no-imports", "-c", SHOW, SECRET_KEY="x", **GIVEN)
    assert done.stdout.split() == [*GIVEN.values(), "False"]
    assert not (clone / ".demo" / "postgres").exists()


def test_a_command_finds_the_demos_services_and_stops_them_again(clone: Path) -> None:
    done = run(clone, "manage.py", "shell", "--no-imports", "-c", SHOW)
    assert done.stderr == ""
    database, redis, demo = done.stdout.split()
    assert f"{clone}/.demo" in database
    assert f"{clone}/.demo" in redis
    assert demo == "True"
    assert not ground.listens(clone / ".demo" / "postgres" / postgres.SOCKET)


def test_a_missing_secret_is_one_line(clone: Path) -> None:
    done = run(clone, "manage.py", "migrate", **GIVEN)
    assert done.returncode == 1
    assert done.stderr.startswith("SECRET_KEY is not set.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["shop.wsgi", "shop.asgi"])
def test_a_server_without_a_database_refuses_to_start_and_says_why(clone: Path, module: str) -> None:
    done = run(clone, "-c", f"import {module}")
    assert done.returncode == 3
    assert done.stderr.startswith("The shop does not start: DATABASE_URL is not set.")
    assert done.stderr.count("\n") == 1
