"""The search engine, asked: within 300 ms a page, and not at all for a moment when it fails too often.

Whatever goes wrong is one exception, Away, and then the database answers. Whether an engine that was left
alone is back is asked in a thread of its own, after 30 seconds and as cheaply as can be: nobody waits for it,
and no shopper's question decides it. Then it is warmed by what was asked last, and shoppers come one by one.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from elastic_transport import TransportError
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, BadRequestError, Elasticsearch

from catalog.search.deadline import Node
from shop.breaker import Breaker
from shop.slowstart import SlowStart

logger = logging.getLogger(__name__)

T = TypeVar("T")
Body = Mapping[str, Any]
Question = Callable[[Elasticsearch], Any]

FAILURES, WITHIN, REST = 5, 10.0, 30.0  # so many in so many seconds: it is left alone for so long
AGAIN = 5.0  # seconds after it was not back
CONNECTIONS = 32  # that are kept, to each node
QUICK, WRITERS_REST = 5.0, 10.0  # seconds
COLD = 5.0  # seconds that an engine that was just started may take for its first answer, and to get warm
SELDOM = 60.0  # seconds between two lines about queries that it refuses
REFUSED = 400

node_class: Any = Node  # of every client; tests have a server that needs another one


class Away(Exception):
    """The engine is not there, was too late, or answered what cannot be read. The database knows."""


class _Refused(Exception):
    """One of several queries is none to the engine."""


class Patience:
    """How long a page waits for the engine, whatever it asks: what one question took the next has not."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.left = seconds or settings.ELASTICSEARCH_TIMEOUT_MS / 1000


