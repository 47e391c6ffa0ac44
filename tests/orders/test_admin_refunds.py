"""Money of cancelled orders on the desk: asked for until it went back, and then no more."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from orders import gateways, links, payments, states
from orders.models import Order
from shop import markets
from tests.factories import make_user
from tests.orders.test_admin import management, page
from tests.orders.test_admin_moving import UNREFUNDED

pytestmark = pytest.mark.django_db
Status = Order.Status
LIST = reverse("admin:orders_order_changelist") + "?status=owed"


@pytest.fixture
def merchant(client: Client) -> Client:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Merchant"))
    client.force_login(user)
    return client


@pytest.fixture
def owed(order: Order) -> Order:
    payments.begin(order, gateways.get().choices()[0].value)
    return states.move(order, Status.CANCELLED)


def press(client: Client, order: Order) -> list[str]:
    sent = {**management(client, order), "note": "", "_refunded": "1"}
    return [str(said) for said in client.post(page(order), sent, follow=True).context["messages"]]


def waiting(client: Client) -> list[int]:
    return [order.pk for order in client.get(LIST).context["cl"].result_list]


def test_the_notice_goes_when_the_money_went_back(merchant: Client, owed: Order) -> None:
    before = merchant.get(page(owed)).content.decode()
    assert UNREFUNDED in before
    assert 'name="_refunded"' in before
    assert waiting(merchant) == [owed.pk]
    assert "order to refund" in merchant.get(reverse("admin:index")).content.decode()
    assert press(merchant, owed) == ["Refund noted"]
    after = merchant.get(page(owed)).content.decode()
    assert UNREFUNDED not in after
    assert 'name="_refunded"' not in after
    assert "Refunded" in after  # the timeline says it
    assert waiting(merchant) == []
    assert "to refund" not in merchant.get(reverse("admin:index")).content.decode()


def test_a_second_press_notes_nothing(merchant: Client, owed: Order) -> None:
    press(merchant, owed)
    assert press(merchant, owed) == [f"{owed.number}: nothing is left to be refunded."]
    assert owed.events.filter(kind="refunded").count() == 1


def test_an_order_that_goes_on_has_nothing_to_refund(merchant: Client, order: Order) -> None:
    states.move(order, Status.PAID)
    assert press(merchant, order) == [f"{order.number}: nothing is left to be refunded."]
    assert 'name="_refunded"' not in merchant.get(page(order)).content.decode()


def test_a_cancelled_order_that_nobody_paid_does_not_wait(merchant: Client, order: Order) -> None:
    states.move(order, Status.CANCELLED)
    assert waiting(merchant) == []


def test_who_may_not_cancel_cannot_say_that_it_was_refunded(client: Client, owed: Order) -> None:
    helper = make_user(is_staff=True)
    helper.groups.add(Group.objects.get(name="Support"))
    client.force_login(helper)
    assert 'name="_refunded"' not in client.get(page(owed)).content.decode()
    sent = {**management(client, owed), "note": "", "_refunded": "1"}
    assert client.post(page(owed), sent).status_code == 403
    assert not owed.events.filter(kind="refunded").exists()


def test_the_buyer_reads_that_the_money_was_sent(merchant: Client, owed: Order) -> None:
    url = links.path(owed, market=markets.get_or_default(owed.market))
    assert "give it a few working days" in merchant.get(url).content.decode()
    press(merchant, owed)
    text = merchant.get(url).content.decode()
    assert "We have sent €25.00 back the way it came." in text
    assert "give it a few working days" not in text
