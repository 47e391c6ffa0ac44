"""The oracle: whatever is edited, a second later every page that the edge sends is the one that is true.

Invariant 10 of RELIABILITY.md, through the real edge, page store and replica, with readers that do not wait.
ORACLE_STEPS edits (100; `make soak`: 2,000), drawn by ORACLE_SEED.
"""

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from redis import Redis

from bench.edits import Edits
from catalog import cards
from catalog.models import Card, Category, Listing, Page, Product
from shop import marks
from shop.changes.models import Change
from shop.edge import freshness
from shop.embedded.replica import Replica
from shop.marks import Position
from tests.catalog.edits import shop as shop
from tests.edge.production import Production, beside, production, relay, settled, told
from tests.edge.varnish import SECRET, Edge, varnish
from tests.replicas.conftest import _commits_are_sent
from tests.replicas.conftest import made as made_replica

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = int(os.environ.get("ORACLE_STEPS", "100"))
SEED = int(os.environ.get("ORACLE_SEED", "20261123"))
AT_ONCE = 20  # edits between two comparisons, at most
FIXED = (
    "/",
    "/search/?q=thing",
    "/search/?q=nothing-like-it",
    "/search/?sale=1",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-products-1.xml",
    "/robots.txt",
)
FILTERS = (
    "",
    "?sort=price",
    "?sort=name",
    "?sort=new",
    "?colour=red",
    "?max=30&size=a3",
    "?sale=1",
    "?page=2",
)


class Oracle:
    """Asks the edge and the truth for the same addresses, all that ever were."""

    def __init__(self, shop: Production) -> None:
        self.shop, self.known = shop, dict.fromkeys(FIXED)
        self.random = random.Random(SEED)

    def learn(self) -> list[str]:
        """Every address of the moment, and of before."""
        for slug in Product.objects.order_by("pk").values_list("slug", flat=True):
            self.known[f"/p/{slug}/"] = None
        for number, slug in enumerate(Category.objects.order_by("path").values_list("slug", flat=True)):
            self.known[f"/c/{slug}/"] = None
            self.known[f"/c/{slug}/{FILTERS[number % len(FILTERS)]}"] = None
        for slug in Page.objects.order_by("pk").values_list("slug", flat=True):
            self.known[f"/info/{slug}/"] = None
        addresses = list(self.known)
        if len(addresses) > 150:  # a long run: those of the moment, and some of before
            addresses = [*addresses[:20], *self.random.sample(addresses[20:-60], 60), *addresses[-60:]]
        return [mount + address for address in addresses for mount in ("", "/gb")]

    def stale(self, addresses: list[str]) -> list[str]:
        """Those of which the edge sends something else than what is true."""
        found = []
        for address in addresses:
            kept, true = self.shop.edge.ask(address), self.shop.truth.ask(address)
            if told(kept) != told(true):
                lines = (kept.body.decode().splitlines(), true.body.decode().splitlines())
                differ = [pair for pair in itertools.zip_longest(*lines) if pair[0] != pair[1]][:2]
                found.append(f"{address}: {kept.status}, not {true.status}; {differ}")
        return found

    def read(self) -> None:
        """Some visitor."""
        self.shop.edge.ask(self.random.choice(list(self.known)))


@pytest.fixture(scope="module")
def lagging(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Replica]:
    """A replica that a test may hold back."""
    with django_db_blocker.unblock():
        _commits_are_sent(True)
        server = made_replica("oracle")
        server.start()
        yield server
        server.drop()
        _commits_are_sent(False)


