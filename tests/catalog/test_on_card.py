"""A changed card lets go of the pages that print what has changed, in its own market."""

from decimal import Decimal

import pytest

from catalog import cards, keys
from catalog.models import Card, Price, Product
from catalog.queries import cards as read
from tests.catalog.test_on_change import effects_of
from tests.catalog.test_on_change import product as product

pytestmark = pytest.mark.django_db


def test_what_a_card_prints_is_known_to_its_keys():
    """A column that comes into the cards has to purge them."""
    assert {*keys.PRINTED, *keys.STARS} == {*read.COLUMNS, "picture"} - {"product_id", "currency"}


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [("search", "x", None), ("rating_count", 7, ":stars"), ("offers", [], ":offers")],
)
def test_what_a_card_does_not_print_leaves_the_pages_that_show_it_alone(product, column, value, part):
    card = Card.objects.get(product_id=product.pk, market="eu")
    effects = effects_of(lambda: Card.objects.filter(pk=card.pk).update(**{column: value}))
    own = {key for key in effects.keys if key.startswith("card/")}
    assert own == ({f"card/eu/{product.pk}{part}"} if part else set())


def test_a_price_in_one_market_leaves_the_other_alone(product):
    prices = Price.objects.filter(variant__product=product, currency="GBP")
    effects = effects_of(lambda: prices.update(amount=Decimal(3)))
    assert effects.keys == {f"product/{product.pk}:prices/GBP"}
    effects = effects_of(lambda: cards.rebuild([product.pk]))
    assert effects.keys
    assert not [key for key in effects.keys if "/eu" in key]


def test_sales_reorder_lists_and_no_product_page(product):
    effects = effects_of(lambda: Product.objects.filter(pk=product.pk).update(popularity=99))
    assert effects.keys == set()
    effects = effects_of(lambda: cards.rebuild([product.pk]))
    assert not [key for key in effects.keys if key.startswith(("card/", "product/"))]
    assert "cards/eu:popularity" in effects.keys
    assert effects.projected == {"neighbours": {product.pk}}
