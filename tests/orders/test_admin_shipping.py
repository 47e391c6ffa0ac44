"""Parcels on the desk: a part or all of it, by a page that asks; and what never comes."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Stock, Variant
from orders import payments, refunds, shipments, states
from orders.models import Order, Refund
from orders.placement import place_order
from shop.outbox.models import Message
from tests.orders.conftest import eur, make_draft
from tests.orders.test_admin import filled, management, page, shipping
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db
Status = Order.Status
LIST = reverse("admin:orders_order_changelist")


@pytest.fixture
def paid(variant: Variant) -> Order:
    placed = place_order(make_draft((variant, 3)))
    payments.begin(placed, "pays")
    placed.refresh_from_db()
    return placed


def giving_up(order: Order) -> str:
    return reverse("admin:orders_order_give_up", args=[order.pk])


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def waiting(client: Client, what: str) -> list[int]:
    return [order.pk for order in client.get(LIST, {"status": what}).context["cl"].result_list]


def test_the_page_begins_with_all_that_is_left(merchant: Client, paid: Order) -> None:
    form = merchant.get(shipping(paid)).context["form"]
    line = paid.lines.get()
    assert form[f"line_{line.pk}"].value() == 3
    assert form["carrier"].value() == "DHL"
    shipments.ship(paid, {line.pk: 1})
    assert merchant.get(shipping(paid)).context["form"][f"line_{line.pk}"].value() == 2


def test_a_part_leaves_and_then_the_rest(merchant: Client, paid: Order, variant: Variant) -> None:
    assert said(merchant, shipping(paid), filled(paid, 1, tracking_code="JD01")) == ["Parcel 1 shipped"]
    assert status(paid) == Status.PART_SHIPPED
    text = merchant.get(page(paid)).content.decode()
    for words in ("1 of 3 sent", "JD01", "tracking-id=JD01", "A part shipped", "Give up the rest"):
        assert words in text
    assert waiting(merchant, "to_ship") == [paid.pk]
    assert "order to ship" in merchant.get(reverse("admin:index")).content.decode()
    told = said(merchant, shipping(paid), filled(paid, 2))
    assert told == ["Order shipped without a tracking code"]
    assert status(paid) == Status.SHIPPED
    assert Stock.objects.get(pk=variant.pk).on_hand == 7
    assert paid.events.get(kind="shipped").actor is not None
    assert waiting(merchant, "to_ship") == []


@pytest.mark.parametrize(
    ("count", "told"),
    [
        ("4", "No more than 3."),
        ("0", "Put at least one piece into the parcel."),
        ("", "Put at least one piece into the parcel."),
        ("-1", "Give 0 or more."),
        ("x", "Enter a whole number."),
        ("9" * 30, "No more than 3."),
    ],
)
def test_a_wrong_number_is_told_and_everything_else_kept(
    merchant: Client, paid: Order, count: str, told: str
) -> None:
    fields: dict[str, Any] = {**filled(paid, tracking_code="JD01"), f"line_{paid.lines.get().pk}": count}
    answer = merchant.post(shipping(paid), fields)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert told in text
    assert 'value="JD01"' in text
    assert status(paid) == Status.PAID


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("https://dhl.example/track?id=JD01", "Give the code alone, not the address of a page."),
        ("www.dhl.example", "Give the code alone, not the address of a page."),
        ("J" * 41, "A tracking code has 40 characters at most."),
        ("JD01;drop", "A tracking code has letters, digits, spaces and hyphens only."),
        ("ＪＤ０１", "A tracking code has letters, digits, spaces and hyphens only."),
        ("JD01<b>", "A tracking code has letters, digits, spaces and hyphens only."),
    ],
)
def test_what_is_no_tracking_code_is_told(merchant: Client, paid: Order, code: str, told: str) -> None:
    assert told in merchant.post(shipping(paid), filled(paid, tracking_code=code)).content.decode()
    assert status(paid) == Status.PAID
    parcel = shipments.ship(paid, tracking_code="JD01")
    sent = {**management(merchant, paid), "note": "kept", "shipments-0-tracking_code": code}
    assert told in merchant.post(page(paid), sent).content.decode()
    parcel.refresh_from_db()
    assert parcel.tracking_code == "JD01"


def test_a_tracking_code_is_tidied(merchant: Client, paid: Order) -> None:
    merchant.post(shipping(paid), filled(paid, tracking_code="  0034  0434-1610\t94 "))
    assert paid.shipments.get().tracking_code == "0034 0434-1610 94"


def test_a_code_of_before_keeps_nobody_from_writing_a_note(merchant: Client, paid: Order) -> None:
    shipments.ship(paid, tracking_code="JD/01;")
    sent = {**management(merchant, paid), "note": "kept"}
    assert merchant.post(page(paid), sent).status_code == 302
    paid.refresh_from_db()
    assert (paid.note, paid.shipments.get().tracking_code) == ("kept", "JD/01;")


def test_whom_to_tell_is_asked(merchant: Client, paid: Order) -> None:
    merchant.post(shipping(paid), filled(paid, 1))  # a box that is not ticked is not sent
    assert not Message.objects.filter(job="orders.send_shipped").exists()
    merchant.post(shipping(paid), filled(paid, 2, is_told="on"))
    assert Message.objects.filter(job="orders.send_shipped").count() == 1


def test_many_are_shipped_by_one_parcel_each_with_all_that_is_left(merchant: Client, paid: Order) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1})
    merchant.post(LIST, {"action": "ship", "_selected_action": [paid.pk]})
    assert status(paid) == Status.SHIPPED
    assert [row.quantity for row in paid.shipments.get(number=2).lines.all()] == [2]


def test_what_has_nothing_to_ship_stays_and_says_so(merchant: Client, order: Order) -> None:
    for url in (shipping(order), giving_up(order)):
        assert "stays as it is: it is waiting for payment" in said(merchant, url, {})[0]
    assert merchant.get(reverse("admin:orders_order_ship", args=[10**9])).status_code == 404


def test_the_rest_is_given_up_after_asking_and_its_money_goes_back(
    merchant: Client, paid: Order, variant: Variant
) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1})
    text = merchant.get(giving_up(paid)).content.decode()
    assert "Send €20.00 back for them" in text
    assert status(paid) == Status.PART_SHIPPED
    told = said(merchant, giving_up(paid), {"refund": "yes", "reason": "sold out at the printer"})
    assert told == ["Rest given up: €20.00 goes back"]
    assert status(paid) == Status.SHIPPED
    assert Refund.objects.get().reason == "sold out at the printer"
    assert Stock.objects.get(pk=variant.pk).free == 9
    assert "2 never come" in merchant.get(page(paid)).content.decode()


def test_the_rest_is_given_up_without_money(merchant: Client, paid: Order) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1})
    assert said(merchant, giving_up(paid), {}) == ["Rest given up"]
    assert refunds.left(paid) == eur("35.00")


def test_goods_that_are_not_reserved_stay(merchant: Client, paid: Order, variant: Variant) -> None:
    Stock.objects.filter(pk=variant.pk).update(reserved=0)
    assert "Count the stock, please." in said(merchant, shipping(paid), filled(paid))[0]
    assert status(paid) == Status.PAID


def test_what_was_delivered_needs_no_parcel(merchant: Client, paid: Order) -> None:
    states.move(paid, Status.SHIPPED)
    states.move(paid, Status.DELIVERED)
    assert "stays as it is: it is delivered" in said(merchant, shipping(paid), filled(paid))[0]
