"""Prepared: a queryset whose SQL is written once, and planned once by each connection of the server.

Django takes ten times as long to write it as to send it, and the server longer to plan it than to run it.

BY_SLUG = Prepared(lambda: Product.objects.filter(slug=Param("slug")).select_related("tax_class"))
product = BY_SLUG.first(slug="two-suns")
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, CharField, Expression, Field, Func, Model, QuerySet
from django.db.models.query import ValuesIterable
from psycopg.types.numeric import Int8

from shop.postgresql.base import prepared_cursor


class _Slot:
    """The place of a value among a statement's parameters."""

    def __init__(self, name: str) -> None:
        self.name = name


def bound(value: Any) -> Any:
    """A value as it is sent. Integers as bigint: by their size they would have a type, and a plan, each."""
    if isinstance(value, list):
        return [bound(one) for one in value]
    return Int8(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Param(Expression):
    """A value that is not known yet, of that type; as text unless it is compared with a column."""

    def __init__(self, name: str, output_field: "Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field or CharField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [_Slot(self.name)]


class AnyOf(Func):
    """Whether a column is one of the values of a Param that is given as a list: AnyOf("pk", Param("ids"))."""

    output_field = BooleanField()
    arg_joiner = " = ANY("
    template = "(%(expressions)s))"


def hold(of: Model, name: str, rows: Sequence[Model]) -> None:
    """Its rows of that name, as if they had been prefetched."""
    found = getattr(of, name).all()
    found._result_cache = list(rows)
    of.__dict__.setdefault("_prefetched_objects_cache", {})[name] = found


def _asked(connection: Any, sql: str, sent: Sequence[Any]) -> list[Any]:
    with prepared_cursor(connection) as cursor:
        cursor.execute(sql, sent)
        found: list[Any] = cursor.fetchall()
    return found


class Prepared:
    """make: builds the queryset, at the first use. It must have a fixed shape: values come as Param."""

    def __init__(self, make: "Callable[[], QuerySet[Any, Any]]") -> None:
        self._make = make

    def rows(self, **values: Any) -> list[Any]:
        """What the queryset gives for these values: of each Param one, as the database takes it."""
        made, compiler, sql, params, names = self._parts
        sent = [bound(values[one.name]) if isinstance(one, _Slot) else one for one in params]
        if made._fields is not None:
            return self._values(names, sql, sent)

        def get_compiler(using: str | None = None, connection: Any = None, elide_empty: bool = True) -> Any:
            ready = copy(compiler)  # it knows its columns already
            ready.using, ready.connection = using, connection or connections[using or DEFAULT_DB_ALIAS]
            ready.execute_sql = lambda *args, **kwargs: [_asked(ready.connection, sql, sent)]
            ready.get_converters = lambda expressions: self._converters
            return ready

        queryset = made.all()
        queryset.query.get_compiler = get_compiler
        return list(queryset)

    def first(self, **values: Any) -> Any:
        """The first of these rows, if there is one."""
        return next(iter(self.rows(**values)), None)

    def _values(self, names: Sequence[str], sql: str, sent: Sequence[Any]) -> list[Any]:
        """What values() or values_list() give, without the queryset: half of the time was its bookkeeping."""
        made, compiler, *_rest = self._parts
        rows = _asked(connections[made.db], sql, sent)
        if self._converters:
            rows = list(compiler.apply_converters(rows, self._converters))
        if issubclass(made._iterable_class, ValuesIterable):
            return [dict(zip(names, row, strict=True)) for row in rows]
        return [tuple(row) for row in rows]

    @cached_property
    def _converters(self) -> dict[int, Any]:
        _made, compiler, *_rest = self._parts
        found: dict[int, Any] = compiler.get_converters(
            [column[0] for column in compiler.select[: compiler.col_count]]
        )
        return found

    @cached_property
    def _parts(self) -> tuple[Any, Any, str, tuple[Any, ...], list[str]]:
        queryset: Any = self._make()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        return queryset, compiler, sql, tuple(params), list(queryset.query.selected or ())
