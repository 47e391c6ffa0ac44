"""Which pages a change touches: neither one too few, from the row before and after, nor one too many."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import cards, keys, on_change
from catalog.models import (
    Attribute,
    AttributeValue,
    Block,
    Card,
    Category,
    Image,
    Listing,
    Page,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    Stock,
    TaxRate,
    Variant,
    VariantOption,
)
from catalog.queries import statement
from catalog.queries.selection import Selection, Source
from shop import markets
from shop.changes import projector
from shop.changes.models import Change
from shop.changes.rules import Effects
from tests.factories import (
    follow_changes,
    make_category,
    make_image,
    make_page,
    make_product,
    make_review,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    made = make_product(
        "Autumn hills",
        category=make_category("Posters", parent=make_category("Walls")),
        options={"size": ["A4"]},
        values={"colour": "Ochre"},
    )
    make_product("Something else", category="Tables", options={"size": ["A3"]}, values={"colour": "Blue"})
    follow_changes()
    return made


def effects_of(change: Callable[[], object]) -> Effects:
    """What the rules ask for after a change, nothing done."""
    Change.objects.all().delete()
    change()
    return projector.asked(list(Change.objects.order_by("id")))


def test_a_renamed_product_touches_its_page_and_its_cards(product):
    effects = effects_of(lambda: Product.objects.filter(pk=product.pk).update(name="Winter hills"))
    assert effects.keys == {f"product/{product.pk}"}
    assert effects.projected == {"cards": {product.pk}, "dates": set()}


def test_a_new_slug_touches_the_look_ups_of_the_old_and_the_new_one(product):
    effects = effects_of(lambda: Product.objects.filter(pk=product.pk).update(slug="winter-hills"))
    assert {"slug/product/autumn-hills", "slug/product/winter-hills"} <= effects.keys


def test_an_unpublished_product_touches_its_look_up_and_every_list_it_was_in(product):
    card = Card.objects.get(product_id=product.pk, market="eu")
    effects = effects_of(lambda: Product.objects.filter(pk=product.pk).update(is_published=False))
    assert effects.keys == {f"product/{product.pk}", "slug/product/autumn-hills"}
    effects = effects_of(lambda: cards.rebuild([product.pk]))
    lists = {f"category/{pk}/eu:in" for pk in card.categories}
    own = {f"card/eu/{product.pk}", f"product/{product.pk}:cards", "slug/product/autumn-hills"}
    assert own | {"cards/eu:in", "search/eu", *lists} <= effects.keys
    # Who stands beside it gets another neighbour.
    assert effects.projected == {"neighbours": set(Product.objects.values_list("pk", flat=True))}


def test_a_card_that_moves_touches_the_list_it_left_and_the_one_it_came_to(product):
    card = Card.objects.get(product_id=product.pk, market="eu")
    stays, leaves = card.categories
    effects = effects_of(lambda: Card.objects.filter(pk=card.pk).update(categories=[stays, 999]))
    lists = {f"category/{leaves}/eu:in", "category/999/eu:in", "cards/eu:categories"}
    assert effects.keys == lists


def test_a_card_of_another_price_touches_lists_by_price_only(product):
    card = Card.objects.get(product_id=product.pk, market="eu")
    effects = effects_of(lambda: Card.objects.filter(pk=card.pk).update(price=Decimal("1.00")))
    lists = {f"category/{pk}/eu:price" for pk in card.categories}
    assert effects.keys == {f"card/eu/{product.pk}", "cards/eu:price", "search/eu"} | lists
    assert effects.projected == {}


def test_every_column_that_a_list_counts_or_sorts_by_has_a_key():
    """Else a list filtered by it would stay stale. Categories and product are the membership itself."""
    read = set()
    for sort in set(statement.ORDERS) - {"relevance"}:
        for on_sale in (False, True):
            selection = Selection(sort=sort, on_sale=on_sale)
            built, _parameters = statement.build(markets.default(), Source(category_id=1), selection)
            read |= set(re.findall(r'\bc\."?([a-z_]+)', built))
    assert {"price", "values", "on_sale", "traits", "offers", "name", "rating"} <= read
    assert read - {"product_id", "categories", "market"} <= set(keys.LISTED)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: Variant.objects.filter(product=p).update(sku="NEW"),
        lambda p: Price.objects.filter(variant__product=p, currency="EUR").update(amount=Decimal(5)),
        lambda p: VariantOption.objects.filter(variant__product=p).update(
            value=AttributeValue.objects.get(slug="a3")
        ),
        lambda p: VariantOption.objects.filter(variant__product=p).delete(),
        lambda p: ProductValue.objects.filter(product=p).delete(),
        lambda p: AttributeValue.objects.filter(slug="ochre").update(label="Sienna"),
        lambda p: AttributeValue.objects.filter(slug="a4").update(label="Small"),
        lambda p: make_image(p),
        lambda p: make_review(p),
        lambda p: Listing.objects.filter(product=p).delete(),
        lambda p: Listing.objects.create(product=p, category=make_category("Tables")),
        lambda p: Category.objects.filter(slug="walls").update(is_published=False),
        lambda p: Category.objects.filter(slug="walls").update(name="On the wall"),
        lambda p: Category.objects.get(slug="walls").delete(),
    ],
)
def test_what_a_card_says_is_made_again_for_this_product_only(product, change):
    effects = effects_of(lambda: change(product))
    assert effects.projected["cards"] == {product.pk}


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        (
            lambda p: Category.objects.filter(slug="walls").update(description="New"),
            {"category/{walls}"},
        ),
        (
            lambda p: Attribute.objects.filter(code="size").update(name="Format"),
            {"attribute/{size}", "attribute/{size}:values"},
        ),
        (lambda p: Block.objects.create(kind="story", title="Paper"), {"blocks"}),
    ],
)
def test_what_no_card_says_rebuilds_none(product, change, keys):
    effects = effects_of(lambda: change(product))
    ids = {
        "product": product.pk,
        "walls": Category.objects.get(slug="walls").pk,
        "size": Attribute.objects.get(code="size").pk,
    }
    wanted = {key.format(**ids) for key in keys}
    assert effects.keys == wanted
    assert not any(effects.projected.values())


def test_a_category_that_nobody_sees_is_in_no_list_and_on_no_trail(product):
    effects = effects_of(lambda: make_category("Attic", is_published=False))
    attic = Category.objects.get(slug="attic")
    assert effects.keys == {f"category/{attic.pk}", "slug/category/attic", f"path/category/{attic.path}"}
    effects = effects_of(lambda: Category.objects.filter(pk=attic.pk).update(is_published=True))
    assert effects.keys >= {"navigation", "categories", f"path/category/{attic.path}"}


def test_a_link_asks_for_neighbours_beside_it(product):
    other = Product.objects.exclude(pk=product.pk).get()
    effects = effects_of(lambda: ProductLink.objects.create(product=product, other=other))
    assert effects.keys == {f"product/{product.pk}:links"}
    assert effects.projected == {"neighbours": {product.pk}}


def test_stock_at_the_threshold_is_recounted_and_purges_nothing(product):
    effects = effects_of(lambda: Stock.objects.filter(variant__product=product).update(on_hand=1))
    assert effects.keys == set()
    assert effects.projected == {"availability": {product.pk}}


def test_a_new_variant_is_counted(product):
    effects = effects_of(lambda: Variant.objects.create(product=product))
    assert effects.projected["availability"] == {product.pk}


def test_a_sale_is_applied_and_a_new_amount_is_measured_against_it(product):
    price = Price.objects.get(variant__product=product, currency="EUR")
    effects = effects_of(
        lambda: Sale.objects.create(price=price, amount=Decimal(3), starts_at=product.created_at)
    )
    assert effects.projected == {"sales": {price.pk}}
    effects = effects_of(lambda: Price.objects.filter(currency="EUR").update(amount=Decimal(50)))
    assert effects.projected["sales"] == {price.pk}


def test_what_is_due_in_a_region_alone_stands_on_no_page_for_everyone(product):
    standard = product.tax_class
    rate = TaxRate(tax_class=standard, country="US", region="NY", rate=Decimal("0.08"))
    for change in (rate.save, lambda: TaxRate.objects.filter(region="NY").update(rate=Decimal("0.09"))):
        effects = effects_of(change)
        assert (effects.keys, effects.projected) == (set(), {"cards": set()})
    # One that becomes the country's is on its pages.
    effects = effects_of(lambda: TaxRate.objects.filter(region="NY").update(region=""))
    assert effects.keys == {f"taxclass/{standard.pk}"}


def test_a_tax_rate_reaches_the_products_of_its_class(product):
    books = make_product("A book", tax="reduced")
    follow_changes()
    effects = effects_of(
        lambda: TaxRate.objects.filter(tax_class=books.tax_class, country="DE").update(rate=Decimal("0.05"))
    )
    assert effects.projected["cards"] == {books.pk}


def test_a_page_touches_its_look_up_and_the_footer_if_it_is_called_otherwise():
    page = make_page("Delivery")
    effects = effects_of(lambda: Page.objects.update(body="<p>New</p>"))
    assert effects.keys == {f"page/{page.pk}", "search/eu", "search/gb"}
    effects = effects_of(lambda: Page.objects.update(slug="shipping"))
    assert {"slug/page/delivery", "slug/page/shipping", "navigation"} <= effects.keys


def test_a_picture_without_renditions_is_rendered_and_one_with_them_is_not(product):
    effects = effects_of(lambda: make_image(product))
    assert effects.jobs == {}
    effects = effects_of(lambda: make_image(product, ready=False))
    waiting = Image.objects.get(renditions={})
    assert effects.jobs == {("catalog.render_image", "low", on_change.FIRST): {waiting.pk}}


def test_what_left_with_its_product_is_no_stumbling_block(product):
    make_review(product)
    effects = effects_of(product.delete)
    assert "slug/product/autumn-hills" in effects.keys
    follow_changes()
    assert not Card.objects.filter(product_id=product.pk).exists()
    assert not Review.objects.exists()


def test_an_emptied_table_makes_every_derived_row_again(product):
    price = Price.objects.filter(variant__product=product, currency="EUR").get()
    lowered = Price.objects.get(variant__product=product, currency="GBP")
    Sale.objects.create(price=price, amount=Decimal(3), starts_at=product.created_at)
    Price.objects.filter(pk=lowered.pk).update(sale_amount=Decimal(2))
    effects = Effects()
    on_change.everything(effects)
    everything = set(Product.objects.values_list("pk", flat=True))
    assert effects.keys == {"html"}
    assert effects.projected == {
        "sales": {price.pk, lowered.pk},
        "availability": everything,
        "cards": everything,
        "dates": everything,
        "neighbours": everything,
        "promises": {0},
    }


def test_no_look_up_of_a_rule_sorts(product: Product) -> None:
    """A model's own ordering joins other tables: it ran into the statement timeout while they were filled."""
    make_review(product)
    make_image(product, ready=False)
    Sale.objects.create(price=Price.objects.all()[0], amount=1, starts_at=product.created_at)
    TaxRate.objects.update(rate=Decimal("0.1"))
    Price.objects.update(amount=99)
    AttributeValue.objects.update(label="Renamed")
    Category.objects.update(is_published=False)
    Stock.objects.update(on_hand=0)
    VariantOption.objects.update(position=3)
    with CaptureQueriesContext(connection) as asked:
        projector.asked(list(Change.objects.filter(done_at=None)))
        on_change.everything(Effects())
    assert len(asked) > 8
    assert [query["sql"] for query in asked if "ORDER BY" in query["sql"]] == []
