"""A streaming replica of one PostgreSQL server on the same machine, copied from it and held by a slot."""

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from shop.embedded import postgres
from shop.embedded.ground import SOCKET_PATH_LIMIT, START_SECONDS, EmbeddedError, last_line
from shop.embedded.postgres import SOCKET, Postgres


@dataclass(frozen=True)
class Replica(Postgres):
    """Started and stopped like any server; the primary must answer when the copy is made.

    name: of its slot, and of what the primary sees. While it is stopped, the slot keeps the primary's WAL:
    for good, drop() it.
    """

    WAIT: ClassVar[int] = 10

    _: KW_ONLY
    primary: Postgres
    name: str

    def _hurry(self) -> None:
        """Many savepoints open on the primary make it wait for a time without; a checkpoint tells of one."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.primary.url, autocommit=True) as line,
        ):
            line.execute("CHECKPOINT")
        time.sleep(0.5)

    def promote(self) -> None:
        """Make it a primary of its own, on a timeline of its own; returns when it takes writes."""
        done = self._run("pg_ctl", "promote", "-D", self.data, "-w", "-t", START_SECONDS)
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL was not promoted: {last_line(done.stderr)}")

    def hold_back(self, milliseconds: int) -> None:
        """From now on replay a commit that much after it happened; 0: at once. An option goes before it.

        A reload is only asked for: what is written before the server has heard of it would be replayed at
        once. It tells its replaying process and takes new connections after it has read the file itself.
        """
        asked = f"{milliseconds}ms"
        with psycopg.connect(self.url, autocommit=True) as line:
            line.execute(sql.SQL("ALTER SYSTEM SET recovery_min_apply_delay = {}").format(asked))
            line.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + START_SECONDS
        while self._delay() != milliseconds:
            if time.monotonic() > until:
                raise EmbeddedError(f"PostgreSQL keeps another recovery_min_apply_delay than {asked}.")
            time.sleep(0.01)

    def _delay(self) -> int:
        """What a new connection is told, in milliseconds."""
        with psycopg.connect(self.url) as line:
            row = line.execute(
                "SELECT setting::int FROM pg_settings WHERE name = 'recovery_min_apply_delay'"
            ).fetchone()
        return int(row[0]) if row else 0

    def drop(self) -> None:
        """Stop it and remove its data; its slot too, if the primary answers."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        with contextlib.suppress(psycopg.OperationalError):
            self._drop_slot()

    def _create(self) -> None:
        """A copy of the primary, complete or not at all."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account:
            os.chown(fresh, self.account.pw_uid, self.account.pw_gid)
        self._drop_slot()  # of a copy that was not finished
        where = ["-h", self.primary.sockets, "-p", 5432, "-U", "shop", "-D", fresh]
        how = ["-R", "-C", "-S", self.name, "-X", "stream", "-c", "fast"]
        if "fsync=off" in self.options:
            how.append("--no-sync")
        done = self._run("pg_basebackup", *where, *how)
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL was not copied: {last_line(done.stderr)}")
        for copied in (f"{SOCKET}.lock", "server.log"):  # the primary's, where its sockets lie with its data
            (fresh / copied).unlink(missing_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _drop_slot(self) -> None:
        until = time.monotonic() + START_SECONDS
        with psycopg.connect(self.primary.url, autocommit=True) as line:
            while True:
                try:
                    line.execute(
                        "SELECT pg_drop_replication_slot(slot_name)"
                        " FROM pg_replication_slots WHERE slot_name = %s",
                        [self.name],
                    )
                except psycopg.errors.ObjectInUse:  # the primary takes a moment to see that a replica is gone
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
                else:
                    return


def of(primary: Postgres, data: Path, *, name: str, options: Sequence[str] = ()) -> Replica:
    """A replica whose data and socket lie in `data`, whose parent folder its account must be able to enter.

    It has the primary's options and then these, say `recovery_min_apply_delay=5s`. name: [a-z0-9_]+.
    """
    seen = ("hot_standby=on", f"cluster_name={name}")
    # Named at each start: the copy remembers where its primary was, and a clone may be moved.
    follows = f"primary_conninfo=user=shop host={primary.sockets} port=5432"
    all_options = (*primary.options, *seen, follows, *options)
    return Replica(primary.programs, data, data, primary.account, all_options, primary=primary, name=name)


def of_clone(home: Path) -> Replica:
    """That of a clone's own server, beside it."""
    primary = postgres.of_clone(home)
    made = of(primary, primary.data.with_name("replica"), name="replica")
    if len(str(made.socket_path)) <= SOCKET_PATH_LIMIT:
        return made
    sockets = primary.sockets / "replica"  # a private folder with a short name
    sockets.mkdir(mode=0o700, exist_ok=True)
    return replace(made, sockets=sockets)
