"""The address book: added, edited, removed, one of them suggested first, and never another's."""

import pytest
from django.db import transaction
from django.test import Client

from accounts import addresses
from accounts.models import Address, User
from tests.factories import make_delivery, make_user

pytestmark = pytest.mark.django_db

HOME = {
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "line2": "",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
    "phone": "",
}
WORK = {**HOME, "line1": "Invalidenstraße 7", "postcode": "10115"}


@pytest.fixture(autouse=True)
def _delivery() -> None:
    make_delivery(["DE", "AT"])
    make_delivery(["GB"], eur="9.00")


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada@example.com", name="Ada Lovelace")
    client.force_login(user)
    return user


def default(user: User) -> str:
    return user.addresses.get(is_default=True).line1


def test_an_address_is_added_and_the_first_one_is_suggested(client: Client, ada: User) -> None:
    assert "No addresses yet" in client.get("/account/addresses/").content.decode()
    form = client.get("/account/addresses/new/").content.decode()
    assert 'value="Ada Lovelace"' in form
    assert 'value="DE" selected' in form
    assert client.post("/account/addresses/new/", HOME)["Location"] == "/account/addresses/"
    client.post("/account/addresses/new/", WORK)
    page = client.get("/account/addresses/").content.decode()
    assert page.index("Unter den Linden 1") < page.index("Invalidenstraße 7")
    assert "Germany" in page
    assert default(ada) == "Unter den Linden 1"


def test_another_one_can_be_suggested_first(client: Client, ada: User) -> None:
    addresses.keep(ada, HOME)
    work = addresses.keep(ada, WORK)
    assert client.post(f"/account/addresses/{work.pk}/prefer/").status_code == 302
    assert default(ada) == "Invalidenstraße 7"
    client.post("/account/addresses/new/", {**HOME, "line1": "Third 3", "is_default": "on"})
    assert default(ada) == "Third 3"


def test_the_same_address_is_kept_once(ada: User) -> None:
    assert addresses.keep(ada, HOME) == addresses.keep(ada, {**HOME, "email": "ignored"})
    assert ada.addresses.count() == 1


def test_an_address_is_edited(client: Client, ada: User) -> None:
    home, work = addresses.keep(ada, HOME), addresses.keep(ada, WORK)
    form = client.get(f"/account/addresses/{work.pk}/").content.decode()
    assert 'value="Invalidenstraße 7"' in form
    answer = client.post(f"/account/addresses/{work.pk}/", {**WORK, "city": "Potsdam", "is_default": "on"})
    assert answer.status_code == 302
    work.refresh_from_db()
    home.refresh_from_db()
    assert (work.city, work.is_default, home.is_default) == ("Potsdam", True, False)


def test_an_address_is_removed_and_the_newest_other_takes_its_place(client: Client, ada: User) -> None:
    home = addresses.keep(ada, HOME)
    addresses.keep(ada, WORK)
    addresses.keep(ada, {**HOME, "line1": "Third 3"})
    assert client.post(f"/account/addresses/{home.pk}/remove/").status_code == 302
    assert default(ada) == "Third 3"
    assert ada.addresses.count() == 2
    for address in ada.addresses.all():
        client.post(f"/account/addresses/{address.pk}/remove/")
    assert "No addresses yet" in client.get("/account/addresses/").content.decode()


def test_nobody_elses_address_is_seen_or_touched(client: Client, ada: User) -> None:
    theirs = addresses.keep(make_user(), HOME)
    path = f"/account/addresses/{theirs.pk}/"
    assert client.get(path).status_code == 404
    assert client.post(path, WORK).status_code == 404
    client.post(f"{path}remove/")
    client.post(f"{path}prefer/")
    theirs.refresh_from_db()
    assert (theirs.line1, theirs.is_default) == ("Unter den Linden 1", True)
    addresses.keep(ada, WORK)
    addresses.prefer(ada, theirs.pk)
    assert default(ada) == "Invalidenstraße 7"
    addresses.change(ada, theirs.pk, WORK)
    assert theirs.user.addresses.get().line1 == "Unter den Linden 1"


@pytest.mark.parametrize("path", ["remove", "prefer"])
def test_looking_changes_nothing(client: Client, ada: User, path: str) -> None:
    kept = addresses.keep(ada, HOME)
    assert client.get(f"/account/addresses/{kept.pk}/{path}/").status_code == 405


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("postcode", "1011", "has 5 digits, this one has 4"),
        ("country", "KP", "do not deliver there yet"),
        ("name", "", "name of who gets it"),
    ],
)
def test_the_text_fits_the_mistake_as_in_the_checkout(
    client: Client, ada: User, field: str, value: str, words: str
) -> None:
    answer = client.post("/account/addresses/new/", {**HOME, field: value})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert page.count("autofocus") == 1
    assert not ada.addresses.exists()


def test_every_country_that_any_market_delivers_to_is_offered(client: Client, ada: User) -> None:
    page = client.get("/account/addresses/new/").content.decode()
    assert [code for code in ("DE", "AT", "GB", "FR") if f'<option value="{code}"' in page] == [
        "DE",
        "AT",
        "GB",
    ]


def test_a_book_has_an_end(client: Client, ada: User) -> None:
    Address.objects.bulk_create(
        Address(user=ada, **{**HOME, "line1": f"Street {number}"}) for number in range(addresses.MOST)
    )
    assert "address book is full" in client.post("/account/addresses/new/", HOME).content.decode()
    assert ada.addresses.count() == addresses.MOST


def test_writing_is_slowed_down(client: Client, ada: User) -> None:
    kept = addresses.keep(ada, HOME)
    for _ in range(30):
        client.post(f"/account/addresses/{kept.pk}/prefer/")
    assert client.post("/account/addresses/new/", WORK).status_code == 429
    client.post(f"/account/addresses/{kept.pk}/remove/")
    assert ada.addresses.count() == 1


def test_there_is_one_default_in_the_database(ada: User) -> None:
    from django.db import IntegrityError

    addresses.keep(ada, HOME)
    with pytest.raises(IntegrityError), transaction.atomic():
        Address.objects.create(user=ada, is_default=True, **WORK)
