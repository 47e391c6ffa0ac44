"""reindex: the new index is filled beside the old one, misses nothing, and is asked when it is whole."""

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from catalog.models import Product
from catalog.search import client, documents, indices, keeping, rebuilding
from catalog.search.client import Away
from tests.engines import Engine, follow
from tests.factories import make_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Six things, of which a reindex reads one after the other; indexed."""
    monkeypatch.setattr(rebuilding, "BATCH", 1)
    monkeypatch.setattr(rebuilding, "PAUSE", 0.0)
    made = [make_product(f"Thing {number}").pk for number in range(6)]
    engine.build()
    return made


def true() -> dict[int, dict[str, Any]]:
    made = documents.made(Product.objects.values_list("pk", flat=True))["en"]
    return {pk: json.loads(document.source) for pk, document in made.items()}


def at(batch: int, happens: Callable[[], object]) -> Callable[[int], None]:
    """What happens when so many batches are done."""
    done = [0]

    def progress(number: int) -> None:
        done[0] += 1
        if done[0] == batch:
            happens()

    return progress


def test_before_the_first_there_is_nothing_to_ask(engine: Engine) -> None:
    make_product("Thing")
    with pytest.raises(Away):
        client.search(indices.alias("en"), {}, lambda answer: answer)


def test_the_new_one_is_asked_and_the_old_one_gone(engine: Engine, goods: list[int]) -> None:
    before = engine.names()
    done = rebuilding.reindex()
    assert done.documents == {"en": 6}
    assert len(engine.names()) == 1
    assert engine.names() != before
    assert engine.documents() == true()


def edits(goods: list[int]) -> None:
    """Of what was copied already, and of what was not yet."""
    Product.objects.filter(pk=goods[0]).update(name="First")
    Product.objects.filter(pk=goods[5]).update(name="Last")
    Product.objects.filter(pk=goods[1]).update(is_published=False)
    Product.objects.filter(pk=goods[4]).update(is_published=False)
    Product.objects.get(pk=goods[2]).delete()
    make_product("A new one")
    follow()


def test_edits_go_on_meanwhile(engine: Engine, goods: list[int]) -> None:
    rebuilding.reindex(at(3, lambda: edits(goods)))
    assert engine.documents() == true()


def test_edits_would_be_lost_if_only_the_old_one_were_written(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant."""
    real = indices.versions

    def rename() -> None:
        Product.objects.filter(pk=goods[0]).update(name="First")
        with monkeypatch.context() as patch:
            patch.setattr(
                indices, "versions", lambda language: {n: is_ for n, is_ in real(language).items() if is_}
            )
            follow()

    rebuilding.reindex(at(3, rename))
    assert engine.documents() != true()


def test_an_edit_between_reading_and_writing_is_not_undone(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reindex is a writer as all others are: what it has read is older than what the job writes."""
    real, left = documents.made, [True]

    def made(ids: Any) -> Any:
        found = real(ids)
        if left and list(ids) == [goods[2]]:
            left.pop()
            Product.objects.filter(pk=goods[2]).update(name="Changed")
            follow()
        return found

    monkeypatch.setattr(documents, "made", made)
    rebuilding.reindex()
    assert engine.documents() == true()


class Killed(BaseException):
    """As by kill -9: nothing is put in order."""


def kill() -> None:
    raise Killed


def test_one_that_was_killed_hurts_nobody_and_the_next_one_clears_up(
    engine: Engine, goods: list[int]
) -> None:
    before = engine.documents()
    with pytest.raises(Killed):
        rebuilding.reindex(at(3, kill))
    assert len(engine.names()) == 2
    assert engine.documents() == before
    Product.objects.filter(pk=goods[0]).update(name="First")
    follow()
    assert engine.documents() == true()
    rebuilding.reindex()
    assert len(engine.names()) == 1
    assert engine.documents() == true()


def test_what_lacks_a_document_is_not_asked(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "TRIES", 2)
    before = engine.names()

    def lose() -> None:
        (building,) = set(engine.names()) - set(before)
        client.writer().delete(index=building, id=str(goods[0]))

    reindex = rebuilding.reindex
    monkeypatch.setattr(rebuilding, "reindex", lambda _bar: reindex(at(2, lose)))
    with pytest.raises(CommandError, match="has 5 documents for 6 products"):
        call_command("reindex")
    assert set(indices.versions("en").items()) >= {(before[0], True)}
    assert len(engine.documents()) == 6


def test_two_at_once_are_one(engine: Engine, goods: list[int]) -> None:
    refused: list[bool] = []

    def another() -> None:
        def run() -> None:
            try:
                rebuilding.reindex()
            except rebuilding.Busy:
                refused.append(True)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    rebuilding.reindex(at(2, another))
    assert refused == [True]
    assert engine.documents() == true()


def test_searches_go_on_meanwhile(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "GRACE", 0.3)
    for number in range(40):
        make_product(f"Thing {number}")
    engine.build()
    is_over = threading.Event()
    found: list[int] = []
    failed: list[str] = []

    def ask() -> None:
        body = {"query": {"match": {"name": "thing"}}, "size": 3}
        while not is_over.is_set():
            try:
                found.append(client.search(indices.alias("en"), body, lambda a: a["hits"]["total"]["value"]))
            except Away as error:
                failed.append(str(error))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for _ in range(int(os.environ.get("REINDEXES", "2"))):
        rebuilding.reindex()
    is_over.set()
    for asker in askers:
        asker.join()
    assert failed == []
    assert set(found) == {40}


def test_the_pages_go_when_it_is_asked(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[str]] = []
    monkeypatch.setattr(keeping, "refreshed", lambda languages: told.append(set(languages)))
    rebuilding.reindex()
    assert told == [{"en"}]


def test_the_command_says_what_it_has_done(
    engine: Engine, goods: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reindex")
    said = capsys.readouterr().out
    assert "en: 6 documents" in said
    assert "documents a second" in said


def test_the_command_says_what_is_missing(settings: Any) -> None:
    with pytest.raises(CommandError, match="set ELASTICSEARCH_URL"):
        call_command("reindex")
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reindex")


def test_a_reindex_that_ended_lets_the_next_one_begin(engine: Engine, goods: list[int]) -> None:
    rebuilding.reindex()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert cursor.fetchone() == (0,)
