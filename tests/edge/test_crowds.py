"""Many who ask for one page at the same moment are one rendering, also where nobody may keep the page.

Invariant 13 of RELIABILITY.md, with the real shop behind the real edge.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from redis import Redis

from bench.oracle import beside
from shop.edge import freshness
from tests.catalog.edits import shop as shop
from tests.edge.production import Production, production
from tests.edge.varnish import SECRET, at_once

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/c/wall/"


@pytest.fixture(scope="module")
def nodes(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    access = {"GUNICORN_CMD_ARGS": "--access-logfile -"}
    with django_db_blocker.unblock(), production(tmp_path_factory.mktemp("crowds"), **access) as made:
        yield made


@pytest.fixture
def purged(shop: None, nodes: Production, redis: Redis, settings: Any) -> Production:
    """A page that was kept, and is let go a moment ago."""
    settings.EDGE_BACKEND, settings.VARNISH_NODES = "varnish", [nodes.edge.url]
    settings.EDGE_SECRET, settings.PURGE_TIMEOUT_SECONDS = SECRET, 10.0
    nodes.edge.ask(PATH)
    assert freshness.let_go({"html"}).error == ""
    time.sleep(1.2)  # the grace of a page that may be sent while it is renewed
    connection.close()
    return nodes


def asked(nodes: Production) -> int:
    """How often the node was asked for the page."""
    return nodes.log.read_text().count(f'"GET {PATH} ')


def test_five_hundred_who_miss_a_purged_page_are_two_renderings_at_most(purged: Production) -> None:
    before = asked(purged)
    answers = at_once(purged.edge, PATH, 500)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert 1 <= asked(purged) - before <= 2


def test_a_hundred_are_two_at_most_where_the_page_may_not_be_kept(purged: Production) -> None:
    """Each answer is marked while it is rendered: it lives a second, and those who wait share it."""
    with beside(lambda: freshness.marks.pages.mark_now(["html"]), 0.001):
        time.sleep(0.1)
        before = asked(purged)
        began = time.monotonic()
        answers = at_once(purged.edge, PATH, 100)
        took = time.monotonic() - began
    assert {answer.status for answer in answers} == {200}
    assert 1 <= asked(purged) - before <= 2 + took
