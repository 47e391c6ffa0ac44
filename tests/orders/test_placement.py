"""place_order: everything is copied, in few statements, and all of it or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from catalog import stock
from catalog.models import Product, Stock, StockMovement, Variant
from catalog.stock import OutOfStock, rush
from orders.drafts import line_row, order_row
from orders.models import Order, OrderEvent, OrderLine
from orders.placement import place_order
from tests.factories import make_product, make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


def test_an_order_has_its_lines_its_event_and_its_stock(variant: Variant) -> None:
    other = make_product("A quiet hill").variants.get()
    placed = place_order(make_draft((variant, 2), (other, 1)))
    read = Order.objects.get(pk=placed.pk)
    assert [(line.name, line.quantity, line.total) for line in read.lines.all()] == [
        ("Two suns over Cadiz", 2, 20),
        ("A quiet hill", 1, 10),
    ]
    assert [event.kind for event in read.events.all()] == ["placed"]
    assert (read.subtotal, read.delivery, read.total, read.status) == (30, 5, 35, "placed")
    assert read.placed_at <= datetime.now(UTC)
    assert Stock.objects.get(variant=variant).reserved == 2
    assert StockMovement.objects.filter(reference=read.number).count() == 2
    assert all(
        getattr(read, field.attname) == getattr(placed, field.attname)
        for field in Order._meta.concrete_fields
        if field.name not in {"subtotal", "delivery", "total", "tax", "discount", "delivery_tax_rate"}
    )


def test_the_number_of_statements_does_not_grow_with_the_lines(
    variant: Variant, django_assert_num_queries: Any
) -> None:
    goods = [(make_product(f"Print {number}").variants.get(), 1) for number in range(6)]
    draft = make_draft((variant, 1), *goods)
    # The test's savepoint around the one.
    with django_assert_num_queries(3):
        place_order(draft)


def test_out_of_stock_leaves_nothing_behind(variant: Variant) -> None:
    scarce = make_product("Rare", stock=1).variants.get()
    with pytest.raises(OutOfStock) as refused:
        place_order(make_draft((variant, 1), (scarce, 2)))
    assert refused.value.variant_ids == (scarce.pk,)
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()
    assert not OrderEvent.objects.exists()
    assert not Stock.objects.exclude(reserved=0).exists()


def test_units_in_several_buckets_are_one_order(variant: Variant) -> None:
    Stock.objects.filter(pk=variant.pk).update(on_hand=20)
    rush.split(variant.pk)  # one or two in each bucket
    placed = place_order(make_draft((variant, 5)))
    assert Order.objects.get() == placed
    assert placed.lines.count() == placed.events.count() == 1
    assert [(move.reference, move.reserved_change) for move in StockMovement.objects.all()] == [
        (placed.number, 5)
    ]
    assert stock.free([variant.pk]) == {variant.pk: 15}


def test_all_but_the_models_defaults_is_copied() -> None:
    """A column that the draft has no value for has its default, or the database's word."""
    given = set(order_row(make_draft())) | {"placed_at", "reserved_until"}
    lacking = [column for column in Order._meta.concrete_fields if column.attname not in given]
    assert all(column.primary_key or column.has_default() or column.blank for column in lacking)
    line = {"id", "order_id", *line_row(make_draft((Variant(pk=1, product=Product()), 1)).lines[0])}
    assert line == {column.attname for column in OrderLine._meta.concrete_fields}


def test_one_placement_key_is_one_order_and_takes_its_stock_once(variant: Variant) -> None:
    draft = make_draft((variant, 2))
    assert place_order(draft) == place_order(draft)
    assert Order.objects.count() == 1
    assert Stock.objects.get(variant=variant).reserved == 2


def test_two_lines_of_the_same_variant_take_the_stock_of_both(variant: Variant) -> None:
    place_order(make_draft((variant, 2), (variant, 3)))
    assert Stock.objects.get(variant=variant).reserved == 5


def test_quotes_and_signs_in_names_are_copied_as_they_are(variant: Variant) -> None:
    variant.product.name = name = "“Größe” 'x'; -- \\ {\"a\": 1} %s 🂡"
    placed = place_order(make_draft((variant, 1), email="o'hara@example.com"))
    assert placed.lines.get().name == name
    assert Order.objects.get().email == "o'hara@example.com"


def test_registering_claims_the_order_this_browser_has_just_placed_and_no_other(
    client: Client, variant: Variant
) -> None:
    mine, older = (place_order(make_draft((variant, 1))) for _ in range(2))
    session = client.session
    session["placed_order"] = mine.pk
    session.save()
    client.post("/account/register/", {"email": mine.email, "name": "Ada", "password": "a few words"})
    mine.refresh_from_db()
    older.refresh_from_db()
    assert mine.customer is not None
    assert mine.customer.email == mine.email
    # The same address alone proves nothing until it is confirmed.
    assert older.customer is None


def test_a_customers_order_is_not_claimed_by_the_next_login(client: Client, variant: Variant) -> None:
    ada, eve = make_user(), make_user()
    placed = place_order(make_draft((variant, 1), customer_id=ada.pk))
    session = client.session
    session["placed_order"] = placed.pk
    session.save()
    client.force_login(eve)
    placed.refresh_from_db()
    assert placed.customer == ada


@pytest.mark.parametrize(
    ("email", "age", "is_theirs"),
    [
        ("ADA@example.com", timedelta(minutes=59), True),
        ("eve@example.com", timedelta(0), False),
        ("ada@example.com", timedelta(minutes=61), False),
    ],
)
def test_a_guests_order_is_claimed_while_fresh_by_its_own_address_only(
    client: Client, variant: Variant, email: str, age: timedelta, is_theirs: bool
) -> None:
    placed = place_order(make_draft((variant, 1)))
    Order.objects.update(placed_at=datetime.now(UTC) - age)
    session = client.session
    session["placed_order"] = placed.pk
    session.save()
    user = make_user(email)
    client.force_login(user)
    placed.refresh_from_db()
    assert placed.customer == (user if is_theirs else None)
    # Nor by the one after: the browser has forgotten it.
    assert "placed_order" not in client.session


def test_a_stranger_who_registers_in_that_browser_gets_no_order(client: Client, variant: Variant) -> None:
    placed = place_order(make_draft((variant, 1)))
    session = client.session
    session["placed_order"] = placed.pk
    session.save()
    client.post("/account/register/", {"email": "eve@example.com", "name": "Eve", "password": "a few words"})
    placed.refresh_from_db()
    assert placed.customer is None
    assert placed.number not in client.get("/account/orders/").content.decode()
