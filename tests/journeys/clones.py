"""The project as a stranger has it: a clone in a place of its own, in which one types `make`."""

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source
from pathlib import Path

from shop.embedded.ground import own_name

ROOT = Path(__file__).resolve().parents[2]
# What is installed is used as it stands; `make` would compare the times of files that were just copied.
MAKE = ("make", "-o", ".venv/.demo", "--no-print-directory")


@contextmanager
def cloned(folder: Path, reset: str) -> Iterator[Path]:
    """The project's own files and nothing else; in the end `make <reset>`."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # What was compiled goes along, known by its source's time: a dozen processes begin at once.
    compiled = [cache_from_source(name) for name in names.split("\0") if name.endswith(".py")]
    for name in filter(None, [*names.split("\0"), *([] if sys.pycache_prefix else compiled)]):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    yield folder
    subprocess.run([*MAKE, reset], cwd=folder, env=environment(), check=True, timeout=60)


def environment() -> dict[str, str]:
    """A stranger's: none of the tests' own settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def free_port() -> int:
    """Of those that no system gives to who asks for any: it and the next are free when they are used too."""
    while True:
        port = random.randrange(15_000, 30_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def typed(clone: Path, *words: str, until: str) -> tuple["subprocess.Popen[str]", str]:
    """`make …` that goes on, and what it said until it said that; or until its end."""
    process = subprocess.Popen(
        [*MAKE, *words],
        cwd=clone,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if until in line:
            break
    return process, said


def running(clone: Path) -> dict[int, str]:
    """The command lines that name this clone, or where its database lies if not in there, by process id."""
    names = [os.fsencode(clone), *(own_name(clone / home).encode() for home in (".demo", ".stack"))]
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue  # it ended just now
        if any(name in line for name in names):
            found[int(entry.parent.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found
