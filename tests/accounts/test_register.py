"""A new account: a length is enough, a taken address is told, the greeting follows by mail."""

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from shop.outbox import drain
from tests.factories import make_user

pytestmark = pytest.mark.django_db

NEW = {"email": "new@example.com", "name": "Grace Hopper", "password": "a few words"}


def test_registering_logs_in_and_greets(client: Client) -> None:
    answer = client.post("/account/register/", NEW)
    assert answer["Location"] == "/account/"
    page = client.get("/account/").content.decode()
    assert "Hello, Grace" in page
    assert "Your account is ready." in page
    drain.drain("normal")
    assert [message.to for message in mail.outbox] == [["new@example.com"]]
    assert "Welcome, Grace" in mail.outbox[0].body


def test_a_taken_address_is_told_whatever_its_case(client: Client) -> None:
    make_user("New@example.com")
    answer = client.post("/account/register/", NEW)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "log in instead" in page
    assert 'href="/account/reset/"' in page
    assert 'href="/account/login/?next=' not in page
    assert "Grace Hopper" in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["12345678", "short", "password"])
def test_a_password_everybody_has_is_refused(client: Client, password: str) -> None:
    answer = client.post("/account/register/", {**NEW, "password": password})
    assert answer.status_code == 422
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["eight ch", "  q  w  ", "жирафы пьют", "🦒" * 8])
def test_any_eight_characters_will_do(client: Client, password: str) -> None:
    assert client.post("/account/register/", {**NEW, "password": password}).status_code == 302
    client.post("/account/logout/")
    client.post("/account/login/", {"email": NEW["email"], "password": password})
    assert client.get("/account/").status_code == 200


def test_the_address_given_at_checkout_is_not_asked_twice(client: Client) -> None:
    session = client.session
    session["guest_email"] = "ada@example.com"
    session.save()
    assert 'value="ada@example.com"' in client.get("/account/register/").content.decode()


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "foo", "/\\evil.test"])
def test_next_leads_nowhere_else(client: Client, target: str) -> None:
    assert client.post("/account/register/", {**NEW, "next": target})["Location"] == "/account/"


def test_next_is_kept_and_checked(client: Client) -> None:
    assert client.post("/account/register/", {**NEW, "next": "//evil.test"})["Location"] == "/account/"
    client.post("/account/logout/")
    other = {**NEW, "email": "other@example.com", "next": "/cart/"}
    assert client.post("/account/register/", other)["Location"] == "/cart/"


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Please enter your e-mail address."),
        ("ada", "has an @"),
        ("ada@example", "is not complete"),
        ("ada @example.com", "leave out the spaces"),
        ("ada@exa_mple.com", "should look like"),
    ],
)
def test_the_text_fits_the_mistake(client: Client, email: str, words: str) -> None:
    page = client.post("/account/register/", {**NEW, "email": email}).content.decode()
    assert words in page


def test_many_accounts_from_one_address_are_slowed_down(client: Client) -> None:
    for number in range(10):
        client.post("/account/register/", {**NEW, "email": f"new{number}@example.com"})
        client.post("/account/logout/")
    assert client.post("/account/register/", NEW).status_code == 429
    assert User.objects.count() == 10
