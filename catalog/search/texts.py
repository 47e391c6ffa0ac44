"""pages(): the pages of text that a query means (delivery, returns …); always from PostgreSQL."""

from django.db import connections

from catalog.models.card import text_config
from catalog.search import tsquery
from catalog.search.words import parse
from shop import replicas
from shop.markets import Market

PAGES = 3

_PAGES = """
    WITH asked AS (
        SELECT %(config)s::regconfig AS config, to_tsquery(%(config)s::regconfig, %(whole)s) AS whole,
            to_tsquery(%(config)s::regconfig, %(some)s) AS one_of
    )
    SELECT title, slug, summary, named @@ whole OR titled @@ one_of AS is_named
    FROM asked, LATERAL (
        SELECT title, slug, summary,
            to_tsvector(config, catalog_plain(concat_ws(' ', title, slug))) AS titled,
            to_tsvector(config, catalog_plain(concat_ws(' ', title, slug, summary))) AS named,
            setweight(to_tsvector(config, catalog_plain(title)), 'A')
            || setweight(to_tsvector(config, catalog_plain(concat_ws(' ', slug, summary))), 'B')
            || to_tsvector(config, catalog_plain(left(body, 100000))) AS words
        FROM catalog_page WHERE is_published
    ) page
    WHERE words @@ whole OR titled @@ one_of
    ORDER BY is_named DESC, ts_rank(words, whole || one_of) DESC, slug LIMIT %(most)s"""


def pages(market: Market, query: str) -> list[tuple[str, str, str, bool]]:
    """(title, slug, summary, whether title or summary match) of the few pages that match best.

    One of the query's words is enough in a title: who asks for "return policy" means the returns. Not to who
    quotes, or leaves out, and means it.
    """
    asked = parse(query, market.language)
    if not asked.groups:
        return []
    groups = [tsquery.either(group.ways) for group in asked.groups]
    whole = tsquery.every(groups)
    if asked.excluded:
        whole = f"({whole}) & !({tsquery.either(asked.excluded)})"
    values: dict[str, str | int] = {
        "config": text_config(market.language),
        "whole": whole,
        "some": whole if asked.is_strict else tsquery.some(groups),
        "most": PAGES,
    }
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(_PAGES, values)
        return cursor.fetchall()
