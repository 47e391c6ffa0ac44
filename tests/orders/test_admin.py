"""Orders on the desk: found by their number, read as they were placed, moved by those who may."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from catalog.models import Stock, Variant
from orders import states
from orders.models import Order, Payment
from orders.placement import place_order
from tests.factories import make_user
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db
Status = Order.Status


def member(group: str) -> User:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def paid(order: Order) -> Order:
    return states.move(order, Status.PAID)


def page(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def cancelling(order: Order) -> str:
    return reverse("admin:orders_order_cancel", args=[order.pk])


def shipping(order: Order) -> str:
    return reverse("admin:orders_order_ship", args=[order.pk])


def filled(order: Order, count: int = 2, **fields: str) -> dict[str, Any]:
    """The form that ships so many pieces of the order's one line."""
    return {f"line_{order.lines.get().pk}": count, "carrier": "DHL", "tracking_code": "", **fields}


def management(client: Client, order: Order) -> dict[str, Any]:
    """The rows below the form, as they are, and their figures: a browser sends them along."""
    formsets = [row.formset for row in client.get(page(order)).context["inline_admin_formsets"]]
    forms = [form for formset in formsets for form in (formset.management_form, *formset.initial_forms)]
    return {
        bound.html_name: "" if bound.value() is None else str(bound.value())
        for form in forms
        for bound in form
    }


def send(client: Client, order: Order, **fields: str) -> int:
    return client.post(page(order), {**management(client, order), "note": "", **fields}).status_code


def listed(client: Client, **query: str) -> list[int]:
    answer = client.get(reverse("admin:orders_order_changelist"), query)
    assert answer.status_code == 200
    return [order.pk for order in answer.context["cl"].result_list]


@pytest.mark.parametrize("words", ["{number}", "{plain}", "ADA@example.com", "lovelace"])
def test_an_order_is_found_by_number_email_and_name(
    merchant: Client, order: Order, variant: Variant, words: str
) -> None:
    other = {"name": "Grace Hopper", "line1": "x", "postcode": "1", "city": "y", "country": "DE"}
    place_order(make_draft((variant, 1), email="grace@example.com", address=other))
    words = words.format(number=order.number.lower(), plain=order.number[1:])
    assert listed(merchant, q=words) == [order.pk]


def test_orders_are_filtered_by_status(merchant: Client, paid: Order, variant: Variant) -> None:
    place_order(make_draft((variant, 1)))
    assert listed(merchant, status="paid") == [paid.pk]


def test_the_page_shows_the_order_as_it_was_placed(merchant: Client, order: Order) -> None:
    text = merchant.get(page(order)).content.decode()
    for part in (
        "Two suns over Cadiz",
        "€25.00",
        "Unter den Linden 1",
        "ada@example.com",
        "19%",
        "Germany",
        "Placed",
    ):
        assert part in text
    assert 'name="total"' not in text
    assert "19 %" not in text


def test_a_note_is_kept_and_nothing_else(merchant: Client, order: Order) -> None:
    sent = {"note": "Call before delivery.", "status": "shipped", "total": "0.01", "email": "x@example.com"}
    assert send(merchant, order, **sent) == 302
    order.refresh_from_db()
    assert (order.note, order.status, order.email) == ("Call before delivery.", "placed", "ada@example.com")


def test_what_was_shipped_is_marked_as_delivered_by_who_ships(client: Client, paid: Order) -> None:
    client.force_login(member("Merchant"))
    assert "Mark as delivered" not in client.get(page(paid)).content.decode()
    states.move(paid, Status.SHIPPED)
    assert "Mark as delivered" in client.get(page(paid)).content.decode()
    client.force_login(member("Support"))
    assert "Mark as delivered" not in client.get(page(paid)).content.decode()
    assert send(client, paid, _deliver="1") == 403
    client.force_login(member("Merchant"))
    assert send(client, paid, _deliver="1") == 302
    paid.refresh_from_db()
    assert paid.status == Status.DELIVERED


def test_many_orders_are_marked_as_delivered_at_once(merchant: Client, paid: Order) -> None:
    states.move(paid, Status.SHIPPED)
    url = reverse("admin:orders_order_changelist")
    merchant.post(url, {"action": "deliver", "_selected_action": [paid.pk]})
    paid.refresh_from_db()
    assert paid.status == Status.DELIVERED


@pytest.mark.parametrize("status", [Status.SHIPPED, Status.CANCELLED])
def test_an_order_moves_on_although_what_it_sold_was_deleted(
    merchant: Client, paid: Order, variant: Variant, status: str
) -> None:
    variant.delete()
    if status == Status.SHIPPED:
        assert merchant.post(shipping(paid), filled(paid)).status_code == 302
    else:
        assert merchant.post(cancelling(paid)).status_code == 302
    paid.refresh_from_db()
    assert paid.status == status


