"""The oracle: whatever is edited, a second later every page that the edge sends is the one that is true.

Invariant 10 of RELIABILITY.md, through the real edge, page store and replica, with readers that do not wait,
two projectors and a Redis that forgets or hangs now and then. ORACLE_STEPS edits (100; `make soak`: 2,000),
drawn by ORACLE_SEED, with replicas ORACLE_LAG_MS behind (0, 300 or 2,000, as it comes).
"""

import itertools
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from redis import Redis

from bench.edits import AROUND, Edits
from bench.oracle import beside, settled, wrong_cards
from catalog.models import Category, Listing, Product
from shop import marks
from shop.changes.models import Change
from shop.edge import freshness
from shop.embedded import redis as embedded_redis
from shop.embedded.replica import Replica
from shop.marks import Position
from tests.catalog.edits import shop as shop
from tests.edge.oracle import Oracle
from tests.edge.production import Production, production, relay
from tests.edge.varnish import SECRET, Edge, varnish
from tests.replicas.conftest import _commits_are_sent
from tests.replicas.conftest import made as made_replica
from tests.servers import WORKER

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.django_db(transaction=True)

STEPS = int(os.environ.get("ORACLE_STEPS", "100"))
SEED = int(os.environ.get("ORACLE_SEED", "20261123"))
LAGS = [int(lag) for lag in os.environ.get("ORACLE_LAG_MS", "0,0,300,2000").split(",")]
HELD_BACK_MS = 5_000
AT_ONCE = 40  # edits between two comparisons, at most; half of these times it is one
FAULTS = ("none",) * 6 + ("Redis forgets", "Redis hangs")


@dataclass(frozen=True)
class Memory:
    """A Redis of the test's own: its address and its pid."""

    url: str
    pid: int

    @contextmanager
    def suffering(self, fault: str) -> Iterator[None]:
        """Meanwhile, and for half a second after."""
        if fault == "Redis hangs":
            os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
            if fault != "none":
                time.sleep(0.5)
        finally:
            os.kill(self.pid, signal.SIGCONT)
        if fault == "Redis forgets":
            with Redis.from_url(self.url) as client:
                client.flushdb()


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
def memory() -> Iterator[Memory]:
    """Where marks and pages are: a Redis that a test may stop."""
    home = Path(os.environ["TESTS_HOME"])
    folder, pid = Path(mkdtemp(dir=home)), home / f"oracle{WORKER}.pid"
    server = embedded_redis.Redis(
        folder, folder, ("--pidfile", str(pid))
    )  # ends with the run, however that ends
    url = server.start()
    yield Memory(url, int(pid.read_text()))
    server.stop()
    rmtree(folder)


@pytest.fixture(scope="module")
def nodes(
    lagging: Replica,
    memory: Memory,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Production]:
    """The processes that all of these tests ask."""
    url = urlsplit(lagging.url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    known = {"DATABASE_REPLICA_URLS": url, "REPLICA_REST_SECONDS": "1"}
    known |= {"MARKS_URL": memory.url, "REDIS_TIMEOUT_MS": "150"}
    with django_db_blocker.unblock(), production(tmp_path_factory.mktemp("production"), **known) as made:
        yield made


@pytest.fixture
def opened(
    nodes: Production, shop: None, lagging: Replica, memory: Memory, settings: Any
) -> Iterator[Callable[..., Oracle]]:
    """opened() lets visitors in; opened(edge) through another edge."""
    lagging.hold_back(0)
    settings.MARKS_URL, settings.REDIS_TIMEOUT_MS = memory.url, 150
    with ExitStack() as running:

        def let_them_in(edge: Edge = nodes.edge) -> Oracle:
            settings.EDGE_BACKEND, settings.EDGE_SECRET = "varnish", SECRET
            settings.VARNISH_NODES, settings.PURGE_TIMEOUT_SECONDS = [edge.url], 10.0
            # Two projectors; their heartbeats make a replica one to be read from.
            for pause in (0.04, 0.05):
                running.enter_context(beside(relay, pause))
            freshness.let_go({"html"})  # what the test before has left there
            settled()
            return Oracle(replace(nodes, edge=edge), SEED)

        yield let_them_in


def test_whatever_is_edited_the_edge_sends_what_is_true(
    opened: Callable[..., Oracle], lagging: Replica, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle, edits, done, made = opened(), Edits(SEED), 0, list[str]()
    purge, read_before = freshness.purge, reads_of(lagging)
    monkeypatch.setattr(freshness, "purge", lambda keys: oracle.purged.update(keys) or purge(keys))
    oracle.count(oracle.learn(), counts=False)
    with beside(oracle.read, 0.02), beside(oracle.read, 0.03):
        for number in itertools.count():
            if done >= STEPS:
                break
            lagging.hold_back(oracle.random.choice(LAGS))
            count = oracle.random.choice((1, oracle.random.randint(2, AT_ONCE)))
            fault = oracle.random.choice(FAULTS)
            with memory.suffering(fault):
                latest = [edits.any(but=AROUND if count > 1 else ()) for _ in range(min(count, STEPS - done))]
            made += latest
            done += len(latest)
            addresses = oracle.learn()
            settled()
            time.sleep(1.0)
            stale = oracle.stale(addresses)
            assert stale == [], f"after {latest} in round {number}, seed {SEED}, {fault}"
            oracle.count(addresses, counts=fault == "none")
            logger.info("%s edits (seed %s, %s, %s): %s", done, SEED, fault, latest, oracle.over_purge())
    assert len(set(made)) > len(edits.kinds) / 2
    assert reads_of(lagging) > read_before + 100
    # A place in the footer lets go of every page, and few edits have few of most kinds. Of 2,000: 1.52.
    assert oracle.let_go < 1.6 * oracle.changed, oracle.over_purge()
    assert wrong_cards(list(Product.objects.values_list("pk", flat=True))) == 0


def reads_of(replica: Replica) -> int:
    """Scans of the catalogue that the replica has counted."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(replica.url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(url, autocommit=True) as asked:
        tables = "pg_stat_user_tables WHERE relname LIKE 'catalog_%'"
        return int(asked.execute(f"SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM {tables}").fetchone()[0])


def test_edits_are_live_at_once_though_replicas_are_held_back(
    opened: Callable[..., Oracle], lagging: Replica
) -> None:
    """HELD_BACK_EDITS edits (5; `make soak`: 500), replicas five seconds behind; nothing waits for them."""
    oracle, seconds = opened(), {}
    for lag, count in ((0, 5), (HELD_BACK_MS, int(os.environ.get("HELD_BACK_EDITS", "5")))):
        lagging.hold_back(lag)
        took = [time_to_be_live(oracle, f"Thing 3, {lag}, {number}") for number in range(count)]
        seconds[lag] = sorted(took)[len(took) // 2]
        settled()
        time.sleep(1.0)
        assert oracle.stale(oracle.learn()) == []
    logger.info("median seconds until the edge sends the new name, by lag in ms: %s", seconds)
    assert seconds[HELD_BACK_MS] < HELD_BACK_MS / 1000 / 2


def time_to_be_live(oracle: Oracle, name: str) -> float:
    """Seconds from the save until the edge sends the name; from then on it sends no other."""
    began = time.monotonic()
    Product.objects.filter(slug="thing-3").update(name=name)
    while name.encode() not in oracle.edge("/p/thing-3/")[2]:
        assert time.monotonic() - began < 20, name
        time.sleep(0.01)
    took = time.monotonic() - began
    for _ in range(3):
        assert name.encode() in oracle.edge("/p/thing-3/")[2]
    return took


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
