"""begun(): goods whose words begin as somebody types, as the engine finds them."""

from collections.abc import Sequence
from typing import Any

from catalog.search import client
from catalog.search.client import Patience
from catalog.search.codes import code
from catalog.search.indices import alias
from catalog.search.relevance import FIELDS, WANTED, any_field, worth
from catalog.search.schema import language_of
from shop.markets import Market

CODE, NAMED = 1_000, 10  # a code, and what has all of it in its name, go before the others

Query = dict[str, Any]


def begun(market: Market, typed: str, words: Sequence[str], limit: int, patience: Patience) -> list[int]:
    """Ids of goods that have all the words, the last of which may go on; raises client.Away."""
    body: Query = {
        "query": _query(market, typed, words),
        "size": limit,
        "_source": False,
        "track_total_hits": False,
        "sort": ["_score", {"popularity": "desc"}, {"product_id": "asc"}],
    }

    def read(told: Any) -> list[int]:
        return [int(hit["_id"]) for hit in told["hits"]["hits"]]

    return client.search(alias(language_of(market)), body, read, patience)


def _query(market: Market, typed: str, words: Sequence[str]) -> Query:
    *before, last = words
    anywhere = [any_field(word, FIELDS) for word in before] + [
        {"dis_max": {"queries": [any_field(last, FIELDS), any_field(last, ("name.prefix", "brand.prefix"))]}}
    ]
    named = [any_field(word, ("name.plain",)) for word in before] + [any_field(last, ("name.prefix",))]
    found = [
        {"bool": {"must": anywhere, "should": [worth({"bool": {"filter": named}}, NAMED)]}},
        worth({"term": {"codes": code(typed)}}, CODE),
    ]
    sold = {"exists": {"field": f"sold.{market.code}.price"}}
    popular = {"field": "popularity", "modifier": "ln1p", "factor": 5 * WANTED, "missing": 0}
    asked = {"bool": {"should": found, "minimum_should_match": 1, "filter": [sold]}}
    return {"function_score": {"query": asked, "field_value_factor": popular, "boost_mode": "sum"}}
