"""The steps of an order's page: what is so looks so, and what is to come looks to come."""

import pytest
from django.test import Client

from orders import links, queries, shipments, states
from orders.models import Order

pytestmark = pytest.mark.django_db


def followed(order: Order, status: str | None = None) -> list[tuple[str, str]]:
    """The steps of its page, and how each of them looks."""
    if status is not None:
        states.move(order, status)
    order = Order.objects.get(pk=order.pk)
    return [(step["label"], step["state"]) for step in queries.order_page(order)["steps"]]


def test_what_looks_present_on_its_way_is_so_and_what_is_to_come_looks_to_come(order: Order) -> None:
    coming = [("Packed", "todo"), ("On its way", "todo"), ("Delivered", "todo")]
    assert followed(order) == [("Ordered", "done"), ("Payment", "current"), *coming]
    assert followed(order, Order.Status.PAID) == [("Ordered", "done"), ("Paid", "current"), *coming]
    began = [("Ordered", "done"), ("Paid", "done")]
    shipments.ship(order, {order.lines.get().pk: 1})
    assert followed(order) == [*began, ("Partly on its way", "current"), ("Delivered", "todo")]
    shipments.ship(order)
    sent = [*began, ("Packed", "done")]
    assert followed(order) == [*sent, ("On its way", "current"), ("Delivered", "todo")]
    arrived = [*sent, ("On its way", "done"), ("Delivered", "current")]
    assert followed(order, Order.Status.DELIVERED) == arrived


def test_a_payment_that_nobody_has_begun_is_told_as_not_there_yet(client: Client, order: Order) -> None:
    page = client.get(links.path(order)).content.decode()
    step = page[page.index("timeline__step--current") :].partition("</li>")[0]
    assert "Payment" in step
    assert "not yet" in step
