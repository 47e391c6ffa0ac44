"""How many can be had now, whatever of it lies in buckets; in SQL it is said here, and nowhere else."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Func, IntegerField

from catalog.models import Stock

UNCOUNTED = 10**6  # of what nobody counts
_READ = ("pk", "left", "is_tracked")
_LENT = (
    "CASE WHEN {is_split} THEN (SELECT coalesce(sum(b.free), 0) FROM catalog_stockbucket b"
    " WHERE b.stock_id = {variant_id}) ELSE 0 END"
)
_LEFT = f"({{on_hand}} - {{reserved}} + {_LENT})"
_COLUMNS = ("on_hand", "reserved", "is_split", "variant_id")


def lent(row: str) -> str:
    """SQL: what the buckets of that row of stock have to sell; row: its name in the statement."""
    return _of(_LENT, row)


def left(row: str) -> str:
    """SQL: what can be sold of that row of stock, if it is counted."""
    return _of(_LEFT, row)


class Left(Func):
    """The same for a queryset; at: the way to the row of stock, such as "variant__stock__"."""

    output_field = IntegerField()

    def __init__(self, at: str = "") -> None:
        super().__init__(*(F(f"{at}{name}") for name in _COLUMNS))

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_context: Any
    ) -> tuple[str, list[Any]]:
        """Columns have no parameters."""
        columns = [compiler.compile(column)[0] for column in self.source_expressions]
        return _LEFT.format(**dict(zip(_COLUMNS, columns, strict=True))), []


def free_of(held: Stock | None) -> int:
    """Of that row; nothing without one."""
    if held is None:
        return 0
    return max(held.free, 0) if held.is_tracked else UNCOUNTED


def free(variant_ids: Iterable[int]) -> dict[int, int]:
    """Of each of these variants. Rows and buckets are read by one statement: between two, units that move
    from the one to the other would be counted twice, or not at all."""
    ids = list(variant_ids)
    rows = Stock.objects.filter(pk__in=ids).order_by().annotate(left=Left())
    found = {pk: max(left, 0) if counted else UNCOUNTED for pk, left, counted in rows.values_list(*_READ)}
    return {pk: found.get(pk, 0) for pk in ids}


def _of(text: str, row: str) -> str:
    return text.format(**{name: f"{row}.{name}" for name in _COLUMNS})
