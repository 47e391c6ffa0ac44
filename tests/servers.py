"""The real services behind the tests: begun once, before Django reads its settings, gone with the run.

An xdist worker finds them in the environment that the controller left it.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from shop import embedded
from shop.embedded.ground import run_as, server_account
from shop.embedded.postgres import Postgres, bundled_programs
from shop.embedded.redis import Redis

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# As it is while no test runs, seen by the first conftest: within one, Django forbids databases that its
# declaration does not name, and pytest-django all of them.
CONNECTS = BaseDatabaseWrapper.ensure_connection
# Durable is what production must be; these data are thrown away.
QUICK = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"),
    "deadlock_timeout=100ms",  # broken variants wait in circles
)
# Waits until the test run has ended, however it ended (kill -9 too), then stops the servers and sweeps up;
# one that a test had stopped goes on to its end.
GUARDIAN = """
cat > /dev/null
for server in "$0"/*/postmaster.pid; do pid=$(head -n 1 "$server"); kill -QUIT "$pid"; kill -CONT "$pid"; done
for server in "$0"/*.pid; do pid=$(cat "$server"); kill -TERM "$pid"; kill -CONT "$pid"; done
tries=0
while ls "$0"/*/postmaster.pid && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$0"
"""
# The first of them that is there: without a window it costs half of what it does with one.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SETTINGS = {
    "SECRET_KEY": "only for tests, and long enough for Django's own check of it",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "STATEMENT_TIMEOUT_MS": "20000",
    "LOCK_TIMEOUT_MS": "5000",
    "REDIS_TIMEOUT_MS": "2000",
    "EMAIL_HOST": "127.0.0.1",
    "PAYMENT_GATEWAY": "fake",
    "EDGE_STRICT": "1",
    "PAGE_STORE": "0",  # a test edits, and looks before anybody has followed that
    "RELEASE": "tests",
    "DJANGO_SETTINGS_MODULE": "shop.settings",
}
_guardian: "subprocess.Popen[bytes] | None" = None


def number() -> int:
    """Of this worker, from 0."""
    return int(WORKER.removeprefix("gw") or 0)


def begin() -> None:
    """Have PostgreSQL and Redis answer and Django set up; every conftest may import models after this."""
    # Where nothing may be kept (containers say so), each process that a test starts would compile the project
    # anew: two and a half seconds, for each of its nodes, workers and doubles.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if "TESTS_HOME" not in os.environ:
        _begin_servers()
    home = Path(os.environ["TESTS_HOME"]) / (WORKER or "files")
    for name in ("MEDIA_ROOT", "MAILBOX_DIR", "STATIC_ROOT"):
        folder = home / name.lower()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"])
    # Most tests are of a shop without an engine: tests/engines.py gives one to those that ask for it.
    if engine := os.environ.pop("ELASTICSEARCH_URL", ""):
        os.environ["TESTS_ENGINE"] = engine
    os.environ.update(SETTINGS)
    django.setup()
    # A worker that found it would read its settings before it has a Redis and folders of its own.
    del os.environ["DJANGO_SETTINGS_MODULE"]


def end() -> None:
    """Stop what begin() started."""
    global _guardian
    if _guardian and _guardian.stdin:
        _guardian.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _guardian.wait(20)
        _guardian = None


def missing(service: str) -> str:
    """Why it cannot be had; empty if it can."""
    return os.environ.get(f"TESTS_MISSING_{service.upper()}", "")


def chromium() -> str | None:
    """Debian's browser, or one like it."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def report() -> str:
    """One line on where the tests run."""
    services = {
        "PostgreSQL": missing("PostgreSQL") or os.environ.get("TESTS_POSTGRES", "of DATABASE_URL"),
        "Redis": missing("Redis") or os.environ.get("TESTS_REDIS", "of REDIS_URL"),
        "Elasticsearch": os.environ.get("TESTS_ENGINE", "osmem-server, which is small and speaks alike"),
        "Chromium": chromium() or "no browser",
        "Varnish": shutil.which("varnishd", path=f"{os.environ['PATH']}:/usr/sbin") or "none",
    }
    return "services: " + " · ".join(f"{name}: {what}" for name, what in services.items())


def postgres() -> Postgres | None:
    """The suite's own server; None where the environment names one."""
    home = Path(os.environ["TESTS_HOME"])
    programs = os.environ.get("TESTS_PROGRAMS")
    if not programs:
        return None
    return Postgres(Path(programs), home / "postgres", home / "postgres", server_account(), QUICK)


def database_url(name: str) -> str:
    """The address of another database of the same server, as a test's own process needs it."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _begin_servers() -> None:
    global _guardian
    home = Path(tempfile.mkdtemp(prefix="deckle-tests-", dir="/tmp"))
    home.chmod(0o711)  # PostgreSQL's own account passes through
    os.environ["TESTS_HOME"] = str(home)
    _guardian = subprocess.Popen(
        ["/bin/sh", "-c", GUARDIAN, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if not embedded.is_named("DATABASE_URL"):
        os.environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1:9/none"
        with _noted("PostgreSQL"):
            os.environ["DATABASE_URL"] = _begin_postgres(home)
    if embedded.is_named("REDIS_URL"):
        os.environ["TESTS_GIVEN_REDIS"] = "1"
    else:
        os.environ["REDIS_URL"] = "redis://127.0.0.1:9/0"
        with _noted("Redis"):
            server = Redis(home / "redis", home / "redis", ("--pidfile", str(home / "redis.pid")))
            os.environ["REDIS_URL"] = server.start()
            os.environ["TESTS_REDIS"] = "own"
    if IN_CI and not chromium():
        raise pytest.UsageError("CI needs Chromium, and there is none on PATH.")


def _begin_postgres(home: Path) -> str:
    """Debian's newest, else the bundled one: what the machine's user is likelier to have in production."""
    account, failures = server_account(), []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(debian), *([Path(on_path).resolve().parent] if on_path else [])]
    with contextlib.suppress(embedded.EmbeddedError):
        candidates.append(bundled_programs())
    for programs in candidates:
        try:
            version = run_as(account, [programs / "postgres", "--version"]).stdout.split()[-1]
            url = Postgres(programs, home / "postgres", home / "postgres", account, QUICK).start()
        except (OSError, IndexError, embedded.EmbeddedError) as error:
            failures.append(f"{programs}: {error}")
        else:
            os.environ["TESTS_POSTGRES"] = f"{version} ({programs})"
            os.environ["TESTS_PROGRAMS"] = str(programs)
            return url
    raise embedded.EmbeddedError("; ".join(failures) or "no initdb on this machine, see `make services`")


@contextlib.contextmanager
def _noted(service: str):
    """A service that cannot be had skips its tests; in CI it fails the run."""
    try:
        yield
    except embedded.EmbeddedError as error:
        if IN_CI:
            end()
            raise pytest.UsageError(f"CI needs {service}: {error}") from error
        os.environ[f"TESTS_MISSING_{service.upper()}"] = f"no {service}: {error}"


def _own_database(url: str) -> str:
    """This process's own number; counted from the top in a Redis that was given, where 0 may be in use."""
    place = number() + 1 if WORKER else 0
    if "TESTS_GIVEN_REDIS" in os.environ:
        place = 15 - place
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={place}"
    return urlunsplit(parts._replace(path=f"/{place}"))
