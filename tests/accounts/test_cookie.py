"""`account=1` follows the session: written, lasting and taken back with it, and never believed."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as shop_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Login
from tests.accounts.test_login import login
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def held(client: Client) -> str:
    cookie = client.cookies.get("account")
    return cookie.value if cookie else ""


@pytest.fixture
def ada(client: Client) -> Client:
    make_user("ada@example.com", is_staff=True)
    assert login(client, "ada@example.com")
    return client


def test_a_login_writes_it_and_a_logout_takes_it_back(ada: Client) -> None:
    cookie = ada.cookies["account"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("1", "", "Lax")
    assert cookie["max-age"] == ada.cookies[shop_settings.SESSION_COOKIE_NAME]["max-age"]
    ada.post("/account/logout/")
    assert held(ada) == ""


def test_the_desks_door_writes_it_as_well(client: Client) -> None:
    make_user("ada@example.com", is_staff=True)
    client.post("/admin/login/", {"username": "ada@example.com", "password": "correct horse", "next": "/"})
    assert held(client) == "1"
    client.post("/admin/logout/")
    assert held(client) == ""


def test_it_lasts_on_with_the_session(ada: Client) -> None:
    assert "account" not in ada.get("/account/").cookies
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        answer = ada.get("/account/")
    assert {"account", shop_settings.SESSION_COOKIE_NAME} <= set(answer.cookies)


def test_a_session_that_was_ended_elsewhere_takes_it_back_with_the_next_private_page(ada: Client) -> None:
    Login.objects.all().delete()
    assert "account" not in ada.get("/search/").cookies  # a page for everyone tells nobody anything
    ada.get("/cart/")
    assert held(ada) == ""


def test_who_was_logged_in_before_it_was_there_is_given_it(ada: Client) -> None:
    del ada.cookies["account"]
    ada.get("/cart/")
    assert held(ada) == "1"


@pytest.mark.parametrize("value", ["1", "2", "<b>", "ada"])
def test_nobody_believes_it(client: Client, value: str) -> None:
    client.cookies["account"] = value
    assert client.get("/account/").status_code == 302
    assert held(client) == ""


def test_who_has_neither_is_not_looked_up(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/account/login/")
    assert not answer.cookies.keys() & {"account", shop_settings.SESSION_COOKIE_NAME}
    assert [query["sql"] for query in queries if "session" in query["sql"]] == []


def test_a_wrong_value_is_put_right(ada: Client) -> None:
    ada.cookies["account"] = "<script>"
    ada.get("/account/")
    assert held(ada) == "1"
