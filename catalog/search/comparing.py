"""compare(): each night the database is asked for what people search for, beside the engine.

So what answers in an emergency is known to work before there is one. A share of all searches, answered by the
database every day, would say the same and give shoppers the second best; at night nobody notices. Where few
people search, it is asked for what they would: names of goods and of categories.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import chain, islice, zip_longest

from django.db import transaction
from django.utils import timezone

from catalog import search
from catalog.models import Card, Category, Comparison
from catalog.queries import listing
from catalog.queries.selection import Selection, Source
from catalog.search import client, database, demand, engine, repairing, steering
from catalog.search.client import Away
from catalog.search.meaning import understand
from catalog.search.steering import Steering
from catalog.search.words import Asked
from shop import markets
from shop.markets import Market
from shop.outbox.outbox import enqueue

logger = logging.getLogger(__name__)

JOB = "catalog.compare_searches"
DAYS, QUERIES = 7, 40
LEAST = 10  # of a night; names, if fewer are searched for
FIRST = 10  # that are compared
LATER = timedelta(minutes=30)  # than the night's repair, which goes first
KEPT = timedelta(days=100)
TOLD = 5  # queries, to whoever reads the log
RELEVANCE = Selection(sort="relevance")


@dataclass(frozen=True)
class _Pair:
    """The first goods that a query finds here and there; None: no answer. is_cut: here of a part."""

    query: str
    here: Sequence[int] | None
    there: Sequence[int] | None
    is_cut: bool = False

    @property
    def is_one_sided(self) -> bool:
        return self.here is not None and self.there is not None and bool(self.here) != bool(self.there)

    @property
    def alike(self) -> float | None:
        """How much of the longer list stands in both; nothing beside nothing is alike, a part is no list."""
        if self.here is None or self.there is None or self.is_cut:
            return None
        longest = max(len(self.here), len(self.there))
        return len({*self.here} & {*self.there}) / longest if longest else 1.0


def plan() -> None:
    """A round: the next night's comparison is written down, once."""
    if client.is_configured():
        due = repairing.next_night(timezone.localtime()) + LATER
        with transaction.atomic():
            enqueue(JOB, queue="low", due=due, once=True)


def compare() -> Comparison | None:
    """Asks both for the most frequent searches of late, and writes how it went; None: nothing is sold."""
    if not client.is_configured():
        return None  # the database answers every day
    asked = [(one.market, one.shown) for one in demand.most(DAYS, QUERIES)]
    asked += [named for named in _named() if named not in asked][: max(LEAST - len(asked), 0)]
    pairs = [_pair(code, query) for code, query in asked]
    Comparison.objects.filter(at__lt=timezone.now() - KEPT).delete()
    if not pairs:
        return None
    failed = [pair.query for pair in pairs if pair.here is None]
    if failed:
        logger.error(
            "Without the search engine %d of %d searches fail, as for %s",
            len(failed),
            len(pairs),
            failed[:TOLD],
        )
    one_sided = [pair.query for pair in pairs if pair.is_one_sided]
    if one_sided:
        logger.warning(
            "Of the search engine and the database only one finds anything for %d searches, as for %s",
            len(one_sided),
            one_sided[:TOLD],
        )
    shares = [pair.alike for pair in pairs if pair.alike is not None]
    return Comparison.objects.create(
        queries=len(pairs),
        answered=len(pairs) - len(failed),
        compared=len(shares),
        one_sided=len(one_sided),
        alike=Decimal(FIRST * sum(shares) / len(shares)).quantize(Decimal("0.1")) if shares else None,
    )


def last() -> Comparison | None:
    """How it went last night."""
    return Comparison.objects.order_by("-at").first()


def _named() -> list[tuple[str, str]]:
    """LEAST names of each market's most popular goods, and of categories, in turns."""
    shelves = Category.objects.filter(is_published=True).order_by("depth", "path")
    above = list(shelves.values_list("name", flat=True)[:LEAST])
    by_market = []
    for market in markets.all():
        goods = Card.objects.filter(market=market.code).order_by("-popularity", "product_id")
        names = zip_longest(goods.values_list("name", flat=True)[:LEAST], above)
        queries = dict.fromkeys(search.clean(name) for name in chain.from_iterable(names) if name)
        by_market.append([(market.code, query) for query in islice(queries, LEAST)])
    return [named for turn in zip_longest(*by_market) for named in turn if named]


def _pair(code: str, query: str) -> _Pair:
    market = markets.get_or_default(code)
    asked = understand(market, query)
    steered = steering.of(market, asked.corrected or query)
    here = there = None
    is_cut = False
    with suppress(Away):  # whether the database answers is then all the more what counts
        there = engine.count(market, asked, steered, RELEVANCE).product_ids[:FIRST]
    try:
        found = _from_database(market, asked, steered)
        here, is_cut = [card["product_id"] for card in found.cards[:FIRST]], found.is_cut
    except Exception:  # whatever it is: a shopper would be shown an error
        logger.exception("The database fails for a search.")
    return _Pair(query, here, there, is_cut)


def _from_database(market: Market, asked: Asked, steered: Steering) -> listing.Listing:
    source = Source(matching=database.matching(market, asked, steered))
    with transaction.atomic():
        return listing.read(market, source, RELEVANCE)
