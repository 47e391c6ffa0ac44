"""projected(): the statement triggers with which the database itself notes what changed in a model.

A note is one row of changes_change for up to 1,000 changed rows, written in the same transaction: saves, bulk
writes, cascades, raw SQL and migrations are all caught. A write that changes no shown column notes nothing.
"""

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models

CHUNK = 1_000  # rows in a note: an UPDATE of a million rows would otherwise build one value too large to keep


def projected(
    *, shown: Sequence[str], listed: Sequence[str] = (), only: str | None = None
) -> list[pgtrigger.Trigger]:
    """Triggers for Meta.triggers.

    shown: fields whose change pages, cards or documents must follow. listed: fields whose values before and
    after are noted, because rules ask which lists a row was in and is in. only: an SQL condition on `o`
    (before) and `n` (after) that an update must meet to be noted.
    """
    return [
        _Noted("noted_insert", pgtrigger.Insert, shown, listed),
        _Noted("noted_update", pgtrigger.Update, shown, listed, only),
        _Noted("noted_delete", pgtrigger.Delete, shown, listed),
        Named(
            name="noted_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=_Whole(),
        ),
    ]


class _Whole(pgtrigger.Func):
    """Notes that the whole model changed: no rows."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, **kwargs: Any) -> str:
        label = kwargs["meta"].label_lower
        return (
            "INSERT INTO changes_change (model, columns, rows, at, is_whole) "  # noqa: S608 (of our models)
            f"VALUES ('{label}', '[]', '[]', clock_timestamp(), true); RETURN NULL;"
        )


class Named(pgtrigger.Trigger):
    """Carries its table's name: pgtrigger's own five hex digits collide at about a hundred triggers."""

    def get_pgid(self, model: type[models.Model]) -> str:  # type: ignore[override]
        """The name of trigger and function in the database."""
        return f"pgtrigger_{self.name}_{model._meta.db_table}"


class _Noted(Named):
    """One operation's trigger; old and new rows come as transition tables."""

    def __init__(
        self,
        name: str,
        operation: pgtrigger.Operation,
        shown: Sequence[str],
        listed: Sequence[str],
        only: str | None = None,
    ) -> None:
        self.shown, self.listed, self.only = tuple(shown), tuple(listed), only
        has_old, has_new = operation != pgtrigger.Insert, operation != pgtrigger.Delete
        super().__init__(
            name=name,
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(
                old="old_rows" if has_old else None, new="new_rows" if has_new else None
            ),
        )

    def get_func(self, model: type[models.Model]) -> str:  # type: ignore[override]
        """The statement that notes: `[before, after, names of the shown columns that changed]` a row.

        It is put together as text and parsed once: jsonb built value by value takes a third longer.
        """
        meta = model._meta
        key = _column(model, "pk")
        shown = [_column(model, name) for name in self.shown]
        listed = [key, *(_column(model, name) for name in self.listed)]
        values = {side: f"json_build_array({', '.join(f'{side}.{c}' for c in listed)})" for side in "on"}
        condition, changed = "true", "'[]'"
        if self.operation == pgtrigger.Update:
            before, after = (
                f"CASE WHEN o.{key} IS NOT NULL THEN {values['o']} END",
                f"CASE WHEN n.{key} IS NOT NULL THEN {values['n']} END",
            )
            # A changed primary key is a row that left and one that came: FULL JOIN keeps both.
            source = f"old_rows o FULL JOIN new_rows n ON o.{key} = n.{key}"
            watched = list(dict.fromkeys([key, *shown, *listed]))
            condition = f"({_row('o', watched)}) IS DISTINCT FROM ({_row('n', watched)})"
            if self.only:
                condition += f" AND ({self.only})"
            names = ", ".join(f"CASE WHEN o.{c} IS DISTINCT FROM n.{c} THEN '\"{c}\"' END" for c in watched)
            changed = f"'[' || concat_ws(',', {names}) || ']'"
        elif self.operation == pgtrigger.Insert:
            before, after, source = "NULL::json", values["n"], "new_rows n"
        else:
            before, after, source = values["o"], "NULL::json", "old_rows o"
        columns = "[" + ", ".join(f'"{column}"' for column in listed) + "]"
        return f"""
            INSERT INTO changes_change (model, columns, rows, at, is_whole)
            SELECT '{meta.label_lower}', '{columns}',
                   json_agg(json_build_array(noted.was, noted.became, noted.changed::json))::jsonb,
                   clock_timestamp(), false
            FROM (
                SELECT {before} AS was, {after} AS became, {changed} AS changed,
                       (row_number() OVER () - 1) / {CHUNK} AS chunk
                FROM {source}
                WHERE {condition}
            ) noted
            GROUP BY noted.chunk;
            RETURN NULL;
        """  # noqa: S608 (names of our models' columns)


def _column(model: type[models.Model], name: str) -> str:
    """The database's name of a concrete field."""
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    column = getattr(field, "column", None)
    if column is None:
        raise ValueError(f"{model.__name__}.{name} has no column to watch")
    return str(column)


def _row(side: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{side}.{column}" for column in columns)
