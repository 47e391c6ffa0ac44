"""Who sells: the merchant's own words about themselves, which each invoice copies."""

from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField

from orders.models import Seller
from shop import markets, places
from shop.prepared import AnyOf, Param, Prepared

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


NEEDED = ("name", "line1", "city", "country")  # what every invoice must name of who sells
NUMBERS = ("vat_number", "tax_number")  # and in the European Union one of these: 2006/112/EC art. 226(3), (5)


_TEXTS = ArrayField(CharField(max_length=8))
_OF_MARKETS = Prepared(lambda: Seller.objects.filter(AnyOf("market", Param("markets", _TEXTS))).order_by())


def of_market(code: str) -> Seller:
    """Who sells there: its own seller, else everybody's; until a merchant says, a name and a mail address."""
    return of_markets([code])[code]


def of_markets(codes: Iterable[str]) -> dict[str, Seller]:
    """The same of several, by their codes; one query."""
    wanted = list(codes)
    found = {seller.market: seller for seller in _OF_MARKETS.rows(markets=["", *wanted])}
    return {code: found.get(code) or found.get("") or _nobody(code) for code in wanted}


def lacking(seller: Seller) -> list[str]:
    """The fields that an invoice must name, and that are empty."""
    empty = [name for name in NEEDED if not getattr(seller, name).strip()]
    if seller.country in places.EU and not any(getattr(seller, name).strip() for name in NUMBERS):
        empty.append(NUMBERS[0])
    return empty


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
