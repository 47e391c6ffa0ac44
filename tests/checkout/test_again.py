"""An order once more: what is still sold goes into the cart, and what is not is told by name."""

import pytest
from django.test import Client

from catalog.models import Product, Stock, Variant
from checkout.models import Cart, CartLine
from orders.links import token
from orders.models import Order
from tests.checkout.conftest import go_to_review, put
from tests.factories import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(client: Client, suns: Product) -> Order:
    """Two small suns, one large, one ferry."""
    put(client, suns.variants.get(position=0), 2)
    put(client, suns.variants.get(position=1))
    put(client, make_product("Night ferry").variants.get())
    client.post("/checkout/review/", {"digest": go_to_review(client), "payment": "pays"})
    return Order.objects.get()


def again(client: Client, order: Order) -> str:
    answer = client.post("/cart/again/", {"order": token(order)})
    assert answer["Location"] == "/cart/"
    return client.get("/cart/").content.decode()


def held() -> dict[str, int]:
    return {str(line.variant_id): line.quantity for line in CartLine.objects.filter(cart__closed_at=None)}


def test_all_of_it_is_in_the_cart_again(client: Client, order: Order) -> None:
    page = again(client, order)
    assert held() == {str(line.variant_id): line.quantity for line in order.lines.all()}
    assert "In your cart again: Two suns over Cadiz (30 × 40 cm), " in page
    assert client.cookies["cart_size"].value == "4"


def test_what_is_not_sold_or_sold_out_is_told_by_name(client: Client, order: Order, suns: Product) -> None:
    small, large = suns.variants.get(position=0), suns.variants.get(position=1)
    Stock.objects.filter(variant=small).update(on_hand=3, reserved=2)
    Stock.objects.filter(variant=large).update(on_hand=1, reserved=1)
    Product.objects.filter(name="Night ferry").update(is_published=False)
    page = again(client, order)
    assert held() == {str(small.pk): 1}
    assert "since few are left: Two suns over Cadiz (30 × 40 cm)." in page
    assert "Sold out for now: Two suns over Cadiz (50 × 70 cm)." in page
    assert "No longer for sale here: Night ferry." in page
    assert "In your cart again" not in page


def test_what_was_deleted_is_told_too(client: Client, order: Order) -> None:
    Product.objects.all().delete()
    page = again(client, order)
    assert held() == {}
    assert "No longer for sale here: Two suns over Cadiz" in page


def test_it_joins_what_is_in_the_cart(client: Client, order: Order, variant: Variant) -> None:
    put(client, variant)
    again(client, order)
    assert held()[str(variant.pk)] == 3
    assert Cart.objects.filter(closed_at=None).count() == 1


def test_prices_are_todays(client: Client, order: Order, variant: Variant) -> None:
    variant.prices.filter(currency="EUR").update(amount="99.00")
    assert "€99.00" in again(client, order)


@pytest.mark.parametrize("tampered", ["", "1", "x", "1.x", "٣"])
def test_only_by_the_orders_own_link(client: Client, order: Order, tampered: str) -> None:
    assert client.post("/cart/again/", {"order": tampered}).status_code == 404
    assert client.get("/cart/again/").status_code == 405
    assert held() == {}
