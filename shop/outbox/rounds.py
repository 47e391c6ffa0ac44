"""Rounds: jobs without arguments that the relay does each minute, for what nobody is there to ask for.

The apps above register theirs by name; two relays may go the same round at once.
"""

import logging

from django.db import InterfaceError, OperationalError

from shop.outbox.outbox import resolve

logger = logging.getLogger(__name__)

jobs: list[str] = []


def register(job: str) -> None:
    """From an app's ready(): "orders.ask_the_silent"."""
    if job not in jobs:
        jobs.append(job)


def go() -> None:
    """Each of them; one that fails is logged and keeps nobody from theirs, unless the database is away."""
    for job in jobs:
        try:
            resolve(job)()
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception("The round %s failed; it is gone again in a minute.", job)