class _Seldom:
    """Who may say something, of all who would say the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said_at = -SELDOM

    def lets(self) -> bool:
        """Was it not said of late?"""
        with self._lock:
            now = time.monotonic()
            if now - self._said_at < SELDOM:
                return False
            self._said_at = now
            return True


@dataclass
class _Asked:
    """What a process keeps of an engine."""

    client: Elasticsearch
    breaker: Breaker
    start: SlowStart = field(default_factory=lambda: SlowStart(full=CONNECTIONS))
    refusals: _Seldom = field(default_factory=_Seldom)
    last: Question | None = None  # of a shopper


def is_configured() -> bool:
    """Is there an engine at all?"""
    return bool(settings.ELASTICSEARCH_URL)


def search(index: str, body: Body, read: Callable[[Any], T], patience: Patience | None = None) -> T:
    """What `read` makes of the engine's answer to a search; raises Away.

    What `read` stumbles over in an answer, a key that is not there or a text in the place of a number, is the
    engine's failure as well. patience: of the page, if it asks more than this.
    """
    timed = _timed(body)
    return _ask(
        index,
        lambda client: client.search(index=index, body=timed),
        lambda told: read(_whole(told)),
        patience,
    )


def search_all(
    index: str,
    bodies: Sequence[Body],
    read: Callable[[list[Any]], T],
    patience: Patience | None = None,
) -> T:
    """The same of several searches, asked together and answered side by side."""
    lines = [line for body in bodies for line in ({"index": index}, _timed(body))]

    def whole(told: Any) -> T:
        answers = [_whole(answer) for answer in told["responses"]]
        if len(answers) != len(bodies):
            raise ValueError("an answer in part")
        return read(answers)

    return _ask(index, lambda client: client.msearch(searches=lines), whole, patience)


def _timed(body: Body) -> dict[str, Any]:
    """It gives up as well, when nobody waits any more.

    The time is always the same: an answer that the engine has kept is that to the same question, to a byte.
    """
    return {**body, "timeout": f"{settings.ELASTICSEARCH_TIMEOUT_MS}ms"}


def _whole(answer: Any) -> Any:
    """An answer to a search, if it is one and all of it."""
    if "error" in answer:
        failure = _Refused if answer["status"] == REFUSED else ValueError
        raise failure(f"{answer['status']}: {answer['error']}")
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise ValueError("an answer in part")
    return answer


def _ask(index: str, question: Question, read: Callable[[Any], T], patience: Patience | None) -> T:
    if not is_configured():
        raise Away("no engine is configured")
    engine = _engine()
    if engine.breaker.is_open:
        if engine.breaker.lets():
            threading.Thread(target=_probe, args=(engine, index), daemon=True).start()
        raise Away("the engine is left alone for a moment")
    patience = patience or Patience()
    if patience.left <= 0:
        raise Away("the page has waited long enough")  # whoever kept it waiting has failed, or all but
    if not engine.start.enters():
        raise Away("the engine has just come back, and few ask it")
    is_answered = False
    try:
        engine.last = question
        found = _answer(engine, question, read, patience)
        is_answered = True
    finally:
        engine.start.leaves(is_answered=is_answered)
    if not engine.breaker.is_open:  # a late answer to a question from before is no news
        engine.breaker.worked()
    return found


def writer(*, is_quick: bool = False) -> Elasticsearch:
    """The client of workers and commands: it waits for long, and raises what the engine's client raises.

    is_quick: for what takes no time, and is asked before all else: whether anybody is there.
    """
    seconds = settings.ELASTICSEARCH_WRITE_SECONDS
    seconds = min(seconds, QUICK) if is_quick else seconds
    return _client(settings.ELASTICSEARCH_URL, seconds, node_class, *_credentials())


def writing() -> Breaker:
    """Whether workers may try: a stopped engine must not keep their other work waiting all the time."""
    return _writing(settings.ELASTICSEARCH_URL)


@cache
def _writing(_url: str) -> Breaker:
    return Breaker(failures=1, seconds=WRITERS_REST)


def forget() -> None:
    """How engines were: each is asked again."""
    _kept.cache_clear()
    _writing.cache_clear()


AWAY = (TransportError, ApiError)  # what a writer is met with


def _probe(engine: _Asked, index: str) -> None:
    """Is it back? At first without any hurry: one that was just started would be late each time."""
    try:
        _touch(engine, index, Patience(COLD))
        _warm(engine)
        _touch(engine, index, Patience())
    except Away:
        return
    engine.start.begins()
    engine.breaker.worked()
    logger.warning("The search engine answers again.")


def _touch(engine: _Asked, index: str, patience: Patience) -> None:
    """One document, whichever it is: the index is there, and is searched. Nothing that it may have kept."""
    body = {"size": 1, "_source": False, "track_total_hits": False, "terminate_after": 1}
    _answer(
        engine,
        lambda client: client.search(index=index, body=body),
        lambda told: _whole(told)["hits"]["hits"],
        patience,
    )


def _warm(engine: _Asked) -> None:
    """What a shopper asked last, until it is in time; it decides nothing: it may be what broke the engine."""
    patience, in_time = Patience(COLD), Patience().left
    while engine.last is not None and patience.left > 0:
        began_at = time.monotonic()
        try:
            engine.last(engine.client.options(request_timeout=patience.left))
        except Exception:  # as whoever asked it was told
            return
        took = time.monotonic() - began_at
        patience.left -= took
        if took <= in_time / 2:
            return


def _answer(engine: _Asked, question: Question, read: Callable[[Any], T], patience: Patience) -> T:
    began_at = time.monotonic()
    try:
        return read(question(engine.client.options(request_timeout=patience.left)))
    except (BadRequestError, _Refused) as error:  # it is there; this query is not what it can do
        if engine.refusals.lets():
            logger.exception("The search engine refuses a query; the database answers.")
        raise Away(str(error)) from error
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        if engine.breaker.failed():
            logger.error("The search engine is left alone for %d s, the database answers: %s", REST, why)
        else:
            logger.warning("The search engine failed: %s", why)
        raise Away(str(error)) from error
    finally:
        patience.left -= time.monotonic() - began_at


def _engine() -> _Asked:
    seconds = settings.ELASTICSEARCH_TIMEOUT_MS / 1000
    return _kept(settings.ELASTICSEARCH_URL, seconds, node_class, *_credentials())


@cache
def _kept(*told: Any) -> _Asked:
    return _Asked(_client(*told), Breaker(failures=FAILURES, within=WITHIN, seconds=REST, again=AGAIN))


def _credentials() -> tuple[str, str]:
    return settings.ELASTICSEARCH_API_KEY, settings.ELASTICSEARCH_CA


@cache
def _client(urls: str, seconds: float, node: Any, key: str, authority: str) -> Elasticsearch:
    return Elasticsearch(
        [url.strip() for url in urls.split(",") if url.strip()],
        node_class=node,
        request_timeout=seconds,
        connections_per_node=CONNECTIONS,
        max_retries=0,
        retry_on_timeout=False,
        api_key=key or None,
        ca_certs=authority or DEFAULT,
    )
