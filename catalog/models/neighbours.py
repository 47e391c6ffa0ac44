"""Neighbours: what stands beside a product where its merchant has linked nothing."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from shop.changes.triggers import projected


class Neighbours(models.Model):
    """Of a product in a market: where it stands, and whom it stands beside. Chosen by catalog/neighbours.py.

    It has no foreign key: rows whose card is gone are deleted.
    """

    product_id = models.BigIntegerField()
    market = models.CharField(max_length=8)
    shelf = models.CharField(max_length=90)  # its home category, or its kind
    rank = models.IntegerField()  # minus its popularity: with the id, the order of a shelf
    companions = ArrayField(models.BigIntegerField(), default=list)  # products of other shelves
    alternatives = ArrayField(models.BigIntegerField(), default=list)  # of its own
    placed_at = models.DateTimeField(db_default=Now())
    chosen_at = models.DateTimeField(null=True, db_default=Now())  # None: it was put off

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product_id", "market"), name="neighbours_once"),)
        indexes = (
            models.Index(fields=("market", "shelf", "rank", "product_id"), name="neighbours_on_shelf"),
            models.Index(fields=("market", "rank", "product_id"), name="neighbours_in_market"),
            models.Index(
                fields=("product_id",), condition=models.Q(chosen_at=None), name="neighbours_put_off"
            ),
            # Asked for thousands while thousands are written: a list of what waits would be read each time.
            GinIndex(fields=("companions", "alternatives"), name="neighbours_named", fastupdate=False),
        )
        triggers = projected(
            shown=["companions", "alternatives"],
            listed=["product_id", "market", "companions", "alternatives"],
        )

    def __str__(self) -> str:
        return f"beside {self.product_id} ({self.market})"