@pytest.fixture(scope="module")
def nodes(
    lagging: Replica, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Production]:
    """The processes that all of these tests ask."""
    url = urlsplit(lagging.url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    known = {"DATABASE_REPLICA_URLS": url, "REPLICA_REST_SECONDS": "1"}
    with django_db_blocker.unblock(), production(tmp_path_factory.mktemp("production"), **known) as made:
        yield made


@pytest.fixture
def opened(
    nodes: Production, shop: None, lagging: Replica, redis: Redis, settings: Any
) -> Iterator[Callable[..., Oracle]]:
    """opened() lets visitors in; opened(edge) through another edge."""
    lagging.hold_back(0)
    with ExitStack() as running:

        def let_them_in(edge: Edge = nodes.edge) -> Oracle:
            settings.EDGE_BACKEND, settings.EDGE_SECRET = "varnish", SECRET
            settings.VARNISH_NODES, settings.PURGE_TIMEOUT_SECONDS = [edge.url], 10.0
            running.enter_context(beside(relay, 0.01))  # its heartbeats make a replica one to be read from
            freshness.let_go({"html"})  # what the test before has left there
            settled()
            return Oracle(replace(nodes, edge=edge))

        yield let_them_in


def test_whatever_is_edited_the_edge_sends_what_is_true(
    opened: Callable[..., Oracle], lagging: Replica
) -> None:
    oracle, edits, done, rounds = opened(), Edits(SEED), 0, itertools.count()
    made: list[str] = []
    with beside(oracle.read, 0.02), beside(oracle.read, 0.03):
        while done < STEPS:
            lagging.hold_back(oracle.random.choice((0, 0, 300, 2_000)))
            latest = [edits.any() for _ in range(min(oracle.random.randint(1, AT_ONCE), STEPS - done))]
            made += latest
            done += len(latest)
            addresses = oracle.learn()
            settled()
            time.sleep(1.0)
            stale = oracle.stale(addresses)
            assert stale == [], f"after {latest} in round {next(rounds)}, seed {SEED}"
    assert len(set(made)) > len(edits.kinds) / 2
    assert "replica1 is read from" in oracle.shop.log.read_text()
    cards_are_true()


def cards_are_true() -> None:
    """Another rebuild of all of them finds nothing to write."""
    before = {row["id"]: row for row in Card.objects.values()}
    cards.rebuild(list(Product.objects.values_list("pk", flat=True)))
    assert {row["id"]: row for row in Card.objects.values()} == before


# --- The tests of the test -------------------------------------------------------------------------------


def is_stale_after(oracle: Oracle, edit: Callable[[], object], *, busy: bool = True) -> bool:
    addresses = oracle.learn()
    for _ in range(2):
        for address in addresses:
            oracle.shop.edge.ask(address)
    with ExitStack() as readers:
        if busy:
            readers.enter_context(beside(oracle.read, 0.005))
        edit()
        settled()
        time.sleep(1.0)
        return oracle.stale(addresses) != []


def hide() -> None:
    Product.objects.filter(slug="thing-3").update(is_published=False)


def rename() -> None:
    Product.objects.filter(slug="thing-3").update(name="Thing 3 by another name")


def test_broken_rules_that_see_only_the_new_row_leave_pages_stale(
    opened: Callable[..., Oracle], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Change.noted
    monkeypatch.setattr(
        Change, "noted", lambda self: (replace(row, before=row.after or row.before) for row in noted(self))
    )

    def move() -> None:
        Listing.objects.filter(category__slug="desk").update(category=Category.objects.get(slug="prints"))

    assert is_stale_after(opened(), move)


def test_broken_marks_without_an_lsn_let_a_replica_refill_the_page(
    opened: Callable[..., Oracle], lagging: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = marks.Marks.mark
    monkeypatch.setattr(
        marks.Marks, "mark", lambda self, keys, epoch, at: mark(self, keys, epoch, Position(at.timeline, 0))
    )
    oracle = opened()
    lagging.hold_back(4_000)
    assert is_stale_after(oracle, rename)
    assert "replica1 is read from" in oracle.shop.log.read_text()


def test_with_lsns_it_does_not(opened: Callable[..., Oracle], lagging: Replica) -> None:
    oracle = opened()
    lagging.hold_back(4_000)
    assert not is_stale_after(oracle, rename)


def test_broken_an_hour_of_grace_sends_the_first_visitor_the_old_page(
    opened: Callable[..., Oracle], nodes: Production
) -> None:
    with varnish(nodes.node.port, EDGE_GRACE="1h") as edge:
        assert is_stale_after(opened(edge), rename, busy=False)


def test_broken_without_a_purge_nothing_is_let_go(
    opened: Callable[..., Oracle], monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = opened()
    monkeypatch.setattr(freshness, "purge", lambda keys: 0)
    assert is_stale_after(oracle, rename, busy=False)
