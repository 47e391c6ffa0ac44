"""learn(): collects the words that a language's goods bear; keep() sees to it now and then."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import Card, Vocabulary
from catalog.models.card import text_config
from catalog.search.folding import ACCENTED, PLAIN, plain
from catalog.search.vocabulary import LINKS, SHORTEST, base, less
from shop import markets
from shop.changes.models import Change
from shop.outbox.outbox import enqueue

CHUNK = 5_000  # words that are written together
EVERY = timedelta(hours=1)  # at most, and a twentieth of the time
SHARE = 20
AHEAD = timedelta(hours=2)  # before the pictures that an import, or a new demo, has left to be made

# The texts in which words stand, each counted once: names and what lists say of goods, no long descriptions.
_PRODUCTS = """SELECT to_tsvector('simple', translate(
        lower(concat_ws(' ', name, kind, series, brand, summary)), '{accented}', '{plain}'))
    FROM catalog_product
    WHERE id IN (SELECT product_id FROM catalog_card WHERE market IN ({codes}))"""
_AROUND = """SELECT to_tsvector('simple', translate(lower(text), '{accented}', '{plain}')) FROM (
    SELECT name AS text FROM catalog_category WHERE is_published
    UNION ALL SELECT label FROM catalog_attributevalue) around"""

_WRITE = """
    INSERT INTO catalog_word AS known (language, word, stem, goods, near, parts)
    SELECT %s, word, COALESCE((tsvector_to_array(to_tsvector(%s::regconfig, word)))[1], ''), goods,
        string_to_array(near, ' '), COALESCE(string_to_array(NULLIF(parts, ''), ' '), '{}')
    FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[]) AS fresh(word, goods, near, parts)
    ON CONFLICT (language, word) DO UPDATE SET stem = EXCLUDED.stem, goods = EXCLUDED.goods,
        parts = EXCLUDED.parts
    WHERE (known.stem, known.goods, known.parts)
        IS DISTINCT FROM (EXCLUDED.stem, EXCLUDED.goods, EXCLUDED.parts)
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
    counted = _counted(language)
    words = sorted(counted)
    whole = _compounds(language, counted)
    for start in range(0, len(words), CHUNK):
        _write(language, words[start : start + CHUNK], counted, whole)
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


def _counted(language: str) -> Counter[str]:
    """How many texts have each word, folded."""
    listed = ", ".join(f"'{code}'" for code in _codes(language))
    parts = {"accented": ACCENTED, "plain": PLAIN, "codes": listed}
    counted: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for texts in (_PRODUCTS, _AROUND):
            cursor.execute(
                "SELECT word, ndoc FROM ts_stat(%s) WHERE word ~ '^[[:alpha:]]{3,60}$'",
                [texts.format(**parts)],
            )
            for word, number in cursor.fetchall():
                if (name := plain(word)).isalpha():
                    counted[name] += number
    return counted


def _codes(language: str) -> list[str]:
    """The markets of that language."""
    return [market.code for market in markets.all() if base(market.language) == language]


def _compounds(language: str, counted: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Words that are made of two others, for languages that write them in one: Schreibtisch + Lampe."""
    links = LINKS.get(language, ())
    found: dict[str, tuple[str, str]] = {}
    for word in counted if links else ():
        splits = [
            (min(counted[head], counted[tail]), (head, tail))
            for cut in range(SHORTEST, len(word) - SHORTEST + 1)
            if (tail := word[cut:]) in counted
            for link in links
            if word[:cut].endswith(link) and (head := word[: cut - len(link)]) in counted
        ]
        if splits:
            found[word] = max(splits)[1]
    return found


def _write(
    language: str, words: Sequence[str], counted: Mapping[str, int], whole: Mapping[str, tuple[str, str]]
) -> None:
    near = [" ".join(less(word)) if len(word) >= SHORTEST else "" for word in words]
    parts = [" ".join(whole.get(word, ())) for word in words]
    numbers = [min(counted[word], 2_000_000_000) for word in words]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WRITE, [language, text_config(language), list(words), numbers, near, parts])
