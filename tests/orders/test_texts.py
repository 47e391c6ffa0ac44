"""SMS and push about an order: where it is switched on, to who can be reached so, once, none in the log."""

import logging
from typing import Any, ClassVar

import pytest

from catalog.models import Variant
from orders import jobs, links, states
from orders.models import Order
from orders.placement import place_order
from shop import channels
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


class Phone:
    """Where the messages of this test arrive."""

    messages: ClassVar[list[tuple[str, str, str]]] = []
    is_away: ClassVar[bool] = False

    def send(self, to: str, text: str, *, key: str) -> None:
        if Phone.is_away:
            raise ConnectionError
        Phone.messages.append((to, text, key))


@pytest.fixture(autouse=True)
def _phone(settings: Any) -> None:
    settings.SMS_BACKEND, settings.SMS_ORDER_STATES = f"{__name__}.Phone", ["shipped", "delivered"]
    Phone.messages.clear()
    Phone.is_away = False


def placed(variant: Variant, phone: str = "+49 (0)30 12-34 56") -> Order:
    draft = make_draft((variant, 1))
    order = place_order(make_draft((variant, 1), address={**draft.address, "phone": phone}))
    return states.move(order, Order.Status.PAID)


def test_it_says_once_that_it_is_on_its_way_and_once_that_it_is_there(variant: Variant) -> None:
    order = placed(variant)
    states.move(order, Order.Status.SHIPPED)
    drain.drain("normal")
    for _ in range(2):
        jobs.text_shipped(order.pk)
    ((to, text, key),) = Phone.messages
    assert to == "+49030123456"
    assert (order.number in text, links.path(order) in text) == (True, True)
    assert key == f"order-{order.pk}-shipped"
    states.move(order, Order.Status.DELIVERED)
    drain.drain("normal")
    assert len(Phone.messages) == 2
    assert order.events.filter(kind__endswith="_text").count() == 2


@pytest.mark.parametrize(
    ("phone", "states_told"), [("", ["shipped"]), ("call me", ["shipped"]), ("+4930123456", [])]
)
def test_nobody_is_told_who_left_no_number_or_where_it_is_off(
    variant: Variant, settings: Any, phone: str, states_told: list[str]
) -> None:
    settings.SMS_ORDER_STATES = states_told
    states.move(placed(variant, phone), Order.Status.SHIPPED)
    assert not Message.objects.filter(job__startswith="orders.text").exists()


def test_a_provider_that_is_away_is_asked_again(variant: Variant) -> None:
    order = placed(variant)
    states.move(order, Order.Status.SHIPPED)
    Phone.is_away = True
    drain.drain("normal")
    message = Message.objects.get(job="orders.text_shipped")
    assert message.done_at is None
    Phone.is_away = False
    drain.run(message)
    assert len(Phone.messages) == 1


def test_a_customer_with_an_account_hears_it_by_push_once(variant: Variant, settings: Any) -> None:
    settings.PUSH_BACKEND, settings.PUSH_ORDER_STATES = f"{__name__}.Phone", ["shipped"]
    guest, order = placed(variant, ""), placed(variant, "")
    Order.objects.filter(pk=order.pk).update(customer=make_user())
    order.refresh_from_db()
    for one in (guest, order):
        states.move(one, Order.Status.SHIPPED)
    drain.drain("normal")
    jobs.push_shipped(order.pk)
    ((to, text, key),) = Phone.messages
    assert (to, key) == (f"customer-{order.customer_id}", f"order-{order.pk}-shipped")
    assert links.path(order) in text
    states.move(order, Order.Status.DELIVERED)
    drain.drain("normal")
    assert len(Phone.messages) == 1
    assert order.events.filter(kind="shipped_push").exists()


def test_late_words_are_not_said(variant: Variant) -> None:
    order = placed(variant)
    states.move(order, Order.Status.SHIPPED)
    states.move(order, Order.Status.DELIVERED)
    jobs.text_shipped(order.pk)
    assert Phone.messages == []


def test_the_log_holds_nobodys_number_and_no_link(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.SMS_BACKEND = settings.PUSH_BACKEND = "shop.channels.Log"
    settings.DEBUG = settings.DEMO = False
    with caplog.at_level(logging.INFO):
        for channel in (channels.sms(), channels.push()):
            channel.send("+4930123456", "see https://shop.example/o/1.secret", key="order-1-shipped")
    assert "order-1-shipped" in caplog.text
    assert "30123" not in caplog.text
    assert "secret" not in caplog.text
