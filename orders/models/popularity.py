"""Popularity: what a product was given before its sales were counted, and what they made of it."""

from django.db import models


class Popularity(models.Model):
    """Of a product that has been sold. `given` by a merchant or an import: sales never take it below that.

    Whatever stands on the product and is not `written` was given since.
    """

    product_id = models.BigIntegerField(primary_key=True)
    given = models.PositiveIntegerField()
    written = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"product {self.product_id}: {self.written}"
