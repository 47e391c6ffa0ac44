"""Money of cancelled orders on the desk: asked for until it went back, and then no more."""

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from orders import balance, gateways, held, links, payments, refunds, states
from orders.models import Order, Refund
from shop import markets
from shop.outbox import drain
from tests.factories import make_user
from tests.orders.conftest import eur
from tests.orders.test_admin import management, page
from tests.orders.test_admin_moving import UNREFUNDED
from tests.orders.test_held import arrive

pytestmark = pytest.mark.django_db
Status = Order.Status
LIST = reverse("admin:orders_order_changelist") + "?status=owed"


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


def test_the_money_of_a_cancelled_order_goes_back_by_the_gateway(merchant: Client, owed: Order) -> None:
    assert "Send the money back (€25.00)" in merchant.get(page(owed)).content.decode()
    sent = {**management(merchant, owed), "note": "", "_refund": "1"}
    for said in (f"{owed.number}: €25.00 goes back the way it came.", "nothing is left to be refunded"):
        messages = merchant.post(page(owed), sent, follow=True).context["messages"]
        assert said in str(next(iter(messages)))
    assert waiting(merchant) == []
    drain.drain("high")
    refund = Refund.objects.get()
    assert (refund.status, refund.actor) == ("succeeded", get_user(merchant))
    assert owed.events.filter(kind="refunded").count() == 1
    assert UNREFUNDED not in merchant.get(page(owed)).content.decode()


def test_who_cancels_a_paid_order_sends_its_money_back_at_once(merchant: Client, order: Order) -> None:
    payments.begin(order, "pays")
    url = reverse("admin:orders_order_cancel", args=[order.pk])
    assert "Send €25.00 back at once" in merchant.get(url).content.decode()
    answer = merchant.post(url, {"refund": "yes"}, follow=True)
    assert [str(said) for said in answer.context["messages"]] == [
        "Order cancelled",
        f"{order.number}: €25.00 goes back the way it came.",
    ]
    assert Refund.objects.count() == 1


def test_a_part_that_went_back_before_leaves_the_rest_owed(merchant: Client, order: Order) -> None:
    payments.begin(order, "pays")
    refunds.refund(order, eur("10.00"))
    drain.drain("high")
    states.move(order, Status.CANCELLED)
    assert waiting(merchant) == [order.pk]
    assert "Send the money back (€15.00)" in merchant.get(page(order)).content.decode()


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


def marked(client: Client, chosen: str) -> list[str]:
    shown = client.get(reverse("admin:orders_order_changelist"), {"status": chosen}).context["cl"].result_list
    return [order.back for order in shown]


def test_the_list_marks_and_finds_what_was_refunded_in_part_and_in_all(
    merchant: Client, order: Order
) -> None:
    payments.begin(order, gateways.get().choices()[0].value)
    assert (marked(merchant, ""), marked(merchant, "part_refunded"), marked(merchant, "refunded")) == (
        [""],
        [],
        [],
    )
    refunds.refund(order, eur("10.00"))
    assert (marked(merchant, "part_refunded"), marked(merchant, "refunded")) == (["part"], [])
    assert "partly refunded" in merchant.get(LIST.partition("?")[0]).content.decode().partition("results")[2]
    refunds.refund(order, eur("15.00"))
    assert (marked(merchant, "part_refunded"), marked(merchant, "refunded")) == ([], ["all"])


def test_what_came_beyond_the_total_and_went_back_is_no_refund_of_the_order(
    merchant: Client, order: Order
) -> None:
    held.accept(arrive(order, eur("30.00")))
    assert (marked(merchant, "part_refunded"), marked(merchant, "refunded")) == ([], [])
    refunds.refund(order, eur("25.00"))
    assert marked(merchant, "refunded") == ["all"]


def test_money_that_came_and_went_by_hand_is_marked_too(merchant: Client, order: Order) -> None:
    states.move(order, Status.PAID)
    order = states.move(order, Status.CANCELLED)
    assert (marked(merchant, "refunded"), balance.summary(order)) == (
        [],
        (eur("25.00"), eur("0.00"), eur("25.00")),
    )
    press(merchant, order)
    assert (marked(merchant, "refunded"), balance.summary(order)) == (
        ["all"],
        (eur("25.00"), eur("25.00"), eur("0.00")),
    )


def test_the_page_sums_up_what_was_paid_refunded_and_is_left(merchant: Client, order: Order) -> None:
    assert "Nothing is paid yet" in merchant.get(page(order)).content.decode()
    payments.begin(order, gateways.get().choices()[0].value)
    refunds.refund(order, eur("10.00"))
    tally = merchant.get(page(order)).content.decode().partition('class="tally"')[2].partition("</dl>")[0]
    assert all(sum_ in tally for sum_ in ("€25.00", "€10.00", "€15.00", "on its way"))
    drain.drain("high")
    assert (
        "on its way"
        not in merchant.get(page(order)).content.decode().partition("tally")[2].partition("</dl>")[0]
    )
