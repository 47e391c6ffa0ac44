"""Pen: collects what an import writes, so that a batch of products costs a few statements."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.utils import timezone

from shop.changes import projector
from shop.postgresql.base import patience

CHUNK = 1_000  # rows in a statement

Row = TypeVar("Row", bound=models.Model)


@contextmanager
def unhurried(*, keep: bool = True) -> Iterator[None]:
    """A transaction whose statements may take longer than a page's: nobody waits for them.

    Nor for what follows from them: that goes behind what is edited meanwhile.

    keep False: a trial's; everything is undone at its end, so that no row stays locked.
    """
    with patience(connection, 0), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = '60s'")
        projector.part_of_many()
        yield
        if not keep:
            transaction.set_rollback(True)


class Pen:
    """Rows that are new, that differ or that go; nothing is written before flush()."""

    def __init__(self) -> None:
        self._new: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        self._changed: dict[type[models.Model], dict[int, tuple[models.Model, set[str]]]] = defaultdict(dict)
        self._gone: dict[type[models.Model], list[Any]] = defaultdict(list)

    def add(self, row: Row) -> Row:
        """A new row; it may refer to others that are new as well."""
        self._new[type(row)].append(row)
        return row

    def change(self, row: models.Model, **fields: Any) -> bool:
        """Sets the fields that differ; whether there were any."""
        differing = {name for name, value in fields.items() if getattr(row, name) != value}
        for name in differing:
            setattr(row, name, fields[name])
        if differing and row.pk is not None:
            if hasattr(row, "updated_at"):
                row.updated_at = timezone.now()
                differing.add("updated_at")
            self._changed[type(row)].setdefault(row.pk, (row, set()))[1].update(differing)
        return bool(differing)

    def drop(self, row: models.Model) -> None:
        """A row that goes, before anything else is written."""
        self._gone[type(row)].append(row.pk)

    def flush(self, kinds: Sequence[type[models.Model]]) -> None:
        """Writes everything; what is referred to comes first in `kinds`."""
        for kind in reversed(kinds):
            if self._gone[kind]:
                kind._default_manager.filter(pk__in=self._gone.pop(kind)).delete()
        for kind in kinds:
            by_fields: dict[frozenset[str], list[models.Model]] = defaultdict(list)
            for row, fields in self._changed.pop(kind, {}).values():
                by_fields[frozenset(fields)].append(row)
            for names, rows in by_fields.items():
                kind._default_manager.bulk_update(rows, sorted(names), batch_size=CHUNK)
            if self._new[kind]:
                kind._default_manager.bulk_create(self._new.pop(kind), batch_size=CHUNK)
        if any(self._new.values()) or any(self._changed.values()) or any(self._gone.values()):
            raise AssertionError("rows of other kinds are left")
