"""What was shipped before there were shipments keeps its code, who sent it and when."""

from importlib import import_module

import pytest
from django.db import connection

from orders import payments, progress, shipments, states
from orders.models import Order, Shipment
from orders.shipments import MoreThanLeft
from tests.factories import make_user

pytestmark = pytest.mark.django_db
before = import_module("orders.migrations.0013_shipments_of_before")


@pytest.fixture(autouse=True)
def _column(db: None) -> None:
    """As it was then; before any row is written, which a table that changes does not like."""
    run("ALTER TABLE orders_order ADD COLUMN tracking_code varchar(120) NOT NULL DEFAULT ''")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def write_code(order: Order) -> None:
    """As the release of then did it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET tracking_code = 'JD01' WHERE id = %s", [order.pk])


def test_an_order_that_was_shipped_has_one_parcel_with_all_of_it(order: Order) -> None:
    merchant = make_user()
    payments.begin(order, "pays")
    states.move(order, "shipped", actor_id=merchant.pk)
    Shipment.objects.all().delete()
    write_code(order)
    for _ in range(2):
        run(before.SHIPPED)
        run(before.CODES)
    parcel = order.shipments.get()
    order.refresh_from_db()
    assert (parcel.number, parcel.carrier, parcel.tracking_code) == (1, "DHL", "JD01")
    assert (parcel.actor, parcel.shipped_at, order.note) == (merchant, order.shipped_at, "")
    assert progress.of(order).left == {}


def test_a_code_that_waited_for_its_parcel_is_kept_among_the_notes(order: Order) -> None:
    payments.begin(order, "pays")
    write_code(order)
    run(before.SHIPPED)
    run(before.CODES)
    order.refresh_from_db()
    assert order.note == "Tracking code: JD01"
    assert not order.shipments.exists()
    shipments.ship(order)
    with pytest.raises((MoreThanLeft, states.WrongMove)):
        shipments.ship(order)


def test_money_that_was_held_before_says_what_came(order: Order) -> None:
    payment = payments.begin(order, "waits").payment
    for reason, amount in (("24.00 EUR", 24), ("of another account", 25)):
        order.payments.update(status="held", reason=reason, amount=25, held_as="")
        run(before.HELD)
        payment.refresh_from_db()
        assert payment.amount == amount
