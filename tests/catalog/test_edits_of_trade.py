"""How goods are sold: taxes, delivery, stock, sales, where they stand, and what the home page says."""

import time as clock
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone

from catalog import pricing, stock
from catalog.models import (
    Block,
    Category,
    Image,
    Listing,
    Method,
    MethodRate,
    Page,
    Price,
    Product,
    ProductLink,
    Review,
    Sale,
    TaxRate,
    Variant,
    Zone,
)
from shop.outbox.models import Message
from shop.outbox.outbox import resolve
from tests.catalog.edits import Do, Edits, category, change, pictures, price, sql, thing, variant
from tests.catalog.edits import do as do
from tests.catalog.edits import purged as purged
from tests.catalog.edits import shop as shop
from tests.factories import make_category, make_delivery, make_image, make_page, make_product, make_tax_class

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = (
    "/",
    *(f"/c/{slug}/" for slug in ("wall", "prints", "desk", "floor")),
    "/c/wall/?sort=price",
    "/search/?q=thing",
    "/search/suggest/?q=thing",
    "/search/?q=help",
    "/search/?sale=1",
    *(f"/p/thing-{number}/" for number in range(5)),
    *("/info/help/", "/info/imprint/", "/sitemap-pages.xml", "/sitemap-products-1.xml"),
    *("/gb/", "/gb/c/prints/", "/gb/p/thing-0/", "/gb/p/thing-1/", "/gb/info/help/"),
)
FREE = 10  # of each variant, as factories have it; a page says "low" from 3 on


def delivered(**fields: object) -> None:
    Method.objects.filter(zone__countries__contains=["DE"]).update(**fields)


def block(title: str, /, **fields: object) -> None:
    Block.objects.filter(title=title).update(**fields)


def link(number: int, /, **fields: object) -> None:
    ProductLink.objects.filter(product=thing(0), other=thing(number)).update(**fields)


def untaxed() -> None:
    Price.objects.filter(variant__product=thing(1)).update(includes_tax=False)


def put_on_sale() -> None:
    """For a moment: the price falls, and rises by itself."""
    now = timezone.now()
    ends = now + timedelta(seconds=0.5)
    Sale.objects.create(price=price(1), amount=Decimal(1), starts_at=now - timedelta(days=1), ends_at=ends)
    pricing.apply_sales([price(1).pk])


def due() -> None:
    """What a worker does when the moment has come."""
    message = Message.objects.get(job="catalog.apply_sales", done_at=None)
    clock.sleep(max((message.due_at - timezone.now()).total_seconds(), 0) + 0.05)
    resolve(message.job)(*message.args)
    message.delete()


def reserved(quantity: int) -> None:
    """An order promises so many of each variant; of less than none, it gives them back."""
    wanted = {found.pk: abs(quantity) for found in Variant.objects.filter(product=thing(4))}
    (stock.reserve if quantity > 0 else stock.release)(wanted)


def at_home(slug: str) -> None:
    """The category that the product's page stands in."""
    Listing.objects.filter(product=thing(0)).update(is_primary=False)
    Listing.objects.filter(product=thing(0), category=category(slug)).update(is_primary=True)


def last(slug: str) -> None:
    Listing.objects.filter(product=thing(0), category=category(slug)).update(position=9)


