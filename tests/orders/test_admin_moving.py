"""Orders on the desk, moved on: what is said of it, above all of money that does not go back by itself."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import StockMovement, Variant
from orders import gateways, payments, states
from orders.models import Order
from orders.placement import place_order
from tests.orders.conftest import make_draft
from tests.orders.test_admin import cancelling, filled, management, page, shipping

pytestmark = pytest.mark.django_db
Status = Order.Status
UNREFUNDED = "is not refunded automatically"


@pytest.fixture
def paid(order: Order) -> Order:
    payments.begin(order, gateways.get().choices()[0].value)
    order.refresh_from_db()
    assert order.status == Status.PAID
    return order


def said(client: Client, url: str, data: dict[str, object]) -> list[str]:
    """The messages on the page that a sent form leads to."""
    return [str(message) for message in client.post(url, data, follow=True).context["messages"]]


def act(client: Client, name: str, *orders: Order, **more: str) -> list[str]:
    url = reverse("admin:orders_order_changelist")
    return said(client, url, {"action": name, "_selected_action": [order.pk for order in orders], **more})


def test_shipping_and_delivering_are_confirmed_in_two_words(merchant: Client, paid: Order) -> None:
    assert said(merchant, shipping(paid), filled(paid, tracking_code="JD0146")) == ["Order shipped"]
    sent = {**management(merchant, paid), "note": "", "_deliver": "1"}
    assert said(merchant, page(paid), sent) == ["Order delivered"]


def test_many_are_counted(merchant: Client, paid: Order) -> None:
    assert act(merchant, "ship", paid) == ["1 order shipped"]
    assert act(merchant, "deliver", paid) == ["1 order delivered"]


def test_the_code_stays_a_field_while_the_parcel_is_on_its_way(merchant: Client, paid: Order) -> None:
    states.move(paid, Status.SHIPPED)
    assert 'name="shipments-0-tracking_code"' in merchant.get(page(paid)).content.decode()
    sent = {**management(merchant, paid), "note": ""}
    merchant.post(page(paid), {**sent, "shipments-0-tracking_code": "JD0146"})
    event = paid.events.get(kind="tracking_changed")
    assert (event.note, event.actor is not None) == ("1: DHL JD0146", True)
    merchant.post(page(paid), {**sent, "shipments-0-tracking_code": "JD0146"})
    assert paid.events.filter(kind="tracking_changed").count() == 1
    Order.objects.filter(pk=paid.pk).update(status=Status.DELIVERED)
    text = merchant.get(page(paid)).content.decode()
    assert 'name="shipments-0-tracking_code"' not in text
    assert "JD0146" in text


def test_cancelling_a_paid_order_says_before_and_after_that_the_money_stays(
    merchant: Client, paid: Order
) -> None:
    reference = paid.payments.get().reference
    asked = merchant.get(cancelling(paid)).content.decode()
    done = merchant.post(cancelling(paid), follow=True)
    assert [str(message) for message in done.context["messages"]] == ["Order cancelled"]
    assert "Send €25.00 back at once" in asked
    for text in (done.content.decode(), merchant.get(page(paid)).content.decode()):
        assert UNREFUNDED in text
        assert "€25.00" in text
        assert str(reference) in text
        assert "Mark as refunded" in text


def test_cancelling_what_nobody_paid_says_nothing_of_a_refund(merchant: Client, order: Order) -> None:
    asked = merchant.get(cancelling(order)).content.decode()
    done = merchant.post(cancelling(order), follow=True).content.decode()
    assert UNREFUNDED not in asked + done


def test_an_order_that_is_paid_and_goes_on_says_nothing_of_a_refund(merchant: Client, paid: Order) -> None:
    assert UNREFUNDED not in merchant.get(page(paid)).content.decode()


def test_money_that_came_after_the_cancellation_is_shown_too(merchant: Client, order: Order) -> None:
    states.move(order, Status.CANCELLED)
    order.payments.create(
        gateway="fake",
        reference="late-1",
        idempotency_key="late",
        amount=order.total,
        currency=order.currency,
        status="succeeded",
    )
    assert "late-1" in merchant.get(page(order)).content.decode()


def test_many_orders_are_cancelled_only_after_asking(merchant: Client, paid: Order, variant: Variant) -> None:
    unpaid = place_order(make_draft((variant, 1)))
    url = reverse("admin:orders_order_changelist")
    chosen = {"action": "cancel", "_selected_action": [paid.pk, unpaid.pk]}
    asked = merchant.post(url, chosen).content.decode()
    assert "Cancel 2 orders" in asked
    assert asked.count("Send €25.00 back at once") == 1
    assert not Order.objects.filter(status=Status.CANCELLED).exists()
    first, *rest = act(merchant, "cancel", paid, unpaid, confirmed="yes")
    assert first == "2 orders cancelled"
    assert len(rest) == 1
    assert paid.number in rest[0]
    assert Order.objects.filter(status=Status.CANCELLED).count() == 2


def test_what_cannot_be_cancelled_is_not_asked_about(merchant: Client, paid: Order) -> None:
    states.move(paid, Status.SHIPPED)
    answer = merchant.get(cancelling(paid), follow=True)
    assert "stays as it is: it is on its way" in answer.content.decode()
    assert act(merchant, "cancel", paid) == ["None of these can be cancelled any more."]
    assert merchant.get(reverse("admin:orders_order_cancel", args=[10**9])).status_code == 404


@pytest.mark.parametrize("status", [Status.SHIPPED, Status.CANCELLED])
def test_stock_movements_name_the_order_by_its_number(merchant: Client, paid: Order, status: str) -> None:
    states.move(paid, status)
    assert set(StockMovement.objects.exclude(reference="").values_list("reference", flat=True)) == {
        paid.number
    }
    found = merchant.get(reverse("admin:catalog_stockmovement_changelist"), {"q": paid.number})
    assert found.context["cl"].result_count == 2


def test_an_order_of_a_market_that_was_given_up_still_opens(merchant: Client, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(market="mars")
    answer = merchant.get(page(order))
    assert answer.status_code == 200
    assert f'href="/order/{order.pk}.' in answer.content.decode()
    assert merchant.get(reverse("admin:orders_order_changelist"), {"market": "mars"}).status_code == 200


def test_tax_rates_are_written_as_the_storefront_writes_them(merchant: Client, variant: Variant) -> None:
    rate = Decimal("0.0550")
    draft = make_draft((variant, 1))
    taxes = ((rate, *draft.taxes[0][1:]),)
    text = merchant.get(page(place_order(make_draft((variant, 1), taxes=taxes)))).content.decode()
    assert "of it 5.5% tax" in text