def test_goods_that_are_not_reserved_are_told_and_not_shipped(
    merchant: Client, paid: Order, variant: Variant
) -> None:
    Stock.objects.filter(pk=variant.pk).update(reserved=0)
    url = reverse("admin:orders_order_changelist")
    answer = merchant.post(url, {"action": "ship", "_selected_action": [paid.pk]}, follow=True)
    assert f"{paid.number} stays as it is: not all of its goods are reserved" in answer.content.decode()
    paid.refresh_from_db()
    assert paid.status == Status.PAID


def test_the_timeline_and_the_promise_are_in_words(merchant: Client, paid: Order) -> None:
    states.note_event(paid, "payment_declined")
    states.note_event(paid, "something_new")
    text = merchant.get(page(paid)).content.decode()
    assert "Payment declined" in text
    assert "payment_declined" not in text
    assert "Something_new" in text
    assert "25 Nov 2026 – 27 Nov 2026" in text


def test_cancelling_asks_first_and_then_gives_the_stock_back(
    merchant: Client, order: Order, variant: Variant
) -> None:
    figures = management(merchant, order)
    asked = merchant.post(page(order), {**figures, "note": "Changed her mind.", "_cancel": "1"})
    assert asked["Location"] == cancelling(order)
    assert "Nothing was paid" in merchant.get(cancelling(order)).content.decode()
    order.refresh_from_db()
    assert (order.status, order.note) == (Status.PLACED, "Changed her mind.")
    merchant.post(cancelling(order))
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert Stock.objects.get(pk=variant.pk).reserved == 0


def test_what_cannot_be_moved_stays_and_says_so(merchant: Client, order: Order) -> None:
    url = reverse("admin:orders_order_changelist")
    answer = merchant.post(url, {"action": "ship", "_selected_action": [order.pk]}, follow=True)
    assert f"{order.number} stays as it is" in answer.content.decode()
    order.refresh_from_db()
    assert order.status == Status.PLACED


def test_support_notes_but_neither_ships_nor_cancels(client: Client, paid: Order) -> None:
    client.force_login(member("Support"))
    text = client.get(page(paid)).content.decode()
    for words in ("Ship …", "Refund …", "Cancel the order"):
        assert words not in text
    assert send(client, paid, note="Called.") == 302
    assert send(client, paid, note="Called.", _ship="1") == 403
    for name in ("ship", "refund", "return", "give_up"):
        url = reverse(f"admin:orders_order_{name}", args=[paid.pk])
        assert client.get(url).status_code == client.post(url).status_code == 403, name
    assert client.get(cancelling(paid)).status_code == client.post(cancelling(paid)).status_code == 403
    client.post(reverse("admin:orders_order_changelist"), {"action": "cancel", "_selected_action": [paid.pk]})
    paid.refresh_from_db()
    assert (paid.status, paid.note) == (Status.PAID, "Called.")


def test_no_order_is_added_or_deleted_here(client: Client, order: Order) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:orders_order_add")).status_code == 403
    assert client.post(reverse("admin:orders_order_delete", args=[order.pk])).status_code == 403


def test_a_long_list_asks_no_more_than_a_short_one(merchant: Client, variant: Variant) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            listed(merchant)
        return len(queries)

    place_order(make_draft((variant, 1)))
    few = asked()
    Stock.objects.filter(pk=variant.pk).update(on_hand=100)
    for _number in range(30):
        place_order(make_draft((variant, 1)))
    assert asked() == few


def test_the_customer_is_called_by_name_and_not_by_the_label_of_an_address(
    merchant: Client, order: Order
) -> None:
    ann = make_user("ann@example.com", name="Ann Paperson")
    Order.objects.update(customer=ann, name="Work of Ann")
    text = merchant.get(page(order)).content.decode()
    assert f'<a href="/admin/accounts/user/{ann.pk}/change/">Ann Paperson</a>' in text


def test_the_trail_names_orders_once(merchant: Client, order: Order) -> None:
    for path, leaves in ((page(order), 2), ("/admin/orders/order/", 1)):
        trail = merchant.get(path).content.decode().partition('class="breadcrumbs"')[2].partition("</div>")[0]
        assert trail.count("Orders") == 1, path
        assert trail.count("›") == leaves, path


def test_an_order_that_costs_nothing_names_no_gateway(merchant: Client, order: Order) -> None:
    Payment.objects.create(
        order=order, gateway=Payment.NOTHING, idempotency_key="free", amount=0, currency="EUR"
    )
    text = merchant.get(page(order)).content.decode()
    assert "Nothing to pay" in text
    assert "<p>none</p>" not in text


def test_what_is_not_needed_at_first_is_folded_and_says_what_is_in_it(merchant: Client, paid: Order) -> None:
    parts = merchant.get(page(paid)).content.decode().split('<details class="part"')[1:]
    assert [part.partition(">")[0].partition('data-part="')[2] for part in parts] == [
        'order-payments"',
        'order-invoices"',
        'order-events"',
    ]
    assert "2 · Paid" in parts[-1]
