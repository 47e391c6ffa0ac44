"""Refunds and returns on the desk: the sum is shown before it goes, and is the credit note's."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Stock, Variant
from orders import payments, refunds, shipments, states
from orders.drafts import DraftLine
from orders.gateways import RefundResult
from orders.models import Order, Refund, Return
from orders.placement import place_order
from tests.orders.conftest import RATE, eur, make_draft, member
from tests.orders.test_admin import management, page
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db
Status = Order.Status
LIST = reverse("admin:orders_order_changelist")


@pytest.fixture
def sent(variant: Variant) -> Order:
    """Three at 10 euro each, less a discount of 5, which is no whole cents a piece; 5 for delivery."""
    line = DraftLine(variant.pk, "Two suns over Cadiz", 3, eur("10.00"), RATE, discount=eur("5.00"))
    total = eur("30.00")
    tax = eur("4.79")
    draft = make_draft(
        (variant, 3),
        lines=(line,),
        discount=eur("5.00"),
        total=total,
        tax=tax,
        taxes=((RATE, total - tax, tax),),
    )
    placed = place_order(draft)
    payments.begin(placed, "pays")
    shipments.ship(placed)
    placed.refresh_from_db()
    return placed


def address(name: str, order: Order) -> str:
    return reverse(f"admin:orders_order_{name}", args=[order.pk])


def fields(order: Order, count: int = 0, **more: Any) -> dict[str, Any]:
    return {f"line_{order.lines.get().pk}": count, "amount": "", "reason": "", **more}


def shelved(order: Order, count: int) -> dict[str, int]:
    return {f"shelf_{order.lines.get().pk}": count}


def agreed(client: Client, url: str, sent: dict[str, Any]) -> Any:
    """The sum that the page shows, with which it is sent again."""
    answer = client.post(url, sent)
    assert answer.status_code == 200
    return answer.context["sum"]


def test_a_refund_shows_its_sum_first_and_goes_when_it_is_agreed(merchant: Client, sent: Order) -> None:
    url, chosen = address("refund", sent), fields(sent, 1, delivery="on", reason="a corner was bent")
    sum_ = agreed(merchant, url, chosen)
    assert sum_ == eur("13.33")  # a third of 25, and 5
    assert not Refund.objects.exists()
    assert said(merchant, url, {**chosen, "agreed": "13.33"}) == ["€13.33 goes back"]
    refund = Refund.objects.get()
    assert refund.credit_note is not None
    assert refund.credit_note.total == refund.amount == Decimal("13.33")
    assert refund.actor is not None
    text = merchant.get(page(sent)).content.decode()
    for words in (
        "a corner was bent",
        "Refund asked for",
        "1 × Two suns over Cadiz",
        refund.credit_note.label,
    ):
        assert words in text
    rest = fields(sent, 2)
    assert agreed(merchant, url, rest) == eur("16.67")  # what was rounded off stands here


def test_a_sum_that_has_changed_since_it_was_shown_is_shown_again(merchant: Client, sent: Order) -> None:
    url = address("refund", sent)
    answer = merchant.post(url, {**fields(sent, 2), "agreed": "8.33"})
    assert answer.context["sum"] == eur("16.67")
    assert not Refund.objects.exists()


def test_an_amount_goes_back_for_nothing_in_particular(merchant: Client, sent: Order) -> None:
    url, chosen = address("refund", sent), fields(sent, amount="7.50")
    assert agreed(merchant, url, chosen) == eur("7.50")
    assert said(merchant, url, {**chosen, "agreed": "7.50"}) == ["€7.50 goes back"]
    assert refunds.left(sent) == eur("22.50")


@pytest.mark.parametrize(
    ("count", "more", "told"),
    [
        (0, {}, "Choose goods or the delivery, or give an amount."),
        (4, {}, "No more than 3."),
        (0, {"amount": "30.01"}, "Only €30.00 is left of what was paid."),
        (1, {"amount": "8.34"}, "Those cost €8.33: no more goes back for them."),
        (0, {"amount": "0"}, "Give more than nothing"),
        (0, {"amount": "-5"}, "Give more than nothing"),
        (0, {"amount": "x"}, "Enter a number."),
        (0, {"amount": "1.001"}, "no more than 2 decimal places"),
        (0, {"amount": "NaN"}, "Enter a number."),
        (0, {"amount": "9" * 40}, "digits"),
    ],
)
def test_what_cannot_go_back_is_told(
    merchant: Client, sent: Order, count: int, more: dict[str, str], told: str
) -> None:
    answer = merchant.post(address("refund", sent), fields(sent, count, **more, reason="kept", agreed="8.34"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert told in text
    assert 'value="kept"' in text
    assert not Refund.objects.exists()


def test_goods_come_back_to_the_shelf_with_their_money(
    merchant: Client, sent: Order, variant: Variant
) -> None:
    url = address("return", sent)
    chosen = {**fields(sent, 2, has_refund="on", reason="too large"), **shelved(sent, 1)}
    assert agreed(merchant, url, chosen) == eur("16.67")
    assert not Return.objects.exists()
    told = said(merchant, url, {**chosen, "agreed": "16.67"})
    assert told == ["Goods taken back: €16.67 goes back"]
    assert Stock.objects.get(pk=variant.pk).on_hand == 8
    text = merchant.get(page(sent)).content.decode()
    for words in ("Goods came back", "1 to the shelf", "2 came back", "too large"):
        assert words in text


def test_what_was_refunded_while_it_was_out_is_only_taken_back(
    merchant: Client, sent: Order, variant: Variant
) -> None:
    refunds.of_goods(sent, {sent.lines.get().pk: 1})
    url = address("return", sent)
    assert "1 refunded" in merchant.get(url).content.decode()
    chosen = {**fields(sent, 1, has_refund="on"), **shelved(sent, 1)}
    answer = merchant.post(url, chosen)
    assert answer.context["sum"] == eur("0.00")
    assert "These pieces have been refunded" in answer.content.decode()
    more = merchant.post(url, {**chosen, "amount": "0.01"}).content.decode()
    assert "Those have been refunded: no more goes back for them." in more
    assert said(merchant, url, {**chosen, "agreed": "0"}) == ["Goods taken back"]
    assert Stock.objects.get(pk=variant.pk).on_hand == 8
    assert Refund.objects.count() == 1
    two = merchant.post(url, {**fields(sent, 2, has_refund="on"), **shelved(sent, 2)})
    assert two.context["sum"] == eur("16.67")


def test_what_is_refunded_before_it_comes_says_so(merchant: Client, sent: Order) -> None:
    url = address("refund", sent)
    told = "1 of these pieces has not come back: when it does, no more goes back for it."
    assert told in merchant.post(url, fields(sent, 1)).content.decode()
    said(merchant, address("return", sent), {**fields(sent, 1), "agreed": "0"})
    assert told not in merchant.post(url, fields(sent, 1)).content.decode()


def test_goods_come_back_without_money(merchant: Client, sent: Order) -> None:
    url, chosen = address("return", sent), fields(sent, 1)
    assert agreed(merchant, url, chosen) == eur("0.00")
    assert said(merchant, url, {**chosen, "agreed": "0"}) == ["Goods taken back"]
    assert Return.objects.get().refund is None


@pytest.mark.parametrize(
    ("count", "shelf", "told"),
    [(0, 0, "Say what came back."), (4, 0, "No more than 3."), (1, 2, "No more than came back.")],
)
def test_what_cannot_come_back_is_told(
    merchant: Client, sent: Order, count: int, shelf: int, told: str
) -> None:
    chosen = {**fields(sent, count, has_refund="on", agreed="8.33"), **shelved(sent, shelf)}
    assert told in merchant.post(address("return", sent), chosen).content.decode()
    assert not Return.objects.exists()


def test_what_was_not_sent_or_not_paid_has_no_such_page(merchant: Client, order: Order) -> None:
    assert "stays as it is" in said(merchant, address("return", order), {})[0]
    assert "nothing is left to be refunded" in said(merchant, address("refund", order), {})[0]


def press(client: Client, order: Order, what: str, refund: Refund) -> list[str]:
    form = {
        **management(client, order),
        "note": "",
        "_see_to": f"{what}:{refund.pk}",
    }
    return said(client, page(order), form)


def fail(refund: Refund, reference: str) -> None:
    result = RefundResult(reference, "failed", refund.money, "the account is closed", refund.idempotency_key)
    refunds.settle(refund.payment, result)


def waiting(client: Client) -> list[int]:
    return [order.pk for order in client.get(LIST, {"status": "stuck"}).context["cl"].result_list]


def test_a_refund_that_failed_is_shown_until_it_was_tried_again_or_left(
    merchant: Client, sent: Order
) -> None:
    first = refunds.refund(sent, eur("10.00"))
    assert waiting(merchant) == []
    fail(first, "re_1")
    assert waiting(merchant) == [sent.pk]
    assert "refund to see to" in merchant.get(reverse("admin:index")).content.decode()
    assert "the account is closed" in merchant.get(page(sent)).content.decode()
    assert press(merchant, sent, "again", first) == ["Refund tried again"]
    assert press(merchant, sent, "again", first) == ["Somebody has seen to that already."]
    assert waiting(merchant) == []
    second = Refund.objects.get(status="begun")
    fail(second, "re_2")
    assert waiting(merchant) == [sent.pk]
    assert press(merchant, sent, "leave", second) == ["Refund noted as sent another way"]
    assert waiting(merchant) == []


def test_money_that_came_by_hand_is_sent_by_hand_and_noted(merchant: Client, order: Order) -> None:
    order = states.move(order, Status.PAID)
    url, chosen = address("refund", order), fields(order, 1)
    told = said(merchant, url, {**chosen, "agreed": "10.00"})
    assert told == ["€10.00 is yours to send back: say so below when it is done"]
    assert waiting(merchant) == [order.pk]
    assert "It was sent" in merchant.get(page(order)).content.decode()
    assert press(merchant, order, "sent", Refund.objects.get()) == ["Refund noted"]
    assert waiting(merchant) == []
    states.move(order, Status.CANCELLED)
    said(merchant, page(order), {**management(merchant, order), "note": "", "_refunded": "1"})
    assert [refund.status for refund in Refund.objects.all()] == ["succeeded", "succeeded"]
    assert order.pk not in [
        row.pk for row in merchant.get(LIST, {"status": "owed"}).context["cl"].result_list
    ]


def test_who_may_not_give_back_sees_no_button_and_presses_none(client: Client, sent: Order) -> None:
    refund = refunds.refund(sent, eur("10.00"))
    fail(refund, "re_1")
    helper = member(client, "Support")
    text = helper.get(page(sent)).content.decode()
    for words in ("Try again", "Refund …", "Take goods back …"):
        assert words not in text
    form = {**management(helper, sent), "note": ""}
    for sent_along in ({"_see_to": f"again:{refund.pk}"}, {"_pay_back": "1"}, {"_return": "1"}):
        assert helper.post(page(sent), {**form, **sent_along}).status_code == 403


@pytest.mark.parametrize("value", ["again:", "again:x", "again:99999999", "burn:1", "", "again:٣"])
def test_a_tampered_button_is_not_found(merchant: Client, sent: Order, value: str) -> None:
    form = {**management(merchant, sent), "note": "", "_see_to": value}
    assert merchant.post(page(sent), form).status_code == 404
