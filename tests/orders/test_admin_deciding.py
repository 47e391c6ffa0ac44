"""Money that waits for a person on the desk: approved, or held back since it did not fit."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from catalog import stock
from orders import payments, reservations, states
from orders.models import Order, Payment
from shop.money import Money
from shop.outbox import drain
from tests.orders.conftest import eur, member
from tests.orders.test_admin import management, page
from tests.orders.test_admin_moving import said
from tests.orders.test_held import arrive, held_since

pytestmark = pytest.mark.django_db
Status = Order.Status
LIST = reverse("admin:orders_order_changelist")


def deciding(payment: Payment) -> str:
    return reverse("admin:orders_order_held", args=[payment.order_id, payment.pk])


def test_approved_money_is_taken_by_a_button(merchant: Client, order: Order) -> None:
    assert "Take the money" not in merchant.get(page(order)).content.decode()
    payments.begin(order, "approves")
    assert "Take the money" in merchant.get(page(order)).content.decode()
    form = {**management(merchant, order), "note": "", "_capture": "1"}
    assert said(merchant, page(order), form) == ["The money is being taken"]
    drain.drain("high")
    order.refresh_from_db()
    assert order.status == Status.PAID
    assert "Approved money to be taken" in merchant.get(page(order)).content.decode()
    assert said(merchant, page(order), form) == ["Somebody has seen to that already."]


def test_the_desk_says_what_is_wrong_and_leads_to_a_decision(merchant: Client, order: Order) -> None:
    payment = arrive(order, eur("24.00"))
    assert "payment held back" in merchant.get(reverse("admin:index")).content.decode()
    assert [row.pk for row in merchant.get(LIST, {"status": "held"}).context["cl"].result_list] == [order.pk]
    for url in (page(order), deciding(payment)):
        assert "€24.00 came, and the order costs €25.00." in merchant.get(url).content.decode()
    assert deciding(payment) in merchant.get(page(order)).content.decode()
    assert "Accept as paid" not in merchant.get(deciding(payment)).content.decode()
    assert "send it back, please" in said(merchant, deciding(payment), {"accept": "yes"})[0]


def test_enough_can_be_accepted(merchant: Client, order: Order) -> None:
    payment = arrive(order, eur("30.00"))
    assert "€5.00 goes back" in merchant.get(deciding(payment)).content.decode()
    assert said(merchant, deciding(payment), {"accept": "yes"}) == ["Payment accepted"]
    order.refresh_from_db()
    assert order.status == Status.PAID
    assert order.events.get(kind="payment_accepted").actor is not None
    assert said(merchant, deciding(payment), {"accept": "yes"}) == ["Somebody has seen to that already."]


def test_it_can_be_sent_back(merchant: Client, order: Order) -> None:
    payment = arrive(order, Money(Decimal("25.00"), "USD"))
    assert said(merchant, deciding(payment), {"return": "yes"}) == ["$25.00 goes back"]
    payment.refresh_from_db()
    assert payment.status == "surplus"
    assert "Payment held back goes back" in merchant.get(page(order)).content.decode()


def test_an_order_that_has_ended_takes_no_money(merchant: Client, order: Order) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    states.move(order, Status.CANCELLED)
    text = merchant.get(deciding(payment)).content.decode()
    assert "cannot be paid any more" in text
    assert "Accept as paid" not in text
    assert "stays as it is: it is cancelled" in said(merchant, deciding(payment), {"accept": "yes"})[0]


def test_the_desk_says_until_when_the_goods_are_kept_and_what_is_there_after_that(
    merchant: Client, order: Order
) -> None:
    payment = arrive(order, eur("25.00"), doubt="of another account")
    for url in (page(order), deciding(payment)):
        assert "The goods are kept until" in merchant.get(url).content.decode()
    held_since(order, 8)
    reservations.expire(order.pk)
    assert "goods not kept any longer" in merchant.get(page(order)).content.decode()
    text = merchant.get(deciding(payment)).content.decode()
    assert "they are reserved once more" in text
    assert "Accept as paid" in text
    stock.reserve({order.lines.get().variant_id: 9})
    text = merchant.get(deciding(payment)).content.decode()
    assert "not all of its goods are there any more" in text
    assert "Accept as paid" not in text
    assert "send the money back" in said(merchant, deciding(payment), {"accept": "yes"})[0]


def test_support_reads_what_is_wrong_and_decides_nothing(client: Client, order: Order) -> None:
    payment = arrive(order, eur("24.00"))
    helper = member(client, "Support")
    text = helper.get(page(order)).content.decode()
    assert "€24.00 came" in text
    assert deciding(payment) not in text
    assert helper.get(deciding(payment)).status_code == helper.post(deciding(payment)).status_code == 403
    form = {**management(helper, order), "note": "", "_capture": "1"}
    assert helper.post(page(order), form).status_code == 403


def test_another_orders_payment_is_not_found(merchant: Client, order: Order) -> None:
    assert merchant.get(reverse("admin:orders_order_held", args=[order.pk, 10**9])).status_code == 404
