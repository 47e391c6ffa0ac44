"""Broken variants of how stock moves: the shop's own SQL and Python, with one thing taken out or changed."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import pytest
from django.db import connection

from catalog.models import Stock
from catalog.stock import availability, counting, moving, rush
from orders import placement

_STATEMENTS = (
    *((moving, name) for name in ("_RESERVE", "_RELEASE", "_SHIP")),
    (moving.AtOnce, "ctes"),
    (placement, "_AND_RESERVE"),
)
_FUNCTIONS = (
    *((moving, name) for name in ("_move_reserved", "_reserve_anywhere")),
    *((counting, name) for name in ("adjust", "adjust_many", "set_terms")),
    *((rush, name) for name in ("split", "hold", "locked", "gathered")),
    (availability, "refresh_availability"),
)


class Mutation(NamedTuple):
    """`old` becomes `new` wherever it stands in the statements named, or in all of them."""

    name: str
    old: str
    new: str
    only: str = ""  # the name of the one statement or function that is broken

    def __str__(self) -> str:
        return self.name


def mutate(patch: pytest.MonkeyPatch, mutation: Mutation) -> None:
    """Until the patch is undone, the shop has that fault. It fails if there is nothing to break any more."""
    found = 0
    for place, name in _STATEMENTS:
        text = getattr(place, name)
        if mutation.old in text and mutation.only in {"", name}:
            patch.setattr(place, name, text.replace(mutation.old, mutation.new))
            found += 1
    for module, name in _FUNCTIONS:
        function = getattr(module, name)
        source = getattr(function, "source", None) or inspect.getsource(function)
        if mutation.old in source and mutation.only in {"", name}:
            _recompile(patch, module, function, source.replace(mutation.old, mutation.new))
            found += 1
    assert found, f"nothing says {mutation.old!r} any more"
    # It is put together once, and has to be again; another one after the test.
    patch.setattr(placement, "_statement", inspect.unwrap(placement._statement))


def _recompile(patch: pytest.MonkeyPatch, module: ModuleType, function: Any, source: str) -> None:
    """Wherever the function is known, it is that of this source. What it calls it finds where it stood."""
    name, scope = function.__name__, {**vars(module)}
    exec(compile(source, f"<broken {name}>", "exec"), scope)
    broken = scope[name]
    made = FunctionType(broken.__code__, vars(module), name, broken.__defaults__)
    made.__kwdefaults__, made.source = broken.__kwdefaults__, source  # type: ignore[attr-defined]
    for title, holder in list(sys.modules.items()):
        if title.startswith("catalog.stock") and getattr(holder, name, None) is function:
            patch.setattr(holder, name, made)


@contextmanager
def unchecked() -> Iterator[None]:
    """The tables of stock without their CHECKs, which hide what a statement does wrong behind a fault.

    Before any row is written; its rows are gone afterwards, as they may be against the CHECKs.
    """
    tables = ["catalog_stock", "catalog_stockbucket"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = ANY(%s::regclass[])",
            [tables],
        )
        checks = cursor.fetchall()
        for table, name, _definition in checks:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        try:
            yield
        finally:
            if not connection.in_atomic_block:  # else the test's transaction brings them back
                Stock.objects.all().delete()
                for table, name, definition in checks:
                    cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
