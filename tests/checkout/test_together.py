"""Many at once: what is sold is what there is, and one form is one order. Each with its broken variant."""

import os
from collections import Counter
from collections.abc import Callable
from copy import copy
from functools import partial
from random import Random
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from catalog import stock
from catalog.models import Method, Stock, Variant
from checkout import cart as carts
from checkout import completion, quote
from checkout.models import Cart, CartLine
from orders.models import Order, OrderEvent, OrderLine, Payment
from tests.checkout.conftest import ADDRESS, go_to_review, put, take_by, together
from tests.factories import make_delivery, make_product

pytestmark = pytest.mark.django_db(transaction=True)
EDITED = int(os.environ.get("EDITED_CARTS", "10"))


def ready_cart(number: int, *wanted: tuple[Variant, int], method: int) -> Cart:
    """A cart at its review."""
    cart = Cart.objects.create(token_hash=f"{number:064}", market="eu", method_id=method, **ADDRESS)
    for variant, quantity in wanted:
        CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)
    return cart


def complete(cart: Cart) -> Order:
    return completion.complete(cart, quote.of(cart).totals.digest).order


@pytest.mark.parametrize("quantity", [1, 2])
def test_twenty_buyers_of_five_units_get_exactly_five(quantity: int) -> None:
    method = make_delivery()
    variant = make_product(stock=5).variants.get()
    buyers = [ready_cart(number, (variant, quantity), method=method.pk) for number in range(20)]
    results = together(20, lambda number: complete(buyers[number]))
    placed = [result for result in results if isinstance(result, Order)]
    refused = (stock.OutOfStock, completion.CannotBeBought, completion.CartChanged)
    assert all(isinstance(result, (Order, *refused)) for result in results)
    assert len(placed) == Order.objects.count() == 5 // quantity
    row = Stock.objects.get(variant=variant)
    assert (
        row.reserved == sum(OrderLine.objects.values_list("quantity", flat=True)) == 5 // quantity * quantity
    )
    # Whoever was refused keeps an open cart, with everything in it.
    assert Cart.objects.filter(closed_at=None, lines__quantity=quantity).count() == 20 - len(placed)


def test_read_then_write_would_sell_more_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant of the one above: a CHECK is all that stands between it and the oversell."""

    both_have_read = Barrier(2, timeout=10)

    def naive(quantities: dict[int, int], **_more: object) -> None:
        for variant_id, quantity in quantities.items():
            row = Stock.objects.get(pk=variant_id)
            both_have_read.wait()
            if row.on_hand - row.reserved < quantity:
                raise stock.OutOfStock({variant_id: 0})
            row.reserved += quantity
            row.save()

    take_by(monkeypatch, naive)
    method = make_delivery()
    variant = make_product(stock=5).variants.get()
    buyers = [ready_cart(number, (variant, 1), method=method.pk) for number in range(2)]
    together(2, lambda number: complete(buyers[number]))
    assert Order.objects.count() > Stock.objects.get(variant=variant).reserved


def crossing() -> list[Exception]:
    """What went wrong when carts want the same goods in different orders."""
    method = make_delivery()
    goods = [make_product(stock=1000).variants.get() for _ in range(4)]
    ways = [goods, goods[::-1], goods[1:] + goods[:1], goods[2:] + goods[:2]]
    buyers = [
        ready_cart(number, *((variant, 1) for variant in ways[number % 4]), method=method.pk)
        for number in range(16)
    ]
    results = together(16, lambda number: complete(buyers[number]))
    return [result for result in results if isinstance(result, Exception)]


def test_carts_that_cross_never_wait_for_each_other_in_a_circle() -> None:
    assert crossing() == []


def test_locks_in_the_order_of_the_cart_would_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant: row by row, as the cart has them."""

    def slow(quantities: dict[int, int], **_more: object) -> None:
        for variant_id in quantities:
            Stock.objects.select_for_update().get(pk=variant_id)
            sleep(0.02)

    take_by(monkeypatch, slow)
    assert any(isinstance(error, OperationalError) for error in crossing())


def submit_together(client: Client, variant: Variant) -> Counter[str]:
    """How often the same review form, sent ten times at once, led where."""
    put(client, variant)
    form = {"digest": go_to_review(client), "payment": "pays"}

    def submit(_number: int) -> str:
        tab = Client()
        tab.cookies = copy(client.cookies)
        return tab.post("/checkout/review/", form)["Location"]

    return Counter(map(str, together(10, submit)))


