"""What goes with several products at once: the cart's shelf."""

from collections.abc import Collection

from django.db.models import OuterRef, Subquery

from catalog.models import Availability, Card, ProductLink
from catalog.queries import cards
from catalog.queries.cards import CardShape
from shop import markets
from shop.markets import Market


def of(market: Market, product_ids: Collection[int], number: int = 4) -> list[CardShape]:
    """Cards that the merchant linked to any of these products, none of themselves and nothing sold out."""
    links = ProductLink.objects.filter(product__in=product_ids, kind=ProductLink.Kind.COMPANION)
    place = links.filter(other=OuterRef("product_id")).order_by("position").values("position")[:1]
    rows = (
        Card.objects.filter(market=market.code, product_id__in=links.values("other"))
        .exclude(product_id__in=product_ids)
        .exclude(availability=Availability.OUT)
        .order_by(Subquery(place), "-popularity", "product_id")
    )
    # Its addresses are the cart's, whatever market the page is read in.
    with markets.use(market):
        return cards.read(rows[:number])
