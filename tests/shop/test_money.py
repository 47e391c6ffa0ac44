"""Money: one currency a sum, one rounding rule, and no cent is lost."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Price
from shop.money import CurrencyMismatch, Money, MoneyField
from tests.factories import make_product

cents = st.integers(-10_000_000, 10_000_000)
currencies = st.sampled_from(["EUR", "GBP", "JPY", "KWD"])


@st.composite
def moneys(draw: st.DrawFn) -> Money:
    """An amount in whole units of its currency."""
    currency = draw(currencies)
    return Money(Decimal(draw(cents)) * Money.zero(currency).quantum, currency)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_sums_differences_and_multiples():
    assert euro("10.00") + euro("0.50") == euro("10.50")
    assert euro("10.00") - euro("0.50") == euro("9.50")
    assert euro("10.00") * 3 == euro("30.00")
    assert -euro("1.00") == euro("-1.00")
    assert Money.sum([euro("1.00"), euro("2.00")], "EUR") == euro("3.00")
    assert Money.sum([], "EUR") == Money.zero("EUR")
    assert not Money.zero("EUR")
    assert euro("0.01")


def test_currencies_do_not_mix():
    pound = Money(Decimal(1), "GBP")
    for mix in (lambda: euro("1") + pound, lambda: euro("1") - pound, lambda: euro("1") < pound):
        with pytest.raises(CurrencyMismatch):
            mix()
    assert euro("1") != pound
    with pytest.raises(TypeError):
        euro("1") + 1  # type: ignore[operator]


@given(one=moneys(), other=moneys())
def test_amounts_of_a_currency_are_in_order(one, other):
    if one.currency == other.currency:
        assert (one < other) == (one.amount < other.amount)
        assert (one <= other) == (one.amount <= other.amount)


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.005", "0.01"), ("0.015", "0.02"), ("2.675", "2.68"), ("-0.005", "-0.01")]
)
def test_halves_go_away_from_zero(amount, rounded):
    assert euro(amount).rounded() == euro(rounded)


def test_the_currency_says_where_to_round():
    assert Money(Decimal("105.5"), "JPY").rounded() == Money(Decimal(106), "JPY")
    assert Money(Decimal("1.0005"), "KWD").rounded() == Money(Decimal("1.001"), "KWD")


def test_a_cent_too_many_goes_to_the_largest_remainder_and_then_to_the_first():
    assert euro("10.00").allocate([1, 1, 1]) == [euro("3.34"), euro("3.33"), euro("3.33")]
    assert euro("0.05").allocate([3, 7]) == [euro("0.02"), euro("0.03")]
    assert euro("-10.00").allocate([1, 2]) == [euro("-3.33"), euro("-6.67")]
    assert euro("1.00").allocate([0, 0]) == [euro("0.50"), euro("0.50")]


@given(money=moneys(), weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=12))
def test_what_is_allocated_is_whole_again_and_no_part_is_off_by_a_unit(money, weights):
    parts = money.allocate(weights)
    assert Money.sum(parts, money.currency) == money
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part.amount - money.amount * weight / whole) < money.quantum
            assert weight or not part


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_there_is_no_sharing_among_nobody_or_by_debts(weights):
    with pytest.raises(ValueError, match="weights"):
        euro("1.00").allocate(weights)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("38.00", "EUR", 3800), ("38", "JPY", 38), ("1.234", "KWD", 1234), ("-0.5", "EUR", -50)],
)
def test_payment_services_count_the_smallest_unit(amount, currency, units):
    money = Money(Decimal(amount), currency)
    assert money.minor == units
    assert Money.from_minor(units, currency) == money


@pytest.mark.parametrize(("amount", "currency"), [("0.005", "EUR"), ("0.5", "JPY")])
def test_a_part_of_the_smallest_unit_is_nothing_that_can_be_charged(amount, currency):
    with pytest.raises(ValueError, match="no whole number"):
        _ = Money(Decimal(amount), currency).minor


def test_only_a_rounded_amount_is_shared():
    with pytest.raises(ValueError, match="no whole number"):
        euro("1.005").allocate([1])


@pytest.mark.parametrize(
    ("money", "language", "short", "said"),
    [
        (euro("38.00"), "en", False, "€38.00"),
        (euro("38.00"), "en", True, "€38"),
        (euro("38.50"), "en", True, "€38.50"),
        (euro("1234.50"), "de", False, "1.234,50\xa0€"),
        (Money(Decimal("33.00"), "GBP"), "en-gb", False, "£33.00"),
        (Money(Decimal("33.00"), "GBP"), "en-gb", True, "£33"),
        (Money(Decimal(500), "JPY"), "en", False, "¥500"),
    ],
)
def test_money_is_written_as_people_write_it(money, language, short, said):
    assert money.format(language, short=short) == said


@pytest.mark.django_db
def test_the_database_wants_a_currency_in_three_capitals():
    make_product()
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.filter(currency="EUR").update(currency="eur")


def test_a_form_refuses_a_negative_amount_at_its_field() -> None:
    """The database's constraint would, but knows no field to say it at."""
    field = MoneyField().formfield()
    assert field.clean("0") == 0
    with pytest.raises(ValidationError) as refused:
        field.clean("-0.01")
    assert refused.value.error_list[0].code == "min_value"
