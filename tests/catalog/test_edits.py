"""Whatever is edited: each page that says something else afterwards carried a key that was purged.

Pages that are not there are pages too: what a 404, a 410 and a redirect say ends with an edit as well.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
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
    Price,
    Product,
    ProductLink,
    Review,
    Sale,
    TaxRate,
    Variant,
    VariantOption,
)
from shop.changes import projector
from shop.changes.models import Change
from shop.changes.rules import Effects
from shop.edge import keys, pages
from shop.edge.recording import Recording, recording
from tests.factories import (
    follow_changes,
    make_category,
    make_delivery,
    make_image,
    make_page,
    make_product,
    make_review,
    make_tax_class,
)

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
    "/c/prints/",
    "/c/desk/?sale=1",
    *(f"/p/thing-{number}/" for number in range(5)),
    "/p/thing-0/?size=a3",
    "/search/?q=thing",
    "/search/?q=nothing-like-it",
    "/search/?sale=1",
    "/info/help/",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-products-1.xml",
    "/robots.txt",
    *(f"/p/thing-{slug}/" for slug in ("four", "9", "renamed")),
    *(f"/c/{slug}/" for slug in ("table", "floor")),
    *(f"/info/{slug}/" for slug in ("imprint", "legal")),
)
ADDRESSES = [mount + path for mount in ("", "/gb") for path in PATHS]
KEPT = {200, 301, 404, 410}
Edit = Callable[[], object]


@pytest.fixture
def shop(client: Client) -> None:
    """Five things in three categories, one of them below another; all that a page can show."""
    make_tax_class(rates={"DE": "0.19", "GB": "0.20"})
    make_delivery(["DE"])
    wall, desk = make_category("Wall"), make_category("Desk")
    prints = make_category("Prints", parent=wall)
    things = [
        make_product(
            f"Thing {number}",
            category=[prints, prints, wall, desk, desk][number],
            values={"colour": [["Red"], ["Blue"], ["Red", "Blue"], ["Blue"], ["Red"]][number]},
            options={"size": ["A4", "A3"]},
            popularity=number,
        )
        for number in range(5)
    ]
    for item in things:
        make_image(item)
        make_review(item, 4)
    make_page("Help", slug="help")
    ProductLink.objects.create(product=things[0], other=things[4], kind=ProductLink.Kind.COMPANION)
    rules = (
        {"category": "wall", "sort": "price"},
        {"sale": True, "sort": "name"},
        {"slugs": ["thing-3", "thing-9"]},
    )
    for number, rule in enumerate(rules):
        Block.objects.create(kind="cards", title=f"Row {number}", goods=rule)
    Block.objects.create(kind="range", title="Range")
    Block.objects.create(kind="story", title="Story", image=make_image())
    follow_changes()


def thing(number: int) -> Product:
    return Product.objects.get(name__startswith=f"Thing {number}")


def price(number: int, currency: str = "EUR") -> Price:
    return Price.objects.filter(variant__product=thing(number), currency=currency).order_by("pk")[0]


def change(row: object, **fields: object) -> Edit:
    def edit() -> None:
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()  # type: ignore[attr-defined]

    return edit


def sql(statement: str) -> Edit:
    def edit() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return edit


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


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


def edits() -> dict[str, Callable[[], Edit | object]]:
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
        "a link goes": lambda: ProductLink.objects.filter(product=thing(0)).delete(),
        "a product moves": move,
        "a product's colour": lambda: thing(0).product_values.all().delete(),
        "a colour's name": lambda: AttributeValue.objects.filter(label="Red").update(label="Crimson"),
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
        "its freed address goes to another category": lambda: change(category("wall"), slug="desk")(),
        "which gives it back": lambda: change(category("desk"), slug="wall")(),
        "what a category's old address leads to hides": lambda: change(
            category("table"), is_published=False
        )(),
        "and shows there": lambda: change(category("table"), is_published=True)(),
        "back": lambda: change(category("table"), slug="desk")(),
        "a category hides": lambda: change(category("wall"), is_published=False)(),
        "and shows": lambda: change(category("wall"), is_published=True)(),
        "a category moves": lambda: Category.objects.move(category("prints"), category("desk"), "last-child"),
        "a new category": lambda: make_category("Floor"),
        "with goods": lambda: make_product("Thing 9", category=category("floor")),
        "a product is hidden": lambda: change(thing(4), is_published=False)(),
        "and shown": lambda: change(thing(4), is_published=True)(),
        "a product's address": lambda: change(thing(4), slug="thing-four")(),
        "and its old one again": lambda: change(thing(4), slug="thing-4")(),
        "another one": lambda: Product.objects.filter(pk=thing(4).pk).update(slug="thing-renamed"),
        "its freed address goes to another": lambda: change(thing(3), slug="thing-four")(),
        "what an old address leads to hides": lambda: change(thing(4), is_published=False)(),
        "and shows again": lambda: change(thing(4), is_published=True)(),
        "what an old address leads to is not sold here": lambda: Price.objects.filter(
            variant__product=thing(3), currency="GBP"
        ).delete(),
        "what an old address leads to moves by raw SQL": sql(
            "UPDATE catalog_product SET slug = 'thing-3' WHERE slug = 'thing-four'"
        ),
        "a product goes": lambda: thing(2).delete(),
        "what had two addresses goes": lambda: Product.objects.filter(slug="thing-3").delete(),
        "a new product has the address of one that is gone": lambda: make_product(
            "Thing 2 again", slug="thing-2", category=category("desk")
        ),
        "a block": lambda: Block.objects.filter(kind="story").update(title="Another story"),
        "a block's picture": lambda: Image.objects.filter(product=None).update(alt="A room"),
        "a block goes": lambda: Block.objects.filter(kind="range").delete(),
        "a page": lambda: Page.objects.filter(slug="help").update(body="<p>Help yourself.</p>"),
        "a page's name": lambda: Page.objects.filter(slug="help").update(title="Thing 3 and help"),
        "a new page": lambda: make_page("Imprint", slug="imprint"),
        "a page's address": lambda: Page.objects.filter(slug="imprint").update(slug="legal"),
        "a page hides": lambda: Page.objects.filter(slug="legal").update(is_published=False),
        "a page goes": lambda: Page.objects.filter(slug="help").delete(),
        "a category goes": lambda: category("floor").delete(),
        "a new category has its address": lambda: make_category("Floor"),
        "delivery": lambda: MethodRate.objects.update(amount=Decimal("9.99")),
        "a tax rate": lambda: TaxRate.objects.filter(country="DE").update(rate=Decimal("0.07")),
        "all reviews": lambda: sql("TRUNCATE catalog_review")(),
        "all cards by hand": lambda: Card.objects.update(is_new=False),
    }


@pytest.fixture
def purged(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys that rules have purged since it was emptied."""
    keys: set[str] = set()
    follow = projector.follow

    def noted(changes: object) -> Effects:
        effects = follow(changes)  # type: ignore[arg-type]
        keys.update(effects.keys)
        return effects

    monkeypatch.setattr(projector, "follow", noted)
    return keys


