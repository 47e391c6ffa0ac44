"""Search in PostgreSQL: full text over the cards, the last word as a beginning, SKU and barcode exactly."""

import re
import unicodedata
from typing import Any

from django.db import connections

from catalog.models.card import text_config
from shop import replicas
from shop.markets import Market

# What decomposition leaves as it is.
LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
WEIGHTS = "{0.05, 0.2, 0.4, 1.0}"  # of D (description), C (summary), B (kind, values), A (name, SKU)
PAGES = 3
WORDS = 10  # of a query that nothing matches wholly


def products(market: Market, query: str, most: int) -> list[int]:
    """Ids of products: SKU, barcode or whole name first, then words of the name, then rank and popularity."""
    asked, parameters = _tsquery(query, text_config(market.language))
    codes = list({query, query.upper(), query.lower()})
    names = list({query, query.capitalize(), query.title()})  # "The other one" is all stop words
    statement = f"""
        WITH exact AS (
            SELECT c.product_id, 1 AS place FROM catalog_variant v
            JOIN catalog_card c ON c.product_id = v.product_id AND c.market = %s
            WHERE v.is_active AND v.id IN (
                SELECT id FROM catalog_variant WHERE sku = ANY(%s) AND sku <> ''
                UNION ALL SELECT id FROM catalog_variant WHERE barcode = %s AND barcode <> ''
            )
            UNION ALL SELECT product_id, 2 FROM catalog_card WHERE market = %s AND name = ANY(%s)
        )
        SELECT (ARRAY(
            SELECT product_id FROM exact GROUP BY product_id ORDER BY min(place), product_id
        ) || ARRAY(
            SELECT c.product_id FROM catalog_card c
            WHERE c.market = %s AND c.search @@ {asked} AND product_id NOT IN (SELECT product_id FROM exact)
            ORDER BY ts_filter(c.search, '{{a}}') @@ {asked} DESC,
                ts_rank('{WEIGHTS}', c.search, {asked}) DESC, c.popularity DESC, c.product_id
            LIMIT %s
        ))::text
    """  # noqa: S608 (built from constants; values are parameters)
    values: list[Any] = [market.code, codes, query, market.code, names, market.code]
    values += [*parameters, *parameters, *parameters, most]
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(statement, values)
        ((found,),) = cursor.fetchall()
    # One text: five thousand rows of one number take five times as long.
    return list(map(int, found.strip("{}").split(",")))[:most] if found != "{}" else []


def closest(market: Market, query: str, most: int) -> list[int]:
    """Ids of the products that have most of the query's words, if it is several plain ones."""
    config = text_config(market.language)
    words = _words(query)
    if len(words) < 2:
        return []
    parts = [_tsquery(word, config, is_open=word == words[-1]) for word in words]
    values = [value for _sql, parameters in parts for value in parameters]
    matched = " + ".join(f"(c.search @@ {sql})::int" for sql, _parameters in parts)
    any_of = f"({' || '.join(sql for sql, _parameters in parts)})"
    statement = f"""
        SELECT product_id FROM (
            SELECT *, max(matched) OVER () AS best FROM (
                SELECT c.product_id, c.popularity, c.search, {matched} AS matched
                FROM catalog_card c WHERE c.market = %s AND c.search @@ {any_of}
            ) counted
        ) hit
        WHERE matched = best
        ORDER BY ts_rank('{WEIGHTS}', search, {any_of}) DESC, popularity DESC, product_id LIMIT %s
    """  # noqa: S608 (built from constants; values are parameters)
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(statement, [*values, market.code, *values, *values, most])
        return [row[0] for row in cursor.fetchall()]


def pages(market: Market, query: str) -> list[tuple[str, str, str, bool]]:
    """(title, slug, summary, whether title or summary match) of the few pages that match best.

    One of the query's words is enough in a title: who asks for "return policy" means the returns.
    """
    config = text_config(market.language)
    asked, parameters = _tsquery(query, config)
    words = _words(query)
    titled = [_tsquery(word, config, is_open=word == words[-1]) for word in words]
    any_of = " || ".join(sql for sql, _parameters in titled) or asked
    any_values = [value for _sql, values in titled for value in values] or parameters
    statement = f"""
        SELECT title, slug, summary, named @@ {asked} OR titled @@ ({any_of}) AS is_named
        FROM (
            SELECT title, slug, summary, to_tsvector(%s::regconfig, concat_ws(' ', title, slug)) AS titled,
                to_tsvector(%s::regconfig, concat_ws(' ', title, slug, summary)) AS named,
                setweight(to_tsvector(%s::regconfig, title), 'A')
                || setweight(to_tsvector(%s::regconfig, concat_ws(' ', slug, summary)), 'B')
                || to_tsvector(%s::regconfig, left(body, 100000)) AS words
            FROM catalog_page WHERE is_published
        ) page
        WHERE words @@ {asked} OR titled @@ ({any_of})
        ORDER BY is_named DESC, ts_rank(words, {asked} || {any_of}) DESC, slug LIMIT %s
    """  # noqa: S608 (built from constants; values are parameters)
    either = [*parameters, *any_values]
    values = [*either, *[config] * 5, *either, *either, PAGES]
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def plain(text: str) -> str:
    """Without accents: café → cafe."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# The same, letter by letter, for SQL's translate(): Latin-1 Supplement and Latin Extended-A.
ACCENTED = "".join(c for c in map(chr, range(0xC0, 0x180)) if len(plain(c)) == 1 and plain(c) != c)
PLAIN = plain(ACCENTED)


def _words(query: str) -> list[str]:
    """The words of a query that can be taken apart: one with quotes, or, -without says what it means."""
    if re.search(r'"|(?:^|\s)-\w|\bor\b', query, re.IGNORECASE):
        return []
    return list(dict.fromkeys(re.findall(r"\w+", query)))[:WORDS]


def _tsquery(query: str, config: str, *, is_open: bool = True) -> tuple[str, list[Any]]:
    """An SQL expression and its parameters: "quotes", or, -without as in a web search; the last word open."""
    parts, parameters = [], []
    for typed in dict.fromkeys((query, plain(query))):
        parts.append("websearch_to_tsquery(%s::regconfig, %s)")
        parameters += [config, typed]
        opened = re.search(r"(?:^|[^\w\"-])(\w{2,})$", typed) if is_open else None
        if opened and typed.count('"') % 2 == 0:
            before = re.sub(r"\bor\s*$", "", typed[: opened.start(1)], flags=re.IGNORECASE)
            parts.append("(websearch_to_tsquery(%s::regconfig, %s) && to_tsquery(%s::regconfig, %s))")
            parameters += [config, before, config, f"{opened[1]}:*"]
    return f"({' || '.join(parts)})", parameters
