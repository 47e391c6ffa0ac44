"""Who may cancel need not be one who sends money back: then it stays, and waits for somebody who may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from orders import payments, shipments, states
from orders.models import Order, Refund
from tests.factories import make_user
from tests.orders.test_admin import cancelling, management, page
from tests.orders.test_admin_moving import act, said

pytestmark = pytest.mark.django_db
Status = Order.Status
WAITS = "stays to be sent back by somebody who may"


@pytest.fixture
def helper(client: Client) -> Client:
    """May cancel, and no more."""
    user = make_user(is_staff=True)
    for code in ("view_order", "change_order", "cancel_order"):
        of = {"codename": code, "content_type__app_label": "orders"}
        user.user_permissions.add(Permission.objects.get(**of))
    client.force_login(user)
    return client


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def test_who_cancels_without_the_right_to_refund_sends_no_money(helper: Client, paid: Order) -> None:
    text = helper.get(cancelling(paid)).content.decode()
    assert WAITS in text
    assert 'name="refund"' not in text
    assert said(helper, cancelling(paid), {"refund": "yes"}) == ["Order cancelled"]
    paid.refresh_from_db()
    assert paid.status == Status.CANCELLED
    assert not Refund.objects.exists()


def test_nor_does_who_cancels_many(helper: Client, paid: Order) -> None:
    first, owed = act(helper, "cancel", paid, confirmed="yes", refund="yes")
    assert first == "1 order cancelled"
    assert paid.number in owed
    assert not Refund.objects.exists()


@pytest.mark.parametrize("button", ["_refund", "_refunded"])
def test_nor_do_the_buttons_of_a_cancelled_order(helper: Client, paid: Order, button: str) -> None:
    states.move(paid, Status.CANCELLED)
    assert f'name="{button}"' not in helper.get(page(paid)).content.decode()
    sent = {**management(helper, paid), "note": "", button: "1"}
    assert helper.post(page(paid), sent).status_code == 403
    assert not Refund.objects.exists()
    assert not paid.events.filter(kind="refunded").exists()


def test_nor_does_who_gives_up_the_rest(helper: Client, paid: Order) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1})
    url = reverse("admin:orders_order_give_up", args=[paid.pk])
    text = helper.get(url).content.decode()
    assert WAITS in text
    assert 'name="refund"' not in text
    assert said(helper, url, {"refund": "yes"}) == ["Rest given up"]
    assert not Refund.objects.exists()
