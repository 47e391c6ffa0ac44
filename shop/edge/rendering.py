"""A public page is read on a replica, unless one of its keys was marked later than what that has replayed.

ARCHITECTURE, "A product edit reaches every page, once", steps 6 and 7: nothing waits for a replica, and none
that lags can refill a page.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpResponseBase

from shop import marks, replicas
from shop.edge.recording import recording
from shop.marks import Begun, MarksAway, Position

logger = logging.getLogger(__name__)

WHOLE = "html"  # every page carries it
MARKED = 1  # seconds that the edge may keep what is stale already, perhaps: who asks at once shares it
UNMARKED = 10  # seconds, while nobody can say what is stale

Answer = Callable[[], HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """What is known of an answer. at_most: seconds that anybody may keep it; None: as long as it says.

    begun: what stood before its first statement; None if only the edge may keep it, and not for long.
    """

    keys: frozenset[str]
    at_most: int | None = None
    begun: Begun | None = None


def render(path: str, answer: Answer) -> tuple[HttpResponseBase, Page]:
    """What `answer` gives, and for how long that is true as far as the marks know. path: for the log.

    Raises the database's errors where neither the primary nor a replica answers.
    """
    begun = marks.pages.begin()
    if begun is None:
        return _from_the_primary(path, answer)
    try:
        with replicas.reading(begun.floor) as replayed:
            if replayed is None:
                return _from_the_primary(path, answer, begun)
            response, page = _record(path, answer)
    except replicas.Lost as error:
        logger.warning("%s is read from the primary, its replica is lost: %s", path, error)
        return _from_the_primary(path, answer, begun)
    judged = _judged(page, begun, replayed)
    return (response, judged) if judged else _from_the_primary(path, answer, marks.pages.begin())


def _from_the_primary(path: str, answer: Answer, begun: Begun | None = None) -> tuple[HttpResponseBase, Page]:
    """Without the primary from any replica, however late: better an older page than none."""
    try:
        response, page = _record(path, answer)
    except (OperationalError, InterfaceError) as error:
        with replicas.reading(None) as replayed:
            if replayed is None:
                raise
            logger.warning("%s is read from a replica that may be behind: %s", path, error)
            response, page = _record(path, answer)
        return response, _shortened(page, MARKED)
    judged = _judged(page, begun) if begun else None
    return response, judged or _shortened(page, UNMARKED)


def _record(path: str, answer: Answer) -> tuple[HttpResponseBase, Page]:
    with recording() as page:
        response = answer()
    if page.gap is None:
        return response, Page(frozenset(page.keys))
    logger.error("%s is not kept: %s", path, page.gap)
    return response, Page(frozenset(page.keys), at_most=MARKED)


def _judged(page: Page, begun: Begun, replayed: Position | None = None) -> Page | None:
    """The page as long as it may be kept; None if it was read on a replica that is behind, or may be."""
    try:
        verdict = marks.pages.judge(begun, page.keys | {WHOLE}, replayed)
    except MarksAway:
        return None if replayed else _shortened(page, UNMARKED)
    if verdict.behind:
        return None
    if verdict.marked or page.at_most is not None:
        return _shortened(page, MARKED)
    return Page(page.keys, begun=begun)


def _shortened(page: Page, seconds: int) -> Page:
    return Page(page.keys, at_most=min(seconds, page.at_most or seconds))
