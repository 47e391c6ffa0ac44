"""A public page is read on a replica, unless one of its keys was marked later than what that has replayed.

ARCHITECTURE, "A product edit reaches every page, once", steps 6 and 7: nothing waits for a replica, and none
that lags can refill a page.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseBase

from shop import marks, replicas
from shop.breaker import Breaker
from shop.edge.recording import recording
from shop.marks import Begun, MarksAway, Position

logger = logging.getLogger(__name__)

WHOLE = "html"  # every page carries it
MARKED = 1  # seconds that the edge may keep what is stale already, perhaps: who asks at once shares it
UNMARKED = 10  # seconds, while nobody can say what is stale

# One that is frozen or unreachable costs a thread its patience, or two seconds to connect: not each of them.
# One that refuses at once costs nothing to be asked again.
primary = Breaker(failures=1, seconds=5.0)
LONG = 0.25  # seconds

Answer = Callable[[], HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """What is known of an answer. at_most: seconds that anybody may keep it; None: as long as it says.

    begun: what stood before its first statement; None if only the edge may keep it, and not for long.
    """

    keys: frozenset[str]
    at_most: int | None = None
    begun: Begun | None = None


def render(path: str, answer: Answer, needs: int = 0) -> tuple[HttpResponseBase, Page]:
    """What `answer` gives, and for how long that is true as far as the marks know. path: for the log.

    needs: the LSN of the last mark of what the page showed before. A replica that has not replayed it would
    be rejected afterwards; that is only a guess of ours what the page reads, so it is judged all the same.
    503 where neither the primary nor a replica answers.
    """
    begun = marks.pages.begin()
    if begun is None:
        return _from_the_primary(path, answer)
    try:
        floor = begun.floor._replace(lsn=max(begun.floor.lsn, needs))
        with replicas.reading(floor) as replayed:
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
    if not primary.lets():
        return _from_any_replica(path, answer, "the primary has not answered a moment ago")
    began = time.monotonic()
    try:
        response, page = _record(path, answer)
    except (OperationalError, InterfaceError) as error:
        if replicas.is_of_a_statement(error):
            primary.worked()
        elif time.monotonic() - began >= LONG:
            primary.failed()
        return _from_any_replica(path, answer, error)
    primary.worked()
    judged = _judged(page, begun) if begun else None
    return response, judged or _shortened(page, UNMARKED)


def _from_any_replica(path: str, answer: Answer, why: object) -> tuple[HttpResponseBase, Page]:
    """Else 503, at once: the edge then sends the last good page."""
    try:
        with replicas.reading(None) as replayed:
            if replayed is not None:
                logger.warning("%s is read from a replica that may be behind: %s", path, why)
                response, page = _record(path, answer)
                return response, _shortened(page, MARKED)
    except replicas.Lost as error:
        why = f"{why}; {error}"
    logger.error("%s cannot be read, neither on the primary nor on a replica: %s", path, why)
    text = "503 The shop cannot read its goods, it will be back in a moment.\n"
    away = HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")
    away["Retry-After"] = str(round(primary.seconds))
    return away, Page(frozenset())


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
