"""The search engine, asked: within 300 ms, once, and not at all for a moment when it fails too often.

Whatever goes wrong is one exception, Away, and then the database answers. Whether an engine that was left
alone is back is asked in a thread of its own, with the question of whoever comes first after 30 seconds:
nobody waits for it.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from elastic_transport import TransportError
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, BadRequestError, Elasticsearch

from catalog.search.deadline import Node
from shop.breaker import Breaker

logger = logging.getLogger(__name__)

T = TypeVar("T")
Question = Callable[[Elasticsearch], Any]

FAILURES, WITHIN, REST = 5, 10.0, 30.0  # so many in so many seconds: it is left alone for so long
CONNECTIONS = 32  # that are kept, to each node
QUICK, WRITERS_REST = 5.0, 10.0  # seconds

node_class: Any = Node  # of every client; tests have a server that needs another one


class Away(Exception):
    """The engine is not there, was too late, or answered what cannot be read. The database knows."""


@dataclass(frozen=True)
class _Asked:
    """What a process keeps of an engine."""

    client: Elasticsearch
    breaker: Breaker


def is_configured() -> bool:
    """Is there an engine at all?"""
    return bool(settings.ELASTICSEARCH_URL)


def search(index: str, body: Mapping[str, Any], read: Callable[[Any], T]) -> T:
    """What `read` makes of the engine's answer to a search; raises Away.

    read: pure, it may be called in another thread. What it stumbles over in an answer, a key that is not
    there or a text in the place of a number, is the engine's failure as well.
    """

    def whole(answer: Any) -> T:
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise ValueError("an answer in part")
        return read(answer)

    return ask(lambda client: client.search(index=index, body=dict(body)), whole)


def ask(question: Question, read: Callable[[Any], T]) -> T:
    """The same for any question."""
    if not is_configured():
        raise Away("no engine is configured")
    engine = _engine()
    if engine.breaker.is_open:
        if engine.breaker.lets():
            threading.Thread(target=_probe, args=(engine, question, read), daemon=True).start()
        raise Away("the engine is left alone for a moment")
    found = _answer(engine, question, read)
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


def _probe(engine: _Asked, question: Question, read: Callable[[Any], object]) -> None:
    try:
        _answer(engine, question, read)
    except Away:
        return
    engine.breaker.worked()
    logger.warning("The search engine answers again.")


def _answer(engine: _Asked, question: Question, read: Callable[[Any], T]) -> T:
    try:
        return read(question(engine.client))
    except BadRequestError as error:  # it is there; this query is not what it can do
        logger.exception("The search engine refuses a query; the database answers.")
        raise Away(str(error)) from error
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        if engine.breaker.failed():
            logger.error("The search engine is left alone for %d s, the database answers: %s", REST, why)
        else:
            logger.warning("The search engine failed: %s", why)
        raise Away(str(error)) from error


def _engine() -> _Asked:
    seconds = settings.ELASTICSEARCH_TIMEOUT_MS / 1000
    return _kept(settings.ELASTICSEARCH_URL, seconds, node_class, *_credentials())


@cache
def _kept(*told: Any) -> _Asked:
    return _Asked(_client(*told), Breaker(failures=FAILURES, within=WITHIN, seconds=REST))


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
