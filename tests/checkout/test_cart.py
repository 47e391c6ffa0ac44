"""The cart: what goes in, what cannot, what the browser keeps of it, and what its page says."""

import hashlib

import pytest
from django.test import Client

from catalog.models import Price, Product, Stock, Variant
from checkout import cart as carts
from checkout.models import Cart, CartLine
from tests.checkout.conftest import put
from tests.factories import follow_changes, make_delivery, make_product, make_user

pytestmark = pytest.mark.django_db


def told(client: Client) -> str:
    """The cart page's text."""
    answer = client.get("/cart/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_cart_leads_onward(client: Client) -> None:
    assert "Your cart is empty" in told(client)
    assert not Cart.objects.exists()


def test_adding_confirms_in_words_and_counts(client: Client, variant: Variant) -> None:
    put(client, variant, 2)
    put(client, variant, 1)
    page = told(client)
    assert "Two suns over Cadiz is in your cart." in page
    assert "€114.00" in page
    assert client.cookies["cart_size"].value == "3"
    assert CartLine.objects.get().quantity == 3


def test_the_options_chosen_decide_which_variant_it_is(client: Client, suns: Product) -> None:
    client.post("/cart/add/", {"product": suns.pk, "quantity": 1, "size": "50x70-cm"})
    assert CartLine.objects.get().variant == suns.variants.get(position=1)


def test_what_was_chosen_beats_a_variant_that_stood_in_the_page(
    client: Client, suns: Product, variant: Variant
) -> None:
    put(client, variant, size="50x70-cm")
    assert CartLine.objects.get().variant == suns.variants.get(position=1)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"size": "90x90-cm"}, "not made in that combination"),
        ({}, "Please choose which"),
        ({"variant": "999999"}, "not made in that combination"),
    ],
)
def test_a_missing_combination_is_explained_with_a_way_back(
    client: Client, suns: Product, form: dict[str, str], words: str
) -> None:
    client.post("/cart/add/", {"product": suns.pk, "quantity": 1, **form})
    page = told(client)
    assert words in page
    assert f'href="/p/{suns.slug}/' in page
    assert not CartLine.objects.exists()


def test_a_sold_out_product_cannot_be_added(client: Client, suns: Product, variant: Variant) -> None:
    Stock.objects.update(on_hand=0)
    put(client, variant)
    page = told(client)
    assert "is sold out in that choice" in page
    assert f'href="/p/{suns.slug}/"' in page
    assert not CartLine.objects.exists()


def test_an_unpublished_product_cannot_be_added(client: Client, variant: Variant) -> None:
    Product.objects.update(is_published=False)
    put(client, variant)
    assert "no longer for sale" in told(client)
    assert not CartLine.objects.exists()


def test_an_inactive_variant_cannot_be_added(client: Client, variant: Variant) -> None:
    Variant.objects.update(is_active=False)
    put(client, variant)
    assert not CartLine.objects.exists()


def test_never_more_than_the_stock(client: Client, variant: Variant) -> None:
    put(client, variant, 8)
    put(client, variant, 8)
    assert CartLine.objects.get().quantity == 10
    assert "Only 10 of" in told(client)


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "1000", "1.5", "٣", "１", "1_0", " ", "", "1e2", "0x1", "one", "+1"]
)
def test_only_one_to_999_in_plain_digits_is_a_quantity(
    client: Client, variant: Variant, quantity: str
) -> None:
    put(client, variant, quantity)
    assert "enter a quantity" in told(client)
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("field", ["product", "variant"])
@pytest.mark.parametrize("value", ["٣", "1_0", "9" * 19, "-1", "x'--"])
def test_an_id_that_is_none_is_an_answer_and_no_error(client: Client, field: str, value: str) -> None:
    assert client.post("/cart/add/", {field: value, "quantity": "1"}).status_code == 302
    assert not Cart.objects.exists()


def test_the_price_comes_from_the_server_only(client: Client, variant: Variant) -> None:
    put(client, variant, price="0.01", unit_price="0.01", total="0.01")
    assert "€38.00" in told(client)


def test_a_cart_follows_the_price(client: Client, variant: Variant) -> None:
    put(client, variant)
    Price.objects.filter(variant=variant, currency="EUR").update(amount=40, sale_amount=35)
    page = told(client)
    assert "€35.00" in page
    assert "€40.00" in page


def test_the_first_line_fixes_the_market(client: Client, suns: Product, variant: Variant) -> None:
    put(client, variant)
    client.post("/gb/cart/add/", {"variant": suns.variants.get(position=1).pk, "quantity": 1})
    page = client.get("/gb/cart/").content.decode()
    assert "Your cart was begun in EUR" in page
    assert "€96.00" in page
    assert "£58" not in page


def test_an_emptied_cart_takes_the_next_market(client: Client, variant: Variant) -> None:
    put(client, variant)
    client.post("/cart/change/", {"remove": CartLine.objects.get().pk})
    client.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 1})
    assert Cart.objects.get().market == "gb"


