"""Keeper: an edge in memory, for tests of when what is purged."""

from collections.abc import Collection

import pytest
from django.utils import timezone

from shop.edge import freshness
from shop.edge.backends import Null
from shop.edge.purges import Failure, PurgeFailed
from shop.outbox.models import Message


class Keeper(Null):
    """It remembers what it was told, and fails as often as it is asked to."""

    def __init__(self) -> None:
        self.purges: list[set[str]] = []
        self.fails = 0
        self.is_temporary = True

    def purge(self, keys: Collection[str]) -> int | None:
        if self.fails:
            object.__setattr__(self, "fails", self.fails - 1)
            raise PurgeFailed([Failure("node 1", "no answer", self.is_temporary)])
        self.purges.append(set(keys))
        return 3

    __setattr__ = object.__setattr__


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    keeper = Keeper()
    monkeypatch.setattr(freshness, "backend", lambda: keeper)
    return keeper


def due_now() -> None:
    """Whatever waits in the outbox waits no more."""
    Message.objects.update(due_at=timezone.now(), first_due_at=timezone.now())
