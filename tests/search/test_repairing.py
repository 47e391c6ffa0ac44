"""Each night what the engine has is compared with what it should have; and what it missed while away."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from catalog import jobs
from catalog.models import Product, StaleDocument
from catalog.search import client, documents, indices, keeping, rebuilding, repairing, schema
from shop.changes import projector
from shop.outbox import drain, rounds
from shop.outbox.models import Message
from tests.engines import Engine, follow
from tests.factories import make_product
from tests.search import faulty

pytestmark = pytest.mark.django_db(transaction=True)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def goods(engine: Engine) -> list[int]:
    made = [make_product(f"Thing {number}").pk for number in range(5)]
    engine.build()
    return made


def true() -> dict[int, dict[str, Any]]:
    made = documents.made(Product.objects.values_list("pk", flat=True))["en"]
    return {pk: json.loads(document.source) for pk, document in made.items()}


def spoil(goods: list[int]) -> None:
    """By hand, past all of the shop: one is missing, one says something else, one has no product."""
    (name,) = indices.versions("en")
    engine, found = client.writer(), json.loads(documents.made([goods[1]])["en"][goods[1]].source)
    engine.delete(index=name, id=str(goods[0]))
    other = {**found, "name": "Something else", "digest": "0"}
    engine.index(index=name, id=str(goods[1]), document=other)
    engine.index(index=name, id="999999", document={**other, "product_id": 999999})
    indices.refresh([name])


def test_what_is_missing_different_or_too_much_is_mended(engine: Engine, goods: list[int]) -> None:
    spoil(goods)
    assert engine.documents() != true()
    assert repairing.repair(0) == 3
    follow()
    assert engine.documents() == true()
    assert repairing.repair(0) == 0


def test_it_goes_in_slices(engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "SLICE", 2)
    spoil(goods)
    jobs.repair_documents(0)
    assert StaleDocument.objects.count() == 2
    drain.drain("low")
    assert StaleDocument.objects.count() == 3
    assert Message.objects.filter(job="catalog.repair_documents").count() == 2  # two, two, and the last
    follow()
    assert engine.documents() == true()


def test_what_is_true_is_left_alone(goods: list[int]) -> None:
    assert repairing.repair(0) == 0
    assert not StaleDocument.objects.exists()


def test_it_is_planned_once_a_night(engine: Engine) -> None:
    for _ in range(3):
        jobs.look_after_documents()
    (planned,) = Message.objects.filter(job="catalog.repair_documents")
    assert planned.due_at > timezone.now()


def test_without_an_engine_nothing_is_planned() -> None:
    rounds.go()
    assert not Message.objects.filter(job__contains="documents").exists()


def test_an_index_that_is_gone_is_built_again(engine: Engine, goods: list[int]) -> None:
    client.writer().indices.delete(index=",".join(engine.names()))
    jobs.look_after_documents()
    assert not Message.objects.filter(job="catalog.build_index").exists(), "nobody has seen it yet"
    assert repairing.repair(0) == 0
    jobs.look_after_documents()
    drain.drain("low")
    assert engine.documents() == true()


def test_a_small_catalogue_gets_its_index_by_itself_and_a_large_one_does_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product("Thing")
    follow()
    monkeypatch.setattr(rebuilding, "UNASKED", 0)
    jobs.look_after_documents()
    drain.drain("low")
    assert engine.names() == []
    monkeypatch.setattr(rebuilding, "UNASKED", 1)
    for _ in range(2):
        jobs.look_after_documents()
        drain.drain("low")
    assert engine.documents() == true()
    message = Message.objects.get(job="catalog.build_index")
    assert message.due_at < timezone.now() - timedelta(hours=1), "it waits for pictures that are to be made"


def test_what_another_release_asked_is_dropped_after_a_day(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = engine.names()
    monkeypatch.setattr(schema, "FORMAT", schema.FORMAT + 1)
    with pytest.raises(client.Away):
        client.search(indices.alias("en"), {}, lambda answer: answer)
    rebuilding.reindex()
    repairing.repair(0)
    assert set(before) < set(engine.names()), "nodes of the release before ask it still"
    monkeypatch.setattr(indices, "KEPT_FOR", timedelta(0))
    repairing.repair(0)
    assert not set(before) & set(engine.names())
    assert engine.documents() == true()


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 5, 4, 2, 0, tzinfo=BERLIN), datetime(2026, 5, 4, 3, 40, tzinfo=BERLIN)),
        (datetime(2026, 5, 4, 3, 40, tzinfo=BERLIN), datetime(2026, 5, 5, 3, 40, tzinfo=BERLIN)),
        (datetime(2026, 5, 4, 15, 0, tzinfo=BERLIN), datetime(2026, 5, 5, 3, 40, tzinfo=BERLIN)),
    ],
)
def test_the_next_night(now: datetime, then: datetime) -> None:
    assert repairing.next_night(now) == then


@pytest.mark.parametrize("fault", ["500", "429", "no JSON", "another shape", "reset", "silent", "404"])
def test_what_the_engine_missed_while_it_was_away_it_hears_when_it_is_back(
    engine: Engine, goods: list[int], settings: Any, fault: str
) -> None:
    settings.ELASTICSEARCH_WRITE_SECONDS = 0.2
    with faulty.running() as broken:
        broken.mode = fault
        settings.ELASTICSEARCH_URL = broken.url
        Product.objects.update(summary="new")
        projector.drain()
        drain.drain("normal")
    assert StaleDocument.objects.count() == len(goods)
    message = Message.objects.get(job="catalog.index_stale")
    assert message.done_at, "the job ends quietly: the rows are what is remembered"
    settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_WRITE_SECONDS = engine.url, 30.0
    jobs.look_after_documents()
    drain.drain("normal")
    assert not StaleDocument.objects.exists()
    assert engine.documents() == true()


def test_an_engine_that_is_stopped_keeps_a_worker_for_a_moment_and_not_each_time(
    engine: Engine, goods: list[int], settings: Any
) -> None:
    Product.objects.update(summary="new")
    projector.drain()
    settings.ELASTICSEARCH_WRITE_SECONDS = 0.2
    with faulty.running() as broken:
        broken.mode = "silent"
        settings.ELASTICSEARCH_URL = broken.url
        for _ in range(5):
            assert not keeping.index_stale()
        assert broken.asked == 1
    settings.ELASTICSEARCH_URL = engine.url
    assert StaleDocument.objects.count() == len(goods)


def test_a_document_that_the_engine_refuses_holds_up_nobody(
    engine: Engine, goods: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = documents.made

    def made(ids: Any) -> Any:
        found = real(ids)
        document = found["en"].get(goods[0])
        if document:
            found["en"][goods[0]] = document._replace(source='{"unheard":1}')
        return found

    Product.objects.update(summary="new")
    projector.drain()
    monkeypatch.setattr(documents, "made", made)
    keeping.index_stale()
    assert "refuses a document" in caplog.text
    assert {pk: found["summary"] for pk, found in engine.documents().items()} == {
        pk: "" if pk == goods[0] else "new" for pk in goods
    }
    assert not StaleDocument.objects.exists(), "the next repair notes it again"
