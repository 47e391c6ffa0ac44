"""A client that says nothing of where a form came from may show the form's token, and is else refused."""

import re

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import follow_changes, make_product, make_user

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def silent() -> Client:
    """Neither Sec-Fetch-Site nor Origin."""
    return Client(enforce_csrf_checks=True)


def token(client: Client, path: str) -> str:
    found = TOKEN.search(client.get(path).content.decode())
    assert found, path
    return found[1]


def test_the_token_of_a_private_form_lets_it_through(silent: Client) -> None:
    ada = make_user()
    form = {"email": ada.email, "password": "correct horse"}
    form["csrfmiddlewaretoken"] = token(silent, "/account/login/")
    assert silent.post("/account/login/", form)["Location"] == "/account/"
    assert (
        silent.post("/account/logout/", {"csrfmiddlewaretoken": token(silent, "/account/")})["Location"]
        == "/"
    )


@pytest.mark.parametrize("path", ["/account/login/", "/account/register/", "/track/"])
def test_every_private_form_carries_one(silent: Client, path: str) -> None:
    form = {"csrfmiddlewaretoken": token(silent, path)}
    assert silent.post(path, form).status_code == 422


@pytest.mark.parametrize("shown", ["", "x" * 64])
def test_without_it_nothing_is_done_and_the_shop_says_so(silent: Client, shown: str) -> None:
    form = {"email": "new@example.com", "name": "New", "password": "a few words"}
    answer = silent.post("/account/register/", {**form, "csrfmiddlewaretoken": shown})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "This form did not come from here" in page
    assert 'href="/"' in page
    assert "no-store" in answer["Cache-Control"]
    assert not User.objects.exists()


def test_another_site_is_refused_with_the_same_page(silent: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    form = {"csrfmiddlewaretoken": token(silent, "/account/login/")}
    answer = silent.post("/gb/account/login/", form, headers=headers)
    assert answer.status_code == 403
    assert "This form did not come from here" in answer.content.decode()


def test_a_page_for_everyone_carries_none(silent: Client) -> None:
    item = make_product()
    follow_changes()
    silent.get("/account/login/")
    answer = silent.get(f"/p/{item.slug}/")
    page = answer.content.decode()
    assert 'action="/cart/add/"' in page
    assert "csrfmiddlewaretoken" not in page
    assert not answer.cookies
