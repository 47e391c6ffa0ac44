"""Change: what the triggers noted, until the projector has followed it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


@dataclass(frozen=True)
class Row:
    """One changed row: the noted columns before and after (None: the row came, or left)."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changed: frozenset[str]

    def values(self, column: str) -> set[Any]:
        """The column's values before and after, without NULL."""
        sides = (side[column] for side in (self.before, self.after) if side is not None)
        return {value for value in sides if value is not None}


class Causes(models.Func):
    """The transactions that led to a note: the one that wrote it, unless the projector names others."""

    template = (
        "coalesce(string_to_array(nullif(current_setting('shop.causes', true), ''), ',')::bigint[],"
        " ARRAY[pg_current_xact_id()::text::bigint])"
    )


# What a transaction writes is a part of something large, see projector.part_of_many().
IS_PART = "coalesce(current_setting('shop.is_part', true), '') = 'on'"


class IsPart(models.Func):
    """Whether the transaction that wrote the note has said so."""

    template = f"({IS_PART})"


class Change(models.Model):
    """Up to 1,000 changed rows of one model, noted by a trigger in the transaction that changed them."""

    model = models.CharField(max_length=80)  # "catalog.product"
    columns = models.JSONField()  # names of the noted columns, the primary key first
    rows = models.JSONField()  # [[before, after, changed columns], …]
    is_whole = models.BooleanField(db_default=False)  # TRUNCATE: everything of the model went
    is_part = models.BooleanField(db_default=IsPart())  # of an import: edits go first
    causes = ArrayField(models.BigIntegerField(), db_default=Causes())
    at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(db_default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("id",), condition=models.Q(done_at=None), name="change_open"),
            models.Index(fields=("done_at",), name="change_done"),
        )

    def __str__(self) -> str:
        return f"{self.model} #{self.pk}"

    def noted(self) -> Iterator[Row]:
        """Its rows."""
        for before, after, changed in self.rows:
            yield Row(
                before=None if before is None else dict(zip(self.columns, before, strict=True)),
                after=None if after is None else dict(zip(self.columns, after, strict=True)),
                changed=frozenset(changed),
            )
