"""How often each query is searched for, and which find nothing; nothing about who searched.

Search pages are kept at the edge, so we do not see each search. A page carries a signed word, the same for
everyone (`word`), which static/js/searched.js sends back once a view (catalog/views/searched.py). Redis
counts (`count`), and each minute a round of the relay adds what has come together to QueryCount (`write`).
Without Redis nothing is counted, and nobody hears of it.

What looks personal is never kept: see `is_personal`. What few have searched for is forgotten after a month,
all else after a year and a bit (`forget`): words that nobody else uses may say who has typed them.
"""

import json
import logging
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import DatabaseError, DataError, InterfaceError, connection, transaction
from django.utils import timezone
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from catalog.models import CountedBatch
from catalog.models.search import COUNTED
from catalog.search import codes
from catalog.search.demand import FEW, LATELY
from catalog.search.steering import key
from shop.breaker import Breaker
from shop.markets import Market

logger = logging.getLogger(__name__)

WORDS = 8  # a query of more is a sentence
KEPT = 400  # days: this month beside that of last year
NIGHTS = 14  # of which some may be missed
BATCH = 5_000  # rows
MOST = 20_000  # queries in a minute; who sends more makes them up

LIVE, TAKEN = "shop:{searches}:live", "shop:{searches}:taken"  # one slot of a cluster
_FORGOTTEN = 86_400  # seconds without a relay
_TOKEN = "token"  # noqa: S105 (a field's name)
_SIGNER = signing.Signer(salt="catalog.searched")  # without a time: the word is the same whenever it is made

_COUNT = f"""
    if redis.call('HLEN', KEYS[1]) < {MOST} or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
        redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
        redis.call('EXPIRE', KEYS[1], {_FORGOTTEN})
    end"""
# What somebody has taken and not added yet goes first.
_TAKE = f"""
    if redis.call('EXISTS', KEYS[2]) == 0 then
        if redis.call('EXISTS', KEYS[1]) == 0 then return {{}} end
        redis.call('RENAME', KEYS[1], KEYS[2])
        redis.call('HSET', KEYS[2], '{_TOKEN}', ARGV[1])
    end
    return redis.call('HGETALL', KEYS[2])"""
_DROP = f"if redis.call('HGET', KEYS[1], '{_TOKEN}') == ARGV[1] then redis.call('DEL', KEYS[1]) end"

# The batch's own row and its counts are one statement: added once, whoever is killed, and however many try.
_ADD = """
    WITH batch AS (
        INSERT INTO catalog_countedbatch (token, at) VALUES (%s, now()) ON CONFLICT DO NOTHING RETURNING token
    )
    INSERT INTO catalog_querycount AS held (market, query, day, shown, searches, zero)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::int[], %s::int[])
    WHERE EXISTS (SELECT FROM batch) ORDER BY 1, 2, 3
    ON CONFLICT (market, query, day) DO UPDATE SET shown = EXCLUDED.shown,
        searches = held.searches + EXCLUDED.searches, zero = held.zero + EXCLUDED.zero"""
# Judged for a fortnight of nights, once there is all that was searched for around that day.
_FORGET = """
    DELETE FROM catalog_querycount WHERE id IN (
        SELECT id FROM catalog_querycount WHERE day < %(today)s::date - %(kept)s
        UNION ALL
        SELECT id FROM catalog_querycount old
        WHERE day < %(today)s::date - %(lately)s AND day >= %(today)s::date - %(lately)s - %(nights)s AND (
            SELECT sum(near.searches) FROM catalog_querycount near
            WHERE near.market = old.market AND near.query = old.query
                AND near.day BETWEEN old.day - %(lately)s AND old.day + %(lately)s
        ) < %(few)s
        LIMIT %(batch)s
    )"""


@dataclass(frozen=True)
class Search:
    """What a page says of itself: its market's code, what was typed, whether nothing has all of its words."""

    market: str
    typed: str
    is_zero: bool


def word(market: Market, query: str, total: int) -> str:
    """For the first page of a query without filters: what its script sends back; "": it is not counted."""
    if is_personal(query) or says_how(query) or not key(query):
        return ""
    return _SIGNER.sign_object([market.code, query, int(not total)])


def read(said: str) -> Search | None:
    """What a word of ours says; None if it is none."""
    try:
        market, typed, is_zero = _SIGNER.unsign_object(said)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Search(market, typed, bool(is_zero))


