"""What was changed is fresh everywhere at once: marked for who renders, purged from who keeps, twice.

The second purge, 2 s later, meets what was being fetched during the first; it is an outbox row, and so the
retry of a purge that failed. ARCHITECTURE, "A product edit reaches every page, once", steps 4 and 5.
"""

import logging
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from shop import marks
from shop.edge import receipts
from shop.edge.backends import backend
from shop.edge.coarse import key_of, with_coarse
from shop.edge.purges import PurgeFailed, written
from shop.edge.rendering import WHOLE
from shop.marks import MarksAway
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

AGAIN = timedelta(seconds=2)  # more than the edge allows an answer to take and be kept (default.vcl: 1.5 s)
MOST = 20_000  # keys that are marked: of more, that takes longer than rendering the pages that are asked for


class LetGo(NamedTuple):
    """How it went. is_marked: else all of it must be repeated; pages: None if the edge does not say."""

    is_marked: bool
    pages: int | None
    error: str


def let_go(keys: Collection[str]) -> LetGo:
    """Pages with one of these keys are stale: nobody keeps them, or takes a replica's word for them.

    Call it in autocommit, after the changed rows were seen. The edge's failure is told, the retry is
    `again`'s; the database's errors are raised.
    """
    named = few(keys)
    try:
        marks.pages.mark_now(named)
    except MarksAway as error:
        # Meanwhile nobody can keep a page for long, see shop.edge.rendering.
        logger.warning("Changed pages cannot be marked, it is tried again: %s", error)
        is_marked = False
    else:
        is_marked = True
    try:
        pages, error_text = purge(named), ""
    except PurgeFailed as error:
        logger.warning("A purge failed, it is tried again: %s", error)
        pages, error_text = None, str(error)
    return LetGo(is_marked, pages, error_text)


def again(keys: Collection[str], causes: Sequence[int], outcome: LetGo) -> None:
    """In a transaction: the second purge, and what the merchant is told."""
    token = secrets.randbits(62)
    receipts.note(causes, outcome.pages, outcome.error, token)
    told = causes if outcome.error else ()
    enqueue("edge.purge", sorted(few(keys)), list(told), token, queue="changes", due_in=AGAIN)


def purge(keys: Collection[str]) -> int | None:
    """How many pages the edge has let go; None if it does not say. Raises PurgeFailed.

    Of more keys than it takes, everything goes: what is kept in our own store is still told apart.
    """
    edge, named = backend(), with_coarse(keys)
    return edge.purge(named if len(named) <= edge.MOST else with_coarse([WHOLE]))


def left(keys: Collection[str], failed: PurgeFailed) -> list[str]:
    """Those of the keys that are to be purged again after purge() of them has failed."""
    missed = [key for key in keys if failed.keys.intersection(written([key, key_of(key)]))]
    return sorted(missed or keys)


def few(keys: Collection[str]) -> Collection[str]:
    """The keys, or the one that every page carries."""
    return keys if len(keys) <= MOST and WHOLE not in keys else {WHOLE}
