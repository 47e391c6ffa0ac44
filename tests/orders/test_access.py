"""Links that came into wrong hands are made void: new ones open the order, and go to its own address only."""

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse

from orders import access, links, payments
from orders.models import Invoice, Order
from shop.outbox import drain
from tests.factories import make_user
from tests.orders.test_admin import management, page

pytestmark = pytest.mark.django_db


def test_an_old_link_opens_nothing_and_the_new_one_all(client: Client, order: Order) -> None:
    payments.begin(order, "pays")
    paper = Invoice.objects.get()
    order.refresh_from_db()
    old = links.path(order)
    assert client.get(old).status_code == 200
    for _ in range(2):
        order = access.renew(order)
    new = links.path(order)
    for path in ("", f"{paper.label}.pdf", "returned/"):
        answer = client.get(old + path)
        assert (answer.status_code, answer["Location"]) == (302, "/track/"), path
        assert client.get(new + path).status_code in {200, 302}
        assert client.get(new + path).get("Location") != "/track/"
    assert client.post(f"{old}pay/", {"payment": "pays"})["Location"] == "/track/"
    assert "no longer good" in client.get(old, follow=True).content.decode()
    assert client.post("/cart/again/", {"order": old.split("/")[2]}).status_code == 404


def test_a_count_that_we_have_not_signed_opens_nothing(client: Client, order: Order) -> None:
    order = access.renew(order)
    number, signature = links.token(order).split(".")
    for forged in (f"{order.pk}-0.{signature}", f"{order.pk}-2.{signature}", f"{number}.x"):
        assert client.get(f"/order/{forged}/").status_code == 404
    order.links_renewed = 2  # signed, and nobody has made it so far
    assert client.get(links.path(order)).status_code == 404


def test_who_has_the_orders_address_gets_the_new_link(client: Client, order: Order) -> None:
    order = access.renew(order)
    client.post("/track/", {"number": order.number, "email": order.email})
    drain.drain("normal")
    assert links.path(order) in mail.outbox[-1].body


def test_the_list_of_a_customer_has_the_new_link(client: Client, order: Order) -> None:
    ada = make_user()
    Order.objects.update(customer=ada)
    client.force_login(ada)
    assert links.path(access.renew(order)) in client.get(reverse("orders:history")).content.decode()


def test_the_desk_asks_and_makes_them_void(client: Client, order: Order) -> None:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Merchant"))
    client.force_login(user)
    answer = client.post(page(order), {**management(client, order), "note": "", "_links": "1"}, follow=True)
    text = answer.content.decode()
    assert f"a new one mailed to {order.email}" in text
    assert answer.redirect_chain[-1][0].endswith("/links/")
    order.refresh_from_db()
    assert order.links_renewed == 0
    done = client.post(answer.redirect_chain[-1][0], follow=True).content.decode()
    assert "Old links are void" in done
    order.refresh_from_db()
    assert order.links_renewed == 1
    event = order.events.get(kind="links_renewed")
    assert event.actor == user
    assert "old ones are void" in client.get(page(order)).content.decode()
