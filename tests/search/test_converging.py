"""Whoever writes documents, however late: what the engine has in the end is what the database says."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from catalog.models import Product, StaleDocument
from catalog.search import client, documents, indices, keeping
from catalog.search.keeping import Claimed
from shop.changes import projector
from tests.engines import Engine, follow
from tests.factories import make_product

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = int(os.environ.get("INDEX_EDITS", "40"))
WRITERS = 4
Made = Callable[[Iterable[int]], Any]


@pytest.fixture
def thing(engine: Engine) -> Product:
    made = make_product("Notebook", summary="old")
    engine.build()
    return made


def summary(engine: Engine, pk: int) -> str | None:
    found = engine.documents().get(pk)
    return found["summary"] if found else None


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Between what the first writer reads and what it writes."""
    real: Made = documents.made
    left = [happens]

    def made(ids: Iterable[int]) -> Any:
        found = real(ids)
        if left:
            left.pop()()
        return found

    monkeypatch.setattr(documents, "made", made)


def edited_and_written(pk: int) -> None:
    """By others, from the edit to the refresh."""
    Product.objects.filter(pk=pk).update(summary="new")
    follow()


def late_writer(thing: Product) -> None:
    """Claims, reads, and writes when somebody else has written what is newer."""
    Product.objects.filter(pk=thing.pk).update(summary="between")
    projector.drain()
    keeping.write(keeping.claim())
    indices.refresh(list(indices.versions("en")))


def test_a_late_writer_does_not_undo_what_is_newer(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: edited_and_written(thing.pk))
    late_writer(thing)
    assert summary(engine, thing.pk) == "new"


def test_a_late_writer_would_if_versions_were_not_told(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant."""
    real = keeping.claim

    def claim(**which: Any) -> list[Claimed]:
        return [each._replace(version=1 << 60) for each in real(**which)]

    monkeypatch.setattr(keeping, "claim", claim)
    meanwhile(monkeypatch, lambda: edited_and_written(thing.pk))
    late_writer(thing)
    assert summary(engine, thing.pk) == "between"


def test_a_late_writer_does_not_revive_what_was_deleted(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted() -> None:
        thing.delete()
        follow()

    pk = thing.pk
    meanwhile(monkeypatch, deleted)
    late_writer(thing)
    assert summary(engine, pk) is None


def test_what_is_noted_while_a_job_works_is_not_forgotten(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted() -> None:
        Product.objects.filter(pk=thing.pk).update(summary="new")
        projector.drain()

    meanwhile(monkeypatch, noted)
    Product.objects.filter(pk=thing.pk).update(summary="between")
    follow()
    follow()
    assert summary(engine, thing.pk) == "new"


def test_it_would_be_if_notes_were_forgotten_by_product(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant."""

    def noted() -> None:
        Product.objects.filter(pk=thing.pk).update(summary="new")
        projector.drain()

    def settle(written: list[Claimed]) -> None:
        StaleDocument.objects.filter(product_id__in=[each.product_id for each in written]).delete()

    monkeypatch.setattr(keeping, "_settle", settle)
    meanwhile(monkeypatch, noted)
    Product.objects.filter(pk=thing.pk).update(summary="between")
    follow()
    follow()
    indices.refresh(list(indices.versions("en")))
    assert summary(engine, thing.pk) == "between"


def test_a_note_made_again_is_later_than_all_before(thing: Product) -> None:
    other = make_product("Lamp")
    drawn: list[int] = []
    for ids in ([thing.pk], [other.pk], [thing.pk, other.pk], [thing.pk]):
        with transaction.atomic():
            keeping.note(ids)
        drawn.append(max(each.version for each in keeping.claim() if each.product_id in ids))
    assert drawn == sorted(set(drawn))
    assert keeping.version() > drawn[-1]


def test_an_edit_is_written_before_the_rest_of_a_bulk_change(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in (("BATCH", 2), ("FEW", 3)):
        monkeypatch.setattr(keeping, name, few)
    many = [make_product(f"Thing {number}").pk for number in range(8)]
    projector.drain()
    assert StaleDocument.objects.filter(is_bulk=True).count() == 8
    batches: list[list[int]] = []
    write = keeping.write

    def noted(claimed: list[Claimed]) -> None:
        batches.append([each.product_id for each in claimed])
        write(claimed)
        if len(batches) == 1:
            Product.objects.filter(pk=thing.pk).update(summary="new")
            projector.drain()

    monkeypatch.setattr(keeping, "write", noted)
    keeping.index_stale()
    assert batches == [many[:2], [thing.pk], many[2:4], many[4:6], many[6:]]
    assert len(engine.documents()) == 9


def brought(number: int) -> list[int]:
    """As an import brings them: their documents are noted, and none is written."""
    with transaction.atomic():
        projector.part_of_many()
        made = [make_product(f"Brought {n}").pk for n in range(number)]
    projector.drain()
    return made


def test_what_an_import_brings_is_bulk_however_few_are_noted_together(thing: Product) -> None:
    made = brought(2)
    assert set(StaleDocument.objects.filter(is_bulk=True).values_list("product_id", flat=True)) == set(made)
    Product.objects.filter(pk=made[0]).update(summary="new")
    projector.drain()
    assert list(StaleDocument.objects.filter(is_bulk=True).values_list("product_id", flat=True)) == made[1:]


def test_an_engine_that_is_back_is_told_of_a_bulk_change_at_once(
    engine: Engine, thing: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = brought(3)
    with monkeypatch.context() as patch:
        patch.setattr(indices, "write", away)
        assert not keeping.index_stale()
    client.forget()
    assert keeping.index_stale()
    assert set(made) <= set(engine.documents())


def away(*_told: Any) -> None:
    raise client.Away("nobody is there")


def test_versions_of_a_later_timeline_are_higher(thing: Product) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)")
        (timeline,) = cursor.fetchone()
    assert keeping.version() >> 40 == int(timeline, 16)


def test_many_writers_and_editors_agree_in_the_end(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """INDEX_EDITS gives another figure."""
    goods = [make_product(f"Thing {number}").pk for number in range(6)]
    engine.build()
    chance, real = random.Random(7), documents.made
    is_over = threading.Event()

    def made(ids: Iterable[int]) -> Any:
        found = real(ids)
        time.sleep(chance.random() / 50)
        return found

    def write() -> None:
        try:
            while not is_over.is_set():
                keeping.index_stale()
        finally:
            connections.close_all()

    def edit(number: int) -> None:
        try:
            pk = chance.choice(goods)
            if number % 7:
                Product.objects.filter(pk=pk).update(summary=f"{number}")
            else:
                Product.objects.filter(pk=pk).update(is_published=bool(number % 2))
            projector.drain()
        finally:
            connections.close_all()

    monkeypatch.setattr(documents, "made", made)
    with ThreadPoolExecutor(WRITERS + 3) as pool:
        writers = [pool.submit(write) for _ in range(WRITERS)]
        for done in [pool.submit(edit, number) for number in range(EDITS)]:
            done.result()
        is_over.set()
        for writer in writers:
            writer.result()
    follow()
    truth = {
        pk: Product.objects.get(pk=pk).summary for pk in goods if Product.objects.get(pk=pk).is_published
    }
    assert {pk: found["summary"] for pk, found in engine.documents().items()} == truth
    assert not StaleDocument.objects.exists()
