"""Log in and out: the same answer for everybody unknown, a new session, and nowhere else afterwards."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from accounts import links
from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def login(client: Client, email: str, password: str = "correct horse", **more: str) -> str:
    """Where it led; "" if it did not."""
    return client.post("/account/login/", {"email": email, "password": password, **more}).get("Location", "")


def test_address_and_password_let_in(client: Client) -> None:
    ada = make_user("Ada@example.com", name="Ada Lovelace")
    assert login(client, "ada@EXAMPLE.com") == "/account/"
    page = client.get("/account/").content.decode()
    assert "Hello, Ada" in page
    assert ada.email in page


def test_an_unknown_address_reads_like_a_wrong_password(client: Client) -> None:
    make_user("ada@example.com")
    answers = [
        client.post("/account/login/", {"email": email, "password": "wrong words"})
        for email in ("ada@example.com", "eve@example.com")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    # A token is masked anew in each answer.
    own = re.compile(r'(ada|eve)@\S+|name="csrfmiddlewaretoken" value="\w+"')
    ada, eve = (own.sub("", answer.content.decode()) for answer in answers)
    assert ada == eve
    assert "do not belong together" in ada


def test_an_unknown_address_costs_a_hash_as_well(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    make_user("ada@example.com")
    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    login(client, "ada@example.com", "wrong one")
    login(client, "eve@example.com", "wrong two")
    assert hashed == ["wrong one", "wrong two"]


def test_the_session_gets_a_new_key(client: Client) -> None:
    session = client.session
    session["kept"] = "yes"
    session.save()
    before = session.session_key
    login(client, make_user().email)
    assert client.session.session_key != before
    assert client.session["kept"] == "yes"


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "http:///evil.test"),
        *("\x07", "foo", "accounts:login", "?x", ".", "login/"),
    ],
)
def test_next_leads_nowhere_else(client: Client, target: str) -> None:
    assert login(client, make_user().email, next=target) == "/account/"
    # Who is logged in already is led on at once, from both forms.
    for page in ("login", "register"):
        assert client.get(f"/account/{page}/", {"next": target})["Location"] == "/account/"


def test_next_leads_where_one_was(client: Client) -> None:
    assert client.get("/account/orders/")["Location"] == "/account/login/?next=/account/orders/"
    page = client.get("/account/login/?next=/checkout/").content.decode()
    assert 'name="next" value="/checkout/"' in page
    assert login(client, make_user().email, next="/checkout/") == "/checkout/"


def test_who_is_logged_in_needs_no_form(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/account/login/")["Location"] == "/account/"


def test_logout_takes_a_post_and_forgets(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/account/logout/").status_code == 405
    assert client.post("/account/logout/")["Location"] == "/"
    assert client.get("/account/").status_code == 302


def test_an_account_that_was_closed_is_unknown(client: Client) -> None:
    ada = make_user()
    User.objects.update(is_active=False)
    assert login(client, ada.email) == ""


@pytest.mark.parametrize("email", ["", "ada", "\x07", "a@" + "b" * 300 + ".com", "a b@c.de"])
def test_odd_input_is_an_answer(client: Client, email: str) -> None:
    assert client.post("/account/login/", {"email": email, "password": "\x07"}).status_code == 422


@pytest.mark.parametrize("text", ["\x00", "a\ud800 b"])
@pytest.mark.parametrize("field", ["email", "password", "next"])
def test_what_cannot_be_stored_is_a_bad_request(client: Client, field: str, text: str) -> None:
    # A client may name any charset, and UTF-7 can say a lone surrogate.
    part = f'--x\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n--x--\r\n'
    answer = client.generic(
        "POST",
        "/account/login/",
        part.encode("utf-7", "surrogatepass"),
        content_type="multipart/form-data; boundary=x; charset=utf-7",
    )
    assert answer.status_code == 400


def attack(email: str) -> None:
    """As many wrong passwords as strangers have together, each from another address."""
    for number in range(10):
        login(Client(REMOTE_ADDR=f"10.0.0.{number}"), email, "wrong words")


def test_guessing_is_slowed_down_for_strangers_and_nobody_elses_account(client: Client) -> None:
    ada = make_user()
    attack(ada.email)
    # A guess that is right does not help who has never been here, wherever it comes from …
    answer = Client(REMOTE_ADDR="10.0.1.1").post(
        "/account/login/", {"email": ada.email.upper(), "password": "correct horse"}
    )
    assert answer.status_code == 429
    assert "wait five minutes" in answer.content.decode()
    # … and others are not held up by it.
    assert login(Client(REMOTE_ADDR="10.0.1.2"), make_user().email) == "/account/"


def test_an_attack_does_not_lock_out_who_has_logged_in_here_before(client: Client) -> None:
    ada = make_user()
    login(client, ada.email)
    client.post("/account/logout/")
    attack(ada.email)
    assert login(client, ada.email.upper()) == "/account/"


def test_who_is_new_here_gets_in_by_mail_while_strangers_guess(client: Client) -> None:
    ada = make_user()
    attack(ada.email)
    assert (
        "lets you in at once"
        in client.post("/account/login/", {"email": ada.email, "password": "correct horse"}).content.decode()
    )
    client.post(f"/account/reset/{links.token(links.RESET, ada)}/", {"password": "quiet hills"})
    assert client.get("/account/").status_code == 200
    client.post("/account/logout/")
    assert login(client, ada.email, "quiet hills") == "/account/"


def test_logging_in_uses_nothing_up(client: Client) -> None:
    ada = make_user()
    for number in range(12):
        assert login(Client(REMOTE_ADDR=f"10.0.0.{number}"), ada.email) == "/account/"


def test_a_known_browser_has_ten_guesses_of_its_own(client: Client) -> None:
    """Who took a machine along may not guess on it without end."""
    ada = make_user()
    login(client, ada.email)
    client.post("/account/logout/")
    answers = [
        client.post(
            "/account/login/", {"email": ada.email, "password": "wrong words"}, REMOTE_ADDR=f"10.0.2.{number}"
        ).status_code
        for number in range(12)
    ]
    assert answers == [422] * 10 + [429] * 2
    # Strangers have used up none of theirs.
    assert login(Client(REMOTE_ADDR="10.0.1.1"), ada.email) == "/account/"


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "another's", "old"])
def test_a_browser_is_known_to_one_account_by_a_signature_and_for_half_a_year(
    client: Client, value: str
) -> None:
    ada, eve = make_user(), make_user()
    with time_machine.travel(timezone.now() - timedelta(days=181 if value == "old" else 0)):
        login(client, ada.email if value == "old" else eve.email)
    held = client.cookies["known"].value
    assert ada.email not in held
    browser = Client(REMOTE_ADDR="10.0.1.1")
    browser.cookies["known"] = held if value in {"another's", "old"} else value
    attack(ada.email)
    assert login(browser, ada.email) == ""


def test_the_cookie_is_for_the_server_alone(client: Client) -> None:
    login(client, make_user().email)
    cookie = client.cookies["known"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 180 * 86_400


def test_who_came_from_the_cart_may_still_order_as_a_guest(client: Client) -> None:
    offer = 'href="/checkout/">check out as guest</a>'
    assert offer in client.get("/account/login/?next=/checkout/").content.decode()
    assert offer not in client.get("/account/login/?next=/account/orders/").content.decode()
    assert offer not in client.get("/account/login/").content.decode()
