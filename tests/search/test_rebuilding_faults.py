"""A reindex in which something goes wrong: what was asked still is, and the next one clears up."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from subprocess import PIPE
from typing import Any, TypeVar

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Product, StaleDocument
from catalog.search import client, documents, indices, keeping, rebuilding
from shop.changes import projector
from tests import engines, servers
from tests.engines import Engine, follow
from tests.factories import make_product
from tests.search.between import Between
from tests.search.killed import MOMENTS
from tests.search.test_rebuilding import at, true

pytestmark = pytest.mark.django_db(transaction=True)

GOODS = 6


@pytest.fixture
def goods(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return indexed(monkeypatch)


def indexed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Six things, of which a reindex reads one after the other."""
    monkeypatch.setattr(rebuilding, "BATCH", 1)
    monkeypatch.setattr(rebuilding, "PAUSE", 0.0)
    monkeypatch.setattr(rebuilding, "GRACE", 0.0)
    monkeypatch.setattr(rebuilding, "TRIES", 2)
    made = [make_product(f"Thing {number}").pk for number in range(GOODS)]
    follow()
    rebuilding.reindex()
    return made


def test_kill_9_at_any_moment_leaves_one_to_ask_and_the_next_one_clears_up(
    engine: Engine, goods: list[int], settings: Any
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": servers.database_url(connection.settings_dict["NAME"]),
        "ELASTICSEARCH_URL": engine.url,
        "ELASTICSEARCH_PREFIX": settings.ELASTICSEARCH_PREFIX,
    }
    command = [sys.executable, "-m", "tests.search.killed"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment) as nursery:
        assert nursery.stdin
        assert nursery.stdout
        for number, moment in enumerate(MOMENTS):
            print(moment, file=nursery.stdin, flush=True)
            assert int(nursery.stdout.readline()) == -signal.SIGKILL, moment
            asked = [name for name, is_asked in indices.versions("en").items() if is_asked]
            assert (len(asked), len(engine.names())) == (1, 2), f"{moment}: one is asked, one was left behind"
            assert engine.documents() == true(), moment
            Product.objects.filter(pk=goods[number]).update(name=f"Edited {number}")
            follow()
            assert engine.documents() == true(), f"{moment}: an edit is told as before"
    rebuilding.reindex()
    assert len(engine.names()) == 1
    assert engine.documents() == true()


Server = TypeVar("Server", bound=Between)


