"""count(): a list counted by the engine: what a query finds, filtered, sorted, and what each filter gives.

The page's goods and the figures of its list are two questions that are asked together. Only where too few
goods have all the words is the engine asked once more, for what comes close; the page's patience is for both.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from catalog.queries.listing import DEEPEST, Counted, named
from catalog.queries.selection import Selection
from catalog.search import client, relevance
from catalog.search.figures import Figures, Filters
from catalog.search.indices import alias
from catalog.search.schema import language_of
from catalog.search.steering import NOTHING, Steering
from catalog.search.words import FEW, Asked
from shop.edge.recording import reading
from shop.markets import Market

Query = dict[str, Any]


def count(market: Market, asked: Asked, steered: Steering, selection: Selection) -> Counted:
    """The list's figures, and the ids of its page; raises client.Away."""
    few = FEW if selection.sort == "relevance" else 1
    search = _Search(market, asked, steered, selection)
    figures, product_ids, enough = search.whole()
    whole = figures.total
    if figures.all < few and asked.enough < len(asked.groups):
        figures, product_ids = search.close(enough)
    with reading(f"search/{market.code}"):
        rows = named(market, figures.values, product_ids)
    return Counted(
        total=figures.total,
        whole=whole,
        on_sale=figures.on_sale,
        floor=figures.floor,
        ceiling=figures.ceiling,
        spread=figures.spread,
        product_ids=product_ids,
        values=[(*row, figures.goods(row[0], row[5])) for row in rows],
    )


class _Search:
    """What one page asks."""

    def __init__(self, market: Market, asked: Asked, steered: Steering, selection: Selection) -> None:
        self.market, self.asked, self.steered, self.selection = market, asked, steered, selection
        self.filters = Filters(market, selection)
        self.patience = client.Patience()

    def whole(self) -> tuple[Figures, list[int], int]:
        """What has all the words; how many groups what comes close must have: half, or else one."""
        query = relevance.whole(self.market, self.asked, self.steered)
        half, more = self.asked.enough, []
        if 1 < half < len(self.asked.groups):
            close = relevance.close(self.market, self.asked, NOTHING, half)
            seen = relevance.unhidden(close, self.steered)
            more = [{"query": seen, "size": 0, "track_total_hits": 1}]
        figures, product_ids, others = self._ask(
            query, relevance.whole(self.market, self.asked, NOTHING), more
        )
        is_there = all(int(told["hits"]["total"]["value"]) for told in others)
        return figures, product_ids, half if is_there else 1

    def close(self, enough: int) -> tuple[Figures, list[int]]:
        """What has so many of the groups."""
        query = relevance.close(self.market, self.asked, self.steered, enough)
        return self._ask(query, relevance.close(self.market, self.asked, NOTHING, enough))[:2]

    def _ask(
        self, query: Query, unsteered: Query, more: Sequence[Query] = ()
    ) -> tuple[Figures, list[int], Sequence[Any]]:
        figures = Figures(self.filters)
        # What is pinned is not asked whether it is enough.
        counted = figures.body(query, unsteered if self.steered else {"match_all": {}})

        def read(told: list[Any]) -> tuple[Figures, list[int], Sequence[Any]]:
            page, numbers, *others = told
            figures.read(numbers)
            return figures, [int(hit["_id"]) for hit in page["hits"]["hits"]], others

        bodies = [self._page(query), counted, *more]
        return client.search_all(alias(language_of(self.market)), bodies, read, self.patience)

    def _page(self, query: Query) -> Query:
        size = settings.CARDS_PER_PAGE
        body: Query = {
            "query": query,
            "from": min((self.selection.page - 1) * size, DEEPEST),
            "size": size,
            "_source": False,
            "track_total_hits": False,
            "sort": self._sort(),
        }
        if self.filters.is_set:
            body["post_filter"] = self.filters.meets()
        return body

    def _sort(self) -> list[Any]:
        orders: dict[str, list[Any]] = {
            "relevance": ["_score", {"popularity": "desc"}],
            "popular": [{"popularity": "desc"}],
            "new": [{"published_at": "desc"}],
            "price": [self.filters.cheapest("asc")],
            "-price": [self.filters.cheapest("desc")],
            "name": [{"by_name": "asc"}],
            "rating": [{"rating": {"order": "desc", "missing": "_last"}}, {"popularity": "desc"}],
        }
        return [*orders[self.selection.sort], {"product_id": "asc"}]
