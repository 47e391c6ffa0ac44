"""reindex(): a new version of every language's index, filled beside the old one, and asked once it is whole.

From the moment it exists it is written by whatever else writes documents, see catalog/search/keeping.py. Who
dies in the middle leaves a version that nobody asks; the next one drops it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

from catalog.locks import NAMESPACE
from catalog.models import Card
from catalog.search import documents, indices, keeping, schema
from catalog.search.indices import Write

logger = logging.getLogger(__name__)

BATCH = 1_000  # products
TRIES = 30  # until the counts match: edits go on meanwhile
PAUSE = 0.5
GRACE = 1.0  # seconds: searches that began before the swap end in what they have begun with


class Busy(Exception):
    """Another reindex runs."""


class Differs(Exception):
    """The new version has more or fewer documents than there are products: the old one is still asked."""

    def __init__(self, language: str, documents: int, products: int) -> None:
        super().__init__(language, documents, products)
        self.language = language
        self.documents = documents
        self.products = products


@dataclass
class Rebuilt:
    """What was done."""

    documents: dict[str, int] = field(default_factory=dict)  # by language
    seconds: float = 0.0
    refused: list[str] = field(default_factory=list)


def size() -> int:
    """Products that will be read."""
    return Card.objects.values("product_id").distinct().count()


def reindex(progress: Callable[[int], object] = lambda number: None) -> Rebuilt:
    """All documents anew; raises Away, Busy or Differs, and then what was asked before still is.

    progress: told of each batch's products.
    """
    began_at = time.monotonic()
    with _alone():
        for language in schema.languages():
            indices.drop(name for name, is_asked in indices.versions(language).items() if not is_asked)
        built = {language: indices.create(language) for language in schema.languages()}
        done = Rebuilt()
        for ids in _batches():
            done.refused += _fill(built, ids)
            progress(len(ids))
        for name in built.values():
            indices.open_up(name)
        for language, name in built.items():
            done.documents[language] = _whole(language, name)
        before = indices.swap(built)
        keeping.refreshed(built)
        time.sleep(GRACE)
        indices.drop(before)
    done.seconds = time.monotonic() - began_at
    return done


def _fill(built: dict[str, str], ids: list[int]) -> list[str]:
    """Versions are drawn before the truth is read: whatever changes later is noted with a higher one."""
    version = keeping.version()
    made = documents.made(ids)
    refused: list[str] = []
    for language, name in built.items():
        writes = [Write(pk, version, document.source) for pk, document in made[language].items()]
        refused += indices.write(name, writes)
    return refused


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


def _whole(language: str, name: str) -> int:
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
    raise Differs(language, there, products)


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time: a lock of the connection's, which ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock((%s::bigint << 48) - 1)", [NAMESPACE])
        if cursor.fetchone() != (True,):
            raise Busy
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock((%s::bigint << 48) - 1)", [NAMESPACE])
