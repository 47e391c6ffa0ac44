"""An order that is not paid yet: until when it waits, and what can be done with it."""

import pytest
from django.core import mail
from django.test import Client

from orders import attempts, emails, links, payments
from orders.models import Order
from shop.jinja.words import moment

pytestmark = pytest.mark.django_db


def test_until_when_it_waits_for_its_payment_is_told_by_page_and_mail(client: Client, order: Order) -> None:
    payments.begin(order, "declines")
    order.refresh_from_db()
    assert order.reserved_until is not None
    until = moment(order.reserved_until)
    told = f"Your things are kept for you until {until}"
    assert told.replace("Y", "y", 1) in client.get(links.path(order)).content.decode()
    emails.payment(order)
    assert f"{told}, and we pack them" in mail.outbox[-1].body
    assert f"{told}." in str(mail.outbox[-1].alternatives[0][0])


def test_who_was_declined_five_times_can_still_change_the_order(client: Client, order: Order) -> None:
    for _ in range(attempts.MOST_ATTEMPTS):
        payments.begin(order, "declines")
    page = client.get(links.path(order)).content.decode()
    assert "last try here" in page
    assert "Change the order" in page
    client.post("/cart/reopen/", {"order": links.token(order)})
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert "Change the order" not in client.get(links.path(order)).content.decode()
