"""The database itself notes what changed, whoever writes, and nothing that no page shows."""

import pytest
from django.db import connection, transaction

from catalog.models import Price, Product, ProductLink, Stock, Variant
from shop.changes import triggers
from shop.changes.models import Change
from tests.factories import make_category, make_product, make_tax_class

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted_yet(db: None) -> None:
    """A test with real transactions ends with TRUNCATE, and that is noted as well."""
    Change.objects.all().delete()


@pytest.fixture
def product() -> Product:
    made = make_product()
    Change.objects.all().delete()
    return made


def noted(model: str) -> list[Change]:
    return list(Change.objects.filter(model=model).order_by("id"))


def test_an_insert_notes_what_came():
    make_product(slug="autumn-hills")
    (change,) = noted("catalog.product")
    (row,) = change.noted()
    assert row.before is None
    assert row.after["slug"] == "autumn-hills"


def test_an_update_notes_before_and_after_and_which_columns(product):
    product.slug, product.name = "winter-hills", "Winter hills"
    product.save()
    (row,) = noted("catalog.product")[0].noted()
    assert (row.before["slug"], row.after["slug"]) == ("autumn-hills", "winter-hills")
    assert row.changed == {"slug", "name"}
    assert row.values("slug") == {"autumn-hills", "winter-hills"}


def test_a_delete_notes_what_left_and_so_does_a_cascade(product):
    product.delete()
    assert [row.after for change in noted("catalog.product") for row in change.noted()] == [None]
    assert noted("catalog.variant")
    assert noted("catalog.price")


def test_a_change_that_no_page_shows_notes_nothing(product):
    product.external_id = "shopify:hills"
    product.save()  # changes updated_at as well
    Variant.objects.update(weight_grams=200)
    assert not Change.objects.exists()


def test_a_write_that_changes_nothing_notes_nothing(product):
    product.save()
    Product.objects.update(name=product.name)
    assert not Change.objects.exists()


def test_updates_in_bulk_and_by_raw_sql_are_noted(product):
    Product.objects.update(kind="Print")
    Product.objects.bulk_update([Product(pk=product.pk, kind="Poster")], ["kind"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET kind = 'Card'")
    assert [next(change.noted()).changed for change in noted("catalog.product")] == [{"kind"}] * 3


def test_a_bulk_create_is_noted_in_chunks():
    tax = make_tax_class()
    Product.objects.bulk_create(
        Product(name=f"No {n}", slug=f"no-{n}", tax_class=tax) for n in range(triggers.CHUNK + 5)
    )
    assert [len(change.rows) for change in noted("catalog.product")] == [triggers.CHUNK, 5]


def test_a_changed_primary_key_is_one_that_left_and_one_that_came(product):
    link = ProductLink.objects.create(product=product, other=make_product("Other"))
    Change.objects.all().delete()
    ProductLink.objects.filter(pk=link.pk).update(id=link.pk + 1_000_000)
    (change,) = noted("catalog.productlink")
    sides = {(row.before is None, row.after is None) for row in change.noted()}
    assert sides == {(True, False), (False, True)}


def test_truncate_notes_the_whole_model(product):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE catalog_review")
    (change,) = noted("catalog.review")
    assert change.is_whole


def test_a_rollback_takes_the_note_with_it(product):
    with transaction.atomic():
        Product.objects.update(kind="Print")
        transaction.set_rollback(True)
    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "is_noted"),
    [(100, 50, False), (4, 3, True), (3, 2, True), (3, 4, True), (1, 0, True), (0, 100, True), (5, 4, False)],
)
def test_stock_is_noted_only_at_its_threshold(before, after, is_noted):
    make_product(stock=before)
    Change.objects.all().delete()
    Stock.objects.update(on_hand=after)
    assert Change.objects.exists() is is_noted


def test_a_price_that_falls_to_its_sale_ends_the_sale(product):
    Price.objects.filter(currency="EUR").update(amount=38, sale_amount=30)
    Price.objects.filter(currency="EUR").update(amount=25)
    assert Price.objects.get(currency="EUR").sale_amount is None


def test_a_move_in_the_tree_notes_every_branch():
    walls, tables = make_category("Walls"), make_category("Tables")
    posters = make_category("Posters", parent=walls)
    make_category("Small", parent=posters)
    Change.objects.all().delete()
    posters.refresh_from_db()
    type(posters).objects.move(posters, tables, "first-child")
    moved = {row.after["slug"] for change in noted("catalog.category") for row in change.noted()}
    assert {"posters", "small"} <= moved
