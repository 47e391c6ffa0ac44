"""What people search for of late, as it was counted (catalog/search/counting.py): often, and in vain."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from catalog.models import QueryCount
from catalog.search.steering import key
from shop import replicas
from shop.markets import Market

LATELY = 30  # days
FEW = 3  # searches within so many days: below, it may be one person's

# Those that are found most are counted in the index; of few of them the latest row is read.
_POPULAR = """
    WITH often AS (
        SELECT query, sum(searches - zero) AS found FROM catalog_querycount
        WHERE market = %(market)s AND query LIKE %(like)s AND day > %(since)s
        GROUP BY query HAVING sum(searches - zero) >= %(few)s ORDER BY found DESC, query LIMIT 4 * %(limit)s
    )
    SELECT latest.shown FROM often CROSS JOIN LATERAL (
        SELECT shown, searches > zero AS is_found FROM catalog_querycount last
        WHERE last.market = %(market)s AND last.query = often.query ORDER BY day DESC LIMIT 1
    ) latest
    WHERE latest.is_found ORDER BY often.found DESC, often.query LIMIT %(limit)s"""


@dataclass(frozen=True)
class Wanted:
    """A query of a market of late: how often it was searched for, and how often that found nothing."""

    market: str
    query: str
    shown: str
    searches: int
    zero: int


def popular(market: Market, prefix: str, limit: int = 5) -> list[str]:
    """Queries that begin so, as they were typed: of late often searched for, and they find something."""
    begun = key(prefix)
    if not begun:
        return []
    like = re.sub(r"([\\%_])", r"\\\1", begun) + "%"
    values: dict[str, Any] = {"market": market.code, "like": like, "few": FEW, "limit": limit}
    values["since"] = timezone.localdate() - timedelta(days=LATELY)
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(_POPULAR, values)
        return [shown for (shown,) in cursor.fetchall()]


def most(days: int, limit: int, market: str = "") -> list[Wanted]:
    """The queries of the last days that are searched most often."""
    rows = _summed(_since(days, market)).order_by("-searches__sum", "query", "market")
    return [Wanted(*row) for row in rows[:limit]]


def missing(days: int, limit: int, market: str = "") -> list[Wanted]:
    """The queries of the last days that most often find nothing."""
    since = _since(days, market)
    vain = since.filter(zero__gt=0).values_list("market", "query").annotate(times=Sum("zero"))
    found = [row[:2] for row in vain.order_by("-times", "query", "market")[:limit]]
    rows = _summed(since.filter(query__in={query for _code, query in found}))
    whole = {row[:2]: Wanted(*row) for row in rows}  # they were found on other days, perhaps
    return [whole[pair] for pair in found]


def whole(days: int, market: str = "") -> tuple[int, int]:
    """All searches of the last days, and those that found nothing."""
    found = _since(days, market).aggregate(Sum("searches"), Sum("zero"))
    return found["searches__sum"] or 0, found["zero__sum"] or 0


def _summed(rows: QuerySet[QueryCount]) -> Any:
    """In the order of Wanted."""
    return rows.values_list("market", "query").annotate(Max("shown"), Sum("searches"), Sum("zero"))


def _since(days: int, market: str) -> QuerySet[QueryCount]:
    rows = QueryCount.objects.filter(day__gt=timezone.localdate() - timedelta(days=days))
    return rows.filter(market=market) if market else rows
