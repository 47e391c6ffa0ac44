"""A shop with one print on its shelf, and the way a guest takes through the checkout."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connections
from django.test import Client

from catalog import stock
from catalog.models import Method, Product, Variant
from shop import limits
from tests.factories import make_delivery, make_product

T = TypeVar("T")

ADDRESS = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "line2": "",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
    "phone": "",
}


@pytest.fixture(autouse=True)
def _unlimited() -> None:
    limits.local.clear()  # what was counted while Redis was slow


@pytest.fixture
def method(db: None) -> Method:
    return make_delivery()


@pytest.fixture
def suns(method: Method) -> Product:
    return make_product(
        "Two suns over Cadiz", options={"size": ["30 × 40 cm", "50 × 70 cm"]}, price=["38.00", "58.00"]
    )


@pytest.fixture
def variant(suns: Product) -> Variant:
    return suns.variants.get(position=0)


def put(client: Client, variant: Variant, quantity: int | str = 1, **more: str) -> None:
    """Into the cart, as a product page does it."""
    answer = client.post(
        "/cart/add/", {"product": variant.product_id, "variant": variant.pk, "quantity": quantity, **more}
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith("/cart/")


def go_to_review(client: Client, **address: str) -> str:
    """Address and delivery; what the review form carries."""
    answer = client.post("/checkout/address/", {**ADDRESS, **address})
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/delivery/"), answer.content.decode()
    method = re.search(r'name="method"\s+value="(\d+)"', client.get("/checkout/delivery/").content.decode())
    assert method
    answer = client.post("/checkout/delivery/", {"method": method[1]})
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/review/")
    return sealed(client)


def sealed(client: Client) -> str:
    return sealed_in(client.get("/checkout/review/").content.decode())


def sealed_in(page: str) -> str:
    """What the form of that review carries."""
    found = re.search(r'name="digest" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def together(number: int, do: Callable[[int], T]) -> list[T | Exception]:
    """What `do(0)` … `do(number - 1)` gave or raised, each in a thread of its own, all begun at once."""
    gate = Barrier(number)

    def run(index: int) -> T | Exception:
        try:
            gate.wait(20)
            return do(index)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def take_by(monkeypatch: pytest.MonkeyPatch, reserve: Callable[..., None]) -> None:
    """Orders take their stock in that way."""

    def scattered(*_args: object) -> None:
        raise stock.Scattered

    monkeypatch.setattr(stock, "AtOnce", scattered)
    monkeypatch.setattr(stock, "reserve", reserve)
