"""Where the demo sells: what is taxed how, and who brings it."""

from datetime import time
from decimal import Decimal

from catalog.models import Method, MethodRate, TaxClass, TaxRate, Zone

# Standard and reduced (books) rates of the countries that the demo delivers to.
RATES = {
    "DE": ("0.19", "0.07"),
    "AT": ("0.20", "0.10"),
    "FR": ("0.20", "0.055"),
    "NL": ("0.21", "0.09"),
    "IT": ("0.22", "0.04"),
    "ES": ("0.21", "0.04"),
    "IE": ("0.23", "0"),
    "GB": ("0.20", "0"),
}
# zone code, name, countries, method, carrier, days, price and free-from in each currency
ZONES = (
    ("de", "Germany", ["DE"], "Standard", "DHL", (2, 4), {"EUR": ("4.90", "50"), "GBP": ("4.90", "45")}),
    ("eu", "European Union", ["AT", "FR", "NL", "IT", "ES", "IE"], "Standard", "DHL", (3, 6),
     {"EUR": ("8.90", "90"), "GBP": ("7.90", "80")}),
    ("gb", "United Kingdom", ["GB"], "Tracked 48", "Royal Mail", (2, 4),
     {"EUR": ("5.90", "50"), "GBP": ("4.50", "45")}),
)  # fmt: skip
CUTOFF = time(15)


def taxes() -> dict[str, TaxClass]:
    """The classes, with the rate of each country."""
    classes = {
        code: TaxClass.objects.update_or_create(code=code, defaults={"name": name})[0]
        for code, name in (("standard", "Standard"), ("reduced", "Reduced: books"))
    }
    for country, rates in RATES.items():
        for code, rate in zip(("standard", "reduced"), rates, strict=True):
            TaxRate.objects.update_or_create(
                tax_class=classes[code], country=country, defaults={"rate": Decimal(rate)}
            )
    return classes


def delivery(tax_class: TaxClass) -> None:
    """One method for each zone."""
    for code, name, countries, method, carrier, (soonest, latest), rates in ZONES:
        zone = Zone.objects.create(code=code, name=name, countries=countries)
        brought = Method.objects.create(
            zone=zone,
            name=method,
            carrier=carrier,
            min_days=soonest,
            max_days=latest,
            cutoff=CUTOFF,
            tax_class=tax_class,
        )
        for currency, (amount, free_from) in rates.items():
            MethodRate.objects.create(
                method=brought, currency=currency, amount=Decimal(amount), free_from=Decimal(free_from)
            )
