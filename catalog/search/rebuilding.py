"""reindex(): a new version of every language's index, filled beside the old one, and asked once it is whole.

From the moment it exists it is written by whatever else writes documents, see catalog/search/keeping.py. Who
dies in the middle leaves a version that nobody asks; the next one drops it.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction

from catalog import locks
from catalog.models import Card
from catalog.search import client, documents, indices, keeping, schema
from catalog.search.client import Away
from catalog.search.indices import Write
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

JOB = "catalog.build_index"
AHEAD = timedelta(hours=2)  # before the pictures that an import, or a new demo, has left to be made
UNASKED = 30_000  # products: that is done long before the job's lease ends
BATCH = 1_000  # products
WRITERS = 2  # at a time; the engine takes two writes of one index side by side
TRIES = 30  # until the counts match: edits go on meanwhile
PAUSE = 0.5
TOLD = 10  # refusals
GRACE = 1.0  # seconds: searches that began before the swap end in what they have begun with


class Busy(Exception):
    """Another reindex runs."""


class Differs(Exception):
    """The new version has more or fewer documents than there are products: the old one is still asked.

    refused: why the engine did not take some.
    """

    def __init__(self, language: str, documents: int, products: int, refused: Sequence[str] = ()) -> None:
        super().__init__(language, documents, products, *refused[:TOLD])
        self.language = language
        self.documents = documents
        self.products = products
        self.refused = refused


@dataclass
class Rebuilt:
    """What was done."""

    documents: dict[str, int] = field(default_factory=dict)  # by language
    seconds: float = 0.0
    refused: list[str] = field(default_factory=list)


def size() -> int:
    """Products that will be read."""
    return Card.objects.values("product_id").distinct().count()


def plan() -> None:
    """A round: where this release asks an index that was never built, a small catalogue's is."""
    if client.is_configured() and not keeping.is_built() and size() <= UNASKED:
        with transaction.atomic():
            enqueue(JOB, queue="low", ahead=AHEAD, once=True)


def build() -> None:
    """The index that was missing. What fails is tried by the next round."""
    if client.is_configured() and not keeping.is_built():
        try:
            reindex()
        except (Away, Busy, Differs) as error:
            logger.warning("The search engine's index could not be built: %r", error)


def reindex(progress: Callable[[int], object] = lambda number: None) -> Rebuilt:
    """All documents anew; raises Away, Busy or Differs, and then what was asked before still is.

    progress: told of each batch's products.
    """
    began_at = time.monotonic()
    with locks.alone(locks.REINDEX) as is_alone:
        if not is_alone:
            raise Busy
        for language in schema.languages():
            indices.drop(name for name, is_asked in indices.versions(language).items() if not is_asked)
        built = {language: indices.create(language) for language in schema.languages()}
        done = Rebuilt()
        for number, refused in _filled(built):
            done.refused += refused
            progress(number)
        for name in built.values():
            indices.open_up(name)
        for language, name in built.items():
            done.documents[language] = _whole(language, name, done.refused)
        before = indices.swap(built)
        keeping.refreshed(built)
        time.sleep(GRACE)
        indices.drop(before)
    done.seconds = time.monotonic() - began_at
    return done


def _filled(built: dict[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Of each batch that is written: its products, and what was refused. The next ones are read meanwhile."""
    with ThreadPoolExecutor(WRITERS) as writers:
        waiting: deque[tuple[int, Future[list[str]]]] = deque()
        for ids in _batches():
            if len(waiting) == WRITERS:
                number, written = waiting.popleft()
                yield number, written.result()
            waiting.append((len(ids), writers.submit(_write, _read(built, ids))))
        for number, written in waiting:
            yield number, written.result()


def _read(built: dict[str, str], ids: list[int]) -> dict[str, list[Write]]:
    """Versions are drawn before the truth is read: whatever changes later is noted with a higher one."""
    version = keeping.version()
    made = documents.made(ids)
    return {
        name: [Write(pk, version, document.source) for pk, document in made[language].items()]
        for language, name in built.items()
    }


def _write(by_name: dict[str, list[Write]]) -> list[str]:
    return [why for name, writes in by_name.items() for why in indices.write(name, writes)]


def _batches() -> Iterator[list[int]]:
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT product_id FROM catalog_card WHERE product_id > %s"
                " ORDER BY product_id LIMIT %s",
                [last, BATCH],
            )
            ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return
        yield ids
        last = ids[-1]


def _whole(language: str, name: str, refused: Sequence[str]) -> int:
    """How many documents it has, if that is how many products there are; else Differs."""
    codes = [market.code for market in schema.languages()[language]]
    for _try in range(TRIES):
        keeping.index_stale()
        indices.refresh([name])
        there = indices.count(name)
        products = Card.objects.filter(market__in=codes).values("product_id").distinct().count()
        if there == products:
            return there
        time.sleep(PAUSE)
    raise Differs(language, there, products, refused)