def test_ten_clicks_at_once_are_one_order_one_payment_and_one_answer(
    client: Client, variant: Variant
) -> None:
    Stock.objects.filter(variant=variant).update(on_hand=1)
    answers = submit_together(client, variant)
    assert len(answers) == 1
    assert next(iter(answers)).startswith("/order/")
    assert Order.objects.count() == 1
    assert [payment.status for payment in Payment.objects.all()] == ["succeeded"]
    assert OrderEvent.objects.filter(kind="paid").count() == 1
    assert Stock.objects.get(variant=variant).reserved == 1


def test_an_order_looked_up_too_late_tells_the_other_clicks_something_else(
    client: Client, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: completion judges the stock before it looks whether there is an order."""
    monkeypatch.setattr("checkout.queries.placed_order", lambda key: None)
    Stock.objects.filter(variant=variant).update(on_hand=1)
    assert len(submit_together(client, variant)) > 1


def test_without_the_carts_lock_the_placement_key_still_keeps_it_to_one_order(
    variant: Variant, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The net below: unlocked, all ten pass the look-up, and the constraint decides."""
    monkeypatch.setattr(carts, "lock", lambda cart: Cart.objects.get(pk=cart.pk))
    cart = ready_cart(1, (variant, 1), method=method.pk)
    results = together(10, lambda _number: complete(cart))
    assert {result.pk for result in results if isinstance(result, Order)} == set(
        Order.objects.values_list("pk", flat=True)
    )
    assert Order.objects.count() == 1
    assert Stock.objects.get(variant=variant).reserved == 1


def edited_while_ordered(variant: Variant, method: Method) -> Counter[str]:
    """A cart is ordered and edited at one moment, EDITED_CARTS times; how often it ended how."""
    chance, ended = Random(3), Counter[str]()
    for number in range(EDITED):
        cart = ready_cart(number, (variant, 1), method=method.pk)
        digest = quote.of(cart).totals.digest
        ways: list[Callable[[], object]] = [
            lambda cart=cart, digest=digest: completion.complete(cart, digest).order,
            partial(carts.add, cart, variant.pk, 1),
        ]
        pauses = [chance.uniform(0, 0.01) for _ in ways]
        Stock.objects.filter(variant=variant).update(on_hand=1000)

        def go(index: int, ways: Any = ways, pauses: Any = pauses) -> object:
            sleep(pauses[index])
            return ways[index]()

        ordered, edited = together(2, go)
        pieces = cart.lines.get().quantity
        if isinstance(ordered, Order):
            is_right = ordered.lines.get().quantity == pieces == 1 and isinstance(edited, carts.CartClosed)
            ended["ordered" if is_right else "both"] += 1
        else:
            is_right = isinstance(ordered, completion.CartChanged) and pieces == 2
            ended["edited" if is_right else repr(ordered)] += 1
    return ended


def test_a_cart_edited_while_it_is_ordered_is_charged_as_ordered_or_refused(
    variant: Variant, method: Method
) -> None:
    ended = edited_while_ordered(variant, method)
    assert set(ended) <= {"ordered", "edited"}
    assert Order.objects.count() == Cart.objects.exclude(closed_at=None).count() == ended["ordered"]
    assert EDITED < 100 or len(ended) == 2


def test_broken_without_the_carts_lock_it_is_ordered_and_edited(
    variant: Variant, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: whoever orders looks at the cart, and an edit comes in between."""

    def unlocked(cart: Cart) -> Cart:
        found = Cart.objects.get(pk=cart.pk)
        sleep(0.01)
        return found

    monkeypatch.setattr(carts, "lock", unlocked)
    assert edited_while_ordered(variant, method)["both"]


def test_a_click_of_a_round_that_is_over_by_then_orders_nothing(variant: Variant, method: Method) -> None:
    """It looked before another tab took the order back: the cart is open again, and holds the same."""
    cart = ready_cart(1, (variant, 1), method=method.pk)
    digest = quote.of(cart).totals.digest
    Cart.objects.filter(pk=cart.pk).update(round=2)
    with pytest.raises(carts.CartClosed):
        completion.complete(cart, digest)
    assert not Order.objects.exists()
    again = Cart.objects.get(pk=cart.pk)
    assert completion.complete(again, digest).order.placement_key == f"cart-{cart.pk}-2"
    # Nor is it given the order of another round, which it could pay with the card of its form.
    with pytest.raises(carts.CartClosed):
        completion.complete(cart, digest)
