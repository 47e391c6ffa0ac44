"""What a page has read: the keys by which it is purged.

While a page is recorded every statement on a projected table must stand in `with reading(keys)`, whose keys
stand for all of its tables: else nothing would purge the page when they change. Outside of a recording,
`reading` does nothing.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections

from shop.changes import rules
from shop.edge.keys import covered


class Unrecorded(RuntimeError):
    """A public page read a table that no key of it stands for."""

    def __init__(self, tables: frozenset[str], sql: str) -> None:
        self.tables = tables
        super().__init__(
            f"A public page reads {', '.join(sorted(tables))}, and nothing would purge it when they change:"
            f" read within shop.edge.recording.reading(keys). The statement: {sql[:300]}"
        )


class Recording:
    """keys: what the page carries. covered: tables that may be read at the moment.

    gap: the first statement that no key stands for, or key that nobody has declared, where that is no error
    (EDGE_STRICT); nobody may keep it.
    """

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.unknown: set[str] = set()  # keys that nobody has declared
        self.covered: frozenset[str] = frozenset()
        self.gap: Unrecorded | LookupError | None = None


_page: ContextVar[Recording | None] = ContextVar("the page that is recorded", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Notes the keys of what is read meanwhile; Unrecorded is raised, or noted, for what has none."""
    page = Recording()
    token = _page.set(page)
    try:
        with ExitStack() as watched:
            for connection in connections.all():
                watched.enter_context(connection.execute_wrapper(_watch))
            yield page
    finally:
        _page.reset(token)


@contextmanager
def reading(*keys: str, later: Collection[str] = ()) -> Iterator[None]:
    """What is read in here is stale as soon as one of these keys is purged.

    later: patterns of keys that are known only by what is found, and are tagged then ("taxclass/*").
    """
    page = _page.get()
    if page is None:
        yield
        return
    before = page.covered
    page.covered = before.union(*(_tables(page, key) for key in (*keys, *later)))
    page.keys.update(key for key in keys if key not in page.unknown)
    try:
        yield
    finally:
        page.covered = before


def _tables(page: Recording, key: str) -> frozenset[str]:
    """Those that the key stands for."""
    try:
        return covered(key)
    except LookupError as gap:
        if settings.EDGE_STRICT:
            raise
        page.gap = page.gap or gap
        page.unknown.add(key)
        return frozenset()


def tag(*keys: str) -> None:
    """Keys of what has been read already: rows that a statement has found."""
    page = _page.get()
    if page is not None:
        page.keys.update(keys)


def _watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    page = _page.get()
    if page is not None and (missing := tables_of(sql) - page.covered):
        gap = Unrecorded(missing, sql)
        if settings.EDGE_STRICT:
            raise gap
        page.gap = page.gap or gap
    return execute(sql, params, many, context)


@lru_cache(maxsize=1_000)
def tables_of(sql: str) -> frozenset[str]:
    """The projected tables that a statement names."""
    return _projected().intersection(re.findall(r"\w+", sql))


@cache
def _projected() -> frozenset[str]:
    return frozenset(apps.get_model(label)._meta.db_table for label in rules.labels())
