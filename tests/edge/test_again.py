"""The second purge meets what was on its way from the origin during the first: without it, it would stay."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.test import override_settings
from redis import Redis

from shop.edge import freshness
from shop.outbox.drain import drain
from shop.outbox.models import Message
from tests.edge.varnish import SECRET, Edge, Origin, kept, until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _edge(edge: Edge, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(freshness, "AGAIN", timedelta(seconds=1.5))
    with override_settings(EDGE_BACKEND="varnish", VARNISH_NODES=[edge.url], EDGE_SECRET=SECRET):
        yield


def change_while_fetched(edge: Edge, origin: Origin, path: str, key: str) -> None:
    """A page is read by the origin before the change, and arrives after the purge."""
    origin.pages[path] = kept(b"old", keys=key, seconds=0.9)
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(edge.ask, path)
        assert until(lambda: origin.count(path) == 1)
        origin.pages[path] = kept(b"new", keys=key)
        outcome = freshness.let_go({key})
        assert outcome.pages == 0
        freshness.again({key}, (), outcome)
        assert fetching.result().body == b"old"


def test_what_arrives_after_the_first_purge_is_met_by_the_second(
    edge: Edge, origin: Origin, path: str, key: str
) -> None:
    change_while_fetched(edge, origin, path, key)
    assert until(lambda: drain("changes") == 1)
    time.sleep(1.1)  # a second of grace
    assert edge.ask(path).body == b"new"


def test_broken_without_the_second_it_stays(edge: Edge, origin: Origin, path: str, key: str) -> None:
    change_while_fetched(edge, origin, path, key)
    assert Message.objects.filter(job="edge.purge").delete()[0] == 1
    time.sleep(1.1)
    assert edge.ask(path).body == b"old"
