"""whole() and close(): what a query finds in the engine, and what stands before what.

Each word counts by the field that it fits best, and more the rarer it is (a disjunction maximum of BM25 over
fields, word by word). Of what has all the words, the thing itself goes before what is for
it: where the words are what the product's kind is called, or its last word, as the "bag" of a laptop bag.
"""

from dataclasses import replace
from itertools import islice, product
from typing import Any

from catalog.search.codes import code
from catalog.search.steering import Steering
from catalog.search.stems import key, stemmer
from catalog.search.words import Asked, Group, Way
from shop.markets import Market

FIELDS = (
    *("name", "brand", "series", "summary", "code_words"),
    *("description^0.6", "values^0.4", "kind^0.1", "categories^0.1"),  # long, or said by the kind's own bonus
)
KIND, HEAD = 1.0, 0.3  # the words are what the kind is called; they end with its last word
WANTED = 0.2  # by the logarithm of how often it was bought
LEVEL = 1_000  # more than anything else together: for each group, of what only comes close
EXACT = 100_000  # a code, or the whole name
PINNED = 1_000_000

Query = dict[str, Any]


def whole(market: Market, asked: Asked, steered: Steering) -> Query:
    """Goods that have all that was asked for."""
    groups = [_group(group) for group in asked.groups]
    words: Query = {"bool": {"must": groups}} if groups else {"match_none": {}}
    return _steered(market, asked, steered, words)


def close(market: Market, asked: Asked, steered: Steering, enough: int) -> Query:
    """Goods that have so many of the groups, those with most of them first."""
    groups = [_group(group) for group in asked.groups]
    either = [{"bool": {"must": [group], "should": [worth(group, LEVEL)]}} for group in groups]
    words = {"bool": {"should": either, "minimum_should_match": enough}}
    return _steered(market, asked, steered, words)


def _steered(market: Market, asked: Asked, steered: Steering, words: Query) -> Query:
    """The words' finds with what is known by its code or its name, and with the merchant's pins."""
    text = asked.text
    named: list[Query] = [
        worth({"term": {"codes": code(text)}}, EXACT),
        worth({"term": {"name.exact": text.casefold()}}, EXACT),
    ]
    pinned = [
        worth({"ids": {"values": [str(pk)]}}, PINNED + len(steered.first) - place)
        for place, pk in enumerate(steered.first)
    ]
    scored = _scored(market, asked, words)
    if asked.excluded:
        scored = {"bool": {"must": [scored], "must_not": [_way(way) for way in asked.excluded]}}
    # The best alone counts: what the words say besides would stir the order of the pins.
    found: Query = {"dis_max": {"queries": [scored, *named, *pinned]}}
    hidden = [_ids(steered.hidden)] if steered.hidden else []
    if steered.lower:
        found = {"boosting": {"positive": found, "negative": _ids(steered.lower), "negative_boost": 1e-4}}
    higher = [worth(_ids(steered.higher), EXACT / 2)] if steered.higher else []
    sold = {"exists": {"field": f"sold.{market.code}.price"}}
    return {"bool": {"must": [found], "filter": [sold], "must_not": hidden, "should": higher}}


def _scored(market: Market, asked: Asked, words: Query) -> Query:
    """The words' score, and what else speaks for a product."""
    more: list[Query] = []
    if asked.groups:
        stem = stemmer(market.language)
        last = {stem(way.words[-1]) for way in asked.groups[-1].ways}
        more = [
            worth({"terms": {"is_a": _kinds(market, asked.groups)}}, KIND),
            worth({"terms": {"head": sorted(last)}}, HEAD),
        ]
    popular = {"field": "popularity", "modifier": "ln1p", "factor": WANTED, "missing": 0}
    scored = {"bool": {"must": [words], "should": more}}
    return {"function_score": {"query": scored, "field_value_factor": popular, "boost_mode": "sum"}}


def _kinds(market: Market, groups: tuple[Group, ...]) -> list[str]:
    """All ways of saying it, as documents have what they are."""
    said = product(*(group.ways for group in groups))
    names = (" ".join(word for way in ways for word in way.words) for ways in islice(said, 32))
    return sorted({key(market.language, name) for name in names})


def _group(group: Group, fields: tuple[str, ...] = FIELDS) -> Query:
    """What the best of its ways is worth; one in more words than were typed no more for that."""
    typed = len(group.words)
    ways = [
        _way(replace(way, weight=way.weight * min(1, typed / len(way.words))), fields) for way in group.ways
    ]
    return ways[0] if len(ways) == 1 else {"dis_max": {"queries": ways}}


def _way(way: Way, fields: tuple[str, ...] = FIELDS) -> Query:
    if way.is_phrase:
        text = " ".join(way.words)
        return {"multi_match": {"query": text, "type": "phrase", "fields": list(fields)}}
    words = [any_field(word, fields) for word in way.words]
    if way.is_open:
        words[-1] = {"dis_max": {"queries": [words[-1], _beginning(way.words[-1], fields)]}}
    return {"bool": {"must": words, "boost": way.weight}}


def any_field(word: str, fields: tuple[str, ...]) -> Query:
    """A word by the field that it fits best; all of its parts stand in that."""
    asked = {"query": word, "type": "best_fields", "fields": list(fields), "operator": "and"}
    return {"multi_match": asked}


def _beginning(word: str, fields: tuple[str, ...]) -> Query:
    """A word that begins so, in any field; it is worth less the more it leaves open."""
    begins = [{"prefix": {field.partition("^")[0]: {"value": word}}} for field in fields]
    return {"bool": {"should": begins, "minimum_should_match": 1, "boost": 0.5}}


def unhidden(query: Query, steered: Steering) -> Query:
    """The same but for what the merchant hides."""
    if not steered.hidden:
        return query
    return {"bool": {"must": [query], "must_not": [_ids(steered.hidden)]}}


def worth(query: Query, boost: float) -> Query:
    """The same for whatever meets the query."""
    return {"constant_score": {"filter": query, "boost": boost}}


def _ids(product_ids: Any) -> Query:
    return {"ids": {"values": list(map(str, product_ids))}}
