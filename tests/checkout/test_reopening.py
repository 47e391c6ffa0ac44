"""An order that waits for its payment can be changed: it is withdrawn, and its cart is open again."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.core import mail
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from catalog import delivery
from catalog.models import Method, Product, Stock, Variant
from checkout import cart as carts
from checkout.models import Cart
from orders import links, payments
from orders.models import Order
from shop import markets
from shop.jinja import words
from shop.money import Money
from shop.outbox import drain
from tests.checkout.conftest import go_to_review, put, sealed, together
from tests.checkout.promoting import enter, make_voucher
from tests.checkout.test_completion import order
from tests.factories import make_delivery, make_user

Status = Order.Status


def declined(client: Client, variant: Variant, quantity: int = 1) -> Order:
    """An order that was placed, and not paid."""
    put(client, variant, quantity)
    order(client, go_to_review(client), "declines")
    return Order.objects.latest("pk")


def reopen(client: Client, placed: Order) -> str:
    answer = client.post("/cart/reopen/", {"order": links.token(placed)})
    assert answer.status_code == 302
    return answer["Location"]


def told(client: Client, path: str) -> str:
    """The words of a page."""
    return " ".join(unescape(strip_tags(client.get(path).content.decode())).split())


@pytest.mark.django_db(transaction=True)
def test_everything_is_in_the_cart_again_and_the_next_order_is_another(
    client: Client, variant: Variant
) -> None:
    first = declined(client, variant, 2)
    assert "Change the order" in told(client, links.path(first))
    assert reopen(client, first) == "/cart/"
    assert f"Order {first.number} is withdrawn" in told(client, "/cart/")
    first.refresh_from_db()
    assert first.status == Status.CANCELLED
    assert Stock.objects.get(variant=variant).reserved == 0
    cart = Cart.objects.get()
    assert (cart.round, cart.closed_at, cart.city) == (2, None, "Berlin")
    assert [(line.variant_id, line.quantity) for line in cart.lines.all()] == [(variant.pk, 2)]
    path = order(client, sealed(client))  # address and delivery are as they were
    second = Order.objects.latest("pk")
    assert second.pk != first.pk
    assert path == links.path(second)
    assert second.status == Status.PAID
    assert Stock.objects.get(variant=variant).reserved == 2
    for queue in ("high", "normal"):
        drain.drain(queue)
    assert not [message for message in mail.outbox if "cancelled" in message.subject.lower()]


@pytest.mark.parametrize("payment", ["pays", "pending"])
def test_what_is_paid_or_being_paid_stays_as_it_is(client: Client, variant: Variant, payment: str) -> None:
    put(client, variant)
    order(client, go_to_review(client), payment)
    placed = Order.objects.get()
    assert "Change the order" not in told(client, links.path(placed))
    assert reopen(client, placed) == links.path(placed)
    assert "can no longer be changed" in told(client, links.path(placed))
    placed.refresh_from_db()
    assert placed.status != Status.CANCELLED
    assert Cart.objects.exclude(closed_at=None).get().round == 1


def test_a_second_click_changes_nothing_more(client: Client, variant: Variant) -> None:
    placed = declined(client, variant)
    reopen(client, placed)
    assert reopen(client, placed) == links.path(placed)
    assert Cart.objects.get().round == 2


def test_what_was_put_into_another_cart_since_joins_it(
    client: Client, suns: Product, variant: Variant
) -> None:
    placed = declined(client, variant)
    other = suns.variants.get(position=1)
    put(client, other, 3)
    reopen(client, placed)
    cart = Cart.objects.get()
    assert {(line.variant_id, line.quantity) for line in cart.lines.all()} == {(variant.pk, 1), (other.pk, 3)}
    assert client.cookies["cart_size"].value == "4"


def test_the_cart_of_an_account_stays_its_own(client: Client, suns: Product, variant: Variant) -> None:
    ada = make_user()
    client.force_login(ada)
    placed = declined(client, variant)
    put(client, suns.variants.get(position=1))
    reopen(client, placed)
    assert Cart.objects.get().user == ada
    assert Cart.objects.get().lines.count() == 2


def test_without_its_cart_the_goods_come_into_another_one(client: Client, variant: Variant) -> None:
    placed = declined(client, variant, 2)
    Cart.objects.all().delete()
    assert reopen(client, placed) == "/cart/"
    assert Cart.objects.get().lines.get().quantity == 2
    placed.refresh_from_db()
    assert placed.status == Status.CANCELLED


@pytest.mark.django_db
def test_a_link_that_is_not_ours_is_not_found(client: Client) -> None:
    assert client.post("/cart/reopen/", {"order": "forged"}).status_code == 404


def test_who_holds_the_last_ones_reads_where_they_are(client: Client, variant: Variant) -> None:
    """Others read that it is sold out."""
    Stock.objects.filter(variant=variant).update(on_hand=1)
    placed = declined(client, variant)
    put(client, variant)
    page = client.get("/cart/").content.decode()
    assert "is kept for you, in your order" in page
    assert re.search(rf'<a href="{re.escape(links.path(placed))}">{placed.number}</a>', page)
    stranger = Client()
    put(stranger, variant)
    assert "is sold out in that choice" in told(stranger, "/cart/")


@pytest.mark.django_db(transaction=True)
def test_paid_and_changed_at_once_is_one_or_the_other(variant: Variant) -> None:
    for _round in range(5):
        buyer = Client()
        placed = declined(buyer, variant)

        def act(index: int, placed: Order = placed, buyer: Client = buyer) -> object:
            return reopen(buyer, placed) if index else payments.begin(placed, "pays")

        together(2, act)
        placed.refresh_from_db()
        succeeded = placed.payments.filter(status="succeeded").count()
        assert placed.status in {Status.PAID, Status.CANCELLED}
        assert succeeded == (placed.status == Status.PAID)
        surplus = placed.payments.filter(status="surplus")
        assert all(payment.refunds.exists() for payment in surplus)


def test_a_voucher_of_one_use_is_there_again_at_once(client: Client, variant: Variant) -> None:
    make_voucher("ONCE", limit=1)
    put(client, variant)
    enter(client, "ONCE")
    order(client, go_to_review(client), "declines")
    reopen(client, Order.objects.get())
    assert "used up" not in told(client, "/cart/")
    order(client, sealed(client))
    assert [placed.discounts[0]["code"] for placed in Order.objects.order_by("pk")] == ["ONCE", "ONCE"]


def test_its_days_are_those_of_its_own_country(client: Client, variant: Variant) -> None:
    """The way to Austria takes two weeks; the market's promise is one to Germany."""
    slow = make_delivery(["AT"])
    Method.objects.filter(pk=slow.pk).update(min_days=12, max_days=14)
    delivery.keep()
    put(client, variant)
    assert days_of("DE") in told(client, "/cart/")
    form = {"postcode": "1010", "city": "Wien", "country": "AT"}
    order(client, go_to_review(client, **form), "declines")
    assert reopen(client, Order.objects.get()) == "/cart/"
    page = told(client, "/cart/")
    assert f"{days_of('AT')} to Austria" in page
    assert days_of("DE") not in page
    assert days_of("AT") in told(client, "/checkout/review/")


