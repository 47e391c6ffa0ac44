"""What a run makes once and for all of its processes: without it nothing fails, it only takes longer."""

import os
import sys

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import servers, template


@pytest.mark.django_db
def test_the_database_of_a_worker_is_a_copy_of_one_that_is_migrated() -> None:
    if not servers.WORKER or not servers.postgres():
        pytest.skip("one process, or a server that others use as well: it migrates by itself")
    assert connection.settings_dict["TEST"]["TEMPLATE"] == template.NAME
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname IN ('migrated', 'migrating')")
        assert cursor.fetchall() == [(template.NAME,)]
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_what_a_test_starts_need_not_compile_the_project() -> None:
    assert not sys.dont_write_bytecode
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
