"""find(): what a product's page shows, in six statements: products, and cards for what is beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import pricing, taxes
from catalog.models import (
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
from shop.prepared import Param, Prepared

RELATED = 4
PARTS = 7  # of _around()
WITHOUT = "-"  # the slug that stands for no value, where a variant lacks an option that others have


@dataclass(frozen=True)
class OptionAttribute:
    """What is chosen: a size, a colour."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class OptionValue:
    """One of what there is to choose; `pk` None stands for going without."""

    attribute: OptionAttribute
    pk: int | None
    slug: str
    label: str
    swatch: str = ""
    position: int = 0


@dataclass
class Offer:
    """A variant that can be had in the market: its price there, and its options by attribute code."""

    id: int
    sku: str
    availability: str
    shown: Shown
    options: dict[str, OptionValue]

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
    item = _PUBLISHED.first(slug=slug, country=market.country, now=timezone.now())
    if item is None:
        return None
    prices = _PRICES.rows(currency=market.currency, product=item.pk)
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
        images=_IMAGES.rows(product=item.pk),
        card=card,
        companions=companions,
        alternatives=alternatives,
        said=reviews.read(item, card["histogram"] if card else [0] * reviews.MOST, asked or reviews.Asked()),
        sold_in=frozenset(item.sold_in),
    )


def _options(item: Product) -> dict[int, dict[str, OptionValue]]:
    """Each variant's values by attribute code, in the order of the options."""
    options: dict[int, dict[str, OptionValue]] = {}
    values: dict[int, OptionValue] = {}
    for variant_id, pk, slug, label, swatch, position, *attribute in _OPTIONS.rows(product=item.pk):
        if pk not in values:
            values[pk] = OptionValue(OptionAttribute(*attribute), pk, slug, label, swatch, position)
        options.setdefault(variant_id, {})[values[pk].attribute.code] = values[pk]
    return options


def _fill(offers: Sequence[Offer]) -> None:
    """An option that only some variants have is one of all, so that each of them can be chosen."""
    named = {code: value.attribute for offer in offers for code, value in offer.options.items()}
    for offer in offers:
        for code in _codes(offers):
            if code not in offer.options:
                offer.options[code] = OptionValue(named[code], None, WITHOUT, _("Without"))


def _codes(offers: Sequence[Offer]) -> list[str]:
    """Codes in which the variants differ or are named, in the order of the first variant that has them."""
    return list(dict.fromkeys(code for offer in offers for code in offer.options))


def _beside(market: Market, item: Any) -> tuple[CardShape | None, list[CardShape], list[CardShape]]:
    """(its own card, what goes with it, what else it could be): the merchant's links first, then others.

    Neighbours are those next in popularity: the same few best sellers beside every product help nobody.
    """
    rows = (_BY_SHELF if item.home_id else _BY_KIND).rows(
        market=market.code,
        product=item.pk,
        popularity=item.popularity,
        kind=item.kind,
        shelf=[item.home_id],
    )
    own, companions, alternatives, *neighbours = cards.apart(rows, PARTS)
    beside = _first(companions, *neighbours[:2])
    rest = [row for part in (alternatives, *neighbours[2:]) for row in part]
    others = _first([row for row in rest if row["product_id"] not in beside])
    return (
        cards.shape(own[0]) if own else None,
        [cards.shape(row) for row in beside.values()],
        [cards.shape(row) for row in others.values()],
    )


