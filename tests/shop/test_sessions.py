"""A new session is written without a look; a key that is taken is still nobody else's."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop import sessions

pytestmark = pytest.mark.django_db


def test_a_new_session_reads_nothing() -> None:
    store = sessions.SessionStore()
    store["placed_order"] = 1
    with CaptureQueriesContext(connection) as seen:
        store.save()
    assert [row["sql"].split()[0] for row in seen] == ["SAVEPOINT", "INSERT", "RELEASE"]
    assert sessions.SessionStore(store.session_key)["placed_order"] == 1


@pytest.mark.django_db(transaction=True)
def test_by_itself_it_is_one_statement() -> None:
    store = sessions.SessionStore()
    store["placed_order"] = 1
    with CaptureQueriesContext(connection) as seen:
        store.save()
    assert [row["sql"].split()[0] for row in seen] == ["INSERT"]
    assert sessions.SessionStore(store.session_key)["placed_order"] == 1


def taken(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = sessions.SessionStore()
    theirs["whose"] = "theirs"
    theirs.save()
    keys = [theirs.session_key, "k" * 32]
    monkeypatch.setattr(sessions, "get_random_string", lambda *args: keys.pop(0))
    mine = sessions.SessionStore()
    mine["whose"] = "mine"
    mine.save()
    assert mine.session_key == "k" * 32
    assert sessions.SessionStore(theirs.session_key)["whose"] == "theirs"
    assert Session.objects.count() == 2


def test_a_key_that_is_taken_is_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken(monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_nor_is_it_outside_of_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    taken(monkeypatch)
