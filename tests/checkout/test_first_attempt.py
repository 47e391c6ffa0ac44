"""The first attempt to pay is written with its order, in one statement, and counted before."""

import re
from copy import copy
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from redis import Redis

from catalog.models import Stock, StockMovement, Variant
from catalog.stock import rush
from checkout import completion, cookies
from checkout.models import Cart, CartLine
from orders import attempts, links, tries
from orders.gateways import GatewayDown
from orders.gateways.fake import FakeGateway
from orders.models import Order, Payment
from tests.checkout.conftest import go_to_review, put, sealed, together
from tests.factories import make_user
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db


def reviewed(variant: Variant, quantity: int = 1, **said: str) -> tuple[Client, dict[str, str]]:
    """A browser at its review, and the form there."""
    client = Client()
    put(client, variant, quantity)
    return client, {"digest": go_to_review(client), "payment": "pays", **said}


def click(client: Client, form: dict[str, str]) -> str:
    """Where one click of that form leads; each has a tab of its own."""
    tab = Client()
    tab.cookies = copy(client.cookies)
    return str(tab.post("/checkout/review/", form)["Location"])


def down(self: Any, **asked: Any) -> Any:
    raise GatewayDown


def test_it_is_there_before_the_gateway_is_asked(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    client, form = reviewed(variant)
    with monkeypatch.context() as patch:
        patch.setattr(FakeGateway, "create", down)
        there = click(client, form)
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (payment.order, payment.status, payment.reference, payment.choice) == (
        order,
        "begun",
        None,
        "pays",
    )
    assert payment.money == order.money("total")
    assert re.fullmatch(rf"[0-9a-f]{{12}}-order-{order.pk}-1", payment.idempotency_key)
    assert payment.confirming_until is None
    assert click(client, form) == there
    assert Payment.objects.get().status == "succeeded"


def test_a_card_is_known_to_be_on_its_way(variant: Variant, double: Double, settings: Any) -> None:
    client, form = reviewed(variant, payment="card", confirmation=double.token())
    double.fault("reset", "POST /v1/payment_intents$")
    click(client, form)
    payment = Payment.objects.get()
    assert payment.confirmation == attempts._digest(form["confirmation"])
    assert payment.confirming_until is not None
    seconds = (payment.confirming_until - payment.created_at).total_seconds()
    assert seconds == 3 * settings.PAYMENT_TIMEOUT_SECONDS
    click(client, form)
    assert [intent["status"] for intent in double.state["intents"]] == ["succeeded"]
    assert Payment.objects.get().status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_a_purchase_is_few_statements(variant: Variant, django_assert_max_num_queries: Any) -> None:
    """It was 50; each one more is a hundredth of what the shop sells a second."""
    click(*reviewed(variant))
    client, form = reviewed(variant)
    with django_assert_max_num_queries(27):
        click(client, form)
    assert Order.objects.filter(status="paid").count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_lies_in_several_buckets_is_bought_by_one_click(variant: Variant) -> None:
    Stock.objects.filter(pk=variant.pk).update(on_hand=20)
    rush.split(variant.pk)
    click(*reviewed(variant, 5))
    order = Order.objects.get()
    assert (order.status, order.payments.count(), order.lines.count()) == ("paid", 1, 1)
    assert [(move.reference, move.reserved_change) for move in StockMovement.objects.all()] == [
        (order.number, 5)
    ]


def standing(order: Order) -> list[str]:
    return [payment.status for payment in order.payments.order_by("pk")]


def test_who_has_tried_enough_has_an_order_that_nobody_is_asked_about(
    variant: Variant, settings: Any, client: Client
) -> None:
    settings.PAYMENTS_PER_HOUR = 1
    assert click(*reviewed(variant)).startswith("/order/")
    tab, form = reviewed(variant)
    page = tab.post("/checkout/review/", form, follow=True).content.decode()
    assert "Too many payments were tried from here. Your order is kept" in page
    assert "Your order waits for its payment" in page
    assert [standing(order) for order in Order.objects.order_by("pk")] == [["succeeded"], ["withdrawn"]]
    # The same click once more is no way around.
    click(tab, form)
    assert [standing(order) for order in Order.objects.order_by("pk")] == [["succeeded"], ["withdrawn"]]
    settings.PAYMENTS_PER_HOUR = 10
    later = Order.objects.latest("pk")
    tab.post(f"{reverse('orders:pay', args=[links.token(later)])}?attempt=2", {"payment": "pays"})
    assert standing(later) == ["withdrawn", "succeeded"]


def test_a_click_that_orders_nothing_uses_up_no_try(variant: Variant, settings: Any) -> None:
    settings.PAYMENTS_PER_HOUR = 1
    client, form = reviewed(variant)
    CartLine.objects.update(quantity=2)  # in another tab
    for _ in range(3):
        assert click(client, form).endswith("/checkout/review/")
    assert not Order.objects.exists()
    click(client, {**form, "digest": sealed(client)})
    assert Order.objects.get().status == "paid"


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_the_limits_edge_one_pays(
    variant: Variant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that came first to the shop comes second to the cart's lock."""
    settings.PAYMENTS_PER_HOUR = 1
    client, form = reviewed(variant)
    complete, begun = completion.complete, iter([True])

    def second_first(*args: Any, **more: Any) -> Any:
        if next(begun, False):
            together(1, lambda _number: click(client, form))
        return complete(*args, **more)

    monkeypatch.setattr(completion, "complete", second_first)
    click(client, form)
    assert standing(Order.objects.get()) == ["succeeded"]


def asked_of_two_clicks_each(variant: Variant, settings: Any) -> int:
    """How many attempts the gateway is asked for, of six orders and twelve clicks."""
    settings.PAYMENTS_PER_HOUR = 3
    before, declined = Order.objects.count(), Payment.objects.filter(status="declined")
    asked = declined.count()
    made = [reviewed(variant, payment="declines") for _ in range(6)]
    together(12, lambda number: click(*made[number // 2]))
    assert Order.objects.count() == Payment.objects.count() == before + 6
    return declined.count() - asked


@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_each_order_make_no_more_attempts_than_an_hour_has(
    variant: Variant, settings: Any
) -> None:
    # Fewer if both clicks of one order were counted.
    assert 1 <= asked_of_two_clicks_each(variant, settings) <= 3


@pytest.mark.django_db(transaction=True)
def test_broken_an_attempt_is_known_before_it_was_let_through(
    variant: Variant, settings: Any, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds it takes it for one that was counted, unless the other click is always quicker."""
    mark = tries._mark

    def known(*args: Any) -> str:
        name = mark(*args)
        if not isinstance(args[1], Payment):
            cache.set(name, 1, 60)
        return name

    monkeypatch.setattr(tries, "_mark", known)
    for _hour in range(6):
        redis.flushdb()
        if asked_of_two_clicks_each(variant, settings) > 3:
            return
    pytest.fail("no second click has found the first one's mark")


def test_a_click_whose_answer_was_lost_is_answered_alike_once_more(variant: Variant) -> None:
    client, form = reviewed(variant)
    lost = Client()
    lost.cookies = copy(client.cookies)
    pages = [
        browser.post("/checkout/review/", form, follow=True).content.decode() for browser in (lost, client)
    ]
    assert ["/account/register/?next=" in page for page in pages] == [True, True]
    assert client.session["placed_order"] == Order.objects.get().pk
    assert client.cookies[cookies.SIZE].value == lost.cookies[cookies.SIZE].value
    # Somebody else with the form's text has nothing of it.
    stranger = Client()
    stranger.post("/checkout/review/", form)
    assert "placed_order" not in stranger.session


def test_a_shared_computer_orders_no_accounts_cart(variant: Variant) -> None:
    client, form = reviewed(variant)
    Cart.objects.update(user=make_user("ada@example.com"))
    assert click(client, form).endswith("/checkout/review/")
    assert not Order.objects.exists()


def test_a_cart_whose_market_is_gone_is_not_ordered(variant: Variant) -> None:
    client, form = reviewed(variant)
    Cart.objects.update(market="xx")
    click(client, form)
    assert not Order.objects.exists()
