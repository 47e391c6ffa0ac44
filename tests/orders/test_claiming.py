"""A guest's orders join the account of the same address once that is confirmed, and never before."""

from copy import copy

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.db import connection
from django.test import Client

from accounts import confirmation, links, passwords
from accounts.models import User
from catalog.models import Variant
from orders import claiming
from orders.models import Order
from orders.placement import place_order
from shop.outbox import drain
from tests.factories import make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db

NEW = {"email": "Ada@Example.com", "name": "Ada", "password": "a few words"}


def owners() -> list[str | None]:
    return [order.customer and order.customer.email for order in Order.objects.order_by("pk")]


@pytest.fixture
def guests(variant: Variant) -> None:
    for email in ("ada@example.com", "ADA@example.COM", "eve@example.com"):
        place_order(make_draft((variant, 1), email=email))


def confirm(user: User) -> None:
    confirmation.confirm(user, links.token(links.CONFIRM, user))


def test_registering_shows_nothing_and_confirming_all(client: Client, guests: None) -> None:
    client.post("/account/register/", NEW)
    client.get("/account/orders/")
    assert owners() == [None, None, None]
    client.post("/account/logout/")
    client.post("/account/login/", NEW)
    assert "No orders yet" in client.get("/account/orders/").content.decode()
    confirm(User.objects.get())
    assert owners() == ["Ada@Example.com", "Ada@Example.com", None]
    assert client.get("/account/orders/").content.decode().count('class="orders__row"') == 2


def test_the_whole_way_by_mail(client: Client, guests: None) -> None:
    client.post("/account/register/", NEW)
    drain.drain("normal")
    message = next(sent for sent in mail.outbox if sent.subject.startswith("Welcome"))
    path = message.body[message.body.index("/account/confirm/") :].split()[0]
    client.get(path)
    assert owners() == [None, None, None]
    client.post(path)
    assert owners() == ["Ada@Example.com", "Ada@Example.com", None]


def test_a_claimed_order_stays_its_owners(guests: None) -> None:
    eve = make_user("other@example.com")
    Order.objects.filter(email="ADA@example.COM").update(customer=eve)
    confirm(make_user("ada@example.com"))
    assert owners() == ["ada@example.com", "other@example.com", None]


def test_a_reset_by_mail_confirms_and_claims(guests: None) -> None:
    ada = make_user("ada@example.com")
    passwords.reset(links.token(links.RESET, ada), "quiet hills")
    assert owners()[:2] == ["ada@example.com"] * 2


def test_another_address_brings_its_own_orders(guests: None) -> None:
    ada = make_user("new@example.com")
    confirmation.change(ada, links.token(links.CHANGE, ada, email="eve@example.com"))
    assert owners() == [None, None, "eve@example.com"]


def test_what_was_ordered_as_a_guest_later_joins_at_the_next_login(client: Client, variant: Variant) -> None:
    confirm(make_user("ada@example.com"))
    place_order(make_draft((variant, 1)))
    assert owners() == [None]
    client.post("/account/login/", {"email": "ada@example.com", "password": "correct horse"})
    assert owners() == ["ada@example.com"]


def test_an_address_that_was_changed_by_the_merchant_claims_nothing(client: Client, guests: None) -> None:
    confirm(make_user("other@example.com"))
    User.objects.update(email="ada@example.com", password=make_password("correct horse"))
    client.post("/account/login/", {"email": "ada@example.com", "password": "correct horse"})
    claiming.claim_confirmed(User.objects.get())
    assert owners() == [None, None, None]


def test_nothing_is_confirmed_if_the_orders_cannot_be_claimed(
    guests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(user: User) -> None:
        raise RuntimeError

    monkeypatch.setattr(claiming, "claim_confirmed", broken)
    with pytest.raises(RuntimeError):
        confirm(make_user("ada@example.com"))
    assert not User.objects.get().is_confirmed


def test_guests_orders_are_found_by_their_index(guests: None) -> None:
    order, many = Order.objects.latest("pk"), []
    for number in range(2_000):
        each = copy(order)
        each.pk, each.placement_key, each.email = None, f"copy-{number}", f"guest-{number}@example.com"
        many.append(each)
    Order.objects.bulk_create(many)
    sql, params = claiming._unclaimed("ada@example.com").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")  # else the plan is whatever the last statistics suggest
        cursor.execute(f"EXPLAIN {sql}", params)
        assert "order_unclaimed" in " ".join(row[0] for row in cursor.fetchall())
