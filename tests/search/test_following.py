"""Whatever is edited: the engine's documents say afterwards what the database says."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from catalog import stock
from catalog.models import (
    AttributeValue,
    Card,
    Category,
    Image,
    Listing,
    Price,
    Product,
    ProductValue,
    Review,
    StaleDocument,
    TaxRate,
    Variant,
    VariantOption,
)
from catalog.search import documents
from shop.changes import projector
from shop.outbox.models import Message
from tests.engines import Engine, follow
from tests.factories import (
    add_variant,
    make_category,
    make_image,
    make_product,
    make_review,
    make_sale,
    make_value,
)

pytestmark = pytest.mark.django_db(transaction=True)

Edit = Callable[[], object]


@pytest.fixture
def goods(engine: Engine) -> None:
    """Four things, one of them in two sizes, one that is not published."""
    wall = make_category("Wall")
    make_category("Desk")
    make_category("Prints", wall)
    kinds: dict[str, Any] = {"kind": "Print", "brand": "Deckle", "values": {"tone": "Red"}}
    made = make_product("Southern sun", category="prints", **kinds)
    make_image(made)
    make_review(made, 4)
    make_product("Notebook", category=wall, options={"size": ["A5", "A4"]}, price=["10", "12"], stock=5)
    make_product("Poster", category=wall, price="19")
    make_product("Hidden", category=wall, published=False)
    engine.build()


def true() -> dict[int, dict[str, Any]]:
    """What the documents should be."""
    made = documents.made(Product.objects.values_list("pk", flat=True))["en"]
    return {pk: json.loads(document.source) for pk, document in made.items()}


def sun() -> Product:
    return Product.objects.get(name__startswith="Southern")


def notebook() -> Product:
    return Product.objects.get(name__startswith="Notebook")


def size(label: str) -> Variant:
    return Variant.objects.get(options__value__label=label)


def options(label: str) -> QuerySet[VariantOption]:
    return VariantOption.objects.filter(value__label=label)


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


def prices(**variants: Any) -> QuerySet[Price]:
    return Price.objects.filter(variant__in=Variant.objects.filter(**variants))


def set_to(row: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


# One after the other: each finds what those before it have left.
EDITS: dict[str, Edit] = {
    "name": lambda: set_to(sun(), name="Southern moon"),
    "name, a letter's case": lambda: set_to(sun(), name="Southern MOON"),
    "brand": lambda: set_to(sun(), brand="Inkwell"),
    "brand, a letter's case": lambda: set_to(sun(), brand="INKWELL"),
    "series": lambda: set_to(sun(), series="Herbarium"),
    "kind": lambda: set_to(sun(), kind="Poster"),
    "summary": lambda: set_to(sun(), summary="A light of its own."),
    "description": lambda: set_to(sun(), description="<p>Drawn at <b>noon</b> &amp; printed.</p>"),
    "description, a word that says nothing": lambda: set_to(sun(), description="The"),
    "price": lambda: prices(product=sun()).filter(currency="EUR").update(amount="7.50"),
    "price in the other market": lambda: prices(product=sun()).filter(currency="GBP").update(amount="6.50"),
    "price of a dearer size": lambda: prices(pk=size("A4").pk).update(amount="99"),
    "a sale": lambda: make_sale("1.00", product=sun()),
    "a sale of one size": lambda: make_sale("50.00", pk=size("A4").pk),
    "prices without tax": lambda: Price.objects.update(includes_tax=False),
    "tax": lambda: TaxRate.objects.filter(country="DE").update(rate="0.5"),
    "one size sold out": lambda: stock.adjust(size("A4").pk, delta=-5),
    "only a few left": lambda: stock.adjust(size("A5").pk, delta=-3),
    "sold out": lambda: stock.adjust(size("A5").pk, delta=-2),
    "in stock again": lambda: [stock.adjust(size(label).pk, delta=9) for label in ("A4", "A5")],
    "stands elsewhere": lambda: Listing.objects.filter(product=sun()).update(category=category("desk")),
    "stands elsewhere too": lambda: Listing.objects.create(product=sun(), category=category("prints")),
    "category renamed": lambda: set_to(category("wall"), name="Walls"),
    "category renamed, a letter's case": lambda: set_to(category("wall"), name="WALLS"),
    "category moved": lambda: Category.objects.move(category("prints"), category("desk"), "first-child"),
    "category hidden": lambda: set_to(category("prints"), is_published=False),
    "category shown again": lambda: set_to(category("prints"), is_published=True),
    "label": lambda: AttributeValue.objects.filter(label="Red").update(label="Crimson"),
    "label, a letter's case": lambda: AttributeValue.objects.filter(label="Crimson").update(label="CRIMSON"),
    "label of an option": lambda: AttributeValue.objects.filter(label="A4").update(label="Folio"),
    "one more value": lambda: ProductValue.objects.create(product=sun(), value=make_value("tone", "Blue")),
    "one value less": lambda: ProductValue.objects.filter(value__label="CRIMSON").delete(),
    "option": lambda: options("Folio").update(value=make_value("size", "A3")),
    "one more size": lambda: VariantOption.objects.create(
        variant=add_variant(notebook(), sku="NB-A2"), value=make_value("size", "A2")
    ),
    "sku": lambda: Variant.objects.filter(product=sun()).update(sku="NEW-1"),
    "sku, a sign": lambda: Variant.objects.filter(product=sun()).update(sku="NEW#1"),
    "sku, a sign that says nothing": lambda: Variant.objects.filter(product=sun()).update(sku="NEW*1"),
    "barcode": lambda: Variant.objects.filter(product=sun()).update(barcode="4006381333931"),
    "one size not for sale": lambda: Variant.objects.filter(pk=size("A3").pk).update(is_active=False),
    "not for sale": lambda: Variant.objects.filter(product=sun()).update(is_active=False),
    "for sale again": lambda: Variant.objects.update(is_active=True),
    "unpublished": lambda: set_to(sun(), is_published=False),
    "published": lambda: Product.objects.update(is_published=True),
    "published earlier": lambda: set_to(sun(), published_at=timezone.now() - timedelta(days=90)),
    "popular": lambda: Product.objects.filter(pk=sun().pk).update(popularity=900),
    "a review": lambda: make_review(sun(), 1),
    "no review": lambda: Review.objects.update(is_published=False),
    "another picture": lambda: (Image.objects.all().delete(), make_image(sun())),
    "a new one": lambda: make_product("Lamp", category="desk"),
    "all by a statement": lambda: sql("UPDATE catalog_product SET name = name || ' II', brand = 'Ours'"),
    "all prices by a statement": lambda: sql("UPDATE catalog_price SET amount = amount + 1"),
    "deleted": lambda: sun().delete(),
    "all deleted": lambda: Product.objects.all().delete(),
}


@pytest.mark.usefixtures("goods")
def test_the_documents_follow_every_edit(engine: Engine) -> None:
    before = engine.documents()
    for name, edit in EDITS.items():
        edit()
        follow()
        after = engine.documents()
        assert after == true(), name
        assert after != before, f"{name}: changes no document, what is tested?"
        assert not StaleDocument.objects.exists(), name
        before = after


@pytest.mark.usefixtures("goods")
def test_what_no_search_asks_notes_nothing(engine: Engine) -> None:
    set_to(sun(), care="Keep it dry.")
    Product.objects.filter(pk=sun().pk).update(updated_at=timezone.now())
    stock.adjust(size("A5").pk, delta=-1)
    Review.objects.update(body="Lovely")
    projector.drain()
    assert not StaleDocument.objects.exists()


@pytest.mark.usefixtures("goods")
def test_many_edits_are_one_row_a_product_and_one_message(engine: Engine) -> None:
    for number in range(5):
        Product.objects.update(summary=f"{number}")
        projector.drain()
    assert StaleDocument.objects.count() == Product.objects.count()
    assert Message.objects.filter(job="catalog.index_stale", done_at=None).count() == 1


def test_without_an_engine_nothing_is_noted() -> None:
    make_product("Poster")
    projector.drain()
    Product.objects.update(name="Print")
    projector.drain()
    assert Card.objects.exists()
    assert not StaleDocument.objects.exists()
    assert not Message.objects.filter(job__startswith="catalog.index").exists()
