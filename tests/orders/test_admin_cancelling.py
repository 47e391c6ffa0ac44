"""The page that asks before an order is cancelled says one thing about its money, and where one is."""

import re

import pytest
from django.test import Client

from orders import payments
from orders.models import Order
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


def test_the_way_back_leads_over_the_order(merchant: Client, order: Order) -> None:
    crumbs = re.search(r'<div class="breadcrumbs">(.*?)</div>', shown(merchant, order), re.DOTALL)
    assert crumbs
    assert f'<a href="{page(order)}">{order.number}</a>' in crumbs[1]
