"""suggest(): what somebody means who has typed that much: goods, categories, searches of others.

Two letters are the beginning of half a catalogue, and one waits for the answer at each letter: goods are
looked for among the most popular first. What is frequent is among them; of what is not, the index has few.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from string import ascii_lowercase
from typing import Any

from django.db import connections

from catalog import search
from catalog.models import Category
from catalog.models.card import text_config
from catalog.queries import cards
from catalog.queries.cards import CardShape
from catalog.search import beginnings, client, codes, demand
from catalog.search.folding import SPELLED, plain
from catalog.search.vocabulary import look_up
from shop import addresses, replicas
from shop.edge.recording import reading
from shop.markets import Market

SHORTEST, LONGEST = 2, 60  # characters that are answered, and read
GOODS, SHELVES, SEARCHES = 5, 2, 3  # ten at most; a phone shows fewer: static/css/blocks/suggest.css
WORDS = 6  # of what was typed that are looked for
FIRST = 1_000  # of the market's cards, by popularity, that are looked through; of an index, that are compared
FREQUENT = 10  # of these that have the words: there are enough, whatever there is beside
LIKE = 0.45  # how alike a name with a slip of the finger must be, of 1

_TOP = f"""
    SELECT product_id, popularity, {{}} FROM catalog_card WHERE market = %(market)s
    ORDER BY popularity DESC, product_id LIMIT {FIRST}"""  # noqa: S608
# All words in the forms of the language, the last one as a beginning too.
_WORDS = """(plainto_tsquery(%(config)s::regconfig, %(before)s) && (
        plainto_tsquery(%(config)s::regconfig, %(last)s) || to_tsquery('simple', %(begun)s)))"""


@dataclass(frozen=True)
class Shelf:
    """A category, and what it stands in: there may be several of one name."""

    name: str
    url: str
    above: Sequence[str]


@dataclass(frozen=True)
class Suggested:
    """The best first, ten at most."""

    products: Sequence[CardShape] = field(default_factory=list)
    categories: Sequence[Shelf] = field(default_factory=list)
    queries: Sequence[str] = field(default_factory=list)


def clean(typed: str) -> str:
    """What was typed as it is asked for: one answer for everyone who means the same. "" if that is too short.

    static/js/suggest.js writes it so in the first place.
    """
    folded = unicodedata.normalize("NFC", search.clean(typed).lower())[:LONGEST].strip()
    return folded if len(folded) >= SHORTEST else ""


def words(text: str) -> list[str]:
    """Its words without accents and capitals."""
    return re.findall(r"[^\W_]+", plain(text.lower()).lower())[:WORDS]


def suggest(market: Market, typed: str) -> Suggested:
    """What a clean text may become; nothing if it has no letter or number."""
    if not words(typed):
        return Suggested()
    with reading(f"search/{market.code}"):
        patience = client.Patience()
        ids = _product_ids(market, typed, patience)
        if not ids and (meant := _meant(market, typed)):
            ids = _product_ids(market, meant, patience)
    with reading("categories"):
        shelves = _shelves(typed)
    queries = [query for query in demand.popular(market, typed, SEARCHES + 1) if query != typed]
    return Suggested(cards.of(market, ids), shelves, queries[:SEARCHES])


def _product_ids(market: Market, typed: str, patience: client.Patience) -> list[int]:
    """The engine's, or else the database's."""
    if client.is_configured():
        try:
            return beginnings.begun(market, typed, words(typed), GOODS, patience)
        except client.Away:
            pass
    return _from_database(market, typed, GOODS)


def _meant(market: Market, typed: str) -> str:
    """The text with the nearest for each word that no goods bear, nor begin with; "" if none is."""
    begun = words(typed)
    known = look_up(market.language, begun)
    near = [
        word if known.is_known(word) or known.begins(word) else next(iter(known.nearest(word)), word)
        for word in begun
    ]
    return " ".join(near) if near != begun else ""


def _from_database(market: Market, typed: str, limit: int) -> list[int]:
    """Products of that SKU or barcode, then those whose name has the words, then any that has them.

    Each time the most popular first; the last word may go on. If there is none: the name most like it.
    """
    ids = _known(market, typed, limit)
    if len(ids) < limit:
        found = _popular(market, typed, FREQUENT)
        if len(found) < FREQUENT:
            found = _rare(market, typed, limit)
        ids += [product_id for product_id in found if product_id not in ids]
    if not ids and _has_trigrams():
        ids = _alike(market, typed, limit)
    return ids[:limit]


def _known(market: Market, typed: str, limit: int) -> list[int]:
    """By code, and by name among the most popular."""
    statement = f"""
        SELECT product_id FROM (
            SELECT c.product_id, 1 AS place, c.popularity FROM catalog_variant v
            JOIN catalog_card c ON c.product_id = v.product_id AND c.market = %(market)s
            WHERE v.is_active AND v.id IN ({codes.VARIANTS})
            UNION ALL (
                SELECT product_id, 2, popularity FROM ({_TOP.format("name")}) top
                WHERE name ~* ALL(%(patterns)s) ORDER BY popularity DESC, product_id LIMIT %(limit)s
            )
        ) found GROUP BY product_id ORDER BY min(place), max(popularity) DESC, product_id LIMIT %(limit)s
    """  # noqa: S608 (built from constants; values are parameters)
    return _ids(statement, {**_asked(market, typed, limit), "codes": codes.spelled(typed)})


def _popular(market: Market, typed: str, limit: int) -> list[int]:
    """By all that a card is found by, among the most popular."""
    statement = f"""
        SELECT product_id FROM ({_TOP.format("search")}) top WHERE search @@ {_WORDS}
        ORDER BY popularity DESC, product_id LIMIT %(limit)s
    """  # noqa: S608 (built from constants; values are parameters)
    return _ids(statement, _asked(market, typed, limit))


def _rare(market: Market, typed: str, limit: int) -> list[int]:
    """By all that a card is found by, names first, whatever their popularity.

    The market is written so that no index has it: with all the cards of a market the planner makes a bitmap
    that takes longer than what is found is worth.
    """
    statement = f"""
        SELECT product_id FROM (
            SELECT product_id, name, popularity FROM catalog_card
            WHERE search @@ {_WORDS} AND market || '' = %(market)s LIMIT {FIRST}
        ) found ORDER BY name ~* ALL(%(patterns)s) DESC, popularity DESC, product_id LIMIT %(limit)s
    """  # noqa: S608 (built from constants; values are parameters)
    return _ids(statement, _asked(market, typed, limit))


def _alike(market: Market, typed: str, limit: int) -> list[int]:
    """By name among the most popular, with a slip of the finger."""
    statement = f"""
        SELECT product_id FROM (
            SELECT product_id, popularity, word_similarity(%(typed)s, name) AS likeness
            FROM ({_TOP.format("name")}) top
        ) compared WHERE likeness >= {LIKE}
        ORDER BY likeness DESC, popularity DESC, product_id LIMIT %(limit)s
    """  # noqa: S608 (built from constants; values are parameters)
    return _ids(statement, _asked(market, typed, limit))


def _shelves(typed: str) -> list[Shelf]:
    """Categories that can be seen and have the words in their name, those that begin so first."""
    patterns = _patterns(typed)
    statement = """
        SELECT found.name, found.slug, above.names FROM catalog_category found CROSS JOIN LATERAL (
            SELECT bool_and(is_published) AS is_open, array_agg(name ORDER BY depth) AS names
            FROM catalog_category WHERE path = ANY(ARRAY(
                SELECT left(found.path, cut) FROM generate_series(%s, length(found.path), %s) AS cut
            ))
        ) above
        WHERE found.name ~* ALL(%s) AND is_open
        ORDER BY found.name ~* %s DESC, depth, path LIMIT %s
    """
    step, first = Category.steplen, patterns[0].replace(BEGIN, r"\A", 1)
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(statement, [step, step, patterns, first, SHELVES])
        rows = cursor.fetchall()
    return [Shelf(name, addresses.path("catalog:category", slug), names[:-1]) for name, slug, names in rows]


BEGIN, END = r"\m", r"\M"  # of a word, in PostgreSQL's patterns
# Letters as a name may have them: to take the accents from each name takes the database twenty times as long.
_SPELLED = {"ss": "(ss|ß)", "ae": "(ae|æ)", "oe": "(oe|œ)"} | {
    letter: f"[{letter}{SPELLED.get(letter, '')}{two}]"
    for letter, two in {**dict.fromkeys(ascii_lowercase, ""), "s": "ß", "a": "æ", "o": "œ"}.items()
}


def _patterns(typed: str) -> list[str]:
    """One for each word; the last one may go on."""
    *before, last = (
        re.sub("ss|ae|oe|.", lambda found: _SPELLED.get(found[0], found[0]), word) for word in words(typed)
    )
    return [*(f"{BEGIN}{word}{END}" for word in before), f"{BEGIN}{last}"]


def _asked(market: Market, typed: str, limit: int) -> dict[str, Any]:
    """The parameters of each of these statements."""
    *before, last = words(typed)
    return {
        "market": market.code,
        "typed": typed,
        "patterns": _patterns(typed),
        "config": text_config(market.language),
        "before": " ".join(before),
        "last": last,
        "begun": f"{last}:*",
        "limit": limit,
    }


@cache
def _has_trigrams() -> bool:
    """Does this PostgreSQL know how alike two words are (pg_trgm)?"""
    return bool(_ids("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'", {}))


def _ids(statement: str, values: Mapping[str, Any]) -> list[int]:
    with connections[replicas.alias()].cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
