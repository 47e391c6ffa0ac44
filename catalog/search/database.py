"""Search in PostgreSQL: matching() says in SQL which cards a query finds, and which of them are the best.

It answers where there is no engine, and where that is away. What is found is a part of the statement that
counts the list (catalog/queries/statement.py), so all of it is counted and filtered, however much it is.
Each card is fetched once; what one has of a query's words is asked of the index, never of the cards.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from catalog.models.card import text_config
from catalog.queries.selection import Matching
from catalog.search import codes, tsquery
from catalog.search.steering import NOTHING, Steering
from catalog.search.words import FEW, Asked, Group, Way
from shop.markets import Market

WEIGHTS = "{0.05, 0.6, 0.2, 1.0}"  # of D (description), C (summary), B (kind, values), A (name, SKU)
RANKED = 10_000  # of what is shown the most wanted: what is behind them is in that order
LOOKED_AT = 200  # the best of these, which are looked at once more
KIND, HEAD = 0.5, 0.1  # what it is worth that the words are the name of the kind, or its last word
UNNAMED = 2_000  # the place of what only its words have found

# What is steered to the top or known by its code or whole name is found whether or not its words are.
_FOUND = f"""
    SELECT id, min(place) AS place FROM (
        SELECT id, place FROM unnest(%(first)s::bigint[]) WITH ORDINALITY AS pinned(id, place)
        UNION ALL SELECT product_id, 1000 FROM catalog_variant WHERE is_active AND id IN ({codes.VARIANTS})
        UNION ALL SELECT product_id, 1001 FROM catalog_card
            WHERE market = %(market)s AND name = ANY(%(names)s)
    ) named GROUP BY id"""  # noqa: S608 (built from constants; values are parameters)

_CARDS = "SELECT {{taken}}, {tier} AS tier FROM catalog_card c WHERE {mine} AND c.search @@ {query}"
_OTHERS = " AND NOT c.product_id = ANY(ARRAY(SELECT id FROM found))"

_NAMED = """
    SELECT {{taken}}, {tier} AS tier
    FROM found JOIN catalog_card c ON c.product_id = found.id WHERE {mine}"""

# How many have all words, as far as that matters.
_FEW = """
    SELECT count(*) AS number
    FROM (SELECT FROM catalog_card c WHERE {mine} AND c.search @@ {query} LIMIT {few}) one"""

_TOO_FEW = " AND (SELECT number FROM few) < {few}"

# Those of `near` that have enough words, and whether there is none of them, nor any that has all.
_NEAR = "SELECT * FROM near c WHERE {is_near}"
_NONE = " AND (SELECT number FROM few) = 0 AND NOT EXISTS (SELECT FROM near WHERE {is_near})"

# The best by words of what the list shows, `wanted`. By its place in the table a card is read at once.
_RANKED = """
    ranked AS MATERIALIZED (
        SELECT w.product_id, w.tier, w.popularity, w.spot, {score} AS score FROM (
            SELECT product_id, tier, popularity, spot FROM wanted
            ORDER BY tier, popularity DESC, product_id LIMIT {ranked}
        ) w JOIN catalog_card c ON c.ctid = w.spot
    ),"""

# The best are looked at once more: the thing itself goes before what is for it. That never brings anything
# before them, or them behind others, so no more is put in order than what is leafed to.
_BEST = """
    best AS (
        SELECT product_id, tier, popularity, score + CASE WHEN number <= {looked_at} THEN (
            SELECT CASE WHEN called @@ {whole} AND length(called) <= {all} THEN {kind} ELSE 0 END
                + CASE WHEN to_tsvector(%(config)s::regconfig, regexp_replace(c.kind, '^.*[ ]', '')) @@ {head}
                    THEN {worth} ELSE 0 END
            FROM catalog_card c, to_tsvector(%(config)s::regconfig, c.kind) AS called WHERE c.ctid = r.spot
        ) ELSE 0 END AS score
        FROM (
            SELECT *, row_number() OVER () AS number FROM (
                SELECT * FROM ranked ORDER BY tier, score DESC, popularity DESC, product_id
                LIMIT greatest(%(offset)s + %(size)s, {looked_at})
            ) sorted
        ) r
    ),"""


def matching(
    market: Market, asked: Asked, steering: Steering = NOTHING, *, is_ranked: bool = True
) -> Matching:
    """The CTEs that find a market's cards for a query, and those that say which of them are the best.

    is_ranked: False where the list is sorted otherwise; then nothing that only comes close stands among what
    has all words.
    """
    made = _Statement(market, asked, steering)
    query = asked.text
    return Matching(
        sql=made.found(FEW if is_ranked else 1),
        ranking=made.ranking() if is_ranked else "",
        parameters={
            **made.parameters,
            "config": text_config(market.language),
            "codes": codes.spelled(query),
            "names": list({query, query.capitalize(), query.title()}),
            "first": list(steering.first),
            "higher": list(steering.higher),
            "lower": list(steering.lower),
            "hidden": list(steering.hidden),
        },
    )


class _Statement:
    """Conditions of a query, as SQL whose values are parameters."""

    def __init__(self, market: Market, asked: Asked, steering: Steering) -> None:
        self.asked = asked
        self.groups = [tsquery.either(group.ways) for group in asked.groups]
        self.steering = steering
        self.parameters: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    def found(self, few: int) -> str:
        """CTEs of which the last, `card`, has all that is found."""
        mine = "c.market = %(market)s"
        if self.steering.hidden:
            mine += " AND NOT c.product_id = ANY(%(hidden)s::bigint[])"
        whole = tsquery.every(self.groups)
        if whole and self.asked.excluded:
            whole = f"({whole}) & !({tsquery.either(self.asked.excluded)})"
        ctes = [f"found AS MATERIALIZED ({_FOUND})"]
        parts = [
            _NAMED.format(tier=self._tier("found.place", len(self.groups), is_whole=True), mine=mine),
            self._cards(mine + _OTHERS, whole, len(self.groups)),
        ]
        if self.asked.enough < len(self.groups):
            near, close = self._close(mine + _TOO_FEW.format(few=few))
            ctes.append(f"few AS MATERIALIZED ({_FEW.format(mine=mine, query=self._query(whole), few=few)})")
            ctes += [f"near AS MATERIALIZED ({near})"] if near else []
            parts += close
        return f"{', '.join(ctes)}, card AS MATERIALIZED ({' UNION ALL '.join(parts)} {{looked}}),"

    def ranking(self) -> str:
        """CTEs of which the last, `best`, has the best of `wanted` with their scores."""
        whole = self._query(tsquery.every(self.groups))
        head = self._query(self.groups[-1]) if self.groups else whole
        ranked = _RANKED.format(score=self._score() or "0", ranked=RANKED)
        return ranked + _BEST.format(
            whole=whole, all=len(self.groups), kind=KIND, head=head, worth=HEAD, looked_at=LOOKED_AT
        )

    def _cards(self, mine: str, text: str, level: int | str) -> str:
        tier = self._tier(UNNAMED, level, is_whole=level == len(self.groups))
        return _CARDS.format(tier=tier, mine=mine, query=self._query(text))

    def _close(self, mine: str) -> tuple[str, list[str]]:
        """Half of the words, where few goods have them all, or any, where none has that many; who leaves out
        gets nothing that is close. What is pinned is not asked whether it is enough.
        """
        enough, whole, some = self.asked.enough, tsquery.every(self.groups), tsquery.some(self.groups)
        if enough == 1:  # of two, so it is the one or the other
            return "", [self._cards(mine + _OTHERS, f"({some}) & !({whole})", 1)]
        pairs = _pairs(self.groups)
        # What has so many of them has two of the rarest.
        rare = sorted(self.asked.groups, key=lambda group: -sum(group.ways[0].rarity))
        rarest = _pairs([tsquery.either(group.ways) for group in rare[: len(rare) - enough + 2]])
        level = " + ".join(f"(c.search @@ {self._query(group)})::int" for group in self.groups)
        near = self._cards(mine, f"({rarest}) & !({whole})", level if len(self.groups) > 3 else 2)
        is_near = f"tier / 2 %% 16 <= {len(self.groups) - enough}"
        mine += _NONE.format(is_near=is_near) + _OTHERS
        parts = [_NEAR.format(is_near=is_near) + _OTHERS]
        if enough > 2:
            parts.append(self._cards(mine, f"({pairs}) & !({whole})", level))
        return near, [*parts, self._cards(mine, f"({some}) & !({pairs})", 1)]

    def _tier(self, place: int | str, level: int | str, *, is_whole: bool) -> str:
        """How far behind a card stands, whatever its score is; odd, if it only comes close."""
        steered = ""
        if self.steering.lower:
            steered += " + 2 * (c.product_id = ANY(%(lower)s::bigint[]))::int"
        if self.steering.higher:
            steered += " + (NOT c.product_id = ANY(%(higher)s::bigint[]))::int"
        return f"2 * (16 * (4 * {place}{steered}) + {len(self.groups)} - ({level})) + {int(not is_whole)}"

    def _score(self) -> str:
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
        ranks = [f"{worth:.3f} * {self._rank(tsquery.either(ways))}" for worth, ways in single.items()]
        return ranks + [self._worth(way) for way in group.ways if not way.is_phrase and len(way.words) > 1]

    def _worth(self, way: Way) -> str:
        """What several words are worth where all of them are there."""
        words = [tsquery.all_of(replace(way, words=(word,), is_open=False)) for word in way.words]
        if way.is_open:
            words[-1] += ":*"
        ranks = [f"{r:.3f} * {self._rank(word)}" for r, word in zip(way.rarity, words, strict=True)]
        worth = f"{way.weight:.2f} * ({' + '.join(ranks)})"
        return f"CASE WHEN c.search @@ {self._query(tsquery.all_of(way))} THEN {worth} END"

    def _rank(self, text: str) -> str:
        return f"ts_rank_cd('{WEIGHTS}', c.search, {self._query(text)}, 1)"

    def _query(self, text: str) -> str:
        """The same text is one parameter."""
        if text not in self._names:
            self._names[text] = f"q{len(self._names)}"
            self.parameters[self._names[text]] = text
        return f"to_tsquery(%(config)s::regconfig, %({self._names[text]})s)"


def _pairs(groups: Sequence[str]) -> str:
    """Has at least two of them."""
    firsts = enumerate(groups[:-1], start=1)
    return " | ".join(f"(({group}) & ({tsquery.some(groups[place:])}))" for place, group in firsts)
