"""The address book in the checkout: one click for a known address, one tick to keep a new one."""

import re

import pytest
from django.test import Client

from accounts import addresses
from accounts.models import Address, User
from catalog.models import Variant
from checkout.models import Cart
from tests.checkout.conftest import ADDRESS, put
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PATH = "/checkout/address/"
HOME = {name: text for name, text in ADDRESS.items() if name != "email"}
WORK = {**HOME, "line1": "Invalidenstraße 7", "postcode": "10115"}
BLANK = dict.fromkeys(HOME, "")


@pytest.fixture
def ada(client: Client, variant: Variant) -> User:
    user = make_user("ada@example.com", name="Ada Lovelace")
    client.force_login(user)
    put(client, variant)
    return user


def chosen(client: Client) -> str:
    """The value of the radio that stands chosen."""
    page = client.get(PATH).content.decode()
    (value,) = re.findall(r'name="saved" value="(\w+)" required checked', page)
    return value


def test_the_suggested_address_takes_one_click(client: Client, ada: User) -> None:
    addresses.keep(ada, HOME)
    work = addresses.keep(ada, WORK, is_default=True)
    assert chosen(client) == str(work.pk)
    # What the browser sends: the choice, and the fields that are folded away.
    answer = client.post(PATH, {"saved": work.pk, **BLANK, "country": "DE"})
    assert answer["Location"] == "/checkout/delivery/"
    cart = Cart.objects.get()
    assert (cart.line1, cart.postcode, cart.email) == ("Invalidenstraße 7", "10115", "ada@example.com")
    assert Address.objects.count() == 2


def test_what_was_chosen_stands_chosen(client: Client, ada: User) -> None:
    home = addresses.keep(ada, HOME)
    addresses.keep(ada, WORK, is_default=True)
    client.post(PATH, {"saved": home.pk})
    assert chosen(client) == str(home.pk)
    client.post(PATH, {"saved": "new", **HOME, "line1": "Once 1"})
    assert chosen(client) == "new"
    assert 'value="Once 1"' in client.get(PATH).content.decode()


def test_another_address_is_kept_only_if_that_is_wanted(client: Client, ada: User) -> None:
    client.post(PATH, {**HOME})
    assert not ada.addresses.exists()
    client.post(PATH, {**WORK, "keep": "on"})
    assert ada.addresses.get().line1 == "Invalidenstraße 7"
    assert ada.addresses.get().is_default
    client.post(PATH, {"saved": "new", **WORK, "keep": "on"})
    assert ada.addresses.count() == 1


def test_nobody_elses_address_can_be_chosen(client: Client, ada: User) -> None:
    addresses.keep(ada, HOME)
    theirs = addresses.keep(make_user(), {**WORK, "name": "Eve Secret"})
    for tampered in (str(theirs.pk), "0", "x", "٣", "9" * 30):
        answer = client.post(PATH, {"saved": tampered, **BLANK})
        assert answer.status_code == 422
        assert "Eve Secret" not in answer.content.decode()
    assert Cart.objects.get().line1 == ""


def test_an_address_that_is_no_longer_right_is_shown_to_be_mended(client: Client, ada: User) -> None:
    home = addresses.keep(ada, {**HOME, "postcode": "1011"})
    answer = client.post(PATH, {"saved": home.pk})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "has 5 digits, this one has 4" in page
    assert 'value="new" required checked' in page
    assert 'value="Unter den Linden 1"' in page


def test_only_where_this_cart_can_be_sent_to_is_offered(client: Client, ada: User) -> None:
    addresses.keep(ada, {**HOME, "country": "GB", "postcode": "SW1A 1AA"})
    page = client.get(PATH).content.decode()
    assert 'name="saved"' not in page
    home = addresses.keep(ada, HOME)
    assert chosen(client) == str(home.pk)
    assert "SW1A 1AA" not in client.get(PATH).content.decode()


def test_the_mails_may_go_elsewhere_with_a_known_address(client: Client, ada: User) -> None:
    home = addresses.keep(ada, HOME)
    path = f"{PATH}?email=other"
    assert 'name="email"' in client.get(path).content.decode()
    answer = client.post(path, {"saved": home.pk, "email": "ada"})
    assert answer.status_code == 422
    assert f'name="saved" value="{home.pk}" required checked' in answer.content.decode()
    client.post(path, {"saved": home.pk, "email": "office@example.com"})
    assert (Cart.objects.get().email, Cart.objects.get().line1) == (
        "office@example.com",
        "Unter den Linden 1",
    )


def test_a_guest_is_asked_for_no_book(client: Client, variant: Variant) -> None:
    put(client, variant)
    page = client.get(PATH).content.decode()
    assert 'name="keep"' not in page
    assert 'name="saved"' not in page
    client.post(PATH, {**ADDRESS, "keep": "on", "saved": "1"})
    assert not Address.objects.exists()
    assert Cart.objects.get().line1 == "Unter den Linden 1"


def test_a_full_book_stops_no_order(client: Client, ada: User) -> None:
    Address.objects.bulk_create(
        Address(user=ada, **{**HOME, "line1": f"Street {number}"}) for number in range(addresses.MOST)
    )
    assert client.post(PATH, {"saved": "new", **WORK, "keep": "on"})["Location"] == "/checkout/delivery/"
    assert "for this order only" in client.get("/checkout/delivery/").content.decode()
