"""Whatever is edited: each page that says something else afterwards carried a key that was purged."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import pricing, stock
from catalog.models import (
    Attribute,
    AttributeValue,
    Block,
    Card,
    Category,
    Image,
    Listing,
    MethodRate,
    Page,
    Pin,
    Price,
    Product,
    ProductLink,
    Review,
    Sale,
    SteeredQuery,
    Synonym,
    TaxRate,
    Variant,
    VariantOption,
)
from shop.changes.models import Change
from shop.edge import keys
from tests.catalog.edits import Do, Edits, category, change, price, sql, thing
from tests.catalog.edits import do as do
from tests.catalog.edits import purged as purged
from tests.catalog.edits import shop as shop
from tests.factories import follow_changes, make_category, make_image, make_page, make_product, make_review

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = (
    "/",
    "/c/wall/",
    "/c/wall/?sort=price",
    "/c/wall/?sort=name",
    "/c/wall/?sort=new",
    "/c/wall/?colour=red",
    "/c/wall/?colour=green",
    "/c/wall/?size=a3&max=30",
    "/c/wall/?paper=matt",
    "/c/prints/",
    "/c/desk/?sale=1",
    *(f"/p/thing-{number}/" for number in range(5)),
    "/p/thing-0/?size=a3",
    "/search/?q=thing",
    "/search/?sale=1&sort=rating",
    "/search/?q=gizmo",
    "/c/wall/?sort=rating",
    "/search/suggest/?q=th",
    "/search/?sale=1",
    "/info/help/",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-products-1.xml",
    "/robots.txt",
    "/p/thing-four/",
    "/p/thing-9/",
    "/c/table/",
    "/info/imprint/",
    # In the other market what depends on it: its cards, its prices, its lists.
    *(
        f"/gb{path}"
        for path in (
            *("/", "/c/wall/?sort=price", "/c/wall/?colour=red", "/c/prints/", "/search/?q=thing"),
            *("/p/thing-0/", "/p/thing-1/", "/p/thing-3/", "/p/thing-9/", "/sitemap-products-1.xml"),
        )
    ),
)


def put_on_sale() -> None:
    now = timezone.now()
    Sale.objects.create(price=price(1), amount=Decimal(1), starts_at=now - timedelta(days=1))
    pricing.apply_sales([price(1).pk])


def sell_out() -> None:
    for variant in Variant.objects.filter(product=thing(2)):
        stock.adjust(variant.pk, on_hand=0)


def swap_pictures() -> None:
    first, second = Image.objects.filter(product=thing(3)).order_by("pk")
    Image.objects.filter(pk=first.pk).update(position=second.position + 1)


def move() -> None:
    Listing.objects.filter(product=thing(1)).update(category=category("desk"))


def into_a_hidden_branch() -> None:
    make_category("Attic", is_published=False)
    Category.objects.move(category("prints"), category("attic"), "last-child")


def move_unseen_and_show() -> None:
    Category.objects.move(category("prints"), category("wall"), "last-child")
    follow_changes()
    change(category("prints"), is_published=True)()


def steer() -> None:
    steered = SteeredQuery.objects.create(query="Thing", folded="thing")
    Pin.objects.create(steered=steered, product=thing(1), kind=Pin.Kind.HIDDEN)


def edits() -> Edits:
    """What to do, in this order: each begins with what the one before has left."""
    return {
        "a product is renamed": lambda: change(thing(0), name="Thing 0 renamed")(),
        "its text": lambda: change(thing(0), description="<p>Other words.</p>", summary="Other")(),
        "its kind and brand": lambda: change(thing(2), kind="Other kind", brand="Brand")(),
        "a price": lambda: change(price(0), amount=Decimal("7.00"))(),
        "a price in another currency": lambda: change(price(3, "GBP"), amount=Decimal("3.00"))(),
        "prices by raw SQL": lambda: sql("UPDATE catalog_price SET amount = amount + 1")(),
        "prices without tax": lambda: Price.objects.filter(variant__product=thing(1)).update(
            includes_tax=False
        ),
        "a sale": put_on_sale,
        "a sale's end": lambda: Sale.objects.all().delete(),
        "sold out": sell_out,
        "a new picture": lambda: make_image(thing(3), position=0),
        "another picture first": swap_pictures,
        "a picture's words": lambda: Image.objects.filter(product=thing(4)).update(alt="Seen from above"),
        "a review": lambda: make_review(thing(4), 1),
        "a review is hidden": lambda: Review.objects.filter(product=thing(0)).update(is_published=False),
        "a link": lambda: ProductLink.objects.create(product=thing(2), other=thing(0)),
        "what is linked hides": lambda: change(thing(0), is_published=False)(),
        "and shows beside it": lambda: change(thing(0), is_published=True)(),
        "a link goes": lambda: ProductLink.objects.filter(product=thing(0)).delete(),
        "a product moves": move,
        "a product's colour": lambda: thing(0).product_values.all().delete(),
        "a colour's name": lambda: AttributeValue.objects.filter(label="Red").update(label="Crimson"),
        "the name of a value that nothing has": lambda: AttributeValue.objects.filter(slug="matt").update(
            label="Without gloss"
        ),
        "a colour's address": lambda: AttributeValue.objects.filter(slug="red").update(slug="crimson"),
        "a new colour's address": lambda: AttributeValue.objects.filter(slug="blue").update(slug="green"),
        "an attribute's name": lambda: Attribute.objects.filter(code="size").update(name="Format"),
        "an attribute is no filter": lambda: Attribute.objects.filter(code="size").update(is_facet=False),
        "an option": lambda: VariantOption.objects.filter(variant__product=thing(3)).delete(),
        "a variant goes": lambda: thing(3).variants.order_by("pk")[0].delete(),
        "a date": lambda: Product.objects.filter(pk=thing(0).pk).update(published_at=timezone.now()),
        "popularity": lambda: Product.objects.filter(pk=thing(0).pk).update(popularity=99),
        "a category's name": lambda: change(category("prints"), name="Sheets")(),
        "a category's text": lambda: change(category("wall"), description="On walls.")(),
        "a category's address": lambda: change(category("desk"), slug="table")(),
        "back": lambda: change(category("table"), slug="desk")(),
        "a deep category hides": lambda: change(category("prints"), is_published=False)(),
        "a deep category is shown": lambda: change(category("prints"), is_published=True)(),
        "a category hides": lambda: change(category("wall"), is_published=False)(),
        "and shows": lambda: change(category("wall"), is_published=True)(),
        "a category moves": lambda: Category.objects.move(category("prints"), category("desk"), "last-child"),
        "a category hides where it has moved to": lambda: change(category("prints"), is_published=False)(),
        "it moves while nobody sees it, and is shown": move_unseen_and_show,
        "a category moves into a hidden branch": into_a_hidden_branch,
        "a category moves out of a hidden branch": lambda: Category.objects.move(
            category("prints"), category("desk"), "last-child"
        ),
        "a new category": lambda: make_category("Floor"),
        "with goods": lambda: make_product("Thing 9", category=category("floor")),
        "a product is hidden": lambda: change(thing(4), is_published=False)(),
        "and shown": lambda: change(thing(4), is_published=True)(),
        "a product's address": lambda: change(thing(4), slug="thing-four")(),
        "a product goes": lambda: thing(2).delete(),
        "a block": lambda: Block.objects.filter(kind="story").update(title="Another story"),
        "a block's picture": lambda: Image.objects.filter(product=None).update(alt="A room"),
        "a block goes": lambda: Block.objects.filter(kind="range").delete(),
        "a page": lambda: Page.objects.filter(slug="help").update(body="<p>Help yourself.</p>"),
        "a page's name": lambda: Page.objects.filter(slug="help").update(title="Thing 3 and help"),
        "a new page": lambda: make_page("Imprint", slug="imprint"),
        "a synonym": lambda: Synonym.objects.create(words="thing, gizmo"),
        "and none any more": lambda: Synonym.objects.update(words="gizmo, gadget"),
        "a product is steered away": steer,
        "and back": lambda: Pin.objects.all().delete(),
        "delivery": lambda: MethodRate.objects.update(amount=Decimal("9.99")),
        "and is free from": lambda: MethodRate.objects.update(free_from=Decimal("99.00")),
        "a tax rate": lambda: TaxRate.objects.filter(country="DE").update(rate=Decimal("0.07")),
        "all reviews": lambda: sql("TRUNCATE catalog_review")(),
        "all cards by hand": lambda: Card.objects.update(is_new=False),
    }


def test_every_page_that_an_edit_changes_is_purged(do: Do) -> None:
    outcome = do(edits(), PATHS)
    assert outcome.stale == {}
    assert outcome.idle == []
    assert outcome.wrong == ["all cards by hand"]  # it is seen
    # Searches and suggestions are let go whatever of their goods has changed.
    assert outcome.purged / outcome.changed < 1.25
    for found in (outcome.keys, outcome.carried):
        assert {keys.pattern_of(key) for key in found} - {"html"} == set(keys.declared())


def test_rules_that_see_only_the_new_row_leave_pages_stale(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: a product that left a list would stay in it."""
    noted = Change.noted
    monkeypatch.setattr(
        Change, "noted", lambda self: (replace(row, before=row.after or row.before) for row in noted(self))
    )
    wanted = ("a product moves", "a product's address", "a category moves")
    assert do({name: edits()[name] for name in wanted}, PATHS).stale
