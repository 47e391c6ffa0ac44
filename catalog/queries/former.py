"""product(), category(): where what once had this slug is now. Asked only where no live one has it."""

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Now

from catalog.models import Card, Category, Former, Product
from catalog.queries import categories
from shop.edge.recording import reading, tag
from shop.markets import Market


class Gone(Exception):
    """What had this slug was deleted."""


def product(market: Market, slug: str) -> str | None:
    """The slug of the product that was found by this one; None if the market does not sell it now.

    Raises Gone.
    """
    target = Product.objects.filter(pk=OuterRef("object_id"))
    sold = Card.objects.filter(product_id=OuterRef("pk"), market=market.code)
    shown = target.filter(Exists(sold), is_published=True, published_at__lte=Now())
    rows = Former.objects.filter(model="product", slug=slug).values_list(
        "object_id", Subquery(target.values("slug")), Exists(shown)
    )
    with reading(f"slug/product/{slug}", later=["product/*", "product/*:cards"]):
        found = rows.first()
    if found is None:
        return None
    pk, current, is_shown = found
    tag(f"product/{pk}", f"product/{pk}:cards")
    if current is None:
        raise Gone
    return current if is_shown else None


def category(market: Market, slug: str) -> str | None:
    """The slug of the category that was found by this one; None if it cannot be seen. Raises Gone."""
    target = Category.objects.filter(pk=OuterRef("object_id"))
    rows = Former.objects.filter(model="category", slug=slug).values_list(
        "object_id", Subquery(target.values("slug"))
    )
    with reading(f"slug/category/{slug}", later=["category/*"]):
        found = rows.first()
    if found is None:
        return None
    pk, current = found
    tag(f"category/{pk}")
    if current is None:
        raise Gone
    return current if categories.find(current) else None
