"""PostgreSQL, its replica and Redis for a demo, a production on one machine or a test run, started by hand.

All listen on Unix sockets in folders of their own user only. Whoever uses them holds a shared kernel lock,
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

from shop.embedded import postgres, redis, replica
from shop.embedded.ground import PLACES, SHORT_PLACE, START_SECONDS, EmbeddedError, own_name

__all__ = ["EmbeddedError", "Urls", "environment", "is_named", "reset", "secret", "services"]


@dataclass(frozen=True)
class Urls:
    """Where the services answer; None for one that was not asked for."""

    database: str | None = None
    replica: str | None = None
    redis: str | None = None


@contextlib.contextmanager
def services(
    home: Path, *, database: bool = True, cache: bool = True, replica_delay: int | None = None
) -> Iterator[Urls]:
    """The clone's own services, started if nobody uses them yet and stopped if nobody does any more.

    replica_delay: milliseconds by which a replica of the database is held back; without it there is none.
    """
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    me = os.getpid()
    with (home / "users.lock").open("a") as users:
        try:
            with _starting(home):
                fcntl.flock(users, fcntl.LOCK_SH)
                urls = Urls(
                    database=postgres.of_clone(home).start() if database else None,
                    replica=_replica(home, replica_delay) if replica_delay is not None else None,
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
            raise EmbeddedError("It runs, or one of its commands does: stop it first (Ctrl-C).")
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
        "SECRET_KEY": secret(home, "secret_key"),
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


def _replica(home: Path, delay: int) -> str:
    """Its address, when it answers."""
    server = replica.of_clone(home)
    url = server.start()
    server.hold_back(delay)
    return url


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
            replica.of_clone(home).stop()  # first: its primary would wait for it
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


def secret(home: Path, name: str) -> str:
    """The one of that name, made once for each clone, readable by its user only."""
    path = home / name
    if not path.exists():
        part = home / f"{name}.{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_text()
