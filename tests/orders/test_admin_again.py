"""A mail that somebody lost is sent again from the order's page, and its timeline says so."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders import jobs, mailing, payments, shipments, states
from orders.models import Order
from shop.outbox import drain
from tests.factories import make_user
from tests.orders.conftest import member
from tests.orders.test_admin import page
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def helper(client: Client) -> Client:
    return member(client, "Support")


@pytest.fixture
def paid(order: Order) -> Order:
    """Its confirmation has gone, with the invoice."""
    payments.begin(order, "pays")
    drain.drain("normal")
    mail.outbox.clear()
    order.refresh_from_db()
    return order


def asking(order: Order) -> str:
    return reverse("admin:orders_order_again", args=[order.pk])


def test_what_has_been_sent_can_be_sent_again(order: Order) -> None:
    assert mailing.repeatable(order) == []
    payments.begin(order, "pays")
    assert mailing.repeatable(order) == []  # it is about to go for the first time
    drain.drain("normal")
    line = order.lines.get()
    shipments.ship(order, {line.pk: 1})
    shipments.ship(order, {line.pk: 1})
    order = Order.objects.get()
    assert mailing.repeatable(order) == ["confirmation", "invoice", "shipped:1", "shipped:2"]
    states.move(order, Status.DELIVERED)
    assert mailing.repeatable(Order.objects.get()) == ["confirmation", "invoice"]


@pytest.mark.parametrize("name", ["confirmation", "invoice"])
def test_it_goes_to_the_orders_address_with_the_invoice(helper: Client, paid: Order, name: str) -> None:
    assert asking(paid) in helper.get(page(paid)).content.decode()
    assert "ada@example.com" in helper.get(asking(paid)).content.decode()
    assert said(helper, asking(paid), {"mail": name}) == ["Mail sent again"]
    drain.drain("normal")
    (sent,) = mail.outbox
    assert (sent.to, len(sent.attachments)) == (["ada@example.com"], 1)
    wish = paid.events.get(kind=f"mail_again:{name}")
    assert wish.actor is not None
    text = helper.get(page(paid)).content.decode()
    assert "Mail to be sent again: " in text
    assert "Mail sent again" in text
    jobs.send_again(wish.pk)
    assert len(mail.outbox) == 1


def test_a_parcels_mail_tells_of_that_parcel(helper: Client, paid: Order) -> None:
    line = paid.lines.get()
    shipments.ship(paid, {line.pk: 1}, tracking_code="JD01")
    shipments.ship(paid, {line.pk: 1}, tracking_code="JD02")
    drain.drain("normal")
    first = next(sent for sent in mail.outbox if "JD01" in sent.body)
    mail.outbox.clear()
    said(helper, asking(paid), {"mail": "shipped:1"})
    drain.drain("normal")
    (sent,) = mail.outbox
    assert "JD01" in sent.body
    # With the Message-ID of the first one, mail programs would not show it.
    assert sent.extra_headers["Message-ID"] != first.extra_headers["Message-ID"]


def test_pressed_twice_it_goes_once(helper: Client, paid: Order) -> None:
    said(helper, asking(paid), {"mail": "confirmation"})
    assert "once is enough" in said(helper, asking(paid), {"mail": "confirmation"})[0]
    drain.drain("normal")
    assert len(mail.outbox) == 1
    paid.events.filter(kind="mail_again:confirmation").update(at=timezone.now() - timedelta(minutes=2))
    assert said(helper, asking(paid), {"mail": "confirmation"}) == ["Mail sent again"]


@pytest.mark.parametrize("name", ["", "shipped:1", "cancelled", "shipped:x"])
def test_what_was_never_sent_is_not_sent_again(helper: Client, paid: Order, name: str) -> None:
    answer = helper.post(asking(paid), {"mail": name})
    assert answer.status_code == 200
    assert "Choose" in answer.content.decode()
    assert not paid.events.filter(kind__startswith="mail_again").exists()


def test_of_an_order_that_was_cancelled_meanwhile_nothing_goes(helper: Client, paid: Order) -> None:
    said(helper, asking(paid), {"mail": "confirmation"})
    states.move(paid, Status.CANCELLED, is_told=False)
    drain.drain("normal")
    assert mail.outbox == []
    assert "no mail has been sent" in said(helper, asking(paid), {"mail": "confirmation"})[0]


def test_who_may_only_look_sends_nothing(client: Client, paid: Order) -> None:
    user = make_user(is_staff=True)
    user.user_permissions.add(*Group.objects.get(name="Support").permissions.filter(codename="view_order"))
    client.force_login(user)
    assert asking(paid) not in client.get(page(paid)).content.decode()
    assert client.post(asking(paid), {"mail": "confirmation"}).status_code == 403