def is_personal(query: str) -> bool:
    """Is it an e-mail address, or so long that it says more than what is looked for?"""
    said = _said(query)
    return "@" in said or "%40" in said or len(query) > COUNTED or len(query.split()) > WORDS


def says_how(query: str) -> bool:
    """Has it "quotes" or -without? What it means is more than its words."""
    return bool(re.search(r'"|(?:^|\s)-\w', query))


def is_number(query: str) -> bool:
    """Has it a number that could be a telephone's or a card's?"""
    said = _said(query)
    together = re.search(r"\d(?:(?:[^\w\s]|_)*\d){6}", said)  # 555-1234, 4006381333931
    apart = re.search(r"\d(?:[\W_]*\d){8}", said)  # 030 123 456; but 1920 1080 is a screen
    dialled = re.search(r"(?:\+|\b0)(?:[\W_]*\d){6}", said)  # +44 20 7946
    return bool(together or apart or dialled)


def _said(query: str) -> str:
    """Without another way to write a sign: ＠ is @."""
    return unicodedata.normalize("NFKC", query)


def count(search: Search) -> bool:
    """One more; whether it was counted: what could be a telephone number only if it is a code of ours."""
    try:
        if is_number(search.typed) and not codes.is_ours(search.typed):
            return False
    except (DatabaseError, InterfaceError) as error:
        logger.warning("A search is not counted: %s", error)
        return False
    typed = search.typed.lower()[:COUNTED]  # which may be longer than it was: İ
    asked = [timezone.localdate().isoformat(), search.market, typed, int(search.is_zero)]
    return _run(_COUNT, [LIVE], json.dumps(asked, ensure_ascii=False)) is not _AWAY


def write() -> None:
    """Adds what was counted since the last time, and what somebody else has taken and not added."""
    found = _run(_TAKE, [LIVE, TAKEN], secrets.token_hex(16))
    if found is _AWAY or not found:
        return
    taken = dict(zip(found[::2], found[1::2], strict=True))
    token = taken.pop(_TOKEN.encode()).decode()
    rows = _rows(taken)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ADD, [token, *([row[place] for row in rows] for place in range(6))])
    except DataError:  # a minute's searches less; tried again, all later ones
        logger.exception("What was searched for cannot be added, and is dropped.")
    _run(_DROP, [TAKEN], token)


def forget() -> bool:
    """What few have searched for, thirty days later; all after four hundred. Whether there may be more."""
    values: dict[str, Any] = {"today": timezone.localdate(), "lately": LATELY, "kept": KEPT, "few": FEW}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {**values, "nights": NIGHTS, "batch": BATCH})
        is_full = cursor.rowcount == BATCH
    CountedBatch.objects.filter(at__lt=timezone.now() - timedelta(days=7)).delete()
    return is_full


def _rows(taken: Mapping[bytes, bytes]) -> list[tuple[str, str, date, str, int, int]]:
    """market, query, day, shown, searches, zero: one row for all spellings."""
    found: dict[tuple[str, str, date], tuple[str, int, int]] = {}
    for said, number in taken.items():
        day, market, typed, is_zero = json.loads(said)
        place = (market, key(typed)[:COUNTED], date.fromisoformat(day))
        _shown, searches, zero = found.get(place, (typed, 0, 0))
        found[place] = (typed, searches + int(number), zero + int(number) * is_zero)
    return [(*place, *counted) for place, counted in found.items()]


_AWAY = object()
_breaker = Breaker(failures=3, seconds=5.0)


def _run(script: str, keys: Iterable[str], argument: str) -> Any:
    """What the script gives; _AWAY without Redis, which is no error of anybody's."""
    if not _breaker.lets():
        return _AWAY
    try:
        said = _redis(settings.REDIS_URL).eval(script, len(list(keys)), *keys, argument)
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        if _breaker.failed():
            logger.warning("Searches are not counted: %s", error)
        return _AWAY
    except RedisError as error:
        _breaker.worked()
        logger.warning("Searches are not counted: %s", error)
        return _AWAY
    _breaker.worked()
    return said


@cache
def _redis(url: str) -> Redis:
    waits = settings.REDIS_TIMEOUT_MS / 1000
    return Redis.from_url(url, socket_connect_timeout=waits, socket_timeout=waits)
