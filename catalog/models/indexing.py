"""StaleDocument: what the search engine has still to be told; Refreshed: that it has been."""

from django.db import models
from django.db.models.functions import Now

from shop.changes.triggers import projected


class StaleDocument(models.Model):
    """A product whose documents may say something old. Only where an engine is configured.

    Its id is drawn anew each time the product is noted: of two writers, the one with the higher id has read
    later. See catalog/search/keeping.py.
    """

    product_id = models.BigIntegerField(unique=True)
    noted_at = models.DateTimeField(db_default=Now())  # for the first time since it was written
    is_bulk = models.BooleanField(default=False)  # noted with many others: edits go first

    class Meta:
        indexes = (models.Index(fields=("is_bulk", "id"), name="stale_in_turn"),)

    def __str__(self) -> str:
        return f"documents of {self.product_id}"


class Refreshed(models.Model):
    """What searches of a language ask, once it is built; raised when it finds something else than before.

    Then pages with its answers are stale. Another release may ask another one, see catalog/search/schema.py.
    """

    alias = models.CharField(primary_key=True, max_length=100)
    number = models.BigIntegerField(default=1)

    class Meta:
        triggers = projected(shown=["number"])

    def __str__(self) -> str:
        return self.alias