def test_what_a_market_does_not_sell_cannot_be_added_to_its_cart(client: Client, variant: Variant) -> None:
    euro_only = make_product("Only here", gbp=None).variants.get()
    client.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 1})
    client.post("/gb/cart/add/", {"variant": euro_only.pk, "quantity": 1})
    assert "is not for sale here" in client.get("/gb/cart/").content.decode()
    assert CartLine.objects.get().variant == variant


def test_the_token_is_unguessable_and_hashed_at_rest(client: Client, variant: Variant) -> None:
    put(client, variant)
    cookie = client.cookies["cart"]
    assert len(cookie.value) >= 22
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 90 * 86_400
    assert Cart.objects.get().token_hash == hashlib.sha256(cookie.value.encode()).hexdigest()
    assert not client.cookies["cart_size"]["httponly"]


def test_a_forged_token_opens_nothing(client: Client, variant: Variant) -> None:
    put(client, variant)
    for forged in ("x", Cart.objects.get().token_hash, "é", "a" * 3000):
        other = Client()
        other.cookies["cart"] = forged
        assert "Your cart is empty" in told(other)


def test_the_cart_of_an_account_does_not_open_after_its_logout(client: Client, variant: Variant) -> None:
    client.force_login(make_user())
    put(client, variant)
    client.post("/account/logout/")
    assert "Your cart is empty" in told(client)


def test_a_quantity_saves_and_0_removes(client: Client, variant: Variant) -> None:
    put(client, variant)
    line = CartLine.objects.get()
    client.post("/cart/change/", {f"quantity-{line.pk}": "4"})
    assert CartLine.objects.get().quantity == 4
    assert client.cookies["cart_size"].value == "4"
    client.post("/cart/change/", {f"quantity-{line.pk}": "0"})
    assert "is no longer in your cart" in told(client)
    assert not CartLine.objects.exists()
    assert client.cookies["cart_size"].value == ""


def test_more_than_the_stock_becomes_the_stock_and_is_told(client: Client, variant: Variant) -> None:
    put(client, variant)
    answer = client.post(
        "/cart/change/", {f"quantity-{CartLine.objects.get().pk}": "50", "action": "checkout"}
    )
    assert answer["Location"] == "/cart/"
    assert "Only 10 of Two suns over Cadiz are left: they are all in your cart." in told(client)
    assert CartLine.objects.get().quantity == 10


def test_checkout_submits_the_edits_too(client: Client, variant: Variant) -> None:
    put(client, variant)
    answer = client.post(
        "/cart/change/", {f"quantity-{CartLine.objects.get().pk}": "2", "action": "checkout"}
    )
    assert answer["Location"] == "/checkout/"
    assert CartLine.objects.get().quantity == 2


def test_nobody_changes_the_lines_of_another_cart(client: Client, variant: Variant) -> None:
    put(client, variant)
    line = CartLine.objects.get()
    other = Client()
    put(other, variant)
    other.post("/cart/change/", {f"quantity-{line.pk}": "7", "remove": line.pk})
    line.refresh_from_db()
    assert line.quantity == 1


def test_a_closed_cart_refuses_every_write(client: Client, variant: Variant) -> None:
    put(client, variant)
    cart = Cart.objects.get()
    line = cart.lines.get()
    Cart.objects.update(closed_at="2026-01-01T00:00:00Z")
    for write in (
        lambda: carts.add(cart, variant.pk, 1),
        lambda: carts.change(cart, line.pk, 2),
        lambda: carts.remove(cart, line.pk),
        lambda: carts.set_address(cart, email="x@example.com", name="X"),
        lambda: carts.set_method(cart, 1),
    ):
        with pytest.raises(carts.CartClosed):
            write()


def test_after_an_order_the_next_thing_goes_into_a_new_cart(client: Client, variant: Variant) -> None:
    put(client, variant)
    Cart.objects.update(closed_at="2026-01-01T00:00:00Z")
    put(client, variant)
    assert Cart.objects.filter(closed_at=None).get().lines.get().quantity == 1


def test_delivery_and_the_gap_to_free_delivery_are_told(client: Client, variant: Variant) -> None:
    put(client, variant)
    page = told(client)
    assert "€4.90" in page
    assert "€42.90" in page
    assert "€22.00" in page


def test_the_gap_to_free_delivery_names_its_country_where_others_differ(
    client: Client, variant: Variant
) -> None:
    make_delivery(["NL"], eur="8.90", free_from="90")
    put(client, variant)
    assert "€22.00 more and delivery is free (Germany)." in told(client)
    Cart.objects.update(country="NL")
    assert "€52.00 more and delivery is free (Netherlands)." in told(client)


def test_a_cart_of_any_size_takes_the_same_number_of_queries(
    client: Client, variant: Variant, django_assert_max_num_queries: object
) -> None:
    for number in range(8):
        put(client, make_product(f"Print {number}").variants.get())
    follow_changes()
    told(client)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        told(client)


def test_a_post_from_another_site_is_refused(variant: Variant) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "cross-site"})
    assert client.post("/cart/add/", {"variant": variant.pk, "quantity": 1}).status_code == 403
    same = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})
    assert same.post("/cart/add/", {"variant": variant.pk, "quantity": 1}).status_code == 302
