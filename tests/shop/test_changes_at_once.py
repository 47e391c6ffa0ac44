"""An edit waits for no bulk write, the second purge for no derived row, a bad note for nobody's mending."""

from collections.abc import Callable, Sequence

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from catalog.models import Product
from shop.changes import projector, rules
from shop.changes.models import Change
from shop.changes.rules import Effects
from shop.edge import jobs, receipts
from shop.outbox.models import Message
from tests.edge.keeper import Keeper
from tests.edge.keeper import edge as edge
from tests.factories import follow_changes, make_product, make_tax_class

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 1_500


@pytest.fixture
def pen() -> Product:
    made = make_product("Pen")
    follow_changes()
    Message.objects.all().delete()
    return made


@pytest.fixture
def bulk(pen: Product) -> Callable[[], object]:
    """Noted as a bulk write of many rows."""
    tax = make_tax_class()
    goods = [Product(name="x", slug=f"x-{n}", tax_class=tax) for n in range(MANY)]
    return lambda: Product.objects.bulk_create(goods)


def name_in_list(product: Product) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM catalog_card WHERE product_id = %s AND market = 'eu'", [product.pk])
        return str(cursor.fetchone()[0])


def test_what_is_small_is_followed_first_and_by_who_follows_nothing_else(
    pen: Product, bulk: Callable[[], object]
) -> None:
    bulk()
    Product.objects.filter(pk=pen.pk).update(name="Pencil")
    assert projector.rung(5) > 0
    assert name_in_list(pen) == "Pencil"
    assert [len(change.rows) for change in Change.objects.filter(done_at=None)] == [1_000, MANY - 1_000]
    assert follow_all() > 0


def follow_all() -> int:
    """The relay's own look; how many changes."""
    followed = projector.drain()
    assert not Change.objects.filter(done_at=None).exists()
    return followed


def test_a_table_that_was_emptied_is_no_small_edit(pen: Product) -> None:
    Change.objects.create(model="catalog.review", columns=[], rows=[], is_whole=True)
    assert projector.rung(5) == 0


@pytest.mark.parametrize("is_interrupted", [True, False], ids=["interrupted", "broken: to its end"])
def test_in_the_middle_of_a_bulk_write_an_edit_is_followed(
    pen: Product, bulk: Callable[[], object], monkeypatch: pytest.MonkeyPatch, is_interrupted: bool
) -> None:
    bulk()
    seen: list[str] = []
    rebuild = rules.projections()["cards"]

    def edited_meanwhile(ids: Sequence[int]) -> None:
        rebuild(ids)
        if len(ids) == rules.CHUNK:
            seen.append(name_in_list(pen))
            Product.objects.filter(pk=pen.pk, name="Pen").update(name="Pencil")

    monkeypatch.setitem(rules._projections, "cards", edited_meanwhile)
    if not is_interrupted:
        monkeypatch.setattr(projector, "_follow_small", lambda: None)
    projector.follow(projector.claim())
    assert seen == ["Pen", *["Pencil" if is_interrupted else "Pen"] * 2]


