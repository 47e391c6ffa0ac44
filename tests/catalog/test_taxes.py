"""One rate per class and country, one rounding rule."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import taxes
from shop.money import Money
from tests.factories import make_tax_class

amounts = st.decimals("0.00", "999999.99", places=2).map(lambda amount: Money(amount, "EUR"))
rates = st.decimals("0", "0.9999", places=4)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.django_db
def test_the_rate_is_that_of_the_class_in_the_country_and_zero_where_there_is_none():
    books = make_tax_class("reduced")
    assert taxes.rate_for(books.pk, "DE") == Decimal("0.07")
    assert taxes.rate_for(books.pk, "CH") == 0


@pytest.mark.parametrize(
    ("net", "rate", "gross"), [("10.00", "0.19", "11.90"), ("0.50", "0.19", "0.60"), ("2.50", "0.05", "2.63")]
)
def test_halves_are_rounded_away_from_zero(net, rate, gross):
    assert taxes.gross(euro(net), Decimal(rate)) == euro(gross)


def test_yen_have_no_cents():
    assert taxes.gross(Money(Decimal(105), "JPY"), Decimal("0.1")) == Money(Decimal(116), "JPY")


@given(net=amounts, rate=rates)
def test_what_tax_was_added_to_is_found_again(net, rate):
    assert taxes.net(taxes.gross(net, rate), rate) == net


@given(net=amounts, more=amounts, rate=rates)
def test_dearer_stays_dearer(net, more, rate):
    assert taxes.gross(net, rate) <= taxes.gross(net + more, rate)
    assert taxes.net(net, rate) <= taxes.net(net + more, rate)