def days_of(country: str) -> str:
    """When it would be there, as pages write it."""
    market = markets.get("eu")
    (way,) = delivery.methods(market, country, Money(Decimal(38), "EUR"), timezone.now())
    return " ".join(words.dates(way.earliest, way.latest).split())


@pytest.mark.django_db(transaction=True)
def test_a_cart_that_another_tab_of_the_account_begins_meanwhile_joins_it(
    client: Client, suns: Product, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_user("ada@example.com")
    client.force_login(ada)
    placed = declined(client, variant)
    look, is_late = carts.open, iter([True])

    def begin(_number: int) -> None:
        began = Cart.objects.create(token_hash="9" * 64, market="eu", user=ada)
        began.lines.create(variant=suns.variants.get(position=1), quantity=1)

    def other_tab(request: HttpRequest) -> Cart | None:
        found = look(request)
        if next(is_late, False):
            together(1, begin)
        return found

    monkeypatch.setattr(carts, "open", other_tab)
    assert reopen(client, placed) == "/cart/"
    placed.refresh_from_db()
    assert placed.status == Status.CANCELLED
    assert Cart.objects.get(user=ada, closed_at=None).lines.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_empty_cart_tells_of_the_own_order_that_can_still_be_paid(
    client: Client, variant: Variant
) -> None:
    first = declined(client, variant)
    assert first.reserved_until
    page = client.get("/cart/").content.decode()
    assert "Your cart is empty" in page
    assert f'<a href="{links.path(first)}">Order {first.number}</a> waits for its payment until' in page
    assert f"until {words.time_filter(first.reserved_until)}." in page
    assert "waits for its payment" not in told(Client(), "/cart/")
    ada = make_user("ada@example.com")
    Order.objects.update(customer=ada)
    elsewhere = Client()
    elsewhere.force_login(ada)
    assert f"Order {first.number} waits for its payment" in told(elsewhere, "/cart/")
    Order.objects.update(reserved_until=timezone.now())  # the job that lets it expire has not come round yet
    assert "waits for its payment" not in told(elsewhere, "/cart/")


@pytest.mark.django_db(transaction=True)
def test_a_paid_order_and_money_on_its_way_are_not_waited_for(client: Client, variant: Variant) -> None:
    first = declined(client, variant)
    payments.begin(first, "pending")
    assert "waits for its payment" not in told(client, "/cart/")
    put(client, variant)
    order(client, go_to_review(client), "pays")
    assert "waits for its payment" not in told(client, "/cart/")