def test_the_second_purge_is_written_down_before_derived_rows_are_made(
    pen: Product, edge: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    monkeypatch.setitem(
        rules._projections,
        "cards",
        lambda ids: waiting.append(Message.objects.filter(job="edge.purge", done_at=None).count()),
    )
    Product.objects.filter(pk=pen.pk).update(name="Pencil")
    projector.drain()
    assert waiting[0] == 1


@pytest.mark.parametrize("fails", [0, 1])
def test_a_projector_that_dies_over_them_lets_the_pages_go_twice_more_and_the_receipt_ends(
    pen: Product, edge: Keeper, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    with transaction.atomic():
        Product.objects.filter(pk=pen.pk).update(name="Pencil")
        number = receipts.begin()

    class Killed(BaseException):
        """No handler of ours sees it."""

    def dies(ids: Sequence[int]) -> None:
        raise Killed

    edge.fails = fails
    rebuild = rules.projections()["cards"]
    monkeypatch.setitem(rules._projections, "cards", dies)
    with pytest.raises(Killed):
        projector.drain()
    monkeypatch.setitem(rules._projections, "cards", rebuild)
    edge.fails = fails
    Change.objects.update(lease_until=None)
    follow_all()
    assert name_in_list(pen) == "Pencil"
    from_outbox()
    told = receipts.tell(number)
    assert told
    assert told.state == "done"


def from_outbox() -> None:
    """Every purge that waits, each of them twice, as a worker's lease may end."""
    for message in Message.objects.filter(job="edge.purge"):
        jobs.purge(*message.args)
        jobs.purge(*message.args)


def test_a_purge_that_is_done_twice_ends_no_other(pen: Product, edge: Keeper) -> None:
    edge.fails = 2
    with transaction.atomic():
        Product.objects.filter(pk=pen.pk).update(name="Pencil")
        number = receipts.begin()
    follow_all()
    first, second = Message.objects.filter(job="edge.purge").order_by("id")[:2]
    jobs.purge(*first.args)
    jobs.purge(*first.args)
    told = receipts.tell(number)
    assert told
    assert (told.state, told.pages) == ("retrying", 3)  # nor are its pages counted twice
    jobs.purge(*second.args)
    assert receipts.tell(number).state == "done"  # type: ignore[union-attr]


def test_a_note_that_its_rule_cannot_read_is_followed_as_all_of_its_model(
    pen: Product, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole: list[str] = []

    def broken(rows: object, effects: Effects) -> None:
        raise ValueError("cannot read this")

    monkeypatch.setitem(rules._rules, "catalog.review", (broken, lambda effects: whole.append("reviews")))
    bad = Change.objects.create(model="catalog.review", columns=["id"], rows=[[[1], None, []]])
    for _try in range(projector.FAILURES):
        assert projector.drain() == 0
        Change.objects.filter(pk=bad.pk).update(lease_until=None)
    assert whole == []
    assert projector.drain() == 1
    assert whole == ["reviews"]
    assert "all of its model is followed" in caplog.text


@pytest.fixture
def brought(pen: Product) -> list[int]:
    """Six products that an import has written, a transaction and two notes each; nothing follows yet."""
    tax, made = make_tax_class(), []
    for n in range(6):
        with transaction.atomic():
            projector.part_of_many()
            made.append(Product.objects.create(name="x", slug=f"x-{n}", tax_class=tax).pk)
            Product.objects.filter(pk=made[-1]).update(name="y")
    return made


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "broken: as so many edits"])
def test_an_edit_goes_before_all_that_an_import_has_written(
    pen: Product, brought: list[int], is_told: bool
) -> None:
    if not is_told:
        Change.objects.update(is_part=False)
    Product.objects.filter(pk=pen.pk).update(name="Pencil")
    claimed = projector.claim(small=True)
    assert ([change.rows[0][1][0] for change in claimed] == [pen.pk]) is is_told
    if is_told:
        assert projector.claim(small=True) == []


def test_where_there_is_no_edit_an_import_is_followed_a_transaction_at_a_time(
    pen: Product, brought: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    edited: list[int] = []
    follow = projector.follow

    def noted(changes: Sequence[Change]) -> Effects:
        together.append(len(changes))
        if len(together) == 3:
            edited.extend(change.rows[0][1][0] for change in changes)
        if len(together) == 2:
            Product.objects.filter(pk=pen.pk).update(name="Pencil")
        return follow(changes)

    monkeypatch.setattr(projector, "follow", noted)
    projector.rung(5)
    assert together[:5] == [2, 2, 1, 1, 2]
    assert edited == [pen.pk], "saved in the middle, and then its card"
    assert not Change.objects.filter(done_at=None).exists()


def test_what_follows_a_part_is_one_and_what_follows_an_edit_is_none(
    pen: Product, brought: list[int]
) -> None:
    make_product("Ink")
    Change.objects.filter(done_at=None, is_part=False).update(done_at=Now())
    with transaction.atomic():
        projector.part_of_many()
        Product.objects.filter(pk=pen.pk).update(name="Pencil")
    projector.follow(projector.claim())
    assert set(Change.objects.filter(model="catalog.card", done_at=None).values_list("is_part")) == {(True,)}
    Change.objects.all().delete()
    with transaction.atomic():
        projector.part_of_many()
        Product.objects.filter(pk=pen.pk).update(name="Pencils")
    Product.objects.filter(pk=pen.pk).update(name="Pen")
    projector.follow(projector.claim())
    assert set(Change.objects.filter(model="catalog.card", done_at=None).values_list("is_part")) == {(False,)}
