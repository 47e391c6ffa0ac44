"""What somebody orders in a benchmark: one of each of these variants, at 38 euro."""

import secrets
from collections.abc import Iterable
from decimal import Decimal

from orders.drafts import Draft, DraftLine, FirstAttempt
from shop.money import Money

RATE = Decimal("0.19")
EACH, DELIVERY = Money(Decimal("38.00"), "EUR"), Money(Decimal("4.90"), "EUR")
PICTURE = {
    "alt": "Two suns over low hills",
    "width": 800,
    "height": 1000,
    "src": "/media/pictures/3f/3f2a-320.jpg",
    "srcset": {
        kind: ", ".join(f"/media/pictures/3f/3f2a-{width}.{kind} {width}w" for width in (320, 640, 1200))
        for kind in ("avif", "webp", "jpeg")
    },
    "mat": "linen",
}


def draft(variant_ids: Iterable[int], key: str) -> Draft:
    """A guest's order; `key` makes it one of its own."""
    lines = tuple(
        DraftLine(
            variant_id=pk,
            name=f"Low hills {pk}",
            quantity=1,
            unit=EACH,
            tax_rate=RATE,
            options="30 × 40 cm",
            sku=f"SKU-{pk}",
            slug=f"low-hills-{pk}",
            picture=PICTURE,
        )
        for pk in variant_ids
    )
    subtotal = EACH * len(lines)
    total = subtotal + DELIVERY
    tax = Money(total.amount * RATE / (1 + RATE), "EUR").rounded()
    return Draft(
        placement_key=key,
        market="eu",
        language="en",
        email="ada@example.com",
        address={
            "name": "Ada Lovelace",
            "line1": "Unter den Linden 1",
            "postcode": "10117",
            "city": "Berlin",
            "country": "DE",
        },
        lines=lines,
        subtotal=subtotal,
        discount=Money.zero("EUR"),
        delivery=DELIVERY,
        tax=tax,
        total=total,
        taxes=((RATE, total - tax, tax),),
        delivery_name="Standard",
        delivery_carrier="DHL",
        delivery_tax_rate=RATE,
        attempt=FirstAttempt("fake", "pays", secrets.token_hex(6)),
    )
