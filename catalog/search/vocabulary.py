"""The words that our goods bear: look_up() holds a query's words against them, learn() collects them.

They are collected now and then (`keep`, a round of the relay), so the newest goods' words may be missing:
a word that is not here is asked for all the same, only not alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from django.db import connections

from catalog.models.card import text_config
from catalog.models.word import LONGEST_WORD
from shop import replicas
from shop.postgresql.base import prepared_cursor

NEAREST = 3  # words that one may have meant
COMPOUNDS = 40  # compounds that a word finds
SHORTEST = 4  # letters of a word that may be mistyped, and of a part of a compound
# Languages that write compounds in one word, and what stands between their parts.
LINKS = {
    "de": ("", "s", "n", "en", "er", "es", "e"),
    "nl": ("", "s", "en", "e"),
    "da": ("", "s", "e"),
    "sv": ("", "s"),
    "nb": ("", "s", "e"),
}

# Of words (as typed) and of all spellings of them (pairs in one, parts): what is known, in one reading.
_LOOK_UP = """
    WITH asked AS (
        SELECT word, (tsvector_to_array(to_tsvector(%(config)s::regconfig, word)))[1] AS stem
        FROM unnest(%(words)s::text[]) AS word
    )
    SELECT 'stem', word, COALESCE(
        (SELECT max(goods) FROM catalog_word known WHERE language = %(language)s AND known.stem = asked.stem),
        CASE WHEN stem IS NULL THEN -1 ELSE 0 END), NULL::text[]
    FROM asked
    UNION ALL
    SELECT 'word', word, goods, NULL::text[] FROM catalog_word
    WHERE language = %(language)s AND word = ANY(%(spellings)s::text[])
    UNION ALL
    SELECT * FROM (SELECT 'near', word, goods, NULL::text[] FROM catalog_word
    WHERE language = %(language)s AND near && %(near)s::text[] ORDER BY goods DESC LIMIT 200) near
    UNION ALL
    SELECT 'whole', word, goods, parts FROM catalog_word
    WHERE language = %(language)s AND NOT parts = '{}' AND parts && %(words)s::text[]
    UNION ALL
    SELECT 'begins', '', count(*), NULL::text[] FROM (SELECT FROM catalog_word
        WHERE language = %(language)s AND word LIKE %(beginning)s LIMIT 1) one
    UNION ALL
    SELECT 'all', '', goods, NULL::text[] FROM catalog_vocabulary WHERE language = %(language)s"""


@dataclass(frozen=True)
class Known:
    """What is known of the words of one query. A stem that is -1 is that of a stop word."""

    stems: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    near: Mapping[str, int] = field(default_factory=dict)
    wholes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last: str = ""
    is_beginning: bool = False
    total: int = 0  # goods of that language

    def goods(self, word: str) -> int:
        """How many goods bear exactly this word; words that were not asked for are not known."""
        return self.words.get(word, 0)

    def rarity(self, word: str) -> float:
        """How much it tells that a product bears it: the logarithm of how few do (IDF)."""
        few = max(self.stems.get(word, 0), self.goods(word), 0)
        return log(1 + max(self.total, 1) / (few + 1)) + 0.1

    def is_stop(self, word: str) -> bool:
        """Is it one that says nothing by itself ("the")?"""
        return self.stems.get(word, 0) < 0

    def is_known(self, word: str) -> bool:
        """Do goods bear it, in whatever form? Of what is a code more than a word nobody can say."""
        return self.stems.get(word, 0) > 0 or not word.isalpha()

    def begins(self, word: str) -> bool:
        """Does a word that goods bear begin with the query's last one?"""
        return word == self.last and self.is_beginning

    def compounds(self, word: str) -> tuple[str, ...]:
        """Those that end with it: a "Schreibtischlampe" is a "Lampe", and no "Tisch"."""
        found = [whole for whole, parts in self.wholes.items() if parts[-1] == word and whole != word]
        return tuple(found[:COMPOUNDS])

    def parts(self, word: str) -> tuple[str, ...]:
        """The two words that one which goods do not bear is made of, if they bear both."""
        if self.is_known(word):
            return ()
        splits = [(word[:cut], word[cut:]) for cut in range(3, len(word) - 2)]
        both = [(min(self.goods(a), self.goods(b)), (a, b)) for a, b in splits]
        goods, parts = max(both, default=(0, ()))
        return parts if goods else ()

    def nearest(self, word: str) -> tuple[str, ...]:
        """What somebody may have meant who typed a word that goods do not bear: few letters apart."""
        if len(word) < SHORTEST:
            return ()
        most = 1 if len(word) < 8 else 2
        ranked = sorted(
            (distance, -goods, near)
            for near, goods in self.near.items()
            if near != word and (distance := apart(word, near)) <= most
        )
        return tuple(near for distance, _goods, near in ranked if distance == ranked[0][0])[:NEAREST]


def look_up(language: str, words: Sequence[str]) -> Known:
    """What is known of these folded words."""
    asked = [word for word in words if word.isalpha() and len(word) <= LONGEST_WORD]
    if not asked:
        return Known()
    pairs = [a + b for a, b in pairwise(words)]
    cuts = [part for word in asked for cut in range(3, len(word) - 2) for part in (word[:cut], word[cut:])]
    near = [one for word in asked if len(word) >= SHORTEST for one in less(word)]
    values = {
        "config": text_config(language),
        "language": base(language),
        "words": asked,
        "spellings": [*asked, *pairs, *cuts],
        "near": near,
        "beginning": f"{asked[-1]}%" if words[-1] == asked[-1] else "",
    }
    found: dict[str, dict[str, int]] = {"stem": {}, "word": {}, "near": {}}
    wholes, is_beginning, total = dict[str, tuple[str, ...]](), False, 0
    with prepared_cursor(connections[replicas.alias()]) as cursor:
        cursor.execute(_LOOK_UP, values)
        rows = cursor.fetchall()
    for kind, word, goods, parts in rows:
        if kind == "whole":
            wholes[word] = tuple(parts)
        elif kind == "begins":
            is_beginning = goods > 0
        elif kind == "all":
            total = goods
        else:
            found[kind][word] = goods
    return Known(found["stem"], found["word"], found["near"], wholes, asked[-1], is_beginning, total)


def base(language: str) -> str:
    """The language whose words are those of all its variants: "en" of "en-gb"."""
    return language.split("-")[0]


def less(word: str) -> list[str]:
    """The word, and the word less each of its letters: two that are one edit apart share one of these."""
    return list(dict.fromkeys([word, *(word[:n] + word[n + 1 :] for n in range(len(word)))]))


def apart(one: str, other: str) -> int:
    """Letters that must be changed, added, left out or swapped with the next (optimal string alignment)."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]