def edits() -> Edits:
    """What to do, in this order: each begins with what the one before has left."""
    return {
        "a method's days": lambda: delivered(max_days=9),
        "when it leaves": lambda: delivered(cutoff=time(23, 59, 59)),
        "its name and carrier": lambda: delivered(name="By bike", carrier="Bikes"),
        "free from": lambda: MethodRate.objects.filter(currency="EUR").update(free_from=Decimal(70)),
        "nothing is delivered": lambda: delivered(is_active=False),
        "and it is again": lambda: delivered(is_active=True),
        "a zone has another country": lambda: Zone.objects.update(countries=["DE", "GB"]),
        "and only that": lambda: change(Zone.objects.get(), countries=["GB"])(),
        "a new zone and method": lambda: make_delivery(["DE", "FR"]),
        "a country where it is not free": lambda: make_delivery(["NL"], free_from=None),
        "a zone goes": lambda: Zone.objects.filter(countries=["GB"]).delete(),
        "a product's prices without tax": untaxed,
        "its tax class": lambda: Product.objects.filter(pk=thing(1).pk).update(
            tax_class=make_tax_class("reduced")
        ),
        "a rate goes": lambda: TaxRate.objects.filter(tax_class__code="reduced", country="DE").delete(),
        "a rate comes": lambda: make_tax_class("reduced", {"DE": "0.05"}),
        "a rate is another country's": lambda: TaxRate.objects.filter(
            tax_class__code="reduced", country="DE"
        ).update(country="FR"),
        "a sale": put_on_sale,
        "it ends by itself": due,
        "an order takes all but three": lambda: reserved(FREE - 3),
        "and those": lambda: reserved(3),
        "and gives them back": lambda: reserved(-FREE),
        "what is low": lambda: sql("UPDATE catalog_stock SET low_at = 12")(),
        "what is not counted": lambda: sql("UPDATE catalog_stock SET is_tracked = false")(),
        "a variant is not sold": lambda: change(variant(2, 1), is_active=False)(),
        "and is again": lambda: change(variant(2, 1), is_active=True)(),
        "the order of variants": lambda: change(variant(2), position=7)(),
        "a variant is another product's": lambda: sql(
            f"UPDATE catalog_variant SET product_id = {thing(3).pk} WHERE id = {variant(2).pk}"
        )(),
        "another link": lambda: ProductLink.objects.create(product=thing(0), other=thing(3), position=1),
        "a link's place": lambda: link(4, position=2),
        "a link's kind": lambda: link(4, kind=ProductLink.Kind.ALTERNATIVE),
        "a second shelf": lambda: Listing.objects.create(product=thing(0), category=category("desk")),
        "it is the home": lambda: at_home("desk"),
        "no shelf is": lambda: Listing.objects.filter(product=thing(0)).update(is_primary=False, position=1),
        "the order of shelves": lambda: last("prints"),
        "and the other way round": lambda: Listing.objects.filter(product=thing(0)).update(
            position=10 - F("position")
        ),
        "a review's words": lambda: Review.objects.filter(product=thing(0)).update(body="Other words."),
        "a picture is another product's": lambda: Image.objects.filter(pk=pictures(0)[0].pk).update(
            product=thing(3), position=0
        ),
        "the picture of the first category": lambda: change(category("wall"), image=make_image())(),
        "a row's goods": lambda: block("Row 0", goods={"category": "desk", "count": 1}),
        "a row that names goods": lambda: block("Row 2", goods={"slugs": ["thing-1"]}),
        "a row of goods below a price": lambda: block("Row 1", goods={"max_price": 50}),
        "its links": lambda: block("Story", links=[{"label": "All of it", "path": "/c/wall/"}]),
        "its figures": lambda: block("Story", facts=[{"figure": "3", "label": "papers"}]),
        "its market": lambda: block("Story", market="eu"),
        "its place": lambda: Block.objects.exclude(title="Story").update(position=2),
        "its picture": lambda: block("Story", image=make_image()),
        "it is hidden": lambda: block("Story", is_published=False),
        "a page": lambda: make_page("Imprint", slug="imprint", position=3),
        "its part of the footer": lambda: Page.objects.filter(slug="imprint").update(group="legal"),
        "its place there": lambda: (
            make_page("Terms", group="legal") and Page.objects.filter(slug="imprint").update(position=0)
        ),
        "a page is a draft": lambda: change(Page.objects.get(slug="help"), is_published=False)(),
        "a page goes": lambda: Page.objects.get(slug="imprint").delete(),
        "an order of sections": lambda: Category.objects.move(category("desk"), category("wall"), "left"),
        "a category below another": lambda: make_category("Floor", parent=category("prints")),
        "with goods": lambda: make_product("Rug", category=category("floor")),
        "it goes": lambda: category("floor").delete(),
        "a category goes with what is below it": lambda: category("wall").delete(),
    }


def test_every_page_that_trade_changes_is_purged(do: Do) -> None:
    outcome = do(edits(), PATHS)
    assert outcome.stale == {}
    assert outcome.wrong == []
    assert set(outcome.idle) <= {"when it leaves"}  # on a weekend
    assert outcome.purged / outcome.changed < 1.15
