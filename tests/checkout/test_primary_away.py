"""While the primary is away each step of the checkout answers with a clear page that keeps what was typed;
sent again from there when the primary is back, it is as if nothing had been."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from catalog.models import Method, Variant
from checkout.models import Cart
from orders.models import Order, Payment
from shop import away, urls
from tests.checkout.conftest import ADDRESS, go_to_review, put
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
BUDGET = 3.0  # seconds
TYPED = {**ADDRESS, "line2": 'c/o "Grace" <b> & Söhne', "phone": "+49 30 901820"}


@contextmanager
def refused() -> Iterator[None]:
    """Nobody listens where the primary was."""
    with pytest.MonkeyPatch.context() as patch:
        connection.close()
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "9")
        yield
    connection.close()


@contextmanager
def stopped() -> Iterator[None]:
    """It is stopped in the middle of a connection, and takes new ones without an answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with socket.create_server(("127.0.0.1", 0)) as hole, pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "PATIENCE_SECONDS", 0.4)
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", str(hole.getsockname()[1]))
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
    connection.close()


def post(client: Client, path: str, data: dict[str, Any]) -> str:
    """The page that answers while the primary is away."""
    client.raise_request_exception = False
    began = time.monotonic()
    answer = client.post(path, data)
    took = time.monotonic() - began
    client.raise_request_exception = True
    page = answer.content.decode()
    assert answer.status_code == 503, page
    assert took < BUDGET
    assert int(answer["Retry-After"]) > 0
    assert "no-store" in answer["Cache-Control"]
    assert "One moment, please" in page
    assert "Traceback" not in page
    assert "Error" not in page
    return page


def kept(page: str) -> tuple[str, dict[str, str]]:
    """Where the page's form leads, and what it sends: as a browser reads it."""
    form = re.search(r'<form action="([^"]+)" method="post">(.*?)</form>', page, re.DOTALL)
    assert form
    fields = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', form[2], re.DOTALL)
    return unescape(form[1]), {unescape(name): unescape(value) for name, value in fields}


@pytest.mark.parametrize("is_away", [refused, stopped])
@pytest.mark.parametrize("is_known", [False, True], ids=["guest", "account"])
def test_the_address_is_kept_and_sent_again(
    client: Client, variant: Variant, method: Method, is_away: Any, is_known: bool
) -> None:
    if is_known:
        client.force_login(make_user("ada@example.com"))
    put(client, variant)
    typed = {name: value for name, value in TYPED.items() if not (is_known and name == "email")}
    client.get("/checkout/address/?return=review")
    with is_away():
        page = post(client, "/checkout/address/?return=review", typed)
    path, fields = kept(page)
    assert "<b>" not in page
    assert (path, fields) == ("/checkout/address/?return=review", typed)
    assert Cart.objects.get().line1 == ""
    assert client.post(path, fields).status_code == 302
    cart = Cart.objects.get()
    assert (cart.email, cart.line2, cart.lines.count()) == ("ada@example.com", TYPED["line2"], 1)


@pytest.mark.parametrize("is_away", [refused, stopped])
def test_the_way_of_delivery_is_kept_and_sent_again(
    client: Client, variant: Variant, method: Method, is_away: Any
) -> None:
    put(client, variant)
    client.post("/checkout/address/", TYPED)
    with is_away():
        path, fields = kept(post(client, "/checkout/delivery/", {"method": str(method.pk)}))
    assert Cart.objects.get().method_id is None
    assert client.post(path, fields)["Location"] == "/checkout/review/"
    assert Cart.objects.get().method == method


@pytest.mark.parametrize("is_away", [refused, stopped])
def test_the_order_is_placed_once_however_often_it_is_sent_again(
    client: Client, variant: Variant, method: Method, is_away: Any
) -> None:
    put(client, variant)
    form = {"digest": go_to_review(client), "payment": "pays"}
    with is_away():
        path, fields = kept(post(client, "/checkout/review/", form))
    assert fields == form
    assert not Order.objects.exists()
    first, second = client.post(path, fields), client.post(path, fields)
    assert first["Location"] == second["Location"]
    assert first["Location"].startswith("/order/")
    assert (Order.objects.get().status, Payment.objects.count()) == ("paid", 1)


def test_a_page_that_is_only_looked_at_leads_to_itself(client: Client, variant: Variant) -> None:
    put(client, variant)
    client.raise_request_exception = False
    with refused():
        answer = client.get("/cart/?a=1")
    assert answer.status_code == 503
    assert 'href="/cart/?a=1"' in answer.content.decode()
    assert client.get("/cart/").status_code == 200


def test_no_address_leads_elsewhere(client: Client) -> None:
    client.raise_request_exception = False
    with refused():
        answer = client.get("//evil.example/cart/")
    assert 'href="//evil.example' not in answer.content.decode()


def test_a_password_is_not_written_into_a_page(client: Client, method: Method) -> None:
    make_user("ada@example.com")
    with refused():
        page = post(client, "/login/", {"email": "ada@example.com", "password": "correct horse"})
    assert "correct horse" not in page
    assert "<form" not in page
    assert "go back and send it once more" in page


def test_any_other_error_is_still_an_error(client: Client, variant: Variant) -> None:
    client.raise_request_exception = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checkout.views.cart.carts.open", lambda request: 1 // 0)
        answer = client.get("/cart/")
    assert answer.status_code == 500
    assert "Something tore" in answer.content.decode()


def test_without_it_all_that_was_typed_would_be_gone(
    client: Client, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: the page of any error."""

    monkeypatch.setattr(urls, "handler500", away.server_error)
    put(client, variant)
    client.raise_request_exception = False
    with refused():
        answer = client.post("/checkout/address/", TYPED)
    assert answer.status_code == 500
    assert ADDRESS["line1"] not in answer.content.decode()
