"""Statements that the server plans once for a connection."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shop.postgresql.base import prepared_cursor

pytestmark = pytest.mark.django_db(transaction=True)
HALVED = "SELECT 10 / %s::int AS halved"


@pytest.fixture(autouse=True)
def afresh(transactional_db: None) -> Iterator[None]:
    connection.close()
    yield
    connection.close()


def halved(by: int) -> int:
    with prepared_cursor(connection) as cursor:
        cursor.execute(HALVED, [by])
        (found,) = cursor.fetchone()
    return int(found)


def planned() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        return [tuple(row) for row in cursor.fetchall()]


def test_a_text_is_planned_once_whatever_its_values_are() -> None:
    assert [halved(by) for by in (1, 2, 5)] == [10, 5, 2]
    assert planned() == [("SELECT 10 / $1::int AS halved", 3)]


def test_nothing_is_prepared_where_a_pooler_would_lose_it(settings: Any) -> None:
    was = connection.settings_dict["PREPARES"]
    connection.settings_dict["PREPARES"] = False
    try:
        assert [halved(by) for by in (1, 2)] == [10, 5]
        assert planned() == []
    finally:
        connection.settings_dict["PREPARES"] = was


def test_an_error_is_djangos_and_the_next_one_goes_on() -> None:
    halved(2)
    with pytest.raises(DataError), transaction.atomic():
        halved(0)
    assert halved(5) == 2


def test_who_counts_statements_counts_it_and_reads_it() -> None:
    halved(1)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        halved(2)
    assert [query["sql"] for query in captured.captured_queries] == ["SELECT 10 / $1::int AS halved"]
