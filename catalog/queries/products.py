"""find(): what a product's page shows, in six statements: products, and cards for what is beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import pricing, taxes
from catalog.models import (
    AttributeValue,
    Card,
    Image,
    Listing,
    Price,
    Product,
    ProductLink,
    TaxRate,
    VariantOption,
)
from catalog.pricing import Shown
from catalog.queries import cards, reviews
from catalog.queries.cards import CardShape
from catalog.queries.categories import open_categories
from shop.markets import Market

RELATED = 4
WITHOUT = "-"  # the slug that stands for no value, where a variant lacks an option that others have


@dataclass
class Offer:
    """A variant that can be had in the market: its price there, and its options by attribute code."""

    id: int
    sku: str
    availability: str
    shown: Shown
    options: dict[str, AttributeValue]

    @property
    def is_out(self) -> bool:
        return self.availability == "out"


@dataclass
class Found:
    """What a product's page is made of.

    path: of its home category; codes: its options in their order; sold_in: codes of the markets that list it.
    """

    product: Product
    path: str
    offers: list[Offer]
    codes: list[str]
    images: list[Image]
    card: CardShape | None
    companions: list[CardShape]
    alternatives: list[CardShape]
    said: reviews.Said
    sold_in: frozenset[str]


def find(market: Market, slug: str, asked: reviews.Asked | None = None) -> Found | None:
    """The published product of that address, if the market sells it; asked: which of its reviews."""
    item = _published(market, slug)
    if item is None:
        return None
    prices = list(
        Price.objects.filter(currency=market.currency, variant__product=item, variant__is_active=True)
        .select_related("variant")
        .order_by("variant__position", "variant_id")
    )
    if not prices:
        return None
    options = _options(item)
    rate = item.tax_rate if item.tax_rate is not None else taxes.ZERO
    offers = [
        Offer(
            id=price.variant.pk,
            sku=price.variant.sku or "",
            availability=price.variant.availability,
            shown=pricing.shown(price, market, rate),
            options=options.get(price.variant.pk, {}),
        )
        for price in prices
    ]
    _fill(offers)
    card, companions, alternatives = _beside(market, item)
    return Found(
        product=item,
        path=item.path or "",
        offers=offers,
        codes=_codes(offers),
        images=list(Image.objects.filter(product=item).order_by("position", "pk")),
        card=card,
        companions=companions,
        alternatives=alternatives,
        said=reviews.read(item, card["histogram"] if card else [0] * reviews.MOST, asked or reviews.Asked()),
        sold_in=frozenset(item.sold_in),
    )


def _published(market: Market, slug: str) -> Any:
    """The product with its tax rate here, its home category's id and path, and where it is sold."""
    rate = TaxRate.objects.filter(tax_class=OuterRef("tax_class"), country=market.country)
    home = open_categories().filter(
        pk=Subquery(
            Listing.objects.filter(product=OuterRef(OuterRef("pk")))
            .order_by("-is_primary", "position", "pk")
            .values("category")[:1]
        )
    )
    return (
        Product.objects.filter(slug=slug, is_published=True, published_at__lte=timezone.now())
        .annotate(
            tax_rate=Subquery(rate.values("rate")[:1]),
            path=Subquery(home.values("path")[:1]),
            home_id=Subquery(home.values("pk")[:1]),
            sold_in=ArraySubquery(Card.objects.filter(product_id=OuterRef("pk")).values("market")),
        )
        .first()
    )


def _options(item: Product) -> dict[int, dict[str, AttributeValue]]:
    """Each variant's values by attribute code, in the order of the options."""
    options: dict[int, dict[str, AttributeValue]] = {}
    rows = VariantOption.objects.filter(variant__product=item).select_related("value__attribute")
    for row in rows.order_by("variant_id", "position"):
        options.setdefault(row.variant_id, {})[row.value.attribute.code] = row.value
    return options


def _fill(offers: Sequence[Offer]) -> None:
    """An option that only some variants have is one of all, so that each of them can be chosen."""
    named = {code: value.attribute for offer in offers for code, value in offer.options.items()}
    for offer in offers:
        for code in _codes(offers):
            if code not in offer.options:
                offer.options[code] = AttributeValue(attribute=named[code], slug=WITHOUT, label=_("Without"))


def _codes(offers: Sequence[Offer]) -> list[str]:
    """Codes in which the variants differ or are named, in the order of the first variant that has them."""
    return list(dict.fromkeys(code for offer in offers for code in offer.options))


def _beside(market: Market, item: Any) -> tuple[CardShape | None, list[CardShape], list[CardShape]]:
    """(its own card, what goes with it, what else it could be): the merchant's links first, then others.

    Neighbours are those next in popularity: the same few best sellers beside every product help nobody.
    """
    rows = Card.objects.filter(market=market.code)
    others = rows.exclude(product_id=item.pk)
    if item.home_id:
        near = others.filter(categories__contains=[item.home_id])
        far = others.exclude(categories__contains=[item.home_id])
    else:
        near, far = others.filter(kind=item.kind), others.exclude(kind=item.kind)
    own, companions, alternatives, *neighbours = cards.read_each(
        [
            rows.filter(product_id=item.pk),
            _linked(others, item, ProductLink.Kind.COMPANION),
            _linked(others, item, ProductLink.Kind.ALTERNATIVE),
            *_neighbours(far, item),
            *_neighbours(near, item),
        ]
    )
    companions = _first(RELATED, companions, *neighbours[:2])
    taken = {card["product_id"] for card in companions}
    rest = [card for part in (alternatives, *neighbours[2:]) for card in part]
    return (
        own[0] if own else None,
        companions,
        _first(RELATED, [card for card in rest if card["product_id"] not in taken]),
    )


def _linked(rows: QuerySet[Card], item: Product, kind: str) -> QuerySet[Card]:
    """Cards that the merchant linked, in the merchant's order."""
    links = ProductLink.objects.filter(product=item, kind=kind)
    place = links.filter(other=OuterRef("product_id")).values("position")[:1]
    return rows.filter(product_id__in=links.values("other")).order_by(Subquery(place), "product_id")[:RELATED]


def _neighbours(rows: QuerySet[Card], item: Product) -> tuple[QuerySet[Card], QuerySet[Card]]:
    """Those next below in popularity, and next above."""
    same = Q(popularity=item.popularity)
    below = rows.filter(Q(popularity__lt=item.popularity) | same & Q(product_id__gt=item.pk))
    above = rows.filter(Q(popularity__gt=item.popularity) | same & Q(product_id__lt=item.pk))
    # Twice as many: some of them may be linked already.
    return (
        below.filter(popularity__lte=item.popularity).order_by("-popularity", "product_id")[: 2 * RELATED],
        above.filter(popularity__gte=item.popularity).order_by("popularity", "-product_id")[: 2 * RELATED],
    )


def _first(number: int, *parts: Sequence[CardShape]) -> list[CardShape]:
    """The first of all parts, each product once."""
    unique: dict[int, CardShape] = {}
    for part in parts:
        for card in part:
            unique.setdefault(card["product_id"], card)
    return list(unique.values())[:number]
