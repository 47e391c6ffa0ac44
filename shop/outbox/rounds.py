"""Rounds: jobs without arguments that the relay does unasked, for what nobody is there to ask for.

Most are gone each minute; quick ones each second, when the relay looks: they only ask whether there is work,
and write a message for it. The apps above register theirs by name; two relays may go the same round at once.
"""

import logging
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError

from shop.outbox.outbox import resolve

logger = logging.getLogger(__name__)

jobs: list[str] = []
quick: list[str] = []


def register(job: str, *, is_quick: bool = False) -> None:
    """From an app's ready(): "orders.ask_the_silent"."""
    known = quick if is_quick else jobs
    if job not in known:
        known.append(job)


def go() -> None:
    """Each of them; one that fails is logged and keeps nobody from theirs, unless the database is away."""
    _go(jobs)


def look() -> None:
    """The quick ones, in the same way."""
    _go(quick)


def _go(names: Sequence[str]) -> None:
    for job in names:
        try:
            resolve(job)()
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception("The round %s failed; it is gone again.", job)
