"""What the shop shows for judged queries, by the engine or by the database, and how good it is."""

import statistics
import sys
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from bench.search_judged import SHOWN, judged_share, ndcg
from catalog import search
from catalog.queries.listing import Listing
from catalog.queries.selection import Selection
from catalog.search.client import Away
from shop import markets

Ratings = Mapping[Hashable, float]
RELEVANCE = Selection(sort="relevance")


@dataclass(frozen=True)
class Answer:
    """The list that a query shows, and how long it took."""

    listing: Listing
    ms: float

    @property
    def shown(self) -> list[int]:
        """The first ten products."""
        return [card["product_id"] for card in self.listing.cards[:SHOWN]]


@dataclass(frozen=True)
class Figures:
    """Of queries that have a relevant product; `elsewhere`: how many others show nothing."""

    ndcg10: float
    judged10: float
    zero: int
    elsewhere: int
    p50_ms: float
    p95_ms: float


def ask(query: str, selection: Selection = RELEVANCE) -> Answer:
    """What shoppers are shown, without the page around it; raises Away if an engine that is there is not."""
    market = markets.default()
    began = time.perf_counter()
    found = search.find(market, search.clean(query), selection)
    spent = (time.perf_counter() - began) * 1000
    if found.is_degraded:
        raise Away("it did not answer, or has no index")
    return Answer(found.listing, spent)


def ask_all(queries: Iterable[str], title: str) -> dict[str, Answer]:
    """One after the other, each warm: asked once before."""
    asked = list(queries)
    with tqdm(asked, title, unit="query", file=sys.stderr, leave=False) as bar:
        return {query: (ask(query), ask(query))[1] for query in bar}


def by_product(
    judged: Mapping[str, Mapping[str, float]], products: Mapping[str, int]
) -> dict[str, dict[Hashable, float]]:
    """Ratings by product; those of a docid that is none stay under it: nothing can show what is not there.

    Of two docids of one product, two SKUs perhaps, the higher rating counts.
    """
    found: dict[str, dict[Hashable, float]] = {}
    for query, ratings in judged.items():
        mine = found.setdefault(query, {})
        for docid, rating in ratings.items():
            key: Hashable = products.get(docid, docid)
            mine[key] = max(rating, mine.get(key, 0.0))
    return found


def relevant(judged: Mapping[str, Ratings]) -> list[str]:
    """The queries with something to find."""
    return [query for query, ratings in judged.items() if any(rating > 0 for rating in ratings.values())]


def figures(judged: Mapping[str, Ratings], answers: Mapping[str, Answer]) -> Figures:
    """Means over the relevant queries, times over all."""
    mine = relevant(judged)
    times = [answer.ms for answer in answers.values()]
    return Figures(
        ndcg10=statistics.fmean(ndcg(answers[query].shown, judged[query]) for query in mine),
        judged10=statistics.fmean(judged_share(answers[query].shown, judged[query]) for query in mine),
        zero=sum(not answers[query].shown for query in mine),
        elsewhere=sum(not answer.shown for answer in answers.values())
        - sum(not answers[q].shown for q in mine),
        p50_ms=statistics.median(times),
        p95_ms=percentile(times, 95),
    )


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which that share of them is; of one, that one."""
    return statistics.quantiles(values, n=100)[share - 1] if len(values) > 1 else values[0]
