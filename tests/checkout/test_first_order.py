"""A promotion for first orders is had once by a customer, whoever comes at once, and never after an order."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from checkout import completion, customers, promotions, quote, vouchers
from checkout.models import Cart, Promotion
from checkout.promotions import Reason
from orders import buyers, states
from orders.models import Order
from orders.placement import Placed
from shop.money import Money
from tests.checkout.conftest import together
from tests.checkout.promoting import make_promotion, make_voucher
from tests.checkout.test_promotions import eur, line, rule
from tests.checkout.test_voucher_limits import buyers as carts_of
from tests.factories import make_user
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8


def carts(number: int, email: str = "ada@example.test") -> list[Cart]:
    """So many carts of one guest, without a code."""
    return carts_of(number, email=email, voucher_code="")


def order(cart: Cart, customer_id: int | None = None) -> Order:
    return completion.complete(cart, quote.of(cart).totals.digest, customer_id=customer_id).order


def off(cart: Cart) -> Money:
    return quote.of(cart).totals.discount


def test_the_engine_gives_it_to_first_orders_only() -> None:
    first = rule(is_for_first_order=True)
    plain = replace(rule(id=2), priority=20)
    given = promotions.apply([line("a", "10.00")], [first, plain], currency="EUR")
    assert given.off["a"] == eur("1.90")
    later = promotions.apply([line("a", "10.00")], [first, plain], currency="EUR", is_first_order=False)
    assert later.off["a"] == eur("1.00")
    assert [(one.rule.id, one.reason) for one in later.refused] == [(1, Reason.FIRST)]


def test_the_second_order_of_a_mailbox_has_none_and_one_that_was_called_off_is_no_first() -> None:
    make_promotion("Welcome", is_for_first_order=True)
    first, second = carts(2)
    second.email = "ADA+shop@Example.test"
    second.save()
    assert off(first) == off(second) == eur("3.80")
    placed = order(first)
    assert off(second) == eur("0")
    assert placed.discount == eur("3.80").amount
    states.move(placed, Order.Status.CANCELLED)
    assert off(second) == eur("3.80")


def test_an_account_is_known_whatever_address_its_orders_went_to() -> None:
    make_promotion("Welcome", is_for_first_order=True)
    ada = make_user()
    first, second = carts_of(2, voucher_code="")
    order(first, customer_id=ada.pk)
    assert off(second) == eur("3.80")
    second.user = ada
    assert off(second) == eur("0")


def test_a_code_for_first_orders_says_why_it_is_none() -> None:
    promotion = make_promotion("Welcome", is_for_first_order=True, needs_code=True)
    make_voucher("HELLO", promotion=promotion)
    first, second = carts(2)
    order(first)
    shown = vouchers.put(second, "hello")
    assert (shown.problem, shown.is_over) == (
        "This code is for a first order, and you have ordered here before.",
        True,
    )
    second.refresh_from_db()
    assert second.voucher_code == ""


def at_once(number: int = AT_ONCE) -> Counter[str]:
    """What became of orders of one customer at once, each with what it had reviewed."""
    made = carts(number)
    digests = [quote.of(cart).totals.digest for cart in made]
    results = together(number, lambda index: completion.complete(made[index], digests[index]))
    return Counter("ordered" if isinstance(one, Placed) else type(one).__name__ for one in results)


def test_one_customer_at_once_in_many_browsers_has_it_once() -> None:
    make_promotion("Welcome", is_for_first_order=True)
    became = at_once()
    assert became["ordered"] == 1
    assert set(became) <= {"ordered", "NotTheFirst", "CartChanged"}
    assert Order.objects.filter(discount__gt=0).count() == Order.objects.count() == 1
    # Whoever was refused keeps an open cart, which costs from now on what it costs.
    assert {off(cart) for cart in Cart.objects.filter(closed_at=None)} == {eur("0")}


@pytest.mark.parametrize("broken", ["unheld", "unasked"])
def test_without_the_lock_or_without_the_second_look_it_would_be_had_many_times(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variants."""
    make_promotion("Welcome", is_for_first_order=True)
    judge, two = vouchers._first_only, Barrier(2)

    def judged(*args: Any) -> None:
        if broken == "unheld":
            judge(*args)
        with suppress(BrokenBarrierError):
            two.wait(2)  # before either is there for the other to see

    monkeypatch.setattr(vouchers, "_HOLD_CUSTOMER", "SELECT %s::text[]")
    monkeypatch.setattr(vouchers, "_first_only", judged)
    assert at_once()["ordered"] > 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Ada@Example.test", "ada@example.test"),
        ("ada+spring+2@example.test", "ada@example.test"),
        ("a.da@googlemail.com", "ada+x@gmail.com"),
        ("+x@example.test", "+y@example.test"),
        ("a.da@example.test", "ada@example.test"),
        ("a.da@mygmail.com", "ada@mygmail.com"),
    ],
)
def test_the_database_folds_addresses_as_vouchers_do(one: str, other: str) -> None:
    (cart,) = carts(1)
    placed = order(cart)
    Order.objects.filter(pk=placed.pk).update(email=one)
    assert buyers.has_ordered(None, other) == (customers.mailbox(one) == customers.mailbox(other))
    assert buyers.has_ordered(None, one)
    assert not buyers.has_ordered(None, "")


def test_who_has_ordered_is_found_by_an_index() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # A bitmap is made of an index that the condition fits, whatever a table without rows would cost.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        found = buyers.orders_of(None, "ada@example.test").explain()
    assert "order_mailbox" in found


def test_a_cart_without_such_a_promotion_asks_for_no_orders() -> None:
    make_promotion("Summer")
    make_promotion("Over", is_for_first_order=True, ends_at=timezone.now() - timedelta(days=1))
    (cart,) = carts(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buyers, "has_ordered", None)
        assert off(cart) == eur("3.80")


def test_the_desk_asks_for_it(client: Client) -> None:
    client.force_login(member("Merchant"))
    promotion = make_promotion("Welcome")
    page = client.get(f"/admin/checkout/promotion/{promotion.pk}/change/").content.decode()
    assert "Only for a customer’s first order" in page or "nly for a customer&#x27;s first order" in page
    form = {"name": "Welcome", "kind": "percent", "percent": "10", "scope": "all", "priority": "10"}
    rows = {"stacking": "together", "amounts-TOTAL_FORMS": 0, "amounts-INITIAL_FORMS": 0}
    answer = client.post(
        f"/admin/checkout/promotion/{promotion.pk}/change/",
        {**form, **rows, "is_active": "on", "is_for_first_order": "on"},
    )
    assert answer.status_code == 302
    assert Promotion.objects.get().is_for_first_order
