"""Tax: one rate per class and country, and one rounding rule: to the cent, halves away from zero."""

from collections.abc import Mapping
from decimal import Decimal

from catalog.models import TaxRate
from shop.money import Money

ZERO = Decimal(0)


def rate_for(tax_class_id: int, country: str) -> Decimal:
    """The rate as a fraction (0.19), zero where none is set."""
    return rates_in(country).get(tax_class_id, ZERO)


def rates_in(country: str) -> Mapping[int, Decimal]:
    """Every class's rate in a country, by the class's id: one query for a whole page."""
    return dict(TaxRate.objects.filter(country=country).values_list("tax_class_id", "rate"))


def gross(net: Money, rate: Decimal) -> Money:
    """With tax."""
    return (net * (1 + rate)).rounded()


def net(gross: Money, rate: Decimal) -> Money:
    """Without tax."""
    return Money(gross.amount / (1 + rate), gross.currency).rounded()
