"""The stack that somebody runs in this clone (`make stack`): its settings, and Django with them."""

import os
import shlex
from pathlib import Path

import django

from bench.place import CLONE

HOME = CLONE / ".stack"


def set_up() -> dict[str, str]:
    """Its settings, which this process has from now on; ends the program where no stack runs."""
    try:
        rows = shlex.split((HOME / "environment").read_text())
    except OSError:
        raise SystemExit("No stack is running here: make stack first, in another terminal.") from None
    settings = dict(row.split("=", 1) for row in rows)
    os.environ.update(settings, DJANGO_SETTINGS_MODULE="shop.settings")
    django.setup()
    return settings


def log(name: str) -> Path:
    """A file for what a process of ours says."""
    folder = HOME / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"
