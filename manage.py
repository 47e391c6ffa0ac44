#!/usr/bin/env python3
"""Commands of the shop; typed in a clone, they find the demo's database and Redis by themselves."""

import contextlib
import os
import signal
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parent
try:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
except ImportError:
    python = CLONE / ".venv" / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == CLONE / ".venv":
        sys.exit("Django is not installed here: run `make demo` (or `make install`) first.")
    os.execv(python, [str(python), *sys.argv])

from shop import embedded  # noqa: E402 (an older Python could not read it)

# These only read the code: they get addresses where nobody answers.
WITHOUT_SERVICES = {
    *("help", "version", "--help", "-h", "--version", "collectstatic", "findstatic", "build_fonts"),
    *("makemessages", "compilemessages", "startapp", "diffsettings"),
}
NOWHERE = embedded.Urls("postgres://nobody@127.0.0.1:9/none", "redis://127.0.0.1:9/0")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    with contextlib.ExitStack() as stack:
        database, cache = (not embedded.is_named(name) for name in ("DATABASE_URL", "REDIS_URL"))
        if database or cache:
            home = CLONE / ".demo"
            urls = NOWHERE
            if not WITHOUT_SERVICES.intersection(sys.argv[1:2] or ["help"]):
                # Leaving in order is what stops the services; a command may handle the signal otherwise.
                for number in (signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, lambda number, frame: sys.exit(128 + number))
                urls = stack.enter_context(embedded.services(home, database=database, cache=cache))
            home.mkdir(exist_ok=True)
            os.environ.update(embedded.environment(home, urls, int(os.environ.get("PORT") or 8000)))
            if sys.argv[1:2] == ["runserver"]:
                os.environ.setdefault("DEBUG", "true")
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(str(error))
