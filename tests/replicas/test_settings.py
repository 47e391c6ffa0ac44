"""DATABASE_REPLICA_URLS becomes databases with the primary's options, read-only, and no test database."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json
from django.conf import settings
import django
django.setup()
print(json.dumps([settings.DATABASES, settings.DATABASE_REPLICAS], default=str))
"""


def settings_with(**environment: str) -> tuple[dict[str, Any], list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    databases, names = json.loads(done.stdout)
    return databases, names


def test_each_address_is_a_replica_that_takes_no_write():
    urls = "postgres://reader:pw@one:5433/shop, postgres://shop@/shop?host=/run/two"
    databases, names = settings_with(DATABASE_REPLICA_URLS=urls, STATEMENT_TIMEOUT_MS="3000")
    assert names == ["replica1", "replica2"]
    one, other, primary = databases["replica1"], databases["replica2"], databases["default"]
    assert (one["HOST"], one["PORT"], one["USER"]) == ("one", "5433", "reader")
    assert other["HOST"] == "/run/two"
    for replica in (one, other):
        options = replica["OPTIONS"]["options"]
        assert options == primary["OPTIONS"]["options"] + " -c default_transaction_read_only=on"
        assert replica["OPTIONS"]["connect_timeout"] == 2
        assert replica["PATIENCE_SECONDS"] == 3.5
        assert replica["TEST"]["MIRROR"] == "default"
        assert replica["CONN_MAX_AGE"] == primary["CONN_MAX_AGE"]
    assert primary["PATIENCE_SECONDS"] == 3.5


@pytest.mark.parametrize(("timeout", "patience"), [("60000", 60.5), ("0", None)])
def test_an_answer_may_take_as_long_as_its_statement(timeout, patience):
    urls = "postgres://one/shop"
    databases, _names = settings_with(DATABASE_REPLICA_URLS=urls, STATEMENT_TIMEOUT_MS=timeout)
    assert {database["PATIENCE_SECONDS"] for database in databases.values()} == {patience}


def test_without_addresses_there_is_the_primary_alone():
    databases, names = settings_with()
    assert (list(databases), names) == (["default"], [])
