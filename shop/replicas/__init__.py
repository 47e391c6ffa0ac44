"""Where a public page is read: without replicas, on the primary."""

from collections.abc import Iterator
from contextlib import contextmanager

from shop.marks import Position


class Lost(Exception):
    """The replica failed in the middle: read again on the primary."""


@contextmanager
def reading(at_least: Position) -> Iterator[Position | None]:
    """How far the replica has replayed that reads go to meanwhile; None: they go to the primary."""
    yield None
