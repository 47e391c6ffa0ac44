"""Questions to a server that may fail, as the shop asks an engine."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from catalog.search import client
from catalog.search.client import Away

SECONDS = 0.3
AT_MOST = 2.0  # of a busy machine's seconds, in place of 0.3


def ids(answer: Any) -> list[int]:
    return [int(hit["_id"]) for hit in answer["hits"]["hits"]]


def search() -> list[int]:
    return client.search("shop-en", {"query": {"match_all": {}}}, ids)


def fail(times: int = 1) -> float:
    """So many searches that fail; how long the slowest took."""
    slowest = 0.0
    for _ in range(times):
        began_at = time.monotonic()
        with pytest.raises(Away):
            search()
        slowest = max(slowest, time.monotonic() - began_at)
    return slowest


def tried() -> list[int]:
    try:
        return search()
    except Away:
        return []


def timed(monkeypatch: pytest.MonkeyPatch, note: Callable[[float], object]) -> None:
    """From now on it is noted how many seconds each question to the engine takes."""
    answer = client._answer

    def timing(*told: Any) -> Any:
        began_at = time.monotonic()
        try:
            return answer(*told)
        finally:
            note(time.monotonic() - began_at)

    monkeypatch.setattr(client, "_answer", timing)
