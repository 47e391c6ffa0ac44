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

    def __str__(self) -> str:
        return f"documents of {self.product_id}"


class Refreshed(models.Model):
    """An index that finds something else than before: pages with its answers are stale."""

    language = models.CharField(primary_key=True, max_length=8)
    number = models.BigIntegerField(default=1)

    class Meta:
        triggers = projected(shown=["number"])

    def __str__(self) -> str:
        return self.language
