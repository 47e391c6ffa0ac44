"""The page that asks before an order is cancelled says one thing about its money, and where one is."""

import re

import pytest
from django.test import Client

from orders import gateways, payments
from orders.models import Order, Refund
from shop.outbox import drain
from tests.orders.test_admin import cancelling, page

pytestmark = pytest.mark.django_db
BY_HAND = "The money does not go back by itself"


def shown(client: Client, order: Order) -> str:
    return client.get(cancelling(order)).content.decode()


def test_money_that_goes_back_by_a_tick_is_not_said_to_need_a_hand(merchant: Client, order: Order) -> None:
    payments.begin(order, "pays")
    text = shown(merchant, order)
    assert "back at once, the way it came" in text
    assert BY_HAND not in text
    assert "Nothing was paid" not in text


def test_what_the_provider_cannot_send_back_needs_one(merchant: Client, order: Order) -> None:
    payments.begin(order, "pays")
    order.payments.update(reference=None)
    text = shown(merchant, order)
    assert BY_HAND in text
    assert 'name="refund"' not in text


def test_an_order_that_was_not_paid_says_so_and_no_more(merchant: Client, order: Order) -> None:
    text = shown(merchant, order)
    assert "Nothing was paid, so nothing is to be sent back." in text
    assert BY_HAND not in text
    assert 'name="refund"' not in text


def test_money_on_its_way_goes_back_by_itself_should_it_arrive(merchant: Client, order: Order) -> None:
    """The page that asks says so, and the order's page says how far that has come."""
    payment = payments.begin(order, "pending").payment
    text = shown(merchant, order)
    assert "Nothing was paid" not in text
    assert "a payment of €25.00 is on its way. Should it arrive, all of it goes back by itself." in text

    merchant.post(cancelling(order))
    text = merchant.get(page(order)).content.decode()
    assert "Nothing is paid yet" not in text
    assert "Nothing was paid for it\n€25.00 is on its way: should it arrive, it goes back by itself" in text

    came = gateways.get().arrive(payment.reference)  # type: ignore[attr-defined]
    payments.settle(payments.word(payment, came))
    came_to_nothing = "Nothing was paid for it\n€25.00 came and did not count: it "
    assert f"{came_to_nothing}is on its way back" in merchant.get(page(order)).content.decode()
    drain.drain("high")
    assert f"{came_to_nothing}has gone back" in merchant.get(page(order)).content.decode()
    Refund.objects.update(status=Refund.Status.FAILED)
    assert f"{came_to_nothing}waits to be sent back" in merchant.get(page(order)).content.decode()


@pytest.mark.parametrize(
    ("status", "told"), [("authorized", "The approval ends by itself."), ("held", "is held back.")]
)
def test_money_that_is_not_taken_or_not_decided_about_is_not_called_nothing(
    merchant: Client, order: Order, status: str, told: str
) -> None:
    payments.begin(order, "pending")
    order.payments.update(status=status)
    text = shown(merchant, order)
    assert "Nothing was paid" not in text
    assert told in text


def test_the_way_back_leads_over_the_order(merchant: Client, order: Order) -> None:
    crumbs = re.search(r'<div class="breadcrumbs">(.*?)</div>', shown(merchant, order), re.DOTALL)
    assert crumbs
    assert f'<a href="{page(order)}">{order.number}</a>' in crumbs[1]
