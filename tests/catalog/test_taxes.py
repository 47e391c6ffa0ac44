"""One rate per class and country, one rounding rule."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from catalog import taxes
from catalog.models import TaxRate
from shop import markets
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


@pytest.mark.django_db
def test_a_regions_own_rate_stands_instead_of_its_countrys():
    goods, books = make_tax_class(rates={"ES": "0.21"}), make_tax_class("reduced", {"ES": "0.04"})
    TaxRate.objects.create(tax_class=goods, country="ES", region="TF", rate=0)
    assert taxes.rates_in("ES") == {goods.pk: Decimal("0.21"), books.pk: Decimal("0.04")}
    assert taxes.rates_in("ES", "TF") == {goods.pk: 0, books.pk: Decimal("0.04")}
    assert taxes.rates_in("ES", "M") == taxes.rates_in("ES")
    assert taxes.rate_for(goods.pk, "US", "TF") == 0  # the region of another country


@pytest.mark.django_db
def test_there_is_one_rate_for_a_place():
    goods = make_tax_class(rates={"ES": "0.21"})
    with pytest.raises(IntegrityError), transaction.atomic():
        TaxRate.objects.create(tax_class=goods, country="ES", rate=0)


@pytest.mark.django_db
def test_home_and_destination_are_read_in_one_query(django_assert_num_queries):
    goods = make_tax_class(rates={"DE": "0.19", "AT": "0.20"})
    taxes.taxation(markets.default())  # its statement is written at its first use
    with django_assert_num_queries(1):
        found = taxes.taxation(markets.default(), "AT")
    assert (found.home[goods.pk], found.rate(goods.pk)) == (Decimal("0.19"), Decimal("0.20"))


@pytest.mark.parametrize(
    ("seller", "country", "region", "number", "reversed"),
    [
        ("DE", "AT", "", "ATU12345675", True),
        ("DE", "GR", "", "EL094259216", True),
        ("DE", "AT", "", "", False),
        ("DE", "AT", "", "DE136695976", False),  # a number of elsewhere
        ("DE", "DE", "", "DE136695976", False),
        ("DE", "GB", "", "GB980780684", False),
        ("GB", "AT", "", "ATU12345675", False),
        ("DE", "ES", "TF", "ESB58378431", False),
        ("DE", "ES", "M", "ESB58378431", True),
    ],
)
def test_who_accounts_for_the_tax(settings, seller, country, region, number, reversed):
    settings.SELLER_COUNTRY = seller
    assert taxes.is_reverse_charged(country, region, number) is reversed


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
