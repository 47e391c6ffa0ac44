"""Login joins two carts: nothing is lost, nothing old comes unannounced, nothing exceeds the stock."""

import pytest
from django.db import IntegrityError
from django.test import Client

from catalog.models import Stock, Variant
from checkout.models import Cart, CartLine
from tests.checkout.conftest import put, together
from tests.factories import make_product, make_user

pytestmark = pytest.mark.django_db


def login(client: Client, email: str) -> None:
    answer = client.post("/account/login/", {"email": email, "password": "correct horse"})
    assert answer.status_code == 302


def in_cart(client: Client) -> dict[str, int]:
    cart = Cart.objects.get(closed_at=None, lines__isnull=False)
    return {line.variant.product.name: line.quantity for line in cart.lines.all()}


def test_a_guests_cart_becomes_the_accounts(client: Client, variant: Variant) -> None:
    ada = make_user()
    put(client, variant, 2)
    login(client, ada.email)
    assert Cart.objects.get().user == ada
    assert "From an earlier visit" not in client.get("/cart/").content.decode()
    assert client.cookies["cart_size"].value == "2"


def test_an_older_cart_joins_and_says_so(client: Client, variant: Variant) -> None:
    ada = make_user()
    phone = Client()
    login(phone, ada.email)
    put(phone, variant, 2)
    put(phone, make_product("A quiet hill").variants.get())
    put(client, variant, 3)
    login(client, ada.email)
    page = client.get("/cart/").content.decode()
    assert "From an earlier visit, your cart also holds: Two suns over Cadiz, A quiet hill." in page
    assert Cart.objects.count() == 1
    assert {line.variant.product.name: line.quantity for line in Cart.objects.get().lines.all()} == {
        "Two suns over Cadiz": 5,
        "A quiet hill": 1,
    }
    assert client.cookies["cart_size"].value == "6"
    # The phone, which holds the token of the cart that is gone, sees the same one.
    assert "A quiet hill" in phone.get("/cart/").content.decode()


def test_the_sum_is_never_above_the_stock(client: Client, variant: Variant) -> None:
    ada = make_user()
    phone = Client()
    login(phone, ada.email)
    put(phone, variant, 8)
    put(client, variant, 8)
    login(client, ada.email)
    assert Cart.objects.get().lines.get().quantity == 10
    assert "lowered to what is left" in client.get("/cart/").content.decode()


def test_what_sold_out_meanwhile_stays_and_is_told(client: Client, variant: Variant) -> None:
    ada = make_user()
    phone = Client()
    login(phone, ada.email)
    put(phone, variant, 2)
    put(client, make_product("A quiet hill").variants.get())
    Stock.objects.filter(variant=variant).update(on_hand=0)
    login(client, ada.email)
    assert "Sold out" in client.get("/cart/").content.decode()


def test_an_old_cart_alone_is_announced(client: Client, variant: Variant) -> None:
    ada = make_user()
    phone = Client()
    login(phone, ada.email)
    put(phone, variant)
    login(client, ada.email)
    page = client.get("/cart/").content.decode()
    assert "Your cart from an earlier visit is back: Two suns over Cadiz." in page
    assert client.cookies["cart_size"].value == "1"


def test_the_visitors_own_address_and_market_stay(client: Client, variant: Variant) -> None:
    ada = make_user()
    phone = Client()
    login(phone, ada.email)
    phone.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 1})
    put(client, variant)
    Cart.objects.filter(user=None).update(line1="Here 1", city="Berlin")
    login(client, ada.email)
    cart = Cart.objects.get()
    assert (cart.market, cart.line1, cart.user) == ("eu", "Here 1", ada)


def test_another_customers_cart_is_not_taken(client: Client, variant: Variant) -> None:
    eve, ada = make_user(), make_user()
    login(client, eve.email)
    put(client, variant)
    token = client.cookies["cart"].value
    other = Client()
    other.cookies["cart"] = token
    login(other, ada.email)
    assert Cart.objects.get().user == eve
    assert "Your cart is empty" in other.get("/cart/").content.decode()


def test_registering_keeps_the_cart(client: Client, variant: Variant) -> None:
    put(client, variant)
    client.post("/account/register/", {"email": "new@example.com", "name": "New", "password": "a few words"})
    assert Cart.objects.get().user is not None
    assert "Two suns over Cadiz" in client.get("/cart/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_browsers_that_log_in_at_once_all_get_in_and_nothing_is_lost(variant: Variant) -> None:
    ada, browsers = make_user(), [Client() for _ in range(4)]
    for browser in browsers:
        put(browser, variant)
    form = {"email": ada.email, "password": "correct horse"}
    answers = together(4, lambda number: browsers[number].post("/account/login/", form).status_code)
    assert answers == [302] * 4
    assert Cart.objects.get().user == ada
    assert CartLine.objects.get().quantity == 4


def test_a_cart_begun_in_another_tab_during_the_login_joins_too(
    client: Client, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, save = make_user(), Cart.save
    put(client, variant, 2)

    def late(self: Cart, **more: object) -> None:
        monkeypatch.setattr(Cart, "save", save)
        raise IntegrityError("cart_one_open_per_user")

    monkeypatch.setattr(Cart, "save", late)
    login(client, ada.email)
    assert Cart.objects.get().user == ada


def test_the_badge_goes_with_the_logout_and_the_cart_waits(client: Client, variant: Variant) -> None:
    ada = make_user()
    login(client, ada.email)
    put(client, variant, 3)
    client.post("/account/logout/")
    assert client.cookies["cart_size"].value == client.cookies["cart"].value == ""
    login(client, ada.email)
    assert client.cookies["cart_size"].value == "3"


def test_a_logout_of_nobody_leaves_a_guest_their_cart(client: Client, variant: Variant) -> None:
    put(client, variant)
    client.post("/account/logout/")
    assert client.cookies["cart_size"].value == "1"
    assert "Two suns over Cadiz" in client.get("/cart/").content.decode()
