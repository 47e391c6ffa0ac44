"""pages(): the pages of text that a query means (delivery, returns …); always from PostgreSQL."""

import re
from typing import Any

from django.db import connections

from catalog.models.card import text_config
from catalog.search.folding import plain
from shop import replicas
from shop.markets import Market

PAGES = 3
WORDS = 10  # of a query


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