Said = tuple[int, str, bytes]  # status, Location, body


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """What public pages have recorded since it was emptied, also those that ended in an exception."""
    found: list[Recording] = []

    @contextmanager
    def noted() -> Iterator[Recording]:
        with recording() as page:
            found.append(page)
            yield page

    monkeypatch.setattr(pages, "recording", noted)
    return found


def look(client: Client, path: str, recorded: list[Recording]) -> tuple[Said, frozenset[str]]:
    """What an address answers, and its keys; an error page's are those of its view and its own."""
    recorded.clear()
    with recording() as around:
        answer = client.get(path)
    assert answer.status_code in KEPT, path
    carried = getattr(answer, "page_keys", None) or around.keys.union(*(page.keys for page in recorded))
    return (answer.status_code, answer.get("Location", ""), answer.content), frozenset(carried)


def snapshot(client: Client, recorded: list[Recording]) -> dict[str, tuple[Said, frozenset[str]]]:
    """Each page: what it says, and its keys."""
    return {path: look(client, path, recorded) for path in ADDRESSES}


@dataclass
class Outcome:
    """stale: pages by the edit that changed and did not purge them; idle: edits that no page shows."""

    stale: dict[str, list[str]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    changed: int = 0
    purged: int = 0
    keys: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)

    def note(self, name: str, changed: set[str], hit: set[str]) -> None:
        """What an edit changed, and what it let go."""
        self.changed += len(changed)
        self.purged += len(hit)
        if changed - hit:
            self.stale[name] = sorted(changed - hit)
        if not changed:
            self.idle.append(name)


Do = Callable[..., Outcome]


@pytest.fixture
def do(client: Client, shop: None, purged: set[str], recorded: list[Recording]) -> Do:
    """Makes the edits whose names are wanted, one by one, and compares the pages before and after."""

    def made(wanted: Callable[[str], bool] = lambda name: True) -> Outcome:
        outcome = Outcome()
        before = snapshot(client, recorded)
        for name, edit in edits().items():
            if not wanted(name):
                continue
            purged.clear()
            edit()
            follow_changes()
            after = snapshot(client, recorded)
            changed = {path for path, (said, _keys) in before.items() if after[path][0] != said}
            hit = {path for path, (_said, keys) in before.items() if keys & purged}
            outcome.note(name, changed, hit)
            outcome.keys |= purged
            outcome.carried.update(*(own for _said, own in after.values()))
            outcome.statuses.update(said[0] for said, _keys in after.values())
            before = after
        return outcome

    return made


def test_every_page_that_an_edit_changes_is_purged(do: Do) -> None:
    outcome = do()
    assert outcome.stale == {}
    assert outcome.idle == []
    assert outcome.statuses == KEPT
    assert outcome.purged / outcome.changed < 1.2
    for found in (outcome.keys, outcome.carried):
        assert {keys.pattern_of(key) for key in found} - {"html"} == set(keys.declared())


def test_rules_that_see_only_the_new_row_leave_pages_stale(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: a product that left a list would stay in it."""
    noted = Change.noted
    monkeypatch.setattr(
        Change, "noted", lambda self: (replace(row, before=row.after or row.before) for row in noted(self))
    )
    outcome = do({"a product moves", "a product's address", "a category moves"}.__contains__)
    assert outcome.stale
