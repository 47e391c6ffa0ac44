"""The words that our goods bear: look_up() holds a query's words against them, learn() collects them.

They are collected now and then (`keep`, a round of the relay), so the newest goods' words may be missing:
a word that is not here is asked for all the same, only not alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from django.db import connections

from catalog.models.card import text_config
from catalog.models.word import LONGEST_WORD
from catalog.search.stems import stemmer
from catalog.search.words import Words
from shop import replicas
from shop.postgresql.base import prepared_cursor

NEAREST = 3  # words that one may have meant
COMPOUNDS = 40  # compounds that a word finds
SHORTEST = 4  # letters of a word that may be mistyped, and of a part of a compound that is learned
LEAST_PART = 3  # letters of each of two words that were written in one
# Languages that write compounds in one word, and what stands between their parts.
LINKS = {
    "de": ("", "s", "n", "en", "er", "es", "e"),
    "nl": ("", "s", "en", "e"),
    "da": ("", "s", "e"),
    "sv": ("", "s"),
    "nb": ("", "s", "e"),
    "fi": ("", "n"),
}
# Words that say nothing, where their accents, which are folded, keep a database from knowing them.
SAID = {
    "de": "dass fur konnen konnte uber wahrend wurde wurden",
    "fr": "a meme ete etes etre",
    "es": "mas si tambien esta estan",
    "it": "piu perche",
    "pt": "nao ja tambem so ate sao voce",
    "da": "pa nar ogsa",
    "sv": "pa for sa ar da dar fran nar over an at",
    "nb": "pa sa na nar a ogsa",
    "fi": "tama tata taman mika mita etta seka",
}

# Of words (as typed) and of all spellings of them (pairs in one, parts): what is known, in one reading. Of
# compounds the first of each stem, which are as many as there are things of that name.
_LOOK_UP = """
    WITH asked AS (
        SELECT word, (tsvector_to_array(to_tsvector(%(config)s::regconfig, word)))[1] AS stem
        FROM unnest(%(words)s::text[]) AS word
    )
    SELECT 'stem', word, COALESCE(
        (SELECT max(goods) FROM catalog_word known WHERE language = %(language)s AND known.stem = asked.stem),
        CASE WHEN stem IS NULL THEN -1 ELSE 0 END),
        (SELECT apart FROM catalog_word known WHERE language = %(language)s AND known.stem = asked.stem
            AND NOT apart = '{}' ORDER BY goods DESC, word LIMIT 1)
    FROM asked
    UNION ALL
    SELECT 'word', word, goods, NULL::text[] FROM catalog_word
    WHERE language = %(language)s AND word = ANY(%(spellings)s::text[])
    UNION ALL
    SELECT 'form', cut, max(goods), NULL::text[] FROM unnest(%(cuts)s::text[]) AS cut
    JOIN catalog_word known ON language = %(language)s
        AND stem = (tsvector_to_array(to_tsvector(%(config)s::regconfig, cut)))[1]
    GROUP BY cut
    UNION ALL
    SELECT * FROM (SELECT 'near', word, goods, NULL::text[] FROM catalog_word
        WHERE language = %(language)s AND near && %(near)s::text[] AND stem <> ''
        ORDER BY goods DESC LIMIT 200) near
    UNION ALL
    SELECT * FROM (SELECT 'whole', word, goods, parts FROM (
        SELECT DISTINCT ON (stem) word, goods, parts FROM catalog_word
        WHERE language = %(language)s AND NOT parts = '{}' AND parts && %(stems)s::text[]
        ORDER BY stem, goods DESC, word) one
    ORDER BY goods DESC, word LIMIT %(compounds)s) whole
    UNION ALL
    SELECT 'begins', '', count(*), NULL::text[] FROM (SELECT FROM catalog_word
        WHERE language = %(language)s AND word LIKE %(beginning)s LIMIT 1) one
    UNION ALL
    SELECT 'all', '', goods, NULL::text[] FROM catalog_vocabulary WHERE language = %(language)s"""


@dataclass(frozen=True)
class Known:
    """What is known of the words of one query: how many goods bear them.

    stems: in any form; of one that says nothing -1. words: exactly so. forms: parts of words, in any form.
    near: words a letter or two away, or whose stem is. wholes: compounds, with the stems of what they end
    with. apart: words that some write with hyphens, by what stands between these.
    """

    stems: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    forms: Mapping[str, int] = field(default_factory=dict)
    near: Mapping[str, int] = field(default_factory=dict)
    wholes: Mapping[str, Words] = field(default_factory=dict)
    apart: Mapping[str, Words] = field(default_factory=dict)
    language: str = ""
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
        return self.stems.get(word, 0) < 0 or word in SAID.get(self.language, "").split()

    def is_known(self, word: str) -> bool:
        """Do goods bear it, in whatever form? Of what is a code more than a word nobody can say."""
        return self.stems.get(word, 0) > 0 or not word.isalpha()

    def begins(self, word: str) -> bool:
        """Does a word that goods bear begin with the query's last one?"""
        return word == self.last and self.is_beginning

    def compounds(self, word: str) -> Words:
        """Those that end with it, whatever its form: a "Schreibtischlampe" is a "Lampe", and no "Tisch"."""
        stem = stemmer(self.language)(word)
        found = [whole for whole, tails in self.wholes.items() if stem in tails and whole != word]
        return tuple(found[:COMPOUNDS])

    def may_be_compound(self, word: str) -> bool:
        """Is one that goods do not bear what its last part is? An "Arbeitstisch" is a "Tisch"."""
        return self.language in LINKS and not self.is_known(word)

    def parts(self, word: str) -> Words:
        """What some write with hyphens; or the two words of one that goods do not bear, if they bear both."""
        if self.is_known(word):
            return self.apart.get(word, ())
        both = [
            (min(self._bear(head), self._bear(tail)), (head, tail))
            for cut in range(LEAST_PART, len(word) - LEAST_PART + 1)
            for link in LINKS.get(self.language, ("",))
            if len(head := word[:cut].removesuffix(link)) >= LEAST_PART
            and word[:cut] == head + link
            and (tail := word[cut:])
        ]
        goods, parts = max(both, default=(0, ()))
        return parts if goods > 0 else ()

    def _bear(self, part: str) -> int:
        return max(self.goods(part), self.forms.get(part, 0))

    def nearest(self, word: str) -> Words:
        """What somebody may have meant who typed a word that goods do not bear: few letters apart.

        Who mistypes "poster" means the "posters" that there are, if there is no "poster".
        """
        if len(word) < SHORTEST:
            return ()
        most, stem = 1 if len(word) < 8 else 2, stemmer(self.language)
        ranked = sorted(
            (distance, apart(word, near) > distance, -goods, near)
            for near, goods in self.near.items()
            if near != word and (distance := min(apart(word, near), apart(word, stem(near)))) <= most
        )
        return tuple(near for distance, *_rest, near in ranked if distance == ranked[0][0])[:NEAREST]


