"""Heartbeat: the row by which a replica's age is known."""

from django.db import models


class Heartbeat(models.Model):
    """One row that the relay writes each second. On a replica it is as old as what the replica knows.

    timeline: the primary's of then. A row that says 2 can only have been replayed on timeline 2.
    """

    at = models.DateTimeField()
    timeline = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="heartbeat_one"),)

    def __str__(self) -> str:
        return f"{self.at} on timeline {self.timeline}"
