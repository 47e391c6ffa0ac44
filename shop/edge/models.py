"""What the shop remembers of its edge: receipts of edits, and for which state of it all pages were let go."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Receipt(models.Model):
    """What an edit has done to the pages; written in the edit's own transaction."""

    transaction = models.BigIntegerField(primary_key=True)  # pg_current_xact_id()
    began_at = models.DateTimeField(db_default=Now())
    pages = models.PositiveIntegerField(null=True)  # let go so far; null: the edge does not say
    live_at = models.DateTimeField(null=True)  # the last purge that every node has acknowledged
    failing = ArrayField(models.BigIntegerField(), default=list)  # tokens of the purges that are tried again
    error = models.TextField(blank=True, default="")  # why the last of them failed

    class Meta:
        indexes = (models.Index(fields=("began_at",), name="receipt_began"),)

    def __str__(self) -> str:
        return f"receipt {self.transaction}"


class State(models.Model):
    """One row: for what all pages were last let go, and whether purges have effect."""

    timeline = models.PositiveIntegerField(default=0)  # of the primary; a promotion begins a new one
    releases = models.JSONField(default=dict)  # of relays → the epoch second at which one was last seen
    canary_at = models.DateTimeField(null=True)  # when a purge was last seen to have effect
    canary_error = models.TextField(blank=True, default="")  # that it had none, when that was last known
    canary_unknown = models.TextField(blank=True, default="", db_default="")  # why it is not known now

    def __str__(self) -> str:
        return "the edge's state"
