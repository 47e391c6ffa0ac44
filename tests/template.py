"""The database as `migrate` leaves it, made once for all processes of a run: each begins with a copy.

Migrating takes ten seconds of a core, and the workers would do it side by side. It is done by a fork of the
process that starts them, while they still read the tests.
"""

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

from django.db import connection

from tests import servers

NAME, UNFINISHED = "migrated", "migrating"
_forks: list[int] = []


def begin() -> None:
    """Have it made meanwhile; only in the suite's own server, which is thrown away with it."""
    if not servers.postgres():
        return
    with _lock().open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the fork's as well: until that has ended, however it ends
        fork = os.fork()
        if not fork:
            try:
                _make()
            finally:
                os._exit(0)  # without it each worker migrates, and tells what is wrong
    _forks.append(fork)


def use() -> None:
    """Let the test database of this process begin as a copy, if there is one to be had."""
    if not servers.postgres() or not _lock().exists():
        return
    with _lock().open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
    with connection.creation._nodb_cursor() as cursor:
        if connection.creation._database_exists(cursor, NAME):
            connection.settings_dict["TEST"]["TEMPLATE"] = NAME


def end() -> None:
    """Nobody needs it any more."""
    for fork in _forks:
        with suppress(ProcessLookupError):
            os.kill(fork, signal.SIGKILL)
        os.waitpid(fork, 0)
    _forks.clear()


def _make() -> None:
    connection.settings_dict["TEST"]["NAME"] = UNFINISHED
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {UNFINISHED} RENAME TO {NAME}")


def _lock() -> Path:
    return Path(os.environ["TESTS_HOME"]) / "template.lock"
