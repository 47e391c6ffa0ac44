"""A list as the database gives it, and as the engine does."""

from collections.abc import Callable

from catalog.queries import listing
from catalog.queries.listing import Listing
from catalog.queries.selection import Selection, Source
from catalog.search import database, engine
from catalog.search.meaning import understand
from catalog.search.steering import NOTHING, Steering
from shop.markets import Market
from tests.search.counted import Expected


def by_database(market: Market, query: str, selection: Selection, steered: Steering = NOTHING) -> Listing:
    asked, is_ranked = understand(market, query), selection.sort == "relevance"
    matching = database.matching(market, asked, steered, is_ranked=is_ranked)
    return listing.read(market, Source(matching=matching), selection)


def by_engine(market: Market, query: str, selection: Selection, steered: Steering = NOTHING) -> Listing:
    counted = engine.count(market, understand(market, query), steered, selection)
    return listing.shown(market, counted, selection)


WAYS: dict[str, Callable[..., Listing]] = {"database": by_database, "engine": by_engine}


def ids(found: Listing) -> list[int]:
    """The page's products in their order."""
    return [card["product_id"] for card in found.cards]


def figures(found: Listing) -> Expected:
    """All that is counted, and the page."""
    return Expected(
        ids=ids(found),
        counts={value.id: value.count for facet in found.facets for value in facet.values},
        on_sale=found.on_sale,
        bounds=(found.floor, found.ceiling),
        ranges=found.ranges,
    )
