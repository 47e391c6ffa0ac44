"""A connection is known to be dead before a request relies on it, without a statement to find out."""

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


def kept() -> BaseDatabaseWrapper:
    """This thread's connection between two requests."""
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False
    return connection


def end() -> None:
    """The server ends it, as a restart does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def test_a_connection_that_lives_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda self: asked.append(self) or True)
    assert kept().is_usable()
    assert asked == []


def test_the_request_after_a_restart_gets_a_new_connection() -> None:
    kept()
    end()
    kept()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_after_an_error_one_that_seems_to_live_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda self: False)
    living = kept()
    assert living.is_usable()
    living.errors_occurred = True
    assert not living.is_usable()
    living.errors_occurred = False


def test_one_that_has_ended_is_not_usable_after_an_error_either() -> None:
    kept()
    end()
    connection.errors_occurred = True
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()
