"""Card: one denormalised row per product and market, from which every list is made."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected
from shop.money import CurrencyField, MoneyField

# Word forms by language; another language is searched by the words as they stand.
TEXT_CONFIGS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "da": "danish",
    "sv": "swedish",
    "nb": "norwegian",
    "fi": "finnish",
    "ru": "russian",
}


def text_config(language: str) -> str:
    """The PostgreSQL text search configuration with which a market's cards are written and asked."""
    return TEXT_CONFIGS.get(language.split("-")[0], "simple")


class Availability(models.TextChoices):
    """What pages say of the stock: never a number."""

    IN = "in", _("in stock")
    LOW = "low", _("only a few left")
    OUT = "out", _("sold out")


class Card(models.Model):
    """A projection, rebuilt from the truth by catalog/cards.py; it has no foreign key, orphans are deleted.

    Only published products with an active variant priced in the market's currency have one.
    """

    product_id = models.BigIntegerField()
    market = models.CharField(max_length=8)
    name = models.CharField(max_length=200)
    slug = models.CharField(max_length=220)
    kind = models.CharField(max_length=80)
    detail = models.CharField(max_length=200)  # "30 × 40 cm", of the cheapest variant
    currency = CurrencyField()
    price = MoneyField()  # the lowest that a variant in stock costs now, as the market shows it
    list_price = MoneyField(null=True)  # the same variant's price without its sale
    is_from = models.BooleanField()  # variants differ in price
    discount = models.PositiveSmallIntegerField(null=True)  # per cent
    availability = models.CharField(max_length=3, choices=Availability)
    is_new = models.BooleanField()
    picture = models.JSONField()
    rating = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    rating_count = models.PositiveIntegerField()
    histogram = ArrayField(models.PositiveIntegerField(), size=5)  # reviews with 1 … 5 stars
    popularity = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    categories = ArrayField(models.BigIntegerField())  # every category it stands in, ancestors included
    values = ArrayField(models.BigIntegerField())  # of the product, and of its variants that can be had
    traits = ArrayField(models.BigIntegerField(), default=list)  # of the product, whatever its variant
    on_sale = models.BooleanField(default=False)  # at least one of its variants is
    # its variants: [[value ids], price, list price or null, availability, detail], cheapest first; of one
    # that has no options: none
    offers = models.JSONField(default=list)
    # its pictures that show option values: [[value ids], picture], as the merchant ordered them
    views = models.JSONField(default=list)
    search = SearchVectorField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product_id", "market"), name="card_once"),)
        indexes = (
            models.Index(fields=("market", "slug"), name="card_slug"),
            models.Index(fields=("market", "-popularity", "product_id"), name="card_popular"),
            models.Index(fields=("market", "-published_at", "product_id"), name="card_newest"),
            models.Index(fields=("market", "price", "product_id"), name="card_price"),
            models.Index(fields=("market", "name", "product_id"), name="card_name"),
            models.Index(fields=("market", "kind"), name="card_kind"),
            models.Index(fields=("market", "categories"), name="card_shelves"),  # to count by, alone
            models.Index(
                fields=("market", "-popularity", "product_id"),
                condition=models.Q(on_sale=True),
                name="card_on_sale",
            ),
            GinIndex(fields=("categories",), name="card_categories"),
            GinIndex(fields=("values",), name="card_values"),
            GinIndex(fields=("search",), name="card_search"),
        )
        triggers = projected(
            shown=[
                "name",
                "slug",
                "kind",
                "detail",
                "price",
                "list_price",
                "is_from",
                "discount",
                "availability",
                "is_new",
                "picture",
                "rating",
                "rating_count",
                "histogram",
                "popularity",
                "published_at",
                "categories",
                "values",
                "traits",
                "on_sale",
                "offers",
                "views",
                "search",
            ],
            listed=["product_id", "market", "categories", "values"],
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.market})"
