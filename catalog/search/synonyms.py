"""The merchant's synonyms: which words of a query mean something else as well.

    found = synonyms.of(market)                         # or table("de"), outside of a market's pages
    found.expansions(["mobile", "phone", "case"])       # [Expansion(0, 2, (("cellphone",),))]

A term may be several words, and is known in one as well: "wi-fi" is "wi fi" and "wifi". Of terms that overlap
in a query the longest is meant. One step is gone, no
further: with "laptop, notebook" and "notebook, jotter", whoever asks for a laptop is shown no jotters.

A search asks for the version of the rows alone, which the database itself changes with them, in the same
transaction (Taught). Of a version that this process does not know it reads both in one statement. So an edit
holds for the next search, on whichever server, and nothing has to be let go.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from django.db import connections

from catalog.models.card import text_config
from catalog.search.words import Words, folded
from shop import markets, replicas
from shop.edge.recording import reading
from shop.markets import Market
from shop.postgresql.base import prepared_cursor

Normalise = Callable[[str], str]  # one folded word → what its forms have in common

_SEPARATORS = re.compile(r"[,;\n]")
KEPT = 20  # tables in a process
APART = 2  # words that may be written apart of one that the merchant wrote in one
# Whoever reads this alone reads the synonyms: shop.edge.recording looks for the name of their table.
_VERSION = "SELECT version::text FROM catalog_taught WHERE what = 'synonyms' /* of catalog_synonym */"
_ROWS = f"""
    SELECT ({_VERSION}), coalesce(json_agg(json_build_array(words, finds) ORDER BY id), '[]')::text
    FROM catalog_synonym WHERE language = ANY(%s)"""  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Expansion:
    """words[start:end] of a query mean each of the alternatives too, which are words as well."""

    start: int
    end: int
    alternatives: tuple[Words, ...]


def _as_it_is(word: str) -> str:
    return word


class Synonyms:
    """What the terms of one language mean; never changed once it is made."""

    def __init__(
        self,
        meanings: Mapping[Words, Sequence[Words]],
        normalise: Normalise = _as_it_is,
        joined: Mapping[str, Words] | None = None,
    ) -> None:
        self._meanings = {term: tuple(others) for term, others in meanings.items()}
        self._joined = joined or {}
        self._normalise = normalise
        self._longest = max(map(len, self._meanings), default=0)

    def __len__(self) -> int:
        return len(self._meanings)

    def expansions(self, words: Sequence[str]) -> list[Expansion]:
        """What the folded words of a query mean besides, in their order; no two overlap."""
        if not self._meanings:
            return []
        asked = tuple(map(self._normalise, words))
        free, found = [True] * len(asked), list[Expansion]()
        for length in range(min(max(self._longest, APART), len(asked)), 0, -1):
            for start in range(len(asked) - length + 1):
                end = start + length
                if not all(free[start:end]):
                    continue
                joined = self._joined.get(self._normalise("".join(words[start:end])), ())
                if others := self._meanings.get(asked[start:end]) or self._meanings.get(joined):
                    free[start:end] = [False] * length
                    found.append(Expansion(start, end, others))
        return sorted(found, key=lambda one: one.start)


_NONE = Synonyms({})
_kept: dict[tuple[str, str, Normalise], Synonyms] = {}
_lock = Lock()


def of(market: Market, normalise: Normalise = _as_it_is) -> Synonyms:
    """Those of a market's language, for a page that is let go when they change."""
    with reading(f"search/{market.code}"):
        return table(market.language, normalise)


def table(language: str, normalise: Normalise = _as_it_is) -> Synonyms:
    """Those of a language and of its variant ("en" for "en-gb"), and those of all languages.

    normalise: what makes one of a word's forms (a light plural rule); a function of a module, as the table is
    kept by it. The alternatives stay as they were written, folded.
    """
    with prepared_cursor(connections[replicas.alias()]) as cursor:
        cursor.execute(_VERSION)
        found = cursor.fetchall()
        if not found:  # there are none
            return _NONE
        if (held := _kept.get((found[0][0], language, normalise))) is not None:
            return held
        cursor.execute(_ROWS, [sorted(markets.spoken(language))])
        ((version, text),) = cursor.fetchall()
    made = build(json.loads(text), normalise)
    with _lock:
        _kept[version, language, normalise] = made
        while len(_kept) > KEPT:  # the oldest first: versions that nobody asks for any more
            del _kept[next(iter(_kept))]
    return made


def build(rows: Iterable[Sequence[str]], normalise: Normalise = _as_it_is) -> Synonyms:
    """The table of rows as they are written: (words, what they find one way)."""
    meanings: dict[Words, dict[Words, None]] = defaultdict(dict)
    joined: dict[str, Words] = {}
    for words, finds in rows:
        asked = terms(words)
        for term in asked:
            key = _key(term, normalise)
            joined.setdefault(normalise("".join(term)), key)
            for other in terms(finds) or asked:
                meanings[key][other] = None
    alternatives = {
        key: [other for other in others if _key(other, normalise) != key] for key, others in meanings.items()
    }
    return Synonyms({key: others for key, others in alternatives.items() if others}, normalise, joined)


def terms(text: str) -> list[Words]:
    """The terms between commas, each as its folded words: "Wi-Fi, WLAN" → ("wi", "fi"), ("wlan",)."""
    found = (tuple(folded(term)) for term in _SEPARATORS.split(text))
    return list(dict.fromkeys(term for term in found if term))


def written(text: str) -> list[str]:
    """The terms between commas as somebody wrote them; an empty one where nothing stands between two."""
    text = text.strip(" \t\r\n,;")
    return [" ".join(term.split()) for term in _SEPARATORS.split(text)] if text else []


def fillers(terms: Sequence[str], language: str) -> list[tuple[str, str]]:
    """The terms of which a language's searches leave out every word ("the", "of a"), each with that language.

    language: for which they are meant; "": for all that the markets speak.
    """
    meant = [one.language for one in markets.all() if language in markets.spoken(one.language)]
    told, configs = list[tuple[str, str]](), {text_config(code): code for code in reversed(meant)}
    with connections[replicas.alias()].cursor() as cursor:
        for config, code in configs.items():
            cursor.execute(
                "SELECT term FROM unnest(%s::text[]) AS term"
                " WHERE numnode(plainto_tsquery(%s::regconfig, term)) = 0",
                [list(terms), config],
            )
            told += [(term, code) for (term,) in cursor.fetchall()]
    return told


def _key(term: Words, normalise: Normalise) -> Words:
    return tuple(map(normalise, term))
