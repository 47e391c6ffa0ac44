"""What tests of the search ask for."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.engines import Engine
from tests.search import goods


@pytest.fixture(scope="module")
def generated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    """A catalogue made by chance, and an engine that knows it."""
    with goods.stocked(django_db_blocker, goods.fill) as engine:
        yield engine
