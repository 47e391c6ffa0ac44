"""Search in PostgreSQL: matching() says in SQL which cards a query finds, the best first.

It answers where there is no engine, and where that is away. What is found is a part of the statement that
counts the list (catalog/queries/statement.py), so all of it is counted and filtered, however much it is.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from catalog.models.card import text_config
from catalog.queries.selection import Matching
from catalog.search.steering import NOTHING, Steering
from catalog.search.words import FEW, Asked, Group, Way
from shop.markets import Market

WEIGHTS = "{0.05, 0.6, 0.2, 1.0}"  # of D (description), C (summary), B (kind, values), A (name, SKU)
RANKED = 10_000  # of what is found the most wanted: what is behind them is in that order
LOOKED_AT = 200  # the best of these, which are looked at once more
KIND, HEAD = 0.5, 0.1  # what it is worth that the words are the name of the kind, or its last word

# What is steered to the top or known by its code or whole name is found whether or not its words are.
_FOUND = """
    SELECT id, min(place) AS place FROM (
        SELECT id, place FROM unnest(%(first)s::bigint[]) WITH ORDINALITY AS pinned(id, place)
        UNION ALL SELECT product_id, 1000 FROM catalog_variant WHERE is_active AND id IN (
            SELECT id FROM catalog_variant WHERE sku = ANY(%(codes)s) AND sku <> ''
            UNION ALL SELECT id FROM catalog_variant WHERE barcode = ANY(%(codes)s) AND barcode <> '')
        UNION ALL SELECT product_id, 1001 FROM catalog_card
            WHERE market = %(market)s AND name = ANY(%(names)s)
    ) named GROUP BY id"""

_WHOLE = """
    SELECT c.product_id AS id, c.popularity, {all} AS level, true AS is_whole
    FROM catalog_card c WHERE c.market = %(market)s AND c.search @@ {whole} AND {open}
        AND NOT c.product_id = ANY(%(hidden)s::bigint[])"""

# Half of the words, where few goods have them all, or any, where none has that many; never what the shopper
# left out. What is pinned is not asked whether it is enough.
_CLOSE = """
    SELECT id, popularity, level, is_whole FROM (
        SELECT max({level}) OVER () AS best, c.product_id AS id, c.popularity, {level} AS level,
            false AS is_whole
        FROM catalog_card c
        WHERE (SELECT count(*) FROM (SELECT FROM whole LIMIT {few}) one) < {few}
            AND c.market = %(market)s AND c.search @@ {any} AND NOT c.search @@ {whole} AND {open}
            AND NOT c.product_id = ANY(%(hidden)s::bigint[])
    ) close WHERE level >= {enough} OR best < {enough} AND NOT EXISTS (SELECT FROM whole)"""

_RANKED = """
    SELECT m.id, m.level, m.is_whole, m.popularity, CASE WHEN row_number() OVER (
        ORDER BY m.level DESC, m.popularity DESC, m.id) <= {ranked} THEN {score} ELSE 0 END AS score
    FROM matched m JOIN catalog_card c ON c.market = %(market)s AND c.product_id = m.id"""

# The best are looked at once more: the thing itself goes before what is for it.
_AGAIN = """
    SELECT r.id, r.level, r.is_whole, r.popularity, r.score + CASE WHEN r.number <= {looked_at} THEN (
        SELECT CASE WHEN called @@ {whole} AND length(called) <= {all} THEN {kind} ELSE 0 END
            + CASE WHEN to_tsvector(%(config)s::regconfig, regexp_replace(c.kind, '^.*[ ]', '')) @@ {head}
                THEN {worth} ELSE 0 END
        FROM catalog_card c, to_tsvector(%(config)s::regconfig, c.kind) AS called
        WHERE c.market = %(market)s AND c.product_id = r.id) ELSE 0 END AS score
    FROM (SELECT *, row_number() OVER (ORDER BY level DESC, score DESC, popularity DESC, id) AS number
        FROM ranked) r"""

_HITS = """
    found AS MATERIALIZED ({found}), whole AS MATERIALIZED ({whole}), close AS MATERIALIZED ({close}),
    matched AS (SELECT * FROM whole UNION ALL SELECT * FROM close), {ranking}
    hit AS MATERIALIZED (
        SELECT id, (place IS NULL AND NOT is_whole)::int + 2 * row_number() OVER (
            ORDER BY place NULLS LAST, id = ANY(%(lower)s::bigint[]), NOT id = ANY(%(higher)s::bigint[]),
            level DESC, score DESC, popularity DESC, id) AS place
        FROM {scored} FULL JOIN found USING (id) WHERE NOT id = ANY(%(hidden)s::bigint[])
    ),"""


def matching(
    market: Market, asked: Asked, steering: Steering = NOTHING, *, is_ranked: bool = True
) -> Matching:
    """The CTEs that find a market's cards for a query: `hit` has their ids, places, and whether all is met.

    is_ranked: False where the list is sorted otherwise; then nothing that only comes close stands among what
    has all words.
    """
    made = _Statement(market, asked)
    few = FEW if is_ranked else 1
    groups = asked.groups
    levels = [f"(c.search @@ {made.any_of(group)})::int" for group in groups]
    whole = made.all_of()
    close = asked.enough < len(groups)
    parts = {"whole": whole, "open": made.without(), "all": len(groups), "few": few, "enough": asked.enough}
    text = {
        "found": _FOUND,
        "whole": _WHOLE.format(**parts),
        "close": _CLOSE.format(level=" + ".join(levels), any=made.any_of(*groups), **parts)
        if close
        else "SELECT * FROM whole LIMIT 0",
    }
    if is_ranked:
        ranked = _RANKED.format(ranked=RANKED, score=made.score() or "0")
        again = _AGAIN.format(
            looked_at=LOOKED_AT,
            whole=whole,
            all=len(groups),
            kind=KIND,
            worth=HEAD,
            head=made.any_of(groups[-1]) if groups else whole,
        )
        text["ranking"] = f"ranked AS MATERIALIZED ({ranked}), again AS ({again}),"
        text["scored"] = "again"
    else:
        text |= {"ranking": "scored AS (SELECT *, 0 AS score FROM matched),", "scored": "scored"}
    query = asked.text
    return Matching(
        _HITS.format(**text),
        {
            **made.parameters,
            "config": text_config(market.language),
            "codes": list({query, query.upper(), query.lower()}),
            "names": list({query, query.capitalize(), query.title()}),
            "first": list(steering.first),
            "higher": list(steering.higher),
            "lower": list(steering.lower),
            "hidden": list(steering.hidden),
        },
    )


class _Statement:
    """Conditions of a query, as SQL whose values are parameters."""

    def __init__(self, market: Market, asked: Asked) -> None:
        self.asked = asked
        self.parameters: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    def all_of(self) -> str:
        """Has all groups."""
        return self._query(" & ".join(f"({_either(group.ways)})" for group in self.asked.groups))

    def any_of(self, *groups: Group) -> str:
        """Has one of these groups."""
        return self._query(_either(way for group in groups for way in group.ways))

    def without(self) -> str:
        """Has nothing that is left out."""
        return (
            f"NOT c.search @@ {self._query(_either(self.asked.excluded))}" if self.asked.excluded else "true"
        )

    def score(self) -> str:
        """The sum over the groups, each by the way that is worth most: its words' sum, by how rare they are.

        ts_rank_cd() with 1: divided by 1 + the logarithm of the document's length.
        """
        groups = [self._best(group) for group in self.asked.groups]
        return " + ".join(ways[0] if len(ways) == 1 else f"greatest({', '.join(ways)})" for ways in groups)

    def _best(self, group: Group) -> list[str]:
        """What each of its ways is worth; single words that are worth the same are one."""
        single: dict[float, list[Way]] = {}
        for way in group.ways:
            if way.is_phrase or len(way.words) == 1:
                single.setdefault(way.weight * sum(way.rarity), []).append(way)
        ranks = [f"{worth:.3f} * {self._rank(_either(ways))}" for worth, ways in single.items()]
        return ranks + [self._worth(way) for way in group.ways if not way.is_phrase and len(way.words) > 1]

    def _worth(self, way: Way) -> str:
        """What several words are worth where all of them are there."""
        words = [_all(replace(way, words=(word,), is_open=False)) for word in way.words]
        if way.is_open:
            words[-1] += ":*"
        ranks = [f"{r:.3f} * {self._rank(word)}" for r, word in zip(way.rarity, words, strict=True)]
        worth = f"{way.weight:.2f} * ({' + '.join(ranks)})"
        return f"CASE WHEN c.search @@ {self._query(_all(way))} THEN {worth} END"

    def _rank(self, text: str) -> str:
        return f"ts_rank_cd('{WEIGHTS}', c.search, {self._query(text)}, 1)"

    def _query(self, text: str) -> str:
        """The same text is one parameter."""
        if text not in self._names:
            self._names[text] = f"q{len(self._names)}"
            self.parameters[self._names[text]] = text
        return f"to_tsquery(%(config)s::regconfig, %({self._names[text]})s)"


def _either(ways: Iterable[Way]) -> str:
    """As to_tsquery() reads it."""
    return " | ".join(f"({_all(way)})" for way in ways)


def _all(way: Way) -> str:
    quoted = ["'" + re.sub(r"(['\\])", r"\1\1", word) + "'" for word in way.words]
    if way.is_open:
        quoted[-1] += ":*"
    return (" <-> " if way.is_phrase else " & ").join(quoted)
