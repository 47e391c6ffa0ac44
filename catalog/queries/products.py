"""find(): what a product's page shows, in five statements: products, and cards for what is beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.utils.translation import gettext as _

from catalog import pricing, taxes
from catalog.models import (
    Card,
    Image,
    Listing,
    Price,
    Product,
    TaxRate,
)
from catalog.pricing import Shown
from catalog.queries import beside, reviews
from catalog.queries.cards import CardShape
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.prepared import Param, Prepared

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

    path: of its home category, which may be hidden; codes: its options in their order; sold_in: codes of the
    markets that list it.
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


# What the statement that finds a product reads beside it.
_FOUND = ("product/*:listings", "product/*:cards", "taxclass/*", "path/category/*")


def find(market: Market, slug: str, asked: reviews.Asked | None = None) -> Found | None:
    """The published product of that address, if the market sells it; asked: which of its reviews."""
    with reading(f"slug/product/{slug}", later=_FOUND):
        item = _PUBLISHED.first(slug=slug, country=market.country)
    # A card comes and goes with the moment of publication, by a job: the clock of a replica is never asked.
    if item is None or market.code not in item.sold_in:
        return None  # the address has one key for both: a card that comes or goes purges it
    own = f"product/{item.pk}"
    tag(own, f"{own}:listings", f"{own}:cards", f"taxclass/{item.tax_class_id}")
    rate = item.tax_rate if item.tax_rate is not None else taxes.ZERO
    with reading(
        f"{own}:variants", f"{own}:prices/{market.currency}", later=["attribute/*", "attributevalue/*"]
    ):
        rows = _VARIANTS.rows(currency=market.currency, product=item.pk)
    offers = _offers(market, rate, rows)
    if not offers:
        return None
    _fill(offers)
    card, companions, alternatives = beside.find(market, item)
    with reading(f"{own}:images"):
        images = _IMAGES.rows(product=item.pk)
    return Found(
        product=item,
        path=item.path or "",
        offers=offers,
        codes=_codes(offers),
        images=images,
        card=card,
        companions=companions,
        alternatives=alternatives,
        said=reviews.read(item, card["histogram"] if card else [0] * reviews.MOST, asked or reviews.Asked()),
        sold_in=frozenset(item.sold_in),
    )


def _offers(market: Market, rate: Decimal, rows: Sequence[Sequence[Any]]) -> list[Offer]:
    """Each variant once, its values by attribute code in the order of the options."""
    offers: dict[int, Offer] = {}
    values: dict[int, OptionValue] = {}
    width = len(_Priced._fields)
    for row in rows:
        variant_id, (pk, slug, label, swatch, position, attribute_id, *attribute) = row[0], row[width:]
        if variant_id not in offers:
            price = _Priced._make(row[:width])
            shown = pricing.shown(price, market, rate)
            offers[variant_id] = Offer(variant_id, price.sku or "", price.availability, shown, {})
        if pk is not None:
            if pk not in values:
                values[pk] = OptionValue(OptionAttribute(*attribute), pk, slug, label, swatch, position)
                tag(f"attributevalue/{pk}", f"attribute/{attribute_id}")
            offers[variant_id].options[values[pk].attribute.code] = values[pk]
    return list(offers.values())


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


# --- The statements, each written once ---------------------------------------------------------------------
_PRODUCT = Param("product", BigIntegerField())


@Prepared
def _PUBLISHED() -> QuerySet[Product]:
    """The product with its tax rate here, its home category's path, and where it is sold."""
    rate = TaxRate.objects.filter(tax_class=OuterRef("tax_class"), country=Param("country"), region="")
    home = Listing.objects.filter(product=OuterRef("pk")).order_by("-is_primary", "position", "pk")
    return Product.objects.filter(slug=Param("slug"), is_published=True).annotate(
        tax_rate=Subquery(rate.values("rate")[:1]),
        path=Subquery(home.values("category__path")[:1]),
        sold_in=ArraySubquery(Card.objects.filter(product_id=OuterRef("pk")).values("market")),
    )


class _Priced(NamedTuple):
    """A variant with its price in the market's currency."""

    variant_id: int
    sku: str | None
    availability: str
    currency: str
    amount: Decimal
    sale_amount: Decimal | None
    includes_tax: bool


# A row for each option of each variant, the variant repeated: one statement is dearer than what it repeats.
_VARIANTS = Prepared(
    lambda: (
        Price.objects.filter(currency=Param("currency"), variant__product=_PRODUCT, variant__is_active=True)
        .order_by("variant__position", "variant_id", "variant__options__position")
        .values_list(
            "variant_id",
            "variant__sku",
            "variant__availability",
            "currency",
            "amount",
            "sale_amount",
            "includes_tax",
            "variant__options__value_id",
            "variant__options__value__slug",
            "variant__options__value__label",
            "variant__options__value__swatch",
            "variant__options__value__position",
            "variant__options__value__attribute_id",
            "variant__options__value__attribute__code",
            "variant__options__value__attribute__name",
            "variant__options__value__attribute__kind",
        )
    )
)
_IMAGES = Prepared(lambda: Image.objects.filter(product=_PRODUCT).order_by("position", "pk"))
