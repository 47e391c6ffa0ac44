"""The projector follows what was noted: however a change was written, the card and the list have it."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models.functions import Now

from catalog import cards
from catalog.locks import lock_products
from catalog.models import Card, Price, Product, Stock, Variant
from shop.changes import projector, rules
from shop.changes.models import Change, Row
from shop.changes.rules import Effects
from shop.outbox import bell
from tests.factories import follow_changes, make_product, make_tax_class

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted_yet(db: None) -> None:
    """A test with real transactions ends with TRUNCATE, and that is noted as well."""
    Change.objects.all().delete()


def name_on_the_card(product: Product) -> str:
    return Card.objects.get(product_id=product.pk, market="eu").name


@pytest.fixture
def product() -> Product:
    made = make_product("Autumn hills", category="Posters")
    follow_changes()
    return made


def test_a_save_reaches_the_card(product):
    product.name = "Winter hills"
    product.save()
    follow_changes()
    assert name_on_the_card(product) == "Winter hills"


def test_an_update_reaches_the_card(product):
    Product.objects.filter(pk=product.pk).update(name="Winter hills")
    follow_changes()
    assert name_on_the_card(product) == "Winter hills"


def test_raw_sql_reaches_the_card(product):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET name = 'Winter hills'")
    follow_changes()
    assert name_on_the_card(product) == "Winter hills"


def test_bulk_create_reaches_the_cards():
    tax = make_tax_class()
    made = Product.objects.bulk_create(
        Product(name=f"No {n}", slug=f"no-{n}", tax_class=tax, is_published=True) for n in range(30)
    )
    variants = Variant.objects.bulk_create(Variant(product=product) for product in made)
    Price.objects.bulk_create(Price(variant=v, currency="EUR", amount=Decimal(5)) for v in variants)
    Stock.objects.bulk_create(Stock(variant=v, on_hand=1) for v in variants)
    follow_changes()
    assert Card.objects.filter(availability="low").count() == 30


def test_a_truncated_table_reaches_the_cards(product):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE catalog_listing")
    follow_changes()
    assert Card.objects.get(product_id=product.pk, market="eu").categories == []


def test_a_field_that_no_page_shows_leads_to_nothing(product):
    Change.objects.all().delete()
    Product.objects.update(external_id=None)
    Variant.objects.update(weight_grams=7)
    assert projector.drain() == 0


def test_a_followed_change_is_done_and_forgotten_later(product):
    assert not Change.objects.filter(done_at=None).exists()
    number = Change.objects.count()
    Change.objects.update(done_at=Now() - timedelta(hours=25))
    assert projector.prune(24, limit=2) == 2
    assert Change.objects.count() == number - 2


def test_a_change_without_a_rule_is_told_and_done(caplog):
    Change.objects.create(model="catalog.ghost", columns=["id"], rows=[[[1], None, []]])
    assert projector.drain() == 1
    assert "catalog.ghost are noted, but it has no rule" in caplog.text


def test_a_bad_change_does_not_hold_up_the_others(product, monkeypatch, caplog):
    def broken(rows: Sequence[Row], effects: Effects) -> None:
        raise ValueError("cannot follow this")

    monkeypatch.setitem(rules._rules, "catalog.review", (broken, lambda effects: None))
    Change.objects.create(model="catalog.review", columns=["id"], rows=[[[1], None, []]])
    Product.objects.update(name="Winter hills")
    projector.drain()
    assert name_on_the_card(product) == "Winter hills"
    (left,) = Change.objects.filter(done_at=None)
    assert left.lease_until
    assert "cannot follow this" in caplog.text


def test_a_projector_that_died_is_replaced_when_its_lease_has_run_out(product):
    Product.objects.update(name="Winter hills")
    assert projector.claim()
    assert projector.drain() == 0
    Change.objects.filter(done_at=None).update(lease_until=Now() - timedelta(seconds=1))
    assert projector.drain() > 0
    assert name_on_the_card(product) == "Winter hills"


def test_thousands_of_rows_are_projected_in_chunks(monkeypatch):
    sizes: list[int] = []
    monkeypatch.setitem(rules._projections, "cards", lambda ids: sizes.append(len(ids)))
    tax = make_tax_class()
    Change.objects.all().delete()
    Product.objects.bulk_create(Product(name="x", slug=f"x-{n}", tax_class=tax) for n in range(1_200))
    projector.drain()
    assert (max(sizes), sum(sizes)) == (rules.CHUNK, 1_200)


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "broken: not kept"])
def test_a_long_rebuild_keeps_its_lease(is_kept, monkeypatch, settings):
    settings.CHANGES_LEASE_SECONDS = 0.5
    found: list[int] = []

    def rebuild_slowly(ids: Sequence[int]) -> None:
        found.append(len(projector.claim()))  # another projector looks for work
        time.sleep(0.3)

    monkeypatch.setattr(rules, "CHUNK", 1)
    monkeypatch.setitem(rules._projections, "cards", rebuild_slowly)
    if not is_kept:
        monkeypatch.setattr(projector, "_keep_lease", lambda ids: None)
    tax = make_tax_class()
    Change.objects.all().delete()
    Product.objects.bulk_create(Product(name="x", slug=f"x-{n}", tax_class=tax) for n in range(5))
    projector.drain()
    assert (found == [0] * 5) is is_kept


def test_jobs_that_a_rule_asks_for_are_written_once(product):
    Change.objects.create(model="catalog.product", columns=["id"], rows=[])
    effects = Effects()
    effects.enqueue("catalog.render_image", [3, 4, 3], queue="low")
    assert effects.jobs == {("catalog.render_image", "low", timedelta(0)): {3, 4}}
    with pytest.raises(LookupError, match="no projection is called 'nothing'"):
        effects.project("nothing", [1])


def test_the_bell_of_the_changes_rings_after_commit(django_capture_on_commit_callbacks, monkeypatch):
    rung: list[object] = []
    monkeypatch.setattr(bell, "_ring_now", lambda queue, target, args: rung.append((queue, target)))
    bell._bell.cache_clear()
    with django_capture_on_commit_callbacks(execute=True):
        projector.ring()
        projector.ring()
        assert rung == []
    bell._bell.cache_clear()
    assert rung == [("changes", "shop.changes.projector.rung")]


def test_an_admin_form_reaches_the_card_and_the_list(product, admin_client):
    answer = admin_client.get(f"/admin/catalog/product/{product.pk}/change/")
    assert answer.status_code == 200
    fields: dict[str, object] = {}
    for form in [answer.context["adminform"].form, *answer.context["inline_admin_formsets"]]:
        formset = getattr(form, "formset", None)
        for part in [form] if formset is None else [formset.management_form, *formset.forms]:
            for bound in part:
                value = bound.value()
                if value is None or value is False or value == []:
                    continue
                widget = bound.field.widget
                split = widget.decompress(value) if hasattr(widget, "decompress") else None
                if split is not None:
                    fields |= {f"{bound.html_name}_{place}": part for place, part in enumerate(split)}
                else:
                    fields[bound.html_name] = value
    fields["name"] = "Winter hills"
    answer = admin_client.post(f"/admin/catalog/product/{product.pk}/change/", fields)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    follow_changes()
    assert name_on_the_card(product) == "Winter hills"


def oracle(ids: list[int]) -> dict[tuple[int, str], tuple[object, ...]]:
    """Every card as it stands."""
    return {
        (card.product_id, card.market): (card.name, card.price, card.availability, tuple(card.categories))
        for card in Card.objects.filter(product_id__in=ids)
    }


@pytest.mark.django_db(transaction=True)
def test_two_projectors_at_once_leave_the_right_cards():
    """The truth is edited while they run; the cards they leave are those that a fresh rebuild makes."""
    products = [make_product(f"No {n}", category="Posters") for n in range(12)]
    follow_changes()
    ids, stop = [product.pk for product in products], threading.Event()

    def project() -> None:
        while not stop.is_set():
            projector.drain(limit=3)
        connection.close()

    def edit(seed: int) -> None:
        dice = random.Random(seed)
        for number in range(60):
            pk = dice.choice(ids)
            match dice.randrange(4):
                case 0:
                    Product.objects.filter(pk=pk).update(name=f"{seed}-{number}")
                case 1:
                    Price.objects.filter(variant__product=pk).update(amount=Decimal(dice.randrange(1, 90)))
                case 2:
                    Stock.objects.filter(variant__product=pk).update(on_hand=dice.randrange(0, 6))
                case 3:
                    Product.objects.filter(pk=pk).update(is_published=dice.random() < 0.7)
        connection.close()

    projectors = [threading.Thread(target=project) for _ in range(2)]
    editors = [threading.Thread(target=edit, args=(seed,)) for seed in range(2)]
    for thread in [*projectors, *editors]:
        thread.start()
    for thread in editors:
        thread.join()
    stop.set()
    for thread in projectors:
        thread.join()
    projector.drain()
    left = oracle(ids)
    cards.rebuild(ids)
    assert left == oracle(ids)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "broken: without the lock"])
def test_a_slow_rebuild_never_overwrites_a_newer_one(is_locked, monkeypatch):
    product = make_product("Old")
    follow_changes()
    usual, slow = cards._statement(), threading.Event()
    dawdling = usual.replace(
        "SELECT * FROM catalog_product", "SELECT p.* FROM (SELECT pg_sleep(0.5)) nap, catalog_product p"
    )
    assert dawdling != usual
    monkeypatch.setattr(
        cards, "_statement", lambda: dawdling if threading.current_thread() is thread else usual
    )

    def lock_and_tell(ids: Sequence[int]) -> None:
        if is_locked:
            lock_products(ids)
        slow.set()

    monkeypatch.setattr(cards, "lock_products", lock_and_tell)

    def rebuild_slowly() -> None:
        Product.objects.update(name="Older")
        cards.rebuild([product.pk])
        connection.close()

    thread: threading.Thread = threading.Thread(target=rebuild_slowly)
    thread.start()
    assert slow.wait(5)
    time.sleep(0.1)  # its statement has begun, and sees what was committed by then
    Product.objects.update(name="New")
    cards.rebuild([product.pk])
    thread.join()
    assert (name_on_the_card(product) == "New") is is_locked