def _first(*parts: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The first RELATED of all parts, each product once, by its id."""
    unique: dict[int, dict[str, Any]] = {}
    for row in chain.from_iterable(parts):
        unique.setdefault(row["product_id"], row)
    return dict(islice(unique.items(), RELATED))


# --- The statements, each written once ---------------------------------------------------------------------
_PRODUCT, _MARKET = Param("product", BigIntegerField()), Param("market")


@Prepared
def _PUBLISHED() -> QuerySet[Product]:
    """The product with its tax rate here, its home category's id and path, and where it is sold."""
    rate = TaxRate.objects.filter(tax_class=OuterRef("tax_class"), country=Param("country"))
    home = open_categories().filter(
        pk=Subquery(
            Listing.objects.filter(product=OuterRef(OuterRef("pk")))
            .order_by("-is_primary", "position", "pk")
            .values("category")[:1]
        )
    )
    return Product.objects.filter(
        slug=Param("slug"), is_published=True, published_at__lte=Param("now", DateTimeField())
    ).annotate(
        tax_rate=Subquery(rate.values("rate")[:1]),
        path=Subquery(home.values("path")[:1]),
        home_id=Subquery(home.values("pk")[:1]),
        sold_in=ArraySubquery(Card.objects.filter(product_id=OuterRef("pk")).values("market")),
    )


_PRICES = Prepared(
    lambda: (
        Price.objects.filter(currency=Param("currency"), variant__product=_PRODUCT, variant__is_active=True)
        .select_related("variant")
        .order_by("variant__position", "variant_id")
    )
)
_OPTIONS = Prepared(
    lambda: (
        VariantOption.objects.filter(variant__product=_PRODUCT)
        .order_by("variant_id", "position")
        .values_list(
            "variant_id",
            "value_id",
            "value__slug",
            "value__label",
            "value__swatch",
            "value__position",
            "value__attribute__code",
            "value__attribute__name",
            "value__attribute__kind",
        )
    )
)
_IMAGES = Prepared(lambda: Image.objects.filter(product=_PRODUCT).order_by("position", "pk"))


def _around(near: QuerySet[Card], far: QuerySet[Card]) -> QuerySet[Card, dict[str, Any]]:
    """Its own card, what the merchant linked, and neighbours far and near: PARTS."""
    return cards.together(
        [
            Card.objects.filter(market=_MARKET, product_id=_PRODUCT),
            _linked(ProductLink.Kind.COMPANION),
            _linked(ProductLink.Kind.ALTERNATIVE),
            *_neighbours(far),
            *_neighbours(near),
        ]
    )


def _others() -> QuerySet[Card]:
    return Card.objects.filter(market=_MARKET).exclude(product_id=_PRODUCT)


@Prepared
def _BY_SHELF() -> QuerySet[Card, dict[str, Any]]:
    """Near is what stands in its home category."""
    here = Q(categories__contains=Param("shelf", ArrayField(BigIntegerField())))
    return _around(_others().filter(here), _others().exclude(here))


@Prepared
def _BY_KIND() -> QuerySet[Card, dict[str, Any]]:
    """Near is what is of its kind."""
    alike = Q(kind=Param("kind"))
    return _around(_others().filter(alike), _others().exclude(alike))


def _linked(kind: str) -> QuerySet[Card]:
    """Cards that the merchant linked, in the merchant's order."""
    links = ProductLink.objects.filter(product=_PRODUCT, kind=kind)
    place = links.filter(other=OuterRef("product_id")).values("position")[:1]
    rows = _others().filter(product_id__in=links.values("other"))
    return rows.order_by(Subquery(place), "product_id")[:RELATED]


def _neighbours(rows: QuerySet[Card]) -> tuple[QuerySet[Card], QuerySet[Card]]:
    """Those next below in popularity, and next above."""
    loved = Param("popularity", IntegerField())
    same = Q(popularity=loved)
    below = rows.filter(Q(popularity__lt=loved) | same & Q(product_id__gt=_PRODUCT))
    above = rows.filter(Q(popularity__gt=loved) | same & Q(product_id__lt=_PRODUCT))
    # Twice as many: some of them may be linked already.
    return (
        below.filter(popularity__lte=loved).order_by("-popularity", "product_id")[: 2 * RELATED],
        above.filter(popularity__gte=loved).order_by("popularity", "-product_id")[: 2 * RELATED],
    )
