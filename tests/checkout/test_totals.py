"""The one money engine: whatever is bought, everything sums to the cent."""

import os
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout import totals
from checkout.totals import Delivery, Line, compute
from shop.money import Money

CENT = Decimal("0.01")
CARTS = settings(max_examples=int(os.environ.get("MONEY_CARTS", "100")), deadline=None)
RATES = st.sampled_from(
    [Decimal(rate) for rate in ("0", "0.025", "0.055", "0.07", "0.08875", "0.14975", "0.19", "0.20", "0.27")]
)
PRICES = st.decimals(0, 9_999, places=2).map(lambda amount: Money(amount, "EUR"))
LINES = st.lists(
    st.builds(Line, PRICES, st.integers(1, 999), RATES, st.integers(1, 10**6).map(str)), max_size=12
)
DELIVERIES = st.none() | st.builds(Delivery, PRICES, RATES, st.just("1"))


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[Line], Delivery | None, bool]:
    """Lines that have been discounted by anything up to all of it; delivery; whether prices include tax."""
    lines = [
        replace(line, discount=Money(draw(st.integers(0, int(line.full.amount * 100))) * CENT, "EUR"))
        for line in draw(LINES)
    ]
    return lines, draw(DELIVERIES), draw(st.booleans())


def adds_up(found: totals.Totals) -> bool:
    zero = Money.zero("EUR")
    by_rate = Money.sum((row.net + row.tax for row in found.tax), "EUR")
    return (
        by_rate == found.total
        and found.total
        == found.subtotal
        - found.discount
        + (found.delivery or zero)
        + (zero if found.includes_tax else found.tax_total)
        and zero <= found.discount <= found.subtotal
        and all(money == money.rounded() for row in found.tax for money in (row.net, row.tax))
        and all(row.tax >= zero and row.net >= zero for row in found.tax)
    )


@CARTS
@given(carts())
def test_net_and_tax_of_all_rates_are_the_total_to_the_cent(
    cart: tuple[list[Line], Delivery | None, bool],
) -> None:
    lines, delivery, includes_tax = cart
    assert adds_up(compute(lines, delivery, currency="EUR", includes_tax=includes_tax))


@CARTS
@given(carts(), st.randoms())
def test_the_order_of_the_lines_changes_neither_total_nor_digest(
    cart: tuple[list[Line], Delivery | None, bool], random: Random
) -> None:
    lines, delivery, includes_tax = cart
    found = compute(lines, delivery, currency="EUR", includes_tax=includes_tax)
    shuffled = list(lines)
    random.shuffle(shuffled)
    again = compute(shuffled, delivery, currency="EUR", includes_tax=includes_tax)
    assert (again.total, again.tax, again.digest) == (found.total, found.tax, found.digest)


def test_a_tax_per_line_would_not_be_the_declared_policy() -> None:
    """The broken variant: rounding each line's tax gives another sum in such a cart."""
    lines = [Line(Money(Decimal("0.99"), "EUR"), 1, Decimal("0.19"), str(key)) for key in range(3)]
    per_line = sum((Decimal("0.99") * 19 / 119).quantize(CENT, ROUND_HALF_UP) for _line in lines)
    found = compute(lines, None, currency="EUR")
    assert per_line == Decimal("0.48")
    assert found.tax_total.amount == Decimal("0.47")
    assert adds_up(found)


def test_a_discount_rounded_line_by_line_would_not_sum() -> None:
    """The broken variant: three thirds of a euro, each rounded, are 99 cents."""
    lines = [Line(Money(Decimal(10), "EUR"), 1, Decimal(rate), rate) for rate in ("0", "0.07", "0.19")]
    discount = Money(Decimal(1), "EUR")
    naive = sum((discount.amount / 3).quantize(CENT, ROUND_HALF_UP) for _line in lines)
    assert naive != discount.amount
    shares = discount.allocate([line.full.amount for line in lines])
    found = compute(
        [replace(line, discount=share) for line, share in zip(lines, shares, strict=True)],
        None,
        currency="EUR",
    )
    assert found.discount == discount
    assert adds_up(found)


@pytest.mark.parametrize("discount", ["-0.01", "10.01"])
def test_a_discount_is_never_negative_nor_more_than_its_line(discount: str) -> None:
    line = Line(Money(Decimal(10), "EUR"), 1, Decimal(0), discount=Money(Decimal(discount), "EUR"))
    with pytest.raises(ValueError, match="discount"):
        compute([line], None, currency="EUR")


def test_tax_comes_on_top_where_prices_are_without() -> None:
    line = Line(Money(Decimal("10.00"), "USD"), 3, Decimal("0.0825"))
    found = compute(
        [line], Delivery(Money(Decimal("5.00"), "USD"), Decimal(0)), currency="USD", includes_tax=False
    )
    assert (found.total.amount, found.tax_total.amount) == (Decimal("37.48"), Decimal("2.48"))
    assert [(row.net.amount, row.tax.amount) for row in found.tax] == [
        (Decimal("30.00"), Decimal("2.48")),
        (Decimal("5.00"), Decimal(0)),
    ]


def test_the_digest_changes_with_everything_that_was_agreed_to() -> None:
    line = Line(Money(Decimal("10.00"), "EUR"), 2, Decimal("0.19"), "7")
    bringing = Delivery(Money(Decimal("4.90"), "EUR"), Decimal("0.19"), "1")

    def digest(line: Line = line, bringing: Delivery = bringing, terms: tuple[str, ...] = ("Berlin",)) -> str:
        return compute([line], bringing, currency="EUR", terms=terms).digest

    others = {
        digest(replace(line, unit=Money(Decimal("10.01"), "EUR"))),
        digest(replace(line, quantity=3)),
        digest(replace(line, tax_rate=Decimal("0.07"))),
        digest(replace(line, key="8")),
        digest(replace(line, discount=Money(Decimal("0.01"), "EUR"))),
        compute([line], bringing, currency="EUR", includes_tax=False, terms=("Berlin",)).digest,
        digest(bringing=replace(bringing, key="2")),
        digest(bringing=replace(bringing, price=Money(Decimal("3.90"), "EUR"))),
        digest(terms=("Hamburg",)),
    }
    assert len(others) == 9
    assert digest() not in others
    assert digest(replace(line, unit=Money(Decimal(10), "EUR"))) == digest()


def test_free_delivery_adds_no_row_to_the_tax_table() -> None:
    book = Line(Money(Decimal("10.70"), "EUR"), 1, Decimal("0.07"))
    found = compute([book], Delivery(Money.zero("EUR"), Decimal("0.19")), currency="EUR")
    assert [(str(row.rate), row.net.amount, row.tax.amount) for row in found.tax] == [
        ("0.07", Decimal("10.00"), Decimal("0.70"))
    ]
