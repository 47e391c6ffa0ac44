"""Whoever adds up a paper's columns comes to what stands below them, and to the total; so does a program."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import invoices, sellers
from orders.models import Invoice, Seller
from orders.papers import content, crossindustry, layout
from shop.money import Money
from tests.orders.conftest import eur
from tests.orders.specimens import NONE, REDUCED, STANDARD, Sold, draft, paid
from tests.orders.test_invoices_electronic import RAM, check_line

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seller(db: None) -> None:
    Seller.objects.create(**sellers.DEMO)


def read(text: str) -> Decimal:
    """An amount as the page writes it; nothing, and "free", are nothing."""
    digits = text.replace("\N{MINUS SIGN}", "-").replace("€", "").replace(",", "")
    return Decimal(digits) if digits not in {"", "free"} else Decimal(0)


def faults(paper: Invoice) -> list[str]:
    """What a reader would stumble over."""
    words: dict[str, Any] = layout.words(paper)
    keys = [column["key"] for column in words["columns"]]
    rows, told = words["lines"], []
    for row in rows:
        if read(row["amount"]) and not (row["quantity"] and row["each"]):
            told.append(f"{row['name']}: pieces or price are empty")
        counted = int(row["quantity"] or 0) * read(row["each"]) + read(row["discount"])
        if counted != read(row["amount"]):
            told.append(f"{row['name']}: {counted} is not {row['amount']}")
        if row["discount"] and "discount" not in keys:
            told.append(f"{row['name']}: its discount is not shown")
    below = words["sum"]
    for key in ("discount", "net", "amount"):
        column = sum((read(row[key]) for row in rows), Decimal(0))
        if below is not None and column != read(below[key]):
            told.append(f"{key}: {column} is not {below[key]}")
    amounts = sum((read(row["amount"]) for row in rows), Decimal(0))
    on_top = sum((read(text) for name, text in words["sums"] if name == "VAT"), Decimal(0))
    if amounts + on_top != read(words["total"][1]):
        told.append(f"the amounts are {amounts}, the total is {words['total'][1]}")
    if (
        paper.kind == "invoice"
        and sum((read(row["discount"]) for row in rows), Decimal(0)) != -paper.order.discount
    ):
        told.append("the discounts are not the order's")
    return told


ORDERS = {
    "prices": st.lists(st.integers(1, 9_999), min_size=1, max_size=4),
    "rates": st.lists(st.sampled_from([STANDARD, REDUCED, NONE]), min_size=4, max_size=4),
    "discount": st.integers(0, 100),
    "delivery": st.sampled_from([0, 490, 333]),
    "includes_tax": st.booleans(),
}


def order_of(
    prices: list[int], rates: list[Decimal], discount: int, delivery: int, includes_tax: bool
) -> Any:
    sold = [
        Sold(
            price=str(Decimal(cents) / 100),
            quantity=1 + cents % 4,
            rate=rate,
            discount=str((Decimal(cents * (1 + cents % 4)) * discount / 10_000).quantize(Decimal("0.01"))),
        )
        for cents, rate in zip(prices, rates, strict=False)
    ]
    made = draft(sold, delivery=str(Decimal(delivery) / 100), includes_tax=includes_tax)
    return paid(made)


@settings(max_examples=40, deadline=None)
@given(**ORDERS)
def test_the_columns_of_an_invoice_add_up(**order: Any) -> None:
    invoice = invoices.issue(order_of(**order))
    assert faults(invoice) == []


@settings(max_examples=60, deadline=None)
@given(percent=st.integers(1, 100), pieces=st.integers(0, 3), brought=st.booleans(), **ORDERS)
def test_the_columns_of_a_credit_note_add_up_and_each_is_never_empty(
    percent: int, pieces: int, brought: bool, **order: Any
) -> None:
    placed = order_of(**order)
    invoice = invoices.issue(placed)
    amount = Money(invoices.Ledger(invoice).left.amount * percent / 100, "EUR").rounded()
    line = placed.lines.all()[0]
    if not amount:
        return
    note = invoices.credit(
        placed,
        amount=amount,
        lines={line.pk: min(pieces, line.quantity)},
        delivery=placed.money("delivery") if brought else None,
        reason="",
    )
    assert faults(note) == []
    document = crossindustry.xml(note)
    assert document is not None
    nets = []
    for item in ET.fromstring(document).iter(f"{RAM}IncludedSupplyChainTradeLineItem"):
        check_line(item)
        net = item.find(f".//{RAM}LineTotalAmount")
        assert net is not None
        nets.append(Decimal(net.text or ""))
    # BT-131 of each line is what the page's column says.
    if placed.prices_include_tax and note.content["lines"]:
        assert nets == [read(row["net"]) for row in layout.words(note)["lines"][: len(nets)]]


def test_a_discount_stands_once_and_its_names_below() -> None:
    sold = [Sold(price="19.99", quantity=3, discount="6.01"), Sold("Book", "24.90")]
    words = layout.words(invoices.issue(paid(draft(sold, discounts=[("Summer", "SUMMER10")]))))
    assert [column["name"] for column in words["columns"]] == [
        *("Quantity", "Each", "Discount", "VAT", "Net", "Amount")
    ]
    first = words["lines"][0]
    assert (first["quantity"], first["each"], first["discount"], first["amount"]) == (
        *("3", "€19.99", "−€6.01", "€53.96"),
    )
    assert (words["sum"]["discount"], words["sum"]["amount"]) == ("−€6.01", "€83.76")
    assert words["reductions"] == "Discount: Summer (SUMMER10) €6.01"
    assert words["sums"] == []
    # Where there is none, no column is left empty.
    plain = layout.words(invoices.issue(paid(draft([Sold()]))))
    assert "Discount" not in [column["name"] for column in plain["columns"]]


def test_what_comes_back_for_less_than_it_cost_says_what_is_kept() -> None:
    order = paid(draft([Sold()]))
    invoices.issue(order)
    note = invoices.credit(order, amount=eur("30.00"), lines={order.lines.get().pk: 1}, reason="Scratched")
    row = layout.words(note)["lines"][0]
    assert (row["quantity"], row["each"], row["discount"], row["amount"]) == (
        "1",
        "€38.00",
        "−€8.00",
        "€30.00",
    )
    assert "Less" in [column["name"] for column in layout.words(note)["columns"]]


def test_lines_that_show_what_is_charged_beside_a_sum_before_discounts_do_not_add_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken variant: the amount is less than pieces × each, and no column says why."""
    invoice = invoices.issue(paid(draft([Sold(discount="3.80")])))
    monkeypatch.setattr(layout._Page, "less", lambda self, amount: "")
    assert faults(invoice)


def test_a_credit_note_that_knows_no_price_leaves_each_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant: what was frozen is shown as it is."""
    order = paid(draft([Sold(price="10.00", quantity=3)]))
    invoices.issue(order)
    monkeypatch.setattr(layout._Page, "pieces", lambda self, line: (line["quantity"], line["unit"] or "0"))
    note = invoices.credit(order, amount=eur("7.77"), reason="A dent")
    assert faults(note)
    assert content.VERSION == 1