def asked_through(running: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Goods are in the index of an engine behind a server that may fail; for a fixture."""
    monkeypatch.setattr(client, "node_class", engines.PlainNode)
    settings.ELASTICSEARCH_URL = running.url
    settings.ELASTICSEARCH_TIMEOUT_MS = engines.PATIENCE_MS
    client.forget()
    try:
        indexed(monkeypatch)
        yield running
    finally:
        running.end()
        client.forget()


@pytest.fixture
def between(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    """An engine that can be taken away in the middle."""
    settings.ELASTICSEARCH_WRITE_SECONDS = 1.0
    yield from asked_through(Between(), settings, monkeypatch)


def reindex_in_which(happens: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says that fails as this happens in its middle."""
    with monkeypatch.context() as patch:
        real = rebuilding.reindex
        patch.setattr(rebuilding, "reindex", lambda _bar: real(at(2, happens)))
        with pytest.raises(CommandError) as said:
            call_command("reindex")
    return str(said.value)


def names() -> list[str]:
    return sorted(client.writer().indices.get_alias(index=f"{indices.alias('en')}-*"))


def found() -> dict[int, str]:
    """As a search finds it."""
    body = {"query": {"match": {"name": "thing"}}, "size": 100}
    return client.search(
        indices.alias("en"), body, lambda a: {int(h["_id"]): h["_source"]["name"] for h in a["hits"]["hits"]}
    )


def test_a_document_that_is_refused_is_told_and_the_old_index_still_asked(
    between: Between, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, before = documents.made, names()

    def made(ids: Any) -> Any:
        found = real(ids)
        pk = next(iter(found["en"]))
        found["en"][pk] = found["en"][pk]._replace(source='{"unheard":1}')
        return found

    monkeypatch.setattr(documents, "made", made)
    monkeypatch.setattr(rebuilding, "TRIES", 1)
    with pytest.raises(CommandError, match="is not used, what was there still is"):
        call_command("reindex")
    assert "unheard" in capsys.readouterr().err
    assert set(before) < set(names())
    assert len(found()) == GOODS


@pytest.mark.parametrize("fault", ["500", "429", "no JSON", "reset", "silent", "another shape"])
def test_an_engine_that_goes_away_in_the_middle_and_comes_back(
    between: Between, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    said = reindex_in_which(lambda: setattr(between, "mode", fault), monkeypatch)
    assert "What it had is still there; run this again" in said
    between.mode = "good"
    assert len(found()) == GOODS
    assert len(names()) == 2
    rebuilding.reindex()
    assert len(names()) == 1
    assert len(found()) == GOODS


class Full(Between):
    """Its disk is full, or its indices may only be read: documents are refused, one by one."""

    status = 0

    def good(self, request: bytes) -> bytes:
        if not self.status or b"_bulk" not in request.partition(b"\r\n")[0]:
            return super().good(request)
        lines = request.partition(b"\r\n\r\n")[2].decode().splitlines()
        why = {"type": "cluster_block_exception", "reason": "index [x] blocked by: [disk usage exceeded]"}
        item = {"index": {"status": self.status, "error": why}}
        body = json.dumps({"errors": True, "items": [item for line in lines if '"_id"' in line]})
        kind = "HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\nContent-Type: application/json\r\n"
        return f"{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
def full(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Full]:
    yield from asked_through(Full(), settings, monkeypatch)


BLOCKS = {429: "the disk is full", 403: "read only"}


@pytest.mark.parametrize("status", BLOCKS, ids=BLOCKS.get)
def test_an_engine_whose_disk_is_full_keeps_what_it_had_and_says_so(
    full: Full, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    said = reindex_in_which(lambda: setattr(full, "status", status), monkeypatch)
    assert "disk usage exceeded" in said
    assert "What it had is still there; run this again when that is mended." in said
    assert len(found()) == GOODS
    full.status = 0
    rebuilding.reindex()
    assert len(names()) == 1


@pytest.mark.parametrize("status", BLOCKS, ids=BLOCKS.get)
@pytest.mark.parametrize("is_lost", [False, True], ids=["waits", "broken: taken for the document's fault"])
def test_an_edit_that_a_full_disk_refuses_waits(
    full: Full, monkeypatch: pytest.MonkeyPatch, status: int, is_lost: bool
) -> None:
    if is_lost:
        monkeypatch.setattr(indices, "CLOSED", set())
    full.status = status
    Product.objects.filter(name="Thing 1").update(name="Thing of ours")
    projector.drain()
    assert keeping.index_stale() is is_lost
    assert StaleDocument.objects.exists() is not is_lost
    full.status = 0
    client.forget()
    keeping.index_stale()
    assert ("Thing of ours" in found().values()) is not is_lost


def test_a_real_one_that_is_read_only_refuses_the_same(engine: Engine, goods: list[int]) -> None:
    engine.needs_real("blocks of indices")
    (name,) = engine.names()
    Product.objects.filter(pk=goods[0]).update(name="Edited")
    projector.drain()
    for block in ("read_only_allow_delete", "write", "read_only"):
        client.writer().indices.put_settings(index=name, settings={f"index.blocks.{block}": True})
        client.forget()
        assert not keeping.index_stale(), block
        assert StaleDocument.objects.exists(), block
        assert len(engine.documents()) == GOODS
        client.writer().indices.put_settings(index=name, settings={f"index.blocks.{block}": None})
    client.forget()
    assert keeping.index_stale()
    assert engine.documents() == true()
