"""Many who ask for one page at the same moment are one rendering, also where nobody may keep the page.

Invariant 13 of RELIABILITY.md, with the real shop behind the real edge.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from redis import Redis

from bench.oracle import beside
from shop.edge import freshness
from tests.catalog.edits import shop as shop
from tests.edge.production import Production, production
from tests.edge.varnish import SECRET, at_once, until

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/c/wall/"


@pytest.fixture(scope="module")
def nodes(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    line = """--access-logfile - --access-logformat '"%(r)s" %(s)s store=%({x-page-store}o)s'"""
    access = {"GUNICORN_CMD_ARGS": line}
    with django_db_blocker.unblock(), production(tmp_path_factory.mktemp("crowds"), **access) as made:
        yield made


@pytest.fixture
def purged(shop: None, nodes: Production, redis: Redis, settings: Any) -> Production:
    """A page that was kept, and is let go a moment ago."""
    settings.EDGE_BACKEND, settings.VARNISH_NODES = "varnish", [nodes.edge.url]
    settings.EDGE_SECRET, settings.PURGE_TIMEOUT_SECONDS = SECRET, 10.0
    nodes.edge.ask(PATH)
    nodes.node.ask(PATH, X_Edge_Secret=SECRET)  # the store has forgotten it since the last test
    assert freshness.let_go({"html"}).error == ""
    time.sleep(1.2)  # the grace of a page that may be sent while it is renewed
    connection.close()
    return nodes


def asked(nodes: Production, path: str = PATH) -> int:
    """How often the node was asked for the page."""
    return nodes.log.read_text().count(f'"GET {path} ')


def rendered(nodes: Production, path: str = PATH) -> int:
    """How often it did not have it from the store."""
    lines = nodes.log.read_text().splitlines()
    return sum(line.startswith(f'"GET {path} ') and line.endswith("store=-") for line in lines)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


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


def test_a_hundred_are_two_at_most_where_the_page_fails(shop: None, nodes: Production) -> None:
    """A bug, or a table that is away, and no older page: an error costs as much as a page."""
    execute("ALTER TABLE catalog_category RENAME TO away")
    try:
        began = time.monotonic()
        answers = at_once(nodes.edge, "/c/desk/", 100)
        took = time.monotonic() - began
    finally:
        execute("ALTER TABLE away RENAME TO catalog_category")
        connection.close()
    assert {answer.status for answer in answers} == {500}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert 1 <= rendered(nodes, "/c/desk/") <= (2 if took < 1 else 1 + took)
    assert until(lambda: nodes.edge.ask("/c/desk/").status == 200, seconds=1.5)


def test_a_hundred_are_two_at_most_where_the_store_says_not_to_keep_it(purged: Production) -> None:
    """Somebody renders it for long; who waits gets the older one from the store, and nobody keeps that."""
    before = rendered(purged)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            execute("LOCK TABLE catalog_category IN ACCESS EXCLUSIVE MODE")
            first = pool.submit(purged.node.ask, PATH, X_Edge_Secret=SECRET)
            time.sleep(0.3)
            crowd = pool.submit(at_once, purged.edge, PATH, 100)
            time.sleep(1)
        connection.close()
        answers = [first.result(), *crowd.result()]
    assert {answer.status for answer in answers} == {200}
    assert "wait" in {answer.headers["X-Page-Store"] for answer in answers}
    assert 1 <= rendered(purged) - before <= 2
