"""A search engine for tests that ask for one: that of ELASTICSEARCH_URL, else a small one that speaks alike.

`engine` gives a test indices of its own, and the settings that lead there. What osmem-server lacks is skipped
by `needs_real`, with what it is.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from elastic_transport import HttpHeaders
from elastic_transport._node import NodeApiResponse
from osmem_server import resolve_binary

from catalog.search import client, indices, keeping, rebuilding, schema
from catalog.search.deadline import Node
from shop.changes import projector
from tests import servers

PATIENCE_MS = 10_000  # for a search: the machine is busy, and most tests are not about time
_numbers = count(1)
_begun: "dict[subprocess.Popen[str], str]" = {}


class PlainNode(Node):
    """osmem-server reads application/json only, and does not say that it is Elasticsearch."""

    def perform_request(self, method: str, target: str, body: Any = None, headers: Any = None, **more: Any):
        told = dict(headers or {})
        for name, kind in told.items():
            if name.lower() in {"accept", "content-type"}:
                told[name] = "application/x-ndjson" if "ndjson" in kind else "application/json"
        answer = super().perform_request(method, target, body, HttpHeaders(told), **more)
        said = HttpHeaders({**answer.meta.headers, "x-elastic-product": "Elasticsearch"})
        return NodeApiResponse(type(answer.meta)(**{**vars(answer.meta), "headers": said}), answer.body)


@dataclass(frozen=True)
class Engine:
    """A test's own indices."""

    url: str
    is_real: bool

    def needs_real(self, what: str) -> None:
        """Skips the test where the engine is not Elasticsearch itself."""
        if not self.is_real:
            pytest.skip(f"osmem-server lacks {what}; give ELASTICSEARCH_URL for a real Elasticsearch")

    def build(self) -> None:
        """What the catalogue has now can be asked for."""
        follow()
        rebuilding.reindex()

    def documents(self, language: str = "en", *, index: str = "") -> dict[int, dict[str, Any]]:
        """All that searches find, by product."""
        name = index or indices.alias(language)
        answer = client.writer().search(index=name, query={"match_all": {}}, size=10_000)
        return {int(hit["_id"]): hit["_source"] for hit in answer["hits"]["hits"]}

    def found(self, text: str, field: str = "name", language: str = "en") -> set[int]:
        """The products whose field has these words."""
        query = {"match": {field: {"query": text, "operator": "and"}}}
        answer = client.writer().search(index=indices.alias(language), query=query, size=10_000, source=False)
        return {int(hit["_id"]) for hit in answer["hits"]["hits"]}

    def names(self) -> list[str]:
        """Of all indices that this test has made."""
        return sorted(client.writer().indices.get_alias(index=f"{self.prefix}-*"))

    @property
    def prefix(self) -> str:
        return indices.alias(next(iter(schema.languages()))).rsplit("-", 2)[0]


def follow() -> None:
    """What was edited is followed, and the engine is told."""
    projector.drain()
    keeping.index_stale()
    projector.drain()


def server() -> tuple[str, bool]:
    """(address, whether it is Elasticsearch itself); osmem-server is begun once a process."""
    if url := os.environ.get("TESTS_ENGINE"):
        return url, True
    if not _begun:
        begun, url = osmem()
        _begun[begun] = url
    return next(iter(_begun.values())), False


def osmem() -> "tuple[subprocess.Popen[str], str]":
    """A process of osmem-server, and its address."""
    command = [resolve_binary(), "--no-ja", "--parent-pid", str(os.getpid())]
    begun = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert begun.stdout
    return begun, json.loads(begun.stdout.readline())["url"]


def close(begun: "subprocess.Popen[str]") -> None:
    """It ends with its standard input."""
    begun.communicate(timeout=10)


@contextmanager
def running(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """What the fixture `engine` is."""
    url, is_real = server()
    if not is_real:
        monkeypatch.setattr(client, "node_class", PlainNode)
    settings.ELASTICSEARCH_URL = url
    settings.ELASTICSEARCH_PREFIX = prefix = f"tests-{os.getpid()}-{servers.number()}-{next(_numbers)}"
    settings.ELASTICSEARCH_TIMEOUT_MS = PATIENCE_MS
    monkeypatch.setattr(rebuilding, "GRACE", 0.0)
    client.forget()
    try:
        yield Engine(url, is_real)
    finally:
        settings.ELASTICSEARCH_URL = url
        names = client.writer().indices.get_alias(index=f"{prefix}-*")
        if names:
            client.writer().indices.delete(index=",".join(names), ignore_unavailable=True)


def end() -> None:
    """The process is over."""
    while _begun:
        close(_begun.popitem()[0])
