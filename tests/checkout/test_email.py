"""A guest is asked for the address that the mails go to; an account has one, which is shown and used."""

import re

import pytest
from django.test import Client

from catalog.models import Variant
from checkout.models import Cart
from orders.models import Order
from tests.checkout.conftest import ADDRESS, put, sealed
from tests.factories import make_user

pytestmark = pytest.mark.django_db

STEP = "/checkout/address/"
WITHOUT = {name: value for name, value in ADDRESS.items() if name != "email"}


@pytest.fixture
def ada(client: Client, variant: Variant) -> Client:
    client.force_login(make_user("ada@shop.test"))
    put(client, variant)
    return client


def form(client: Client, path: str = STEP) -> str:
    page = client.get(path).content.decode()
    return page[page.index("<form") : page.index("</form>")]


def test_an_account_is_not_asked_for_its_address(ada: Client) -> None:
    shown = form(ada)
    assert 'name="email"' not in shown
    assert "The confirmation goes to <b>ada@shop.test</b>" in shown
    assert ada.post(STEP, WITHOUT)["Location"] == "/checkout/delivery/"
    assert Cart.objects.get().email == "ada@shop.test"


def test_what_somebody_posts_beside_it_is_not_taken(ada: Client) -> None:
    ada.post(STEP, {**WITHOUT, "email": "eve@example.com"})
    assert Cart.objects.get().email == "ada@shop.test"


def test_the_mails_may_go_elsewhere(ada: Client) -> None:
    link = re.search(r'href="([^"]+)">Send it elsewhere', form(ada, f"{STEP}?return=review"))
    assert link
    path = STEP + link[1].replace("&amp;", "&")
    assert 'name="email" value="ada@shop.test"' in form(ada, path)
    assert ada.post(path, {**WITHOUT, "email": "work@example.com"}).status_code == 302
    assert Cart.objects.get().email == "work@example.com"
    # It is not forgotten when the step is seen again.
    assert 'name="email" value="work@example.com"' in form(ada)


def test_a_mistake_elsewhere_does_not_bring_the_question_back(ada: Client) -> None:
    answer = ada.post(STEP, {**WITHOUT, "postcode": "1"})
    assert answer.status_code == 422
    assert 'name="email"' not in answer.content.decode()


def test_a_guest_is_asked(client: Client, variant: Variant) -> None:
    put(client, variant)
    assert 'name="email"' in form(client)
    assert client.post(STEP, WITHOUT).status_code == 422


def test_the_order_is_told_to_the_account(ada: Client) -> None:
    ada.post(STEP, WITHOUT)
    method = re.search(r'name="method"\s+value="(\d+)"', ada.get("/checkout/delivery/").content.decode())
    assert method
    ada.post("/checkout/delivery/", {"method": method[1]})
    assert "ada@shop.test" in ada.get("/checkout/review/").content.decode()
    ada.post("/checkout/review/", {"digest": sealed(ada), "payment": "pays"})
    assert Order.objects.get().email == "ada@shop.test"
