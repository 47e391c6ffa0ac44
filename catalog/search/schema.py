"""What an index looks like: how each language's words are taken apart, and the fields of a document.

A change here is a new index: its alias carries digest(), so that nodes of the release before go on asking
theirs until they have left. `manage.py reindex` builds it, before the new nodes begin.
"""

import hashlib
import json
from typing import Any

from catalog.models.card import TEXT_CONFIGS
from shop import markets
from shop.markets import Market

FORMAT = 1  # of documents: to be raised when catalog/search/documents.py writes the same fields otherwise
PREFIX_LONGEST = 20  # letters of a word that a beginning is found by

# As PostgreSQL's configurations cut words, so that both find the same: language → (stemmer, words that say
# nothing). Another language is searched by the words as they stand.
STEMMERS = {
    "en": ("English", "_english_"),
    "de": ("German", "_german_"),
    "fr": ("French", "_french_"),
    "es": ("Spanish", "_spanish_"),
    "it": ("Italian", "_italian_"),
    "nl": ("Dutch", "_dutch_"),
    "pt": ("Portuguese", "_portuguese_"),
    "da": ("Danish", "_danish_"),
    "sv": ("Swedish", "_swedish_"),
    "nb": ("Norwegian", "_norwegian_"),
    "fi": ("Finnish", "_finnish_"),
    "ru": ("Russian", "_russian_"),
}
assert STEMMERS.keys() == TEXT_CONFIGS.keys()

# "dv7-1211ea" is found by dv7, by 1211ea, and by dv71211ea; "iPhone" and "dv7" are one word each.
_PARTS = {
    "type": "word_delimiter_graph",
    "catenate_all": True,
    "split_on_case_change": False,
    "split_on_numerics": False,
    "stem_english_possessive": True,
}


def language_of(market: Market) -> str:
    """The index in which a market's products are: its words are taken apart as this language's."""
    return market.language.split("-")[0].lower()


def languages() -> dict[str, list[Market]]:
    """Each language we sell in, with its markets."""
    found: dict[str, list[Market]] = {}
    for market in markets.all():
        found.setdefault(language_of(market), []).append(market)
    return found


def digest(language: str) -> str:
    """Names what body() and the documents look like."""
    told = json.dumps([FORMAT, body(language)], sort_keys=True)
    return hashlib.blake2b(told.encode(), digest_size=4).hexdigest()


def body(language: str) -> dict[str, Any]:
    """What creates an index."""
    codes = [market.code for market in languages().get(language, [])]
    return {"settings": {"analysis": _analysis(language)}, "mappings": _mappings(codes)}


def _analysis(language: str) -> dict[str, Any]:
    """`text`: stems, `words`: as they stand, `prefix`: their beginnings; …_asked: the same of a query."""
    stemmer, said = STEMMERS.get(language, ("", ""))
    filters: dict[str, Any] = {
        "parts": _PARTS,
        "beginnings": {"type": "edge_ngram", "min_gram": 1, "max_gram": PREFIX_LONGEST},
    }
    plain = ["parts", "lowercase", "asciifolding"]
    stems = list(plain)
    if stemmer:
        filters |= {"said": {"type": "stop", "stopwords": said}}
        filters |= {"stems": {"type": "snowball", "language": stemmer}}
        stems += ["said", "stems"]
    # A graph of words is for questions; an index takes it flattened.
    chains = {
        "text": [*stems, "flatten_graph"],
        "text_asked": stems,
        "words": [*plain, "flatten_graph"],
        "words_asked": plain,
        "prefix": [*plain, "flatten_graph", "beginnings"],
    }
    return {
        "filter": filters,
        "normalizer": {"folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
        "analyzer": {
            name: {"type": "custom", "tokenizer": "whitespace", "filter": chain}
            for name, chain in chains.items()
        },
    }


def _text(**more: Any) -> dict[str, Any]:
    """Words by their stems; `more` are other ways in which the same field is asked."""
    return {"type": "text", "analyzer": "text", "search_analyzer": "text_asked", **more}


_PLAIN = {"type": "text", "analyzer": "words", "search_analyzer": "words_asked"}
# Whether they are there is all that is asked of these: half as dear to write.
_THERE = {"index_options": "docs", "norms": False}
_BEGINNINGS = {"type": "text", "analyzer": "prefix", "search_analyzer": "words_asked", **_THERE}
_EXACT = {"type": "keyword", "normalizer": "folded", "ignore_above": 256}
# Read by whoever looks at a document; nothing is found, counted or sorted by it.
_TOLD = {"type": "keyword", "index": False, "doc_values": False}


def _mappings(codes: list[str]) -> dict[str, Any]:
    sold = {
        "properties": {
            "price": {"type": "long"},  # in minor units
            "currency": _TOLD,
            "values": {"type": "keyword"},
            "availability": _TOLD,
        }
    }
    offer = {
        "market": {"type": "keyword"},
        "values": {"type": "keyword"},
        "price": {"type": "long"},
    }
    return {
        "dynamic": "strict",
        "properties": {
            "product_id": {"type": "long"},
            "name": _text(fields={"plain": _PLAIN, "prefix": _BEGINNINGS, "exact": _EXACT}),
            "brand": _text(fields={"prefix": _BEGINNINGS}),
            "series": _text(),
            "kind": _text(),
            "is_a": {"type": "keyword"},  # the kind, whatever the form and order of its words
            "head": {"type": "keyword"},  # the kind's last word
            "summary": _text(),
            "description": _text(),
            "categories": _text(),
            "values": _text(),
            "codes": {"type": "keyword"},
            "code_words": _PLAIN,  # a part of a code, or one beside other words
            "popularity": {"type": "integer"},
            "published_at": {"type": "long"},  # in microseconds: its own dates begin in 1970
            "rating": {"type": "float", "index": False},
            "by_name": {"type": "keyword", "index": False},  # to sort by, as the database does
            "image": _TOLD,
            "digest": {
                "type": "keyword",
                "index": False,
            },  # of all the others: whether a document says what the database does
            "sold": {"properties": dict.fromkeys(codes, sold)},
            "offers": {"type": "nested", "properties": offer},
        },
    }
