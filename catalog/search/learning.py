"""learn(): collects the words that a language's goods bear; keep() sees to it now and then."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from time import monotonic

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import Card, Vocabulary
from catalog.models.card import text_config
from catalog.models.word import LONGEST_WORD
from catalog.search.stems import stemmer
from catalog.search.vocabulary import LINKS, SAID, SHORTEST, base, less
from shop import markets
from shop.changes.models import Change
from shop.outbox.outbox import enqueue

SHORTEST_LEARNED = 2  # letters
LEAST_TAIL = 5  # letters that make a compound of a word behind what is none of ours
OFTEN = 10  # one of so many texts writes a word with hyphens: less often it is another word, or a slip
CHUNK = 5_000  # words that are written together
EVERY = timedelta(minutes=5)  # at most, and a twentieth of the time
SHARE = 20
AHEAD = timedelta(hours=2)  # before the pictures that an import, or a new demo, has left to be made

# The texts in which words stand, each counted once: names and what lists say of goods, no long descriptions.
_WORDS = "SELECT to_tsvector('simple', catalog_plain(text))"
_PRODUCTS = """ FROM (
    SELECT concat_ws(' ', name, kind, series, brand, summary) AS text FROM catalog_product
    WHERE id IN (SELECT product_id FROM catalog_card WHERE market IN ({codes}))) goods"""
_AROUND = """ FROM (
    SELECT name AS text FROM catalog_category WHERE is_published
    UNION ALL SELECT label FROM catalog_attributevalue) around"""

_WRITE = """
    INSERT INTO catalog_word AS known (language, word, stem, goods, near, parts, apart)
    SELECT %s, word, COALESCE((tsvector_to_array(to_tsvector(%s::regconfig, word)))[1], ''), goods,
        string_to_array(near, ' '), string_to_array(parts, ' '), string_to_array(apart, ' ')
    FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::text[])
        AS fresh(word, goods, near, parts, apart)
    ON CONFLICT (language, word) DO UPDATE SET stem = EXCLUDED.stem, goods = EXCLUDED.goods,
        near = EXCLUDED.near, parts = EXCLUDED.parts, apart = EXCLUDED.apart
    WHERE (known.stem, known.goods, known.near, known.parts, known.apart)
        IS DISTINCT FROM (EXCLUDED.stem, EXCLUDED.goods, EXCLUDED.near, EXCLUDED.parts, EXCLUDED.apart)
"""


def keep() -> None:
    """A round of the relay: asks for languages whose cards have changed since, or that nobody has learned."""
    known = {row.language: row for row in Vocabulary.objects.all()}
    for language in sorted({base(market.language) for market in markets.all()}):
        row = known.get(language)
        if row is not None:
            rest = max(EVERY, timedelta(seconds=row.took_seconds * SHARE))
            if row.learned_at > timezone.now() - rest:
                continue
            if not Change.objects.filter(pk__gt=row.cards, model="catalog.card").exists():
                continue
        enqueue("catalog.learn_words", language, queue="low", ahead=AHEAD, once=True)


def learn(language: str) -> int:
    """Writes the words of a language's goods, and forgets those that no goods bear any more; how many."""
    begun, started = timezone.now(), monotonic()
    newest = Change.objects.aggregate(Max("pk"))["pk__max"] or 0
    counted, apart = _counted(language)
    words = sorted(counted)
    whole = _compounds(language, counted)
    for start in range(0, len(words), CHUNK):
        _write(language, words[start : start + CHUNK], counted, whole, apart)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM catalog_word WHERE language = %s AND NOT word = ANY(%s)", [language, words]
        )
    goods = Card.objects.filter(market__in=_codes(language)).values("product_id").distinct().count()
    took = monotonic() - started
    Vocabulary.objects.update_or_create(
        language=language,
        defaults={"learned_at": begun, "took_seconds": took, "goods": goods, "cards": newest},
    )
    return len(words)


def _counted(language: str) -> tuple[Counter[str], dict[str, list[str]]]:
    """How many texts have each word, folded; and the parts of those that a good many write with hyphens."""
    listed = ", ".join(f"'{code}'" for code in _codes(language))
    counted, hyphened, apart = Counter[str](), Counter[str](), dict[str, list[str]]()
    with connection.cursor() as cursor:
        for texts in (_PRODUCTS, _AROUND):
            cursor.execute(
                "SELECT word, ndoc FROM ts_stat(%s) WHERE word ~ '^[[:alpha:]]+(-[[:alpha:]]+)*$'",
                [_WORDS + texts.format(codes=listed)],
            )
            for written, number in cursor.fetchall():
                parts = written.split("-")
                word = "".join(parts)
                if SHORTEST_LEARNED <= len(word) <= LONGEST_WORD:
                    counted[word] += number
                    if len(parts) > 1 and len(word) >= SHORTEST:
                        hyphened[word] += number
                        apart[word] = parts
    often = {word for word, number in hyphened.items() if number * OFTEN >= counted[word]}
    return counted, {word: parts for word, parts in apart.items() if word in often}


def _codes(language: str) -> list[str]:
    """The markets of that language."""
    return [market.code for market in markets.all() if base(market.language) == language]


def _compounds(language: str, counted: Mapping[str, int]) -> dict[str, list[str]]:
    """What words end with that is a word itself, in any form, for languages that write several in one: stems.

    What stands before it is one of our words too, or long enough: a "Kaffeemühle" is a "Mühle" in a shop that
    has no coffee. A word that says nothing makes no compound: a "Durchmesser" is no "Messer".
    """
    links, stem = LINKS.get(language, ()), stemmer(language)
    known = {stem(word) for word in counted if len(word) >= SHORTEST} if links else set()
    found: dict[str, list[str]] = {}
    heads: dict[str, set[str]] = {}
    for word in counted if links else ():
        for cut in range(SHORTEST, len(word) - SHORTEST + 1):
            head, tail = word[:cut], stem(word[cut:])
            if tail not in known or tail == stem(word):
                continue
            if any(head.endswith(link) and head[: len(head) - len(link)] in counted for link in links):
                found.setdefault(word, []).append(tail)
            elif len(word) - cut >= LEAST_TAIL:
                heads.setdefault(head, set()).add(word)
    for head in _telling(language, heads):
        for word in heads[head]:
            found.setdefault(word, []).append(stem(word[len(head) :]))
    return {word: list(dict.fromkeys(tails)) for word, tails in found.items()}


def _telling(language: str, words: Iterable[str]) -> list[str]:
    """Those that are no stop words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word"
            " WHERE numnode(plainto_tsquery(%s::regconfig, word)) > 0",
            [list(words), text_config(language)],
        )
        return [word for (word,) in cursor.fetchall() if word not in SAID.get(language, "").split()]


def _write(
    language: str,
    words: Sequence[str],
    counted: Mapping[str, int],
    whole: Mapping[str, list[str]],
    apart: Mapping[str, list[str]],
) -> None:
    stem = stemmer(language)
    near = [" ".join(_near(word, stem(word))) for word in words]
    parts = [" ".join(whole.get(word, ())) for word in words]
    others = [" ".join(apart.get(word, ())) for word in words]
    numbers = [min(counted[word], 2_000_000_000) for word in words]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WRITE, [language, text_config(language), list(words), numbers, near, parts, others])


def _near(word: str, stem: str) -> list[str]:
    """What it is found by that is mistyped: the word and its stem, each also without each of its letters."""
    return list(dict.fromkeys(one for form in (word, stem) if len(form) >= SHORTEST for one in less(form)))
