"""Pages that are not there are pages too: what a 404, a 410 and a redirect say ends with an edit as well."""

import pytest

from catalog.models import Page, Price, Product
from catalog.queries import former
from tests.catalog.edits import KEPT, Do, Edits, category, change, sql, thing
from tests.catalog.edits import do as do
from tests.catalog.edits import purged as purged
from tests.catalog.edits import shop as shop
from tests.factories import make_category, make_page, make_product

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = (
    "/",
    "/c/wall/",
    "/c/desk/",
    "/c/table/",
    "/c/floor/",
    "/search/?q=thing",
    "/search/suggest/?q=thing",
    "/sitemap-products-1.xml",
    *(f"/p/thing-{slug}/" for slug in ("0", "2", "3", "4", "four", "renamed")),
    *(f"/info/{slug}/" for slug in ("help", "imprint", "legal")),
    # In the other market, where not everything is sold.
    *(f"/gb/p/thing-{slug}/" for slug in ("3", "4", "four")),
    *("/gb/", "/gb/c/desk/", "/gb/c/table/"),
)


def edits() -> Edits:
    """What to do, in this order: each begins with what the one before has left."""
    return {
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
        "a category's address": lambda: change(category("desk"), slug="table")(),
        "its freed address goes to another category": lambda: change(category("wall"), slug="desk")(),
        "which gives it back": lambda: change(category("desk"), slug="wall")(),
        "what a category's old address leads to hides": lambda: change(
            category("table"), is_published=False
        )(),
        "and shows there": lambda: change(category("table"), is_published=True)(),
        "back": lambda: change(category("table"), slug="desk")(),
        "a new category": lambda: make_category("Floor"),
        "a category goes": lambda: category("floor").delete(),
        "a new category has its address": lambda: make_category("Floor"),
        "a new page": lambda: make_page("Imprint", slug="imprint"),
        "a page's address": lambda: Page.objects.filter(slug="imprint").update(slug="legal"),
        "a page hides": lambda: Page.objects.filter(slug="legal").update(is_published=False),
        "a page goes": lambda: Page.objects.filter(slug="help").delete(),
    }


def test_every_address_whose_answer_an_edit_changes_is_purged(do: Do) -> None:
    outcome = do(edits(), PATHS)
    assert outcome.stale == {}
    assert outcome.idle == []
    assert outcome.wrong == []
    assert outcome.statuses == KEPT - {302}
    assert outcome.purged / outcome.changed < 1.2


def test_an_old_address_that_forgets_whom_it_asked_for_goes_stale(
    do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: a redirect must carry what it leads to, found by another name."""
    monkeypatch.setattr(former, "tag", lambda *keys: None)
    wanted = ("a product's address", "what an old address leads to hides", "and its old one again")
    assert "what an old address leads to hides" in do({name: edits()[name] for name in wanted}, PATHS).stale
