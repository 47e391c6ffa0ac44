"""The first few of some cards in an order: neither all others are walked past for them, nor all sorted.

PostgreSQL takes it that a filter's cards are spread evenly over an order, and walks along its index until it
has enough. For a category whose goods are all at the end, or are too few, that is the whole index: 0.8 s with
100,000 goods, and a home page asks for eight. So one looks among the first thousand; where that is too few,
all that the filter lets through are fetched by it, and sorted.
"""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField, QuerySet
from django.db.models.functions import Coalesce

from catalog.models import Card

FIRST = 1_000  # cards of the market
Cards = QuerySet[Card, Any]


def near(some: Cards, market: Any, order: tuple[str, ...]) -> Cards:
    """Those of some that are among the market's first, in that order."""
    first = Card.objects.filter(market=market).order_by(*order)[:FIRST]
    return some.filter(pk__in=first.values("pk")).order_by(*order)


def far(some: Cards, order: tuple[str, ...]) -> Cards:
    """Some in that order, by no index that has it."""
    name = order[0].lstrip("-")
    value = Coalesce(F(name), F(name))
    return some.order_by(value.desc() if order[0].startswith("-") else value.asc(), *order[1:])


def parts(some: Cards, market: Any, order: tuple[str, ...], count: int) -> tuple[Cards, Cards]:
    """The first `count` are the second part, unless that is empty: then the first part has so many."""
    close = near(some, market, order)[:count]
    found = Func(ArraySubquery(close.values("pk")), function="cardinality", output_field=IntegerField())
    return close, far(some.alias(found=found).filter(found__lt=count), order)[:count]
