"""A market whose prices are without tax, and what it needs: rates by state, a zone, prices in dollars."""

from decimal import Decimal

from catalog.models import Method, MethodRate, Price, TaxRate, Zone
from shop.markets import Market
from tests.factories import make_tax_class

US = Market("us", "United States", "us", "en", "USD", "US", tax_shown=False)
HOME = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "line1": "1 Main Street",
    "postcode": "48201",
    "city": "Detroit",
    "region": "MI",
    "country": "US",
}
STATES = {"MI": "0.06", "NY": "0.08875", "OR": "0"}


def sell_in_the_us(amount: str = "10.00") -> Method:
    """Everything there is costs so much in dollars, without tax; settings.MARKETS must name the market."""
    standard = make_tax_class()
    for state, rate in STATES.items():
        TaxRate.objects.update_or_create(
            tax_class=standard, country="US", region=state, defaults={"rate": Decimal(rate)}
        )
    for variant_id in Price.objects.values_list("variant", flat=True).distinct():
        Price.objects.update_or_create(
            variant_id=variant_id, currency="USD", defaults={"amount": Decimal(amount), "includes_tax": False}
        )
    zone = Zone.objects.create(code="us", name="United States", countries=["US"])
    method = Method.objects.create(zone=zone, name="Ground", carrier="UPS", tax_class=standard)
    MethodRate.objects.create(method=method, currency="USD", amount=Decimal("5.00"))
    return method
