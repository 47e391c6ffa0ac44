"""A row that is written by a prepared statement is the row that save() would have written."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import Model
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from orders.models import Order, OrderEvent, Payment
from orders.placement import place_order
from shop import rows
from shop.outbox.models import Message
from tests.factories import make_product
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


MOMENTS = ("due_at", "first_due_at", "created_at")  # of the database's clock


def placed() -> Order:
    return place_order(make_draft((make_product("Suns").variants.get(), 1)))


def columns(row: Model, *less: str) -> dict[str, Any]:
    """As the database has them."""
    found = type(row)._default_manager.filter(pk=row.pk).values().get()
    return {name: value for name, value in found.items() if name not in {"id", *less}}


def test_an_inserted_row_is_the_one_that_save_writes() -> None:
    order = placed()
    payment = {"order": order, "gateway": "fake", "amount": order.total, "currency": order.currency}
    pairs: list[tuple[Model, Model, tuple[str, ...]]] = [
        (Message(job="orders.x", args=[1, "é", None]), Message(job="orders.x", args=[1, "é", None]), MOMENTS),
        (OrderEvent(order=order, kind="noted"), OrderEvent(order=order, kind="noted"), ("at",)),
        (
            Payment(idempotency_key="one", **payment),
            Payment(idempotency_key="two", **payment),
            ("idempotency_key", "created_at"),
        ),
    ]
    for one, other, less in pairs:
        rows.insert(one)
        other.save()
        assert one.pk
        assert not one._state.adding
        assert columns(one, *less) == columns(other, *less)
        assert vars(one).keys() == vars(other).keys()
    message = pairs[0][0]
    assert isinstance(message, Message)
    assert message.due_at <= message.created_at  # what the database says is on the object


def test_a_value_that_the_database_works_out_is_kept() -> None:
    message = Message(job="orders.x", due_at=Now() + timedelta(days=1))
    rows.insert(message)
    message.refresh_from_db()
    assert timedelta(hours=23) < message.due_at - message.created_at < timedelta(hours=25)


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    order = placed()
    order.status, order.note = Order.Status.CANCELLED, "not to be written"
    rows.update(order, ["status"])
    order.refresh_from_db()
    assert (order.status, order.note) == ("cancelled", "")


def test_to_update_what_is_gone_is_an_error() -> None:
    item = make_product("Suns")
    Product.objects.filter(pk=item.pk).delete()
    with pytest.raises(DatabaseError, match="is gone"):
        rows.update(item, ["name"])


def test_its_statement_is_planned_once_whatever_the_size_of_its_numbers() -> None:
    item = make_product("Suns")
    for item.popularity in (1, 40_000, 3_000_000):
        rows.update(item, ["popularity"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            ' WHERE statement LIKE \'UPDATE "catalog_product" SET "popularity"%\''
        )
        assert cursor.fetchall() == [(3,)]


def test_one_row_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as seen:
        rows.insert(Message(job="orders.x"))
    assert len(seen) == 1
