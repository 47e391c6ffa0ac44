"""The ground both servers stand on: private folders, the account they run as, sockets."""

import contextlib
import hashlib
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOCKET_PATH_LIMIT = 103  # what every kernel takes; Linux would take 107
START_SECONDS = 60
# Where a server that may not enter the clone keeps its data: first where no one else can write at all.
PLACES = ("/var/lib", "/var/tmp", tempfile.gettempdir())  # noqa: S108 (checked in private_folder)
SHORT_PLACE = "/tmp"  # noqa: S108 (checked there too)


class EmbeddedError(Exception):
    """One line that says what to do."""


def server_account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as, which refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def run_as(
    account: pwd.struct_passwd | None, command: Sequence[object], **more: Any
) -> "subprocess.CompletedProcess[str]":
    """Run it as that account, out of the terminal's reach: a Ctrl-C is not meant for the services."""
    if account:
        more |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return subprocess.run(
        [str(word) for word in command],
        env=surroundings | {"LC_ALL": "C"},
        cwd="/",
        capture_output=True,
        text=True,
        errors="replace",
        timeout=START_SECONDS * 2,
        start_new_session=True,
        **more,
    )


def own_name(home: Path) -> str:
    """Of the folder outside the clone: one for each clone and user."""
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    return f"deckle-{os.geteuid()}-{digest}"


def private_folder(place: str, name: str, mode: int) -> Path:
    """A folder that only we can write, even where everyone may make folders."""
    folder = Path(place) / name
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if state.st_uid != os.geteuid() or folder.is_symlink() or not folder.is_dir() or state.st_mode & 0o022:
        raise EmbeddedError(f"{folder} is another user's: remove it, or set DATABASE_URL and REDIS_URL.")
    folder.chmod(mode)
    return folder


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except OSError:
            return False
    return True


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
