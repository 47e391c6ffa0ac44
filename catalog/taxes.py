"""Tax: which rate, on what, and one rounding rule: to the smallest coin, halves away from zero.

Prices are kept with or without the tax of the market's own country, its home rate. What an address changes is
the tax, never the price: docs/decisions/0015 says what is taxed where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField

from catalog.models import TaxRate
from shop import places, territories
from shop.markets import Market
from shop.money import Money
from shop.prepared import AnyOf, Param, Prepared

ZERO = Decimal(0)
Rates = Mapping[int, Decimal]  # of a place, as fractions (0.19), by the tax class's id


@dataclass(frozen=True)
class Taxation:
    """How an order is taxed: what is within its prices, and what comes on top.

    home: of the market's country, within prices that include tax. due: what is to be paid where it goes.
    is_known: False where tax comes on top and nobody has said yet where it goes.
    """

    home: Rates
    due: Rates
    includes_tax: bool
    is_reverse_charged: bool = False
    is_known: bool = True

    def rate(self, tax_class_id: int) -> Decimal:
        """What is due on that class."""
        return self.due.get(tax_class_id, ZERO)

    def priced(self, amount: Money, tax_class_id: int) -> Money:
        """An amount that includes the home rate, as this order counts it."""
        return amount if self.includes_tax else net(amount, self.home.get(tax_class_id, ZERO))


def taxation(
    market: Market, country: str = "", region: str = "", vat_number: str = "", postcode: str = ""
) -> Taxation:
    """Of an order of that market that goes there, "" while it is not known; one query."""
    special = territories.of(country, region, postcode)
    at, own = special.rates_at if special else (country or market.country, region)
    rows = _RATES.rows(countries=[market.country, at], regions=["", own])
    home = _rates(rows, market.country, "")
    if country and is_reverse_charged(country, region, vat_number, postcode):
        return Taxation(home, {}, includes_tax=False, is_reverse_charged=True)
    if not country:
        due = home if market.tax_shown else {}
        return Taxation(home, due, includes_tax=market.tax_shown, is_known=market.tax_shown)
    if own and special and not special.member:  # outside of the country's VAT: only what is set for it is due
        rows = [row for row in rows if row[1] == own]
    return Taxation(home, _rates(rows, at, own), includes_tax=market.tax_shown)


def is_reverse_charged(country: str, region: str, vat_number: str, postcode: str = "") -> bool:
    """Whether the buyer accounts for the tax: a business in another country of the seller's VAT.

    The number was checked when it was entered (accounts/vat_numbers.py); here it must be of that country.
    """
    member = territories.member(country, region, postcode)
    begins = "EL" if member == "GR" else member
    return vat_number.startswith(begins) and may_be_reversed(country, region, postcode)


def may_be_reversed(country: str, region: str = "", postcode: str = "") -> bool:
    """Whether businesses there buy from the seller without tax."""
    member = territories.member(country, region, postcode)
    return settings.SELLER_COUNTRY in places.EU and member not in {"", settings.SELLER_COUNTRY}


def rate_for(tax_class_id: int, country: str, region: str = "") -> Decimal:
    """The rate as a fraction (0.19), zero where none is set."""
    return rates_in(country, region).get(tax_class_id, ZERO)


def rates_in(country: str, region: str = "") -> Rates:
    """Every class's rate in a place: a region's own one stands instead of its country's. One query."""
    return _rates(_RATES.rows(countries=[country], regions=["", region]), country, region)


def gross(net: Money, rate: Decimal) -> Money:
    """With tax."""
    return (net * (1 + rate)).rounded()


def net(gross: Money, rate: Decimal) -> Money:
    """Without tax."""
    return Money(gross.amount / (1 + rate), gross.currency).rounded()


_Row = tuple[str, str, int, Decimal]  # country, region, tax class, rate


def _rates(rows: list[_Row], country: str, region: str) -> Rates:
    own = sorted(row for row in rows if row[0] == country and row[1] in {"", region})  # the region's last
    return {tax_class_id: rate for _country, _region, tax_class_id, rate in own}


_TEXTS = ArrayField(CharField(max_length=40))
_RATES = Prepared(
    lambda: (
        TaxRate.objects.filter(
            AnyOf("country", Param("countries", _TEXTS)), AnyOf("region", Param("regions", _TEXTS))
        )
        .order_by()
        .values_list("country", "region", "tax_class_id", "rate")
    )
)
