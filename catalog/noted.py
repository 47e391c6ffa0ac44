"""What rules ask of the rows that were noted: ids and values before and after, and what has changed."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from shop.changes.models import Row
from shop.changes.rules import Effects


def ids_of(rows: Iterable[Row]) -> set[int]:
    """Primary keys, before and after."""
    found: set[int] = set()
    for row in rows:
        # The key is the first noted column, whatever it is called (Stock's is its variant).
        found.update(next(iter(side.values())) for side in (row.before, row.after) if side is not None)
    return found


def values(rows: Iterable[Row], column: str) -> set:
    """A noted column's values, before and after."""
    return set().union(*(row.values(column) for row in rows))


def touches(row: Row, *columns: str) -> bool:
    """It came, it went, or one of these columns changed."""
    return row.before is None or row.after is None or not row.changed.isdisjoint(columns)


def purge(pattern: str, ids: Iterable[object], effects: Effects) -> None:
    effects.purge(*(pattern.format(pk) for pk in ids))


def column(rows: QuerySet[Any], name: str) -> QuerySet[Any]:
    """One column, without the model's own ordering.

    That joins what it sorts by; on tables just being filled, without statistics, it ran into the statement
    timeout.
    """
    return rows.order_by().values_list(name, flat=True)
