"""Carts that nobody can come back to are forgotten; all others stay, whoever is changing them just now."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from catalog.models import Variant
from checkout import cart as carts
from checkout import jobs, stale
from checkout.models import Cart, CartLine, PromotionUse
from orders.models import Order
from shop.outbox import rounds
from shop.outbox.models import Message
from tests.checkout.conftest import go_to_review, put
from tests.checkout.test_completion import order
from tests.checkout.test_reopening import declined, reopen
from tests.factories import make_user
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db


def make_cart(variant: Variant, *, days: float = 0, closed: float | None = None, **fields: Any) -> Cart:
    """One with a line, untouched for so many days."""
    number = Cart.objects.count()
    made = Cart.objects.create(token_hash=f"{number:064}", market="eu", **fields)
    CartLine.objects.create(cart=made, variant=variant, quantity=1)
    age(made, days, closed)
    return made


def age(cart: Cart, days: float, closed: float | None = None) -> None:
    at = None if closed is None else timezone.now() - timedelta(days=closed)
    Cart.objects.filter(pk=cart.pk).update(updated_at=Now() - timedelta(days=days), closed_at=at)


def test_a_guests_cart_lives_as_long_as_its_cookie(variant: Variant) -> None:
    kept, gone = make_cart(variant, days=90), make_cart(variant, days=91.1)
    assert stale.forget() == 1
    assert list(Cart.objects.all()) == [kept]
    assert not CartLine.objects.filter(cart=gone.pk).exists()
    assert stale.forget() == 0


def test_a_customer_finds_their_cart_again_for_a_year(variant: Variant) -> None:
    kept = make_cart(variant, days=360, user=make_user())
    make_cart(variant, days=366, user=make_user())
    assert stale.forget() == 1
    assert list(Cart.objects.all()) == [kept]


def test_the_cart_of_a_done_order_goes_and_the_order_keeps_all_it_has(
    client: Client, variant: Variant
) -> None:
    put(client, variant)
    order(client, go_to_review(client), "pays")
    placed, used = Order.objects.get(), PromotionUse.objects.count()
    cart = Cart.objects.get()
    age(cart, 29, closed=29)
    assert stale.forget() == 0
    age(cart, 31, closed=31)
    assert stale.forget() == 1
    assert placed.lines.count() == 1
    assert PromotionUse.objects.count() == used


def test_the_cart_of_an_order_that_waits_for_its_money_stays(client: Client, variant: Variant) -> None:
    placed = declined(client, variant)
    age(Cart.objects.get(), 300, closed=300)
    assert stale.forget() == 0
    assert reopen(client, placed) == "/cart/"
    assert Cart.objects.get().lines.count() == 1


def test_few_are_locked_at_a_time_and_a_night_ends(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "BATCH", 2)
    monkeypatch.setattr(jobs, "BATCHES", 2)
    for _ in range(5):
        make_cart(variant, days=100)
    jobs.forget_carts()
    assert Cart.objects.count() == 1
    again = Message.objects.get(job="checkout.forget_carts")
    assert again.due_at > timezone.now()
    jobs.forget_carts()
    assert not Cart.objects.exists()
    assert Message.objects.filter(job="checkout.forget_carts").count() == 1


def test_it_is_planned_once_for_the_night() -> None:
    for _ in range(2):
        rounds.go()
    (planned,) = Message.objects.filter(job="checkout.forget_carts")
    assert timezone.localtime(planned.due_at).time() == jobs.NIGHT
    assert planned.queue == "low"


def naively() -> Callable[[], int]:
    """The broken variant: which carts are stale is read first, and they are deleted by their ids."""
    ids = list(Cart.objects.filter(updated_at__lt=Now() - timedelta(days=91)).values_list("pk", flat=True))
    return lambda: Cart.objects.filter(pk__in=ids).delete()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_broken", [False, True], ids=["as it is", "broken variant"])
def test_a_cart_is_not_taken_from_under_its_buyers_hands(variant: Variant, is_broken: bool) -> None:
    cart = make_cart(variant, days=100)
    has_begun, may_end = Event(), Event()

    def come_back() -> None:
        try:
            with transaction.atomic():
                carts.add(cart, variant.pk, 1)
                has_begun.set()
                may_end.wait(20)
        finally:
            connection.close()

    buyer = Thread(target=come_back)
    buyer.start()
    assert has_begun.wait(20)
    if is_broken:
        forget = naively()
        may_end.set()
        buyer.join()
        assert forget()
    else:
        assert stale.forget() == 0  # and it waits for nobody
        may_end.set()
        buyer.join()
        assert stale.forget() == 0
    assert Cart.objects.filter(pk=cart.pk, lines__quantity=2).exists() is not is_broken


def test_the_desk_says_how_many_left_at_the_checkout(client: Client, variant: Variant) -> None:
    make_cart(variant, days=1, email="ada@example.com")
    make_cart(variant, days=1)
    make_cart(variant, days=0, email="bob@example.com")
    make_cart(variant, days=8, email="eve@example.com")
    make_cart(variant, days=1, closed=1, email="ada@example.com")
    client.force_login(member("Merchant"))
    assert "cart left at the checkout this week" in client.get("/admin/").content.decode().lower()
    assert client.get("/admin/checkout/cart/?state=left").context["cl"].result_count == 1
