"""made(): the documents of products as the engine is to have them, read from the database in batches.

A product is in a language's index if it has a card in one of that language's markets. What a market sells of
it, at which price and with which values, is what its card says: facets mean the same there and here, see
catalog/queries/statement.py.
"""

import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from babel.numbers import get_currency_precision
from django.db import connection

from catalog.search import stems
from catalog.search.codes import code
from catalog.search.schema import languages

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
LONGEST = 100_000  # characters of a description, as in a card's words
SALE = "-1"  # among the values: being on sale
# What tables call their lines is said of all goods alike: "Weight" finds none of them.
# Each look ahead ends at the next of its kind: what nobody closes is read once.
_TAG = re.compile(r"<th\b[^<>]*>(?:(?!<th\b).)*?</th>|<[^<>]*>", re.DOTALL)


class Document(NamedTuple):
    """JSON, and a digest of it that it carries itself."""

    digest: str
    source: str


def plain(markup: str) -> str:
    """What HTML says of the product."""
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())


_GOODS = """
    SELECT p.id, p.name, p.brand, p.series, p.kind, p.summary, left(p.description, %(longest)s),
        p.popularity, p.published_at, lower(p.name),
        ARRAY(SELECT unnest(ARRAY[sku, barcode]) FROM catalog_variant v
            WHERE v.product_id = p.id AND is_active ORDER BY v.id)
    FROM catalog_product p WHERE p.id = ANY(%(ids)s)"""

_CARDS = """
    SELECT product_id, market, currency, price, availability, categories, "values", traits, on_sale,
        CASE WHEN availability <> 'out' AND jsonb_array_length(offers) > 1 THEN offers::text END,
        rating, picture->>'src'
    FROM catalog_card WHERE product_id = ANY(%(ids)s) AND market = ANY(%(markets)s)
    ORDER BY product_id, market"""

_NAMES = """
    SELECT 'c', id, name FROM catalog_category WHERE id = ANY(%(categories)s)
    UNION ALL SELECT 'v', id, label FROM catalog_attributevalue WHERE id = ANY(%(values)s)"""


def made(product_ids: Iterable[int]) -> dict[str, dict[int, Document]]:
    """By language, the documents of those of the products that are sold there."""
    selling = languages()
    language_of = {market.code: language for language, found in selling.items() for market in found}
    found: dict[str, dict[int, Document]] = {language: {} for language in selling}
    goods, cards, names = _read(sorted(set(product_ids)), list(language_of))
    for pk, by_market in cards.items():
        if pk not in goods:
            continue  # it has just been deleted, and is noted
        by_language: dict[str, list[_Card]] = {}
        for card in by_market:
            by_language.setdefault(language_of[card.market], []).append(card)
        for language, sold in by_language.items():
            found[language][pk] = _document(language, goods[pk], sold, names)
    return found


class _Card(NamedTuple):
    product_id: int
    market: str
    currency: str
    price: Any
    availability: str
    categories: list[int]
    values: list[int]
    traits: list[int]
    on_sale: bool
    offers: str | None  # of one that is taken apart where filters are set
    rating: Any
    image: str | None


def _read(
    ids: Sequence[int], markets: Sequence[str]
) -> tuple[dict[int, Sequence[Any]], dict[int, list[_Card]], Mapping[tuple[str, int], str]]:
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, {"ids": list(ids), "markets": list(markets)})
        cards: dict[int, list[_Card]] = {}
        for row in cursor.fetchall():
            cards.setdefault(row[0], []).append(_Card(*row))
        every = [card for found in cards.values() for card in found]
        cursor.execute(_GOODS, {"ids": list(cards), "longest": LONGEST})
        goods = {row[0]: row for row in cursor.fetchall()}
        categories = {pk for card in every for pk in card.categories}
        values = {pk for card in every for pk in card.values}
        cursor.execute(_NAMES, {"categories": list(categories), "values": list(values)})
        return goods, cards, {(kind, pk): name for kind, pk, name in cursor.fetchall()}


def _document(
    language: str, good: Sequence[Any], cards: Sequence[_Card], names: Mapping[tuple[str, int], str]
) -> Document:
    pk, name, brand, series, kind, summary, description, popularity, published_at, by_name, spelled = good
    categories = sorted({category for card in cards for category in card.categories})
    values = sorted({value for card in cards for value in card.values})
    document = {
        "product_id": pk,
        "name": name,
        "brand": brand,
        "series": series,
        "kind": kind,
        "is_a": stems.key(language, kind),
        "head": stems.key(language, kind.split()[-1]) if kind.split() else "",
        "summary": summary,
        "description": plain(description),
        "categories": [names[key] for category in categories if (key := ("c", category)) in names],
        "values": list(dict.fromkeys(names[key] for value in values if (key := ("v", value)) in names)),
        "codes": list(dict.fromkeys(code(each) for each in spelled if each)),
        "code_words": list(dict.fromkeys(each for each in spelled if each)),
        "popularity": popularity,
        "published_at": (published_at - _EPOCH) // _MICROSECOND,
        "rating": None if cards[0].rating is None else float(cards[0].rating),
        "by_name": by_name,
        "image": cards[0].image,
        "sold": {card.market: _sold(card) for card in cards},
        "offers": [offer for card in cards for offer in _offers(card)],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return Document(digest, f'{{"digest":"{digest}",{text[1:]}')


def _sold(card: _Card) -> dict[str, Any]:
    return {
        "price": _minor(card.price, card.currency),
        "currency": card.currency,
        "values": [*map(str, card.values), *([SALE] if card.on_sale else [])],
        "availability": card.availability,
    }


def _offers(card: _Card) -> Iterable[dict[str, Any]]:
    """Those that can be bought, or the product itself: what it is, and what each of them is."""
    if card.offers is None:
        sold = _sold(card)
        yield {"market": card.market, "values": sold["values"], "price": sold["price"]}
        return
    traits = list(map(str, card.traits))
    for values, price, list_price, availability, *_rest in json.loads(card.offers):
        if availability != "out":
            yield {
                "market": card.market,
                "values": [*traits, *map(str, values), *([SALE] if list_price is not None else [])],
                "price": _minor(price, card.currency),
            }


def _minor(price: Any, currency: str) -> int:
    """In minor units: prices are rounded to them."""
    return int(Decimal(price).scaleb(_decimals(currency)))


_decimals = cache(get_currency_precision)
