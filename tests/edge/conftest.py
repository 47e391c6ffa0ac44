"""One origin and one edge for all tests of this folder: starting varnishd takes a second."""

import itertools
from collections.abc import Iterator

import pytest

from tests.edge.varnish import Edge, Origin, varnish

numbers = itertools.count()


@pytest.fixture(scope="session")
def _origin() -> Iterator[Origin]:
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="session")
def edge(_origin: Origin) -> Iterator[Edge]:
    """The edge as we ship it."""
    with varnish(_origin.port) as edge:
        yield edge


@pytest.fixture
def origin(_origin: Origin) -> Origin:
    """What stands behind `edge`, with nothing to say yet and nobody's questions remembered."""
    _origin.pages.clear()
    _origin.asked.clear()
    return _origin


@pytest.fixture
def path() -> str:
    """An address that no other test has asked for."""
    return f"/p/goods-{next(numbers)}/"


@pytest.fixture
def key(path: str) -> str:
    """What the page at `path` is purged by."""
    return f"slug{path}"
