"""A catalogue made by chance, the same each time: fill() writes it, with its cards and words."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from catalog import cards
from catalog.models import (
    Attribute,
    AttributeValue,
    Category,
    Listing,
    Price,
    Product,
    ProductValue,
    Review,
    TaxClass,
    Variant,
    VariantOption,
)
from catalog.search import learning, rebuilding
from shop.changes.models import Change
from tests import emptying, engines
from tests.factories import make_category, make_tax_class

COUNT = 420
NEWEST = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = (0, 1, 1, 40, 30_000)  # some were published before there were computers
# code: (values, whether shoppers filter by it)
ATTRIBUTES = {
    "colour": (("Crimson", "Azure", "Ivory", "Ochre", "Teal"), True),
    "size": (("Tiny", "Medium", "Huge", "Giant"), True),
    "material": (("Birch", "Walnut", "Steel", "Paper", "Wool", "Glass"), True),
    "mood": (("Calm", "Wild", "Café"), True),
    "care": (("Handwash", "Dustcloth", "Polish"), False),
}
OPTIONS, TRAITS = ("colour", "size", "care"), ("colour", "material", "mood", "care")
KINDS = ("Poster", "Lamp", "Notebook", "Mug", "Shelf", "")
ADJECTIVES = ("Quiet", "Silver", "Golden", "Northern", "Élan", "Rapid", "Stormy", "Zesty")
NOUNS = ("harbour", "meadow", "mountain", "river", "lantern", "sparrow", "thistle", "Übersee")
BRANDS = ("Deckle", "Fennimore", "Kestrel", "")
SUMMARIES = ("Anything", "Anything for everyday", "Anything at leisure") * 3 + (
    *("Anything with Wi-Fi", "WiFi and TV by HP", "A t-shirt in black/white", "E-mail or email, node.js"),
    *("Of 30 × 40 cm", "Of 50x70 or 30 x 40 cm with a ﬁlter"),
)
SHELVES = {"Wall": ("Prints", "Frames"), "Desk": ("Lighting", "Stationery"), "Attic": ("Secrets",)}
# Read by searches, and by those who count the same from what merchants write: empty a moment ago.
READ = (
    *("catalog_card", "catalog_word", "catalog_product", "catalog_variant", "catalog_price"),
    *("catalog_variantoption", "catalog_productvalue", "catalog_listing"),
)


@dataclass
class Made:
    """What was written, as objects without what the database adds."""

    values: dict[str, list[AttributeValue]]
    shelves: list[Category]
    taxes: list[TaxClass]


def fill() -> None:
    """Writes the goods, their cards and the words they bear."""
    chance = random.Random(20260301)
    values: dict[str, list[AttributeValue]] = {}
    for place, (code, (labels, is_facet)) in enumerate(ATTRIBUTES.items()):
        attribute = Attribute.objects.create(code=code, name=code.title(), is_facet=is_facet, position=place)
        values[code] = AttributeValue.objects.bulk_create(
            AttributeValue(attribute=attribute, slug=f"{code}-{n}", label=label, position=n % 2)
            for n, label in enumerate(labels)
        )
    shelves = []
    for above, below in SHELVES.items():
        parent = make_category(above, is_published=above != "Attic")
        shelves += [parent, *(make_category(name, parent) for name in below)]
    made = Made(values, shelves, [make_tax_class(), make_tax_class("reduced")])
    goods = Product.objects.bulk_create(_product(chance, made, number) for number in range(COUNT))
    _around(chance, made, goods)
    _variants(chance, made, goods)
    cards.rebuild(item.pk for item in goods)
    settle()


def settle() -> None:
    """There is nobody yet who had seen it otherwise; statistics and the words are of today."""
    learning.learn("en")
    Change.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(READ)}")


@contextmanager
def stocked(blocker: DjangoDbBlocker, write: Callable[[], object]) -> Iterator[engines.Engine]:
    """For a module: what `write` writes is in the database and in an engine, for tests that roll back."""
    with (
        override_settings(),  # what is set meanwhile goes with it
        pytest.MonkeyPatch.context() as patch,
        engines.running(settings, patch) as engine,
        emptying.filled(blocker, write),
    ):
        with blocker.unblock():
            rebuilding.reindex()
        yield engine


def _product(chance: random.Random, made: Made, number: int) -> Product:
    adjective, noun = chance.choice(ADJECTIVES), chance.choice(NOUNS)
    # Some are told apart by a microsecond, some by nothing, some are to come, some are held back.
    published_at = NEWEST - timedelta(microseconds=chance.randrange(60), days=chance.choice(DAYS))
    if chance.random() < 0.02:
        published_at = datetime.now(UTC) + timedelta(days=30)
    name = f"{adjective} {noun}"
    return Product(
        name=chance.choice([name, name, name.lower(), f"{name} {number}"]),
        slug=f"thing-{number}",
        kind=chance.choice(KINDS),
        brand=chance.choice(BRANDS),
        series=chance.choice(("", "", "Almanac")),
        summary=chance.choice(SUMMARIES),
        description=f"<p>{chance.choice(('Letterpress', 'Handmade', 'Machined'))}</p>",
        tax_class=chance.choice(made.taxes),
        is_published=chance.random() < 0.97,
        published_at=published_at,
        popularity=chance.randrange(12),
    )


def _around(chance: random.Random, made: Made, goods: list[Product]) -> None:
    """Where they stand, what they are, and what is thought of them."""
    listings, traits, reviews = list[Listing](), list[ProductValue](), list[Review]()
    for item in goods:
        for place, shelf in enumerate(chance.sample(made.shelves, chance.choice([0, 1, 1, 2]))):
            listings.append(Listing(product=item, category=shelf, position=place, is_primary=place == 0))
        for code in TRAITS:
            if chance.random() < 0.35:
                for value in chance.sample(made.values[code], chance.choice([1, 1, 2])):
                    traits.append(ProductValue(product=item, value=value))
        for _number in range(chance.choice([0, 0, 1, 3])):
            reviews.append(
                Review(
                    product=item,
                    name="Ada",
                    rating=chance.randint(1, 5),
                    is_published=chance.random() < 0.8,
                )
            )
    Listing.objects.bulk_create(listings)
    ProductValue.objects.bulk_create(traits)
    Review.objects.bulk_create(reviews)


def _variants(chance: random.Random, made: Made, goods: list[Product]) -> None:
    variants, lines = list[Variant](), list[tuple[list[AttributeValue], dict[str, Price]]]()
    for item in goods:
        codes = chance.sample(OPTIONS, chance.choice([0, 1, 2, 2]))
        dies = chance.random() < 0.08  # all of it is sold out
        includes_tax = chance.random() < 0.8
        kept = chance.choice(["EUR", "GBP", "", "", "", "", "", "", "", ""])  # sold for that alone
        for place in range(chance.randint(1, 5) if codes or chance.random() < 0.3 else 1):
            state = "out" if dies else chance.choice(["in", "in", "in", "low", "out"])
            number = len(variants)
            variants.append(
                Variant(
                    product=item,
                    sku=f"AB-{number:04}/x",
                    barcode=f"40063{number:08}" if number % 3 == 0 else "",
                    position=chance.randrange(3) + place,
                    is_active=chance.random() < 0.95,
                    availability=state,
                )
            )
            chosen = [chance.choice(made.values[code]) for code in codes if chance.random() < 0.93]
            sold = [c for c in ("EUR", "GBP") if kept in {"", c} and chance.random() < 0.97]
            lines.append((chosen, {c: _price(chance, c, includes_tax) for c in sold}))
    Variant.objects.bulk_create(variants)
    options, prices = list[VariantOption](), list[Price]()
    for variant, (chosen, each) in zip(variants, lines, strict=True):
        for place, value in enumerate(chosen, 1):
            options.append(VariantOption(variant=variant, value=value, position=place))
        for price in each.values():
            price.variant = variant
            prices.append(price)
    VariantOption.objects.bulk_create(options)
    Price.objects.bulk_create(prices)


def _price(chance: random.Random, currency: str, includes_tax: bool) -> Price:
    amount = Decimal(chance.choice([chance.randint(100, 4_000), 100 * chance.randint(1, 40)])) / 100
    sale = (amount * Decimal("0.7")).quantize(Decimal("0.01")) if chance.random() < 0.25 else None
    return Price(currency=currency, amount=amount, sale_amount=sale, includes_tax=includes_tax)


def many(count: int) -> None:
    """So many plain goods, by statements alone; each second one is blue, each third is on sale."""
    make_tax_class()
    attribute = Attribute.objects.create(code="hue", name="Hue")
    hues = [
        AttributeValue.objects.create(attribute=attribute, slug=s, label=s.title()) for s in ("blue", "red")
    ]
    parts: dict[str, Any] = {"count": count, "blue": hues[0].pk, "red": hues[1].pk}
    with connection.cursor() as cursor:
        cursor.execute(_MANY, parts)
        cursor.execute("SELECT array_agg(id) FROM catalog_product")
        (ids,) = cursor.fetchone()
    cards.rebuild(ids)
    settle()


_MANY = """
    WITH tax AS (SELECT min(id) AS id FROM catalog_taxclass), item AS (
        INSERT INTO catalog_product (name, slug, kind, series, brand, summary, description, care,
            tax_class_id, is_published, published_at, popularity, created_at, updated_at)
        SELECT 'Pebble ' || n, 'pebble-' || n, 'Stone', '', '', '', '', '', tax.id, true,
            timestamptz '2026-01-01' + n * interval '1 minute', n %% 50, now(), now()
        FROM generate_series(1, %(count)s) AS n, tax RETURNING id, substr(slug, 8)::int AS n
    ), variant AS (
        INSERT INTO catalog_variant (product_id, sku, barcode, position, weight_grams, is_active,
            availability)
        SELECT id, 'P' || n, '', 0, 0, true, 'in' FROM item RETURNING id, product_id
    ), valued AS (
        INSERT INTO catalog_productvalue (product_id, value_id)
        SELECT id, CASE WHEN n %% 2 = 0 THEN %(blue)s ELSE %(red)s END FROM item
    )
    INSERT INTO catalog_price (variant_id, currency, amount, sale_amount, includes_tax)
    SELECT variant.id, 'EUR', 5 + n %% 90, CASE WHEN n %% 3 = 0 THEN 4 + n %% 90 END, true
    FROM variant JOIN item ON item.id = variant.product_id"""
