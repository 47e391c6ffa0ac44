"""What tests of the search ask for."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from catalog.search import client
from tests.engines import Engine
from tests.search import faulty, goods
from tests.search.asking import SECONDS
from tests.search.faulty import Faulty


@pytest.fixture(scope="module")
def generated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    """A catalogue made by chance, and an engine that knows it."""
    with goods.stocked(django_db_blocker, goods.fill) as engine:
        yield engine


@pytest.fixture
def server(settings: Any) -> Iterator[Faulty]:
    """A server that answers well, until it is told otherwise."""
    with faulty.running() as running:
        settings.ELASTICSEARCH_URL = running.url
        settings.ELASTICSEARCH_TIMEOUT_MS = int(SECONDS * 1000)
        client.forget()
        yield running
    client.forget()
