"""product(), category(), page(): where what once had this slug is. Asked only where no live one has it."""

from django.db.models import Exists, OuterRef, Subquery

from catalog.models import Card, Category, Former, Page, Product
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
    shown = target.filter(Exists(sold), is_published=True)
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
    current = _current(Category, slug)
    return current if current and categories.find(current) else None


def page(market: Market, slug: str) -> str | None:
    """The slug of the page of text that was found by this one; None if it is a draft. Raises Gone."""
    return _current(Page, slug, is_published=True)


def _current(model: type[Category | Page], slug: str, **shown: bool) -> str | None:
    name = model.__name__.lower()
    target = model._default_manager.filter(pk=OuterRef("object_id"))
    rows = Former.objects.filter(model=name, slug=slug).values_list(
        "object_id", Subquery(target.values("slug")), Exists(target.filter(**shown))
    )
    with reading(f"slug/{name}/{slug}", later=[f"{name}/*"]):
        found = rows.first()
    if found is None:
        return None
    pk, current, is_shown = found
    tag(f"{name}/{pk}")
    if current is None:
        raise Gone
    return current if is_shown else None
