"""A customer's orders: a page at a time, where the parcel is, and the way to have it again."""

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Variant
from orders import carriers, payments, returns, shipments
from orders.links import token
from orders.models import Order
from orders.placement import place_order
from orders.queries import ORDERS_PER_PAGE
from tests.factories import make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada@example.com")
    client.force_login(user)
    return user


def numbers(client: Client, page: str = "") -> list[str]:
    text = client.get(f"/account/orders/{page}").content.decode()
    return [order.number for order in Order.objects.order_by("-pk") if f"Order {order.number}" in text]


def test_a_page_has_ten_and_leads_to_the_next(client: Client, ada: User, variant: Variant) -> None:
    variant.stock.on_hand = 99
    variant.stock.save()
    for _ in range(ORDERS_PER_PAGE + 2):
        place_order(make_draft((variant, 1), customer_id=ada.pk))
    everything = [order.number for order in Order.objects.order_by("-placed_at", "-pk")]
    assert numbers(client) == everything[:10]
    assert numbers(client, "?page=2") == everything[10:]
    page = client.get("/account/orders/").content.decode()
    assert 'href="?page=2" rel="next"' in page
    assert 'rel="prev"' not in page


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "9" * 30, ""])
def test_a_page_that_is_not_there_is_the_nearest(
    client: Client, ada: User, variant: Variant, page: str
) -> None:
    place_order(make_draft((variant, 1), customer_id=ada.pk))
    assert len(numbers(client, f"?page={page}")) == 1


def test_a_parcel_on_its_way_is_followed_at_its_carrier(client: Client, ada: User, variant: Variant) -> None:
    order = place_order(make_draft((variant, 1), customer_id=ada.pk))
    payments.begin(order, "pays")
    follow = "tracking-id=00%2034%2F7"
    assert "Follow the parcel" not in client.get("/account/orders/").content.decode()
    shipments.ship(order, tracking_code="00 34/7")
    for path in ("/account/orders/", f"/order/{token(order)}/"):
        page = client.get(path).content.decode()
        assert follow in page
        assert "Follow the parcel" in page


def test_what_comes_in_parts_says_where_each_is(client: Client, ada: User, variant: Variant) -> None:
    order = place_order(make_draft((variant, 5), customer_id=ada.pk))
    payments.begin(order, "pays")
    line = order.lines.get()
    shipments.ship(order, {line.pk: 2}, tracking_code="JD01")
    page = client.get(f"/order/{token(order)}/").content.decode()
    for words in ("Partly on its way", "Parcel 1", "tracking-id=JD01", "Still to come", "3 × Two suns"):
        assert words in page
    assert "Partly on its way" in client.get("/account/orders/").content.decode().replace("partly", "Partly")
    shipments.ship(order, {line.pk: 2}, tracking_code="JD02")
    assert "Follow the parcels" in client.get("/account/orders/").content.decode()
    shipments.give_up(order)
    returns.take_back(order, {line.pk: 1})
    page = client.get(f"/order/{token(order)}/").content.decode()
    assert "Still to come" not in page
    for words in ("Does not come", "Came back to us", "What went back", "€10.00"):
        assert words in page


@pytest.mark.parametrize(
    ("carrier", "code", "is_known"),
    [
        ("DHL", "1", True),
        ("dhl Paket", "1", True),
        ("Royal Mail", "1", True),
        ("DHLX", "1", False),
        ("Our own van", "1", False),
        ("", "1", False),
        ("DHL", " ", False),
        ("DHL", "", False),
    ],
)
def test_a_carrier_that_is_not_known_gets_no_link(carrier: str, code: str, is_known: bool) -> None:
    assert (carriers.tracking_url(carrier, code) is not None) is is_known


def test_what_waits_for_its_payment_is_paid_and_all_else_can_be_had_again(
    client: Client, ada: User, variant: Variant
) -> None:
    order = place_order(make_draft((variant, 1), customer_id=ada.pk))
    again = f'name="order" value="{token(order)}"'
    assert again not in client.get("/account/orders/").content.decode()
    payments.begin(order, "pays")
    page = client.get("/account/orders/").content.decode()
    assert again in page
    assert 'action="/cart/again/"' in page


def test_who_has_not_confirmed_the_address_hears_what_that_is_for(client: Client, ada: User) -> None:
    offer = "Ordered as a guest before?"
    assert offer in client.get("/account/orders/").content.decode()
    User.objects.update(confirmed_email="ada@example.com")
    assert offer not in client.get("/account/orders/").content.decode()
