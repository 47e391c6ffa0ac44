"""PostgreSQL and Redis for a demo or a test run, started by hand when the environment names none.

Both listen on Unix sockets in folders of their own user only. Whoever uses them holds a shared kernel lock,
so that the last one to leave stops them, and a user that was killed counts no longer.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shop.embedded import postgres, redis
from shop.embedded.ground import PLACES, SHORT_PLACE, START_SECONDS, EmbeddedError, own_name

__all__ = ["EmbeddedError", "Urls", "environment", "is_named", "reset", "services"]


@dataclass(frozen=True)
class Urls:
    """Where the services answer; None for one that was not asked for."""

    database: str | None = None
    redis: str | None = None


@contextlib.contextmanager
def services(home: Path, *, database: bool = True, cache: bool = True) -> Iterator[Urls]:
    """The clone's own services, started if nobody uses them yet and stopped if nobody does any more."""
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    me = os.getpid()
    with (home / "users.lock").open("a") as users:
        try:
            with _starting(home):
                fcntl.flock(users, fcntl.LOCK_SH)
                urls = Urls(
                    database=postgres.of_clone(home).start() if database else None,
                    redis=redis.of_clone(home).start() if cache else None,
                )
            yield urls
        finally:
            if os.getpid() == me:  # a fork shares the lock and must not give it up
                with _starting(home):
                    _stop_if_unused(home, users)


def reset(home: Path) -> None:
    """Remove the demo's data; refuses while someone uses them."""
    if not home.exists():
        return
    home = home.resolve()
    with (home / "users.lock").open("a") as users, _starting(home):
        if not _stop_if_unused(home, users):
            raise EmbeddedError("The demo or one of its commands is running: stop it first (Ctrl-C).")
        for place in {*PLACES, SHORT_PLACE}:
            shutil.rmtree(Path(place) / own_name(home), ignore_errors=True)
        for entry in home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.suffix != ".lock":  # someone may be waiting for one
                entry.unlink()


def environment(home: Path, urls: Urls, port: int = 8000) -> dict[str, str]:
    """What the settings need to run as a demo; what the environment names stays as it is."""
    demo = {
        "SECRET_KEY": _secret_key(home),
        "DEMO": "true",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": urls.database,
        "REDIS_URL": urls.redis,
    }
    return {name: value for name, value in demo.items() if value and not is_named(name)}


def is_named(name: str) -> bool:
    """Whether the environment gives this setting."""
    return name in os.environ or f"{name}_FILE" in os.environ


def _stop_if_unused(home: Path, users: IO[str]) -> bool:
    """Whether nobody else uses the services, which are then stopped. Only while holding the start lock."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if (home / "redis").exists():
        redis.of_clone(home).stop()
    if (home / "postgres").exists():
        with contextlib.suppress(EmbeddedError):  # what is not installed any more does not run
            postgres.of_clone(home).stop()
    return True


@contextlib.contextmanager
def _starting(home: Path) -> Iterator[None]:
    """Held while services start or stop, by one process at a time."""
    with (home / "start.lock").open("a") as lock:
        until = time.monotonic() + 2 * START_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise EmbeddedError(
                        f"Another command has held {lock.name} for two minutes: stop it, then try again."
                    ) from None
                time.sleep(0.05)
        yield


def _secret_key(home: Path) -> str:
    """Made once for each clone, readable by its user only."""
    path = home / "secret_key"
    if not path.exists():
        part = home / f"secret_key.{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_text()
