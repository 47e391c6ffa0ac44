"""Search in PostgreSQL: full text over the cards, the last word as a beginning, SKU and barcode exactly."""

import re
import unicodedata
from typing import Any

from django.db import connection

from catalog.models.card import text_config
from shop.markets import Market

# What decomposition leaves as it is.
LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
WEIGHTS = "{0.05, 0.2, 0.4, 1.0}"  # of D (description), C (summary), B (kind, values), A (name, SKU)
PAGES = 3


def products(market: Market, query: str, most: int) -> list[int]:
    """Ids of products: SKU, barcode or whole name first, then words of the name, then rank and popularity."""
    asked, parameters = _tsquery(query, text_config(market.language))
    codes = list({query, query.upper(), query.lower()})
    names = list({query, query.capitalize(), query.title()})  # "The other one" is all stop words
    statement = f"""
        SELECT c.product_id FROM catalog_variant v
        JOIN catalog_card c ON c.product_id = v.product_id AND c.market = %s
        WHERE v.is_active AND v.id IN (
            SELECT id FROM catalog_variant WHERE sku = ANY(%s) AND sku <> ''
            UNION ALL SELECT id FROM catalog_variant WHERE barcode = %s AND barcode <> ''
        )
        UNION ALL
        SELECT product_id FROM catalog_card WHERE market = %s AND name = ANY(%s)
        UNION ALL
        (SELECT c.product_id FROM catalog_card c
        WHERE c.market = %s AND c.search @@ {asked}
        ORDER BY ts_filter(c.search, '{{a}}') @@ {asked} DESC,
            ts_rank('{WEIGHTS}', c.search, {asked}) DESC, c.popularity DESC, c.product_id
        LIMIT %s)
    """  # noqa: S608 (built from constants; values are parameters)
    values: list[Any] = [market.code, codes, query, market.code, names, market.code]
    values += [*parameters, *parameters, *parameters, most]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))[:most]


def pages(market: Market, query: str) -> list[tuple[str, str, bool]]:
    """(title, slug, whether title or summary match) of the few pages that match best."""
    config = text_config(market.language)
    asked, parameters = _tsquery(query, config)
    statement = f"""
        SELECT title, slug, named @@ {asked} AS is_named
        FROM (
            SELECT title, slug, to_tsvector(%s::regconfig, concat_ws(' ', title, slug, summary)) AS named,
                setweight(to_tsvector(%s::regconfig, title), 'A')
                || setweight(to_tsvector(%s::regconfig, concat_ws(' ', slug, summary)), 'B')
                || to_tsvector(%s::regconfig, left(body, 100000)) AS words
            FROM catalog_page WHERE is_published
        ) page
        WHERE words @@ {asked}
        ORDER BY is_named DESC, ts_rank(words, {asked}) DESC, slug LIMIT %s
    """  # noqa: S608 (built from constants; values are parameters)
    values = [*parameters, *[config] * 4, *parameters, *parameters, PAGES]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def plain(text: str) -> str:
    """Without accents: café → cafe."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# The same, letter by letter, for SQL's translate(): Latin-1 Supplement and Latin Extended-A.
ACCENTED = "".join(c for c in map(chr, range(0xC0, 0x180)) if len(plain(c)) == 1 and plain(c) != c)
PLAIN = plain(ACCENTED)


def _tsquery(query: str, config: str) -> tuple[str, list[Any]]:
    """An SQL expression and its parameters: "quotes", or, -without as in a web search; the last word open."""
    parts, parameters = [], []
    for typed in dict.fromkeys((query, plain(query))):
        parts.append("websearch_to_tsquery(%s::regconfig, %s)")
        parameters += [config, typed]
        if (opened := re.search(r"(?:^|[^\w\"-])(\w{2,})$", typed)) and typed.count('"') % 2 == 0:
            before = re.sub(r"\bor\s*$", "", typed[: opened.start(1)], flags=re.IGNORECASE)
            parts.append("(websearch_to_tsquery(%s::regconfig, %s) && to_tsquery(%s::regconfig, %s))")
            parameters += [config, before, config, f"{opened[1]}:*"]
    return f"({' || '.join(parts)})", parameters
