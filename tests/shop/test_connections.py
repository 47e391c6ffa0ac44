"""A connection is known to be dead before a request relies on it, without a statement to find out."""

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base

from catalog.importing.pen import unhurried
from shop.postgresql.base import patience

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


def take(seconds: float) -> None:
    """A statement that takes so long, and its server keeps no timeout."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_an_answer_is_waited_for_as_long_as_the_settings_say_unless_somebody_has_more_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PATIENCE_SECONDS", 0.1)
        with patience(connection, 0):
            take(0.3)
        with unhurried():
            take(0.3)
        with pytest.raises(OperationalError, match="timeout"):
            take(1.0)
        connection.close_if_unusable_or_obsolete()
    take(0.1)
    connection.close()