def look_up(language: str, words: Sequence[str], others: Iterable[str] = ()) -> Known:
    """What is known of these folded words; of the others, how many goods bear them."""
    language, config = base(language), text_config(language)
    asked = [word for word in words if _can_be_known(word)]
    others = [word for word in others if _can_be_known(word)]
    if not asked and not others:
        return Known(language=language)
    cuts = {
        part
        for word in asked
        for cut in range(LEAST_PART, len(word) - LEAST_PART + 1)
        for part in (word[:cut], word[cut:])
    }
    values = {
        "config": config,
        "language": language,
        "words": list(dict.fromkeys([*asked, *others])),
        "spellings": [*asked, *others, *(a + b for a, b in pairwise(words)), *cuts],
        "cuts": list(cuts) if language in LINKS else [],
        "near": [one for word in asked if len(word) >= SHORTEST for one in less(word)],
        "stems": list(map(stemmer(language), [*asked, *others])) if language in LINKS else [],
        "compounds": COMPOUNDS * len(asked),
        "beginning": f"{asked[-1]}%" if asked and words[-1] == asked[-1] else "",
    }
    found: dict[str, dict[str, int]] = {"stem": {}, "word": {}, "form": {}, "near": {}}
    wholes, apart, is_beginning, total = dict[str, Words](), dict[str, Words](), False, 0
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
            if parts:
                apart[word] = tuple(parts)
    return Known(
        *(found["stem"], found["word"], found["form"], found["near"], wholes, apart),
        language=language,
        last=asked[-1] if asked else "",
        is_beginning=is_beginning,
        total=total,
    )


def _can_be_known(word: str) -> bool:
    return word.isalpha() and len(word) <= LONGEST_WORD


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
