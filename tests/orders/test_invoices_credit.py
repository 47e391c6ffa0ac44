"""However an invoice is credited, in lines, pieces or amounts: all of it is all of it, and never more."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import audit, invoices
from orders.invoices import Ledger, NotInvoiced, TooMuch
from orders.models import Invoice, Order
from shop.money import CurrencyMismatch, Money
from tests.orders.conftest import eur
from tests.orders.specimens import NONE, REDUCED, STANDARD, Sold, draft, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db: None) -> Order:
    """€38.00, 3 × €24.90 less €7.47 at the reduced rate, and €4.90 for delivery: €110.13."""
    found = paid(draft([Sold(), Sold("Book", "24.90", 3, REDUCED, discount="7.47")]))
    invoices.issue(found)
    return found


def by_rate(*papers: Invoice) -> dict[Decimal, tuple[Decimal, Decimal]]:
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for paper in papers:
        for row in paper.content["taxes"]:
            net, tax = sums.get(Decimal(row["rate"]), (Decimal(0), Decimal(0)))
            sums[Decimal(row["rate"])] = (net + Decimal(row["net"]), tax + Decimal(row["tax"]))
    return {rate: sums[rate] for rate in sorted(sums) if any(sums[rate])}


def test_a_line_that_comes_back_is_credited_with_its_discount(order: Order) -> None:
    book = order.lines.get(name="Book")
    note = invoices.credit(order, amount=eur("44.82"), lines={book.pk: 2}, reason="Returned")
    (line,) = note.content["lines"]
    assert (line["name"], line["quantity"], line["charged"]) == ("Book", 2, "44.82")
    assert note.corrects == order.invoices.get(kind="invoice")
    assert note.total == Decimal("44.82")
    assert list(by_rate(note)) == [REDUCED]


def test_everything_at_once_says_all_lines_again(order: Order) -> None:
    note = invoices.credit(order, amount=eur("110.13"), reason="Cancelled")
    told = order.invoices.get(kind="invoice").content
    assert [(line["name"], line["quantity"]) for line in note.content["lines"]] == [
        ("Two suns over Cadiz", 1),
        ("Book", 3),
    ]
    assert note.content["taxes"] == told["taxes"]
    assert note.content["delivery"]["charged"] == "4.90"


def test_an_amount_alone_is_shared_by_the_rates(order: Order) -> None:
    note = invoices.credit(order, amount=eur("11.01"), reason="A dent")
    assert {line["name"] for line in note.content["lines"]} == {""}
    assert set(by_rate(note)) == {STANDARD, REDUCED}
    assert sum(net + tax for net, tax in by_rate(note).values()) == Decimal("11.01")


def test_less_than_the_lines_cost_is_shared_by_them(order: Order) -> None:
    poster = order.lines.get(name="Two suns over Cadiz")
    note = invoices.credit(order, amount=eur("30.00"), lines={poster.pk: 1}, reason="Returned, scratched")
    (line,) = note.content["lines"]
    assert (line["unit"], line["discount"], line["charged"]) == ("38.00", "8.00", "30.00")


def test_more_than_the_lines_cost_goes_over_what_is_left(order: Order) -> None:
    poster = order.lines.get(name="Two suns over Cadiz")
    note = invoices.credit(order, amount=eur("40.00"), lines={poster.pk: 1}, reason="Returned, and sorry")
    assert note.total == Decimal("40.00")
    assert set(by_rate(note)) == {STANDARD, REDUCED}


@pytest.mark.parametrize("asked", ["110.14", "0.00", "-1.00", "1.005"])
def test_more_than_the_invoice_or_nothing_is_refused(order: Order, asked: str) -> None:
    with pytest.raises(ValueError, match=r"left|nothing"):
        invoices.credit(order, amount=eur(asked), reason="")
    assert order.invoices.count() == 1


def test_what_was_credited_cannot_be_credited_again(order: Order) -> None:
    book = order.lines.get(name="Book")
    invoices.credit(order, amount=eur("67.23"), lines={book.pk: 3}, reason="Returned")
    with pytest.raises(ValueError, match="cannot come back"):
        invoices.credit(order, amount=eur("1.00"), lines={book.pk: 1}, reason="Returned")
    with pytest.raises(TooMuch) as refused:
        invoices.credit(order, amount=eur("42.91"), reason="")
    assert refused.value.left == eur("42.90") == invoices.left(order)


def test_pieces_of_other_orders_and_other_currencies_are_refused(order: Order) -> None:
    with pytest.raises(ValueError, match="cannot come back"):
        invoices.credit(order, amount=eur("1.00"), lines={10**9: 1}, reason="")
    with pytest.raises(CurrencyMismatch):
        invoices.credit(order, amount=Money(Decimal("1.00"), "GBP"), reason="")


def test_an_order_without_an_invoice_has_nothing_to_credit() -> None:
    with pytest.raises(NotInvoiced):
        invoices.credit(paid(draft([Sold()])), amount=eur("1.00"), reason="")


steps = st.lists(
    st.tuples(
        st.integers(0, 100),  # percent of what is left
        st.integers(-1, 3),  # a line, or none
        st.integers(1, 3),  # pieces
        st.booleans(),  # delivery too
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(
    prices=st.lists(st.integers(1, 9_999), min_size=1, max_size=4),
    rates=st.lists(st.sampled_from([STANDARD, REDUCED, NONE]), min_size=4, max_size=4),
    discount=st.integers(0, 99),
    delivery=st.integers(0, 999),
    includes_tax=st.booleans(),
    steps=steps,
)
def test_any_number_of_credit_notes_comes_to_the_invoice_and_never_to_more(
    prices: list[int],
    rates: list[Decimal],
    discount: int,
    delivery: int,
    includes_tax: bool,
    steps: list[tuple[int, int, int, bool]],
) -> None:
    sold = [
        Sold(
            price=str(Decimal(cents) / 100),
            quantity=1 + cents % 4,
            rate=rate,
            discount=str((Decimal(cents * (1 + cents % 4)) * discount / 10_000).quantize(Decimal("0.01"))),
        )
        for cents, rate in zip(prices, rates, strict=False)
    ]
    order = paid(draft(sold, delivery=str(Decimal(delivery) / 100), includes_tax=includes_tax))
    invoice = invoices.issue(order)
    lines = list(order.lines.all())
    for percent, place, pieces, is_brought in steps:
        ledger = Ledger(invoice)
        amount = Money(ledger.left.amount * percent / 100, "EUR").rounded()
        if not amount or amount > ledger.left:
            continue
        wanted = {}
        if 0 <= place < len(lines):
            line = lines[place]
            rest = line.quantity - ledger.returned[str(line.pk)]
            wanted = {line.pk: min(pieces, rest)}
        invoices.credit(
            order,
            amount=amount,
            lines=wanted,
            delivery=order.money("delivery") if is_brought else None,
            reason="",
        )
        notes = list(invoice.credit_notes.all())
        for rate, (net, tax) in by_rate(*notes).items():
            assert 0 <= net <= by_rate(invoice)[rate][0]
            assert 0 <= tax <= by_rate(invoice)[rate][1]
    if left := invoices.left(order):
        invoices.credit(order, amount=left, reason="")
    notes = list(invoice.credit_notes.all())
    assert by_rate(*notes) == by_rate(invoice)
    assert sum(note.total for note in notes) == order.total
    assert all(list(audit._sums(paper)) == [] for paper in [invoice, *notes])
    assert not Ledger(invoice).left
