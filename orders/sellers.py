"""Who sells: the merchant's own words about themselves, which each invoice copies."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings

from orders.models import Seller
from shop import markets

# The demo sells as nobody real; numbers that can be checked are the ones that authorities print as examples.
DEMO = {
    "name": "Deckle Papierwaren GmbH",
    "line1": "Ritterstraße 12",
    "postcode": "10969",
    "city": "Berlin",
    "country": "DE",
    "vat_number": "DE123456789",
    "register": "Amtsgericht Charlottenburg, HRB 000000 B",
    "managers": "Mara Merchant",
    "email": "hello@deckle.test",
    "phone": "+49 30 000000",
    "website": "deckle.test",
    "bank": "Musterbank Berlin",
    "iban": "DE02 1203 0000 0000 2020 51",
    "bic": "BYLADEM1001",
    "closing": "Thank you. Keep paper flat and dry, and out of the noon sun.",
}


def of_market(code: str) -> Seller:
    """Who sells there: its own seller, else everybody's; until a merchant says, a name and a mail address."""
    found = {seller.market: seller for seller in Seller.objects.filter(market__in=("", code))}
    return found.get(code) or found.get("") or _nobody(code)


def is_told(seller: Seller) -> bool:
    """Whether it has what an invoice must name."""
    return bool(seller.name and seller.line1 and seller.city and seller.country)


def introduce(sender: Any, **kwargs: Any) -> None:
    """post_migrate: in a demo there is somebody who sells."""
    if settings.DEMO and not Seller.objects.exists():
        Seller.objects.create(**DEMO)


def _nobody(code: str) -> Seller:
    return Seller(
        name=settings.SITE_NAME,
        email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        country=markets.get_or_default(code).country,
    )
