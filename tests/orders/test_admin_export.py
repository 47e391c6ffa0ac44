"""Orders as CSV, from the desk: a row for each line, sums that can be summed, and nothing that runs."""

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from catalog.models import Variant
from orders import held, payments, refunds, returns, sheet, shipments
from orders.models import Order
from orders.placement import place_order
from tests.factories import make_product, make_user
from tests.orders.conftest import eur, make_draft
from tests.orders.test_held import arrive

pytestmark = pytest.mark.django_db
LIST = reverse("admin:orders_order_changelist")


def exported(client: Client, *orders: Order, **more: str) -> list[dict[str, str]]:
    chosen = {"action": "export", "_selected_action": [order.pk for order in orders], **more}
    answer = client.post(LIST, chosen)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(StringIO(text)))


def test_each_line_has_a_row_and_the_orders_own_sums_stand_once(merchant: Client, variant: Variant) -> None:
    other = make_product("Cards").variants.get()
    order = place_order(make_draft((variant, 2), (other, 1)))
    payments.begin(order, "pays")
    first, _second = order.lines.all()
    shipments.ship(order, {first.pk: 2})
    returns.take_back(order, {first.pk: 1})
    one, two = exported(merchant, order)
    assert [row["item"] for row in (one, two)] == ["Two suns over Cadiz", "Cards"]
    assert (one["order"], one["line"], two["order"], two["line"]) == (order.number, "1", order.number, "2")
    assert (one["quantity"], one["shipped"], one["returned"], two["shipped"]) == ("2", "2", "1", "0")
    assert (one["total"], one["refunded"], two["total"], two["refunded"]) == ("35.00", "10.00", "", "")
    assert (one["invoice"], one["email"], two["email"]) == (
        order.invoices.get(kind="invoice").label,
        "ada@example.com",
        "",
    )
    assert one["placed_at"].endswith("+00:00")
    assert (one["prices_include_tax"], one["status"]) == ("yes", "part_shipped")


def test_what_was_not_refunded_has_the_decimals_of_what_was(merchant: Client, variant: Variant) -> None:
    open_, paid, yen = (place_order(make_draft((variant, 1))) for _number in range(3))
    payments.begin(paid, "pays")
    Order.objects.filter(pk=yen.pk).update(currency="JPY")
    assert [row["refunded"] for row in exported(merchant, open_, paid, yen)] == ["0.00", "0.00", "0"]


def test_what_a_spreadsheet_would_run_is_text(merchant: Client, variant: Variant) -> None:
    draft = make_draft((variant, 1))
    address = {**draft.address, "name": "=HYPERLINK(1)", "line1": "+49", "city": "@home", "phone": "-1"}
    (row,) = exported(merchant, place_order(make_draft((variant, 1), address=address)))
    assert [row[name] for name in ("name", "line1", "city", "phone")] == [
        "'=HYPERLINK(1)",
        "'+49",
        "'@home",
        "'-1",
    ]


def test_all_that_were_found_are_read_some_at_a_time(
    merchant: Client, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "AT_ONCE", 2)
    orders = [place_order(make_draft((variant, 1))) for _ in range(5)]
    found = exported(merchant, orders[0], select_across="1")
    assert [row["order"] for row in found] == [order.number for order in orders]
    assert sum(Decimal(row["total"]) for row in found) == 75
    assert [row["order"] for row in exported(merchant, orders[3], orders[1])] == [
        orders[1].number,
        orders[3].number,
    ]


def test_who_may_not_export_has_no_such_action(client: Client, order: Order) -> None:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    client.force_login(user)
    answer = client.post(LIST, {"action": "export", "_selected_action": [order.pk]})
    assert "text/csv" not in answer.get("Content-Type", "")
    assert "Export orders" not in client.get(LIST).content.decode()


def test_every_column_is_documented() -> None:
    told = (Path(settings.BASE_DIR) / "docs" / "orders.md").read_text()
    assert [name for name in sheet.COLUMNS if f"`{name}`" not in told] == []


def test_money_beyond_the_total_is_no_refund(merchant: Client, order: Order) -> None:
    held.accept(arrive(order, eur("30.00")))
    refunds.refund(order, order.money("delivery"))
    (row,) = exported(merchant, order)
    assert (row["total"], row["refunded"]) == ("25.00", "5.00")
