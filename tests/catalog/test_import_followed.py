"""While what an import has written is followed, an edit is: its card and its document come first."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from catalog.models import Card, Product, StaleDocument
from catalog.search import keeping
from catalog.search.keeping import Claimed
from shop.changes import projector
from shop.changes.models import Change
from tests.catalog.test_import_shopify import file, load, row
from tests.engines import Engine, follow
from tests.factories import make_product, make_tax_class

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = int(os.environ.get("IMPORTED_ROWS", "60"))


@pytest.fixture
def pen(engine: Engine) -> Product:
    """It is found; then so many rows come, and nobody follows them yet."""
    make_tax_class()
    made = make_product("Pen")
    engine.build()
    follow()
    return made


@pytest.fixture
def brought(pen: Product, tmp_path: Path) -> None:
    load(file(tmp_path, *(row(f"mug-{n}", f"Mug {n}") for n in range(ROWS))))


def card(product: Product) -> str:
    return str(Card.objects.get(product_id=product.pk, market="eu").name)


@pytest.mark.usefixtures("brought")
def test_all_that_an_import_writes_is_told_from_edits() -> None:
    assert set(Change.objects.filter(done_at=None).values_list("is_part", flat=True)) == {True}
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('shop.is_part', true), '')")
        assert cursor.fetchone() == ("",), "it ends with the transaction"


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "broken: as so many edits"])
def test_an_edit_is_found_before_all_that_was_written_earlier(
    engine: Engine, pen: Product, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    """Each round is what one worker does before it looks again."""
    monkeypatch.setattr(projector, "BATCH", 4)
    if not is_told:
        Change.objects.update(is_part=False)
    Product.objects.filter(pk=pen.pk).update(name="Pencil")
    for _round in range(2):  # the product, and the card that followed
        projector.follow(projector.claim(4, small=True))
    keeping.index_stale()
    assert (card(pen) == "Pencil") is is_told
    assert ("Pencil" in {found["name"] for found in engine.documents().values()}) is is_told
    follow()
    follow()
    assert {found["name"] for found in engine.documents().values()} >= {"Pencil", f"Mug {ROWS - 1}"}


@pytest.mark.usefixtures("brought")
def test_its_document_is_written_before_theirs(
    engine: Engine, pen: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "BATCH", 7)
    projector.drain()
    assert StaleDocument.objects.filter(is_bulk=True).count() == ROWS
    Product.objects.filter(pk=pen.pk).update(name="Pencil")
    projector.drain()
    assert StaleDocument.objects.filter(is_bulk=False).count() == 1
    batches: list[list[int]] = []
    write = keeping.write

    def noted(claimed: Any) -> None:
        batches.append([each.product_id for each in claimed])
        write(claimed)

    monkeypatch.setattr(keeping, "write", noted)
    assert keeping.index_stale()
    assert batches[0] == [pen.pk]
    assert len(batches) == 1 + -(-ROWS // 7)
    assert len(engine.documents()) == 1 + ROWS


def elsewhere(do: Callable[[], object]) -> None:
    """As another process does it: it has a connection of its own, which it closes."""

    def run() -> None:
        try:
            do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


@pytest.mark.usefixtures("brought")
def test_while_one_writes_them_another_writes_edits_alone(
    engine: Engine, pen: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the edit is found before a batch that was begun before it."""
    projector.drain()
    write, batches = keeping.write, list[int]()

    def edited() -> None:
        Product.objects.filter(pk=pen.pk).update(name="Pencil")
        projector.drain()
        keeping.index_stale()

    def noted(claimed: list[Claimed]) -> None:
        batches.append(len(claimed))
        if len(batches) == 1:
            elsewhere(edited)
            assert engine.documents()[pen.pk]["name"] == "Pencil"
        write(claimed)

    monkeypatch.setattr(keeping, "write", noted)
    assert keeping.index_stale()
    assert batches == [ROWS, 1]
    assert len(engine.documents()) == 1 + ROWS


@pytest.mark.usefixtures("brought")
def test_who_dies_over_them_leaves_them_to_the_next(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    projector.drain()
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "write", die)
        with pytest.raises(RuntimeError):
            elsewhere(keeping.index_stale)
    assert keeping.index_stale()
    assert len(engine.documents()) == 1 + ROWS


def die(_claimed: object) -> None:
    raise RuntimeError
