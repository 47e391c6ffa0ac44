"""Cache deception and poisoning of the real shop behind the real edge: nothing private is kept, no lie shows.

What a fake origin that believes everything would do is in test_refusals.py. Of all pairs of an address and an
attack each ATTACKS_SHARE-th (8; `make soak`: all) is tried, so that each of both is.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.edge.jar import PUBLIC, Visitor, behind, visitor
from tests.edge.test_refusals import POISON, SUFFIXES, encoded
from tests.edge.varnish import Answer, Edge

SHARE = int(os.environ.get("ATTACKS_SHARE", "8"))
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def canary(redis: Redis, live_server: object) -> Visitor:
    return visitor()


@pytest.fixture
def edge(canary: Visitor, live_server: Any) -> Iterator[Edge]:
    with behind(live_server) as edge:
        yield edge


def test_no_private_page_is_kept_under_any_name(canary: Visitor, edge: Edge) -> None:
    """Whatever is appended; every second is spelled with its first letter as %XX as well."""
    shown = 0
    for place, address in enumerate(canary.addresses):
        for number, suffix in enumerate(("", *SUFFIXES[:40])):
            if (place + number) % SHARE:
                continue
            disguised = (encoded(address) if number % 2 else address) + suffix
            mine = edge.ask_with(disguised, canary.headers)
            if not any(one.encode() in mine.body for one in canary.personal):
                continue
            shown += 1
            assert mine.headers["X-Cache"] == "pass", disguised
            assert "no-store" in (mine.headers["Cache-Control"] or ""), disguised
            nobodys = edge.ask(disguised)
            assert nobodys.headers["X-Cache"] in {"pass", None}, disguised
            if not address.startswith("/order/"):  # whose address is its key
                assert canary.sings(nobodys.body.replace(b"csrfmiddlewaretoken", b"")) == [], disguised
    assert shown >= 20 // SHARE  # "?x.css" and the like do show the page, and to its visitor alone


CACHEABLE = [address for address in PUBLIC if address not in {"/edge/canary", "/media/picture.jpg"}]


def test_what_one_visitor_says_shows_on_nobodys_page(edge: Edge, redis: Redis) -> None:
    """Each is asked of a host of its own, whose page nobody has kept yet, and rendered anew."""
    for place, address in enumerate(CACHEABLE):
        clean = said(edge.ask(address))
        for number, (poison, value) in enumerate(POISON):
            if (place + number) % SHARE:
                continue
            host = f"shop-{number}.example"
            if stored := redis.keys("shop:page:*"):
                redis.delete(*stored)
            edge.ask_with(address, {"Host": host, poison: value})
            assert said(edge.ask(address, Host=host)) == clean, (address, poison)


def said(answer: Answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of it that is the same each time."""
    changing = {"date", "age", "x-cache", "x-page-store", "connection", "accept-ranges"}
    changing |= {"content-length", "transfer-encoding"}
    headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in changing]
    return answer.status, answer.body, sorted(headers)
