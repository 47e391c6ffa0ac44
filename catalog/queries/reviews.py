"""read(): a page of what buyers say of a product; how many there are, its card has counted already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, QuerySet

from catalog.models import Product, Review
from shop.edge.recording import reading
from shop.prepared import Param, Prepared

PER_PAGE = 10
MOST = 5  # stars


@dataclass(frozen=True)
class Asked:
    """What the address asks for: reviews with so many stars, or all; which page of them."""

    stars: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Said:
    """A page of reviews, the newest first; `histogram` counts all that have 1 … 5 stars.

    `page` may lie beyond the last one, `pages`: it has none then.
    """

    reviews: Sequence[Review]
    histogram: Sequence[int]
    stars: int | None
    page: int
    pages: int

    @property
    def total(self) -> int:
        """How many there are of those asked for."""
        return self.histogram[self.stars - 1] if self.stars else sum(self.histogram)


def read(item: Product, histogram: Sequence[int], asked: Asked) -> Said:
    """The page asked for. Stars that nobody gave are not asked for."""
    with reading(f"product/{item.pk}:reviews"):
        return _read(item, histogram, asked)


def _read(item: Product, histogram: Sequence[int], asked: Asked) -> Said:
    stars = asked.stars if asked.stars and histogram[asked.stars - 1] else None
    total = histogram[stars - 1] if stars else sum(histogram)
    pages = max(-(-total // PER_PAGE), 1)
    if asked.page > pages:
        found: list[Review] = []
    elif stars or asked.page > 1:
        rows = _of(item.pk).filter(rating=stars) if stars else _of(item.pk)
        start = (asked.page - 1) * PER_PAGE
        found = list(rows[start : start + PER_PAGE])
    else:
        found = _FIRST.rows(product=item.pk)
    return Said(reviews=found, histogram=histogram, stars=stars, page=asked.page, pages=pages)


def _of(product: Any) -> QuerySet[Review]:
    return Review.objects.filter(product_id=product, is_published=True).order_by("-created_at", "-pk")


_FIRST = Prepared(lambda: _of(Param("product", BigIntegerField()))[:PER_PAGE])
