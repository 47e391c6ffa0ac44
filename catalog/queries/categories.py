"""Look-ups of one category, and of what stands below it with numbers of goods."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from django.contrib.postgres.fields import ArrayField
from django.db import connections
from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
)
from django.db.models.functions import Left, Length

from catalog.models import Card, Category
from shop import replicas
from shop.addresses import path
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.prepared import Param, Prepared


class Child(TypedDict):
    """A category below another, with the number of its goods in the market."""

    name: str
    url: str
    count: int


def open_categories() -> QuerySet[Category]:
    """Published ones whose ancestors are all published."""
    closed = Category.objects.annotate(of=OuterRef("path")).filter(
        is_published=False, path=Left(F("of"), Length("path"))
    )
    return Category.objects.filter(~Exists(closed), is_published=True)


def find(slug: str) -> Category | None:
    """The category of that address, if it can be seen."""
    with reading(f"slug/category/{slug}"):
        found: Category | None = _OPEN.first(slug=slug)
    if found is not None:
        tag(f"category/{found.pk}")
    return found


def below(category: Category) -> list[Category]:
    """The categories right below it that can be seen, in their order."""
    with reading(f"path/category/{category.path}:below"):
        return _BELOW.rows(path=category.path, depth=category.depth + 1)


_OPEN = Prepared(lambda: open_categories().filter(slug=Param("slug")))
_BELOW = Prepared(
    lambda: Category.objects.filter(
        is_published=True, depth=Param("depth", IntegerField()), path__startswith=Param("path")
    ).order_by("path")
)


def children(rows: Iterable[Category], counts: Mapping[int, int]) -> list[Child]:
    """Categories with their numbers of goods; those without goods do not show."""
    return [
        Child(name=row.name, url=path("catalog:category", row.slug), count=counts[row.pk])
        for row in rows
        if counts.get(row.pk)
    ]


def goods(market: Market) -> dict[int, int]:
    """How many of the market's cards stand in each category, ancestors included.

    Many cards stand in the same categories: they are counted in an index alone, then taken apart.
    """
    keys = (f"cards/{market.code}:in", f"cards/{market.code}:categories")
    with reading(*keys), connections[replicas.alias()].cursor() as cursor:
        cursor.execute(_GOODS, [market.code])
        return dict(cursor.fetchall())


_GOODS = """
    SELECT category, sum(number)::int FROM (
        SELECT categories, count(*) AS number FROM catalog_card WHERE market = %s GROUP BY categories
    ) together, unnest(categories) AS category GROUP BY category"""


def cards_in(market: Any) -> QuerySet[Card]:
    """The market's cards that stand in the category of the query around this one."""
    here = Func(
        OuterRef("pk"),
        function="ARRAY",
        template="%(function)s[%(expressions)s]",
        output_field=ArrayField(BigIntegerField()),
    )
    return Card.objects.filter(market=market, categories__contains=here).order_by()
