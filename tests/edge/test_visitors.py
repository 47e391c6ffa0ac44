"""Invariant 11: a visitor full of canaries walks every public address, and nobody else reads one of them."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.edge.jar import PUBLIC, Visitor, behind, visitor
from tests.edge.varnish import Answer, Edge

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = {"hit", "miss", "stale"}


@pytest.fixture
def canary(redis: Redis, live_server: object) -> Visitor:
    return visitor()


@pytest.fixture
def edge(canary: Visitor, live_server: Any) -> Iterator[Edge]:
    with behind(live_server) as edge:
        yield edge


def whole(answer: Answer) -> bytes:
    """What anybody can read of it."""
    body = gzip.decompress(answer.body) if answer.headers["Content-Encoding"] == "gzip" else answer.body
    return str(answer.headers).encode() + body


def test_who_walks_the_shop_leaves_nothing_behind(canary: Visitor, edge: Edge, redis: Redis) -> None:
    # That it could be seen: their own pages are full of them, and no such page is kept.
    own = [edge.ask_with(address, canary.headers) for address in ("/cart/", "/account/", *canary.addresses)]
    assert {name for answer in own for name in canary.sings(answer.body)} >= set(canary.personal)
    assert {answer.headers["X-Cache"] for answer in own} <= {"pass"}
    kept = 0
    for address in PUBLIC:
        for headers in (canary.headers, canary.headers, {}, {"Accept-Encoding": "gzip"}):
            answer = edge.ask_with(address, headers)
            if answer.headers["X-Cache"] not in KEPT:
                assert "no-store" in answer.headers["Cache-Control"], address
                continue
            kept += 1
            assert canary.sings(whole(answer)) == [], address
            assert answer.headers.get_all("Set-Cookie", []) == [], address
            assert "cookie" not in (answer.headers["Vary"] or "").lower(), address
    assert kept >= 4 * (len(PUBLIC) - 1)
    # And in what lies in the store itself, whoever it is for.
    pages = [redis.hgetall(key) for key in redis.keys("shop:page:*") if redis.type(key) == b"hash"]
    assert len(pages) >= 10
    for page in pages:
        assert canary.sings(page[b"head"] + gzip.decompress(page[b"body"])) == []
        assert b"set-cookie" not in page[b"head"].lower()
