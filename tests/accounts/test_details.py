"""Name, address and password, each changed by who knows the password, and told to who should know."""

import pytest
from django.test import Client

from accounts import confirmation, links
from accounts.models import Login, User
from tests.accounts.conftest import link, sent
from tests.factories import make_user

pytestmark = pytest.mark.django_db

CHANGE = {"email": "new@example.com", "old": "correct horse"}


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada@example.com", name="Ada", confirmed_email="ada@example.com")
    client.post("/account/login/", {"email": user.email, "password": "correct horse"})
    return user


@pytest.mark.parametrize(
    "path",
    ["", "details/", "name/", "email/", "password/", "addresses/", "addresses/new/", "logins/", "orders/"],
)
def test_the_accounts_pages_are_their_owners(client: Client, path: str) -> None:
    assert client.get(f"/account/{path}")["Location"] == f"/account/login/?next=/account/{path}"
    client.force_login(make_user())
    answer = client.get(f"/account/{path}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_the_name_is_changed(client: Client, ada: User) -> None:
    assert 'value="Ada"' in client.get("/account/name/").content.decode()
    assert client.post("/account/name/", {"name": " "}).status_code == 422
    assert client.post("/account/name/", {"name": "Ada Lovelace"})["Location"] == "/account/details/"
    page = client.get("/account/details/").content.decode()
    assert "Ada Lovelace" in page
    assert "ada@example.com" in page


def test_the_password_is_changed_and_told(client: Client, ada: User) -> None:
    elsewhere = Client()
    elsewhere.post("/account/login/", {"email": ada.email, "password": "correct horse"})
    answer = client.post("/account/password/", {"old": "correct horse", "password": "quiet hills"})
    assert answer["Location"] == "/account/details/"
    assert client.get("/account/details/").status_code == 200
    assert elsewhere.get("/account/details/").status_code == 302
    assert Login.objects.filter(user=ada).count() == 1
    ada.refresh_from_db()
    assert ada.check_password("quiet hills")
    (message,) = sent()
    assert message.to == ["ada@example.com"]
    assert link(message) == "/account/reset/"


@pytest.mark.parametrize(
    ("old", "new"), [("wrong", "quiet hills"), ("correct horse", "short"), ("", "quiet hills")]
)
def test_a_wrong_or_weak_password_changes_nothing(client: Client, ada: User, old: str, new: str) -> None:
    assert client.post("/account/password/", {"old": old, "password": new}).status_code == 422
    ada.refresh_from_db()
    assert ada.check_password("correct horse")
    assert sent() == []


def test_the_password_one_has_is_no_new_one_and_nobody_is_told_of_it(client: Client, ada: User) -> None:
    same = {"old": "correct horse", "password": "correct horse"}
    answer = client.post("/account/password/", same)
    assert answer.status_code == 422
    assert "This is the password you have now." in answer.content.decode()
    assert sent() == []
    # Who does not know it is not told that it was guessed.
    answer = client.post("/account/password/", {**same, "old": "wrong words"})
    assert "This is the password you have now." not in answer.content.decode()


@pytest.mark.parametrize("path", ["password", "email"])
def test_the_old_password_cannot_be_guessed_in_a_browser_that_was_left_open(
    client: Client, ada: User, path: str
) -> None:
    form = {"email": "new@example.com", "password": "quiet hills"}
    for _ in range(10):
        client.post(f"/account/{path}/", {**form, "old": "wrong"})
    for old in ("correct horse", "wrong"):
        answer = client.post(f"/account/{path}/", {**form, "old": old}, REMOTE_ADDR="10.1.1.1")
        assert answer.status_code == 429
        assert "not the password" not in answer.content.decode()
    ada.refresh_from_db()
    assert ada.check_password("correct horse")
    assert sent() == []


def test_another_address_is_confirmed_by_its_own_mail_and_the_old_one_is_told(
    client: Client, ada: User
) -> None:
    assert client.post("/account/email/", CHANGE)["Location"] == "/account/details/"
    (message,) = sent()
    assert message.to == ["new@example.com"]
    assert "new@example.com" in client.get(link(message)).content.decode()
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    assert client.post(link(message))["Location"] == "/account/details/"
    ada.refresh_from_db()
    assert (ada.email, ada.is_confirmed) == ("new@example.com", True)
    (told,) = sent()
    assert told.to == ["ada@example.com"]
    assert "ada@example.com" in told.body
    assert client.post(link(message)).status_code == 410


def test_the_link_alone_changes_nothing(client: Client, ada: User) -> None:
    """An address that was mistyped is a stranger's, who would have the account."""
    client.post("/account/email/", CHANGE)
    path = link(sent()[0])
    stranger = Client()
    assert stranger.post(path)["Location"].startswith("/account/login/")
    stranger.force_login(make_user("eve@example.com"))
    assert stranger.post(path).status_code == 410
    assert not User.objects.filter(email="new@example.com").exists()


def test_the_password_is_asked_for(client: Client, ada: User) -> None:
    assert client.post("/account/email/", {**CHANGE, "old": "wrong"}).status_code == 422
    assert sent() == []


def test_a_new_password_ends_the_link_to_another_address(client: Client, ada: User) -> None:
    client.post("/account/email/", CHANGE)
    path = link(sent()[0])
    client.post("/account/password/", {"old": "correct horse", "password": "quiet hills"})
    assert client.post(path).status_code == 410
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


def test_whether_an_address_has_an_account_is_not_told(client: Client, ada: User) -> None:
    make_user("Eve@example.com")
    told = []
    for email in ("new@example.com", "eve@example.com"):
        client.post("/account/email/", {**CHANGE, "email": email})
        told.append(client.get("/account/details/").content.decode().replace(email, "…"))
    page, other = (text[text.index("<main") : text.index("</main>")] for text in told)
    strip = (
        [part for part in page.split('"') if len(part) != 64],
        [p for p in other.split('"') if len(p) != 64],
    )
    assert strip[0] == strip[1]
    fresh, taken = sent()
    assert "/account/email/" in link(fresh)
    assert taken.to == ["eve@example.com"]
    assert link(taken) == "/account/login/"
    assert "ada" not in taken.body.lower().replace("already", "")


def test_who_was_faster_keeps_the_address(client: Client, ada: User) -> None:
    path = f"/account/email/{links.token(links.CHANGE, ada, email='new@example.com')}/"
    make_user("New@example.com")
    assert client.post(path).status_code == 410
    with pytest.raises(confirmation.AddressTaken):
        confirmation.change(ada, links.token(links.CHANGE, ada, email="new@example.com"))
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    assert sent() == []


@pytest.mark.parametrize("email", ["", "ada", "ada@example.com", "a@" + "b" * 300 + ".com"])
def test_odd_addresses_are_an_answer(client: Client, ada: User, email: str) -> None:
    assert client.post("/account/email/", {**CHANGE, "email": email}).status_code == 422


def test_a_stranger_is_not_flooded_with_mails(client: Client, ada: User) -> None:
    answers = [client.post("/account/email/", CHANGE).status_code for _ in range(7)]
    assert answers == [302] * 5 + [429] * 2
    assert len(sent()) == 5
