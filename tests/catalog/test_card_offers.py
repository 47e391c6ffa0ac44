"""A card tells what each variant costs, so that a filtered list can show the one that was asked for."""

from decimal import Decimal

import pytest

from catalog.models import AttributeValue, Card, Price, Product
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db


def offers(product: Product, market: str = "eu") -> list:
    follow_changes()
    return Card.objects.get(product_id=product.pk, market=market).offers


def ids(*slugs: str) -> list[int]:
    found = dict(AttributeValue.objects.values_list("slug", "pk"))
    return [found[slug] for slug in slugs]


def test_each_variant_is_an_offer_with_its_values_cheapest_first():
    product = make_product(
        price=["72.00", "38.00"], stock=[0, 2], options={"size": ["70 × 100 cm", "30 × 40 cm"]}
    )
    assert offers(product) == [
        [ids("30x40-cm"), "38.00", None, "low", "30 × 40 cm"],
        [ids("70x100-cm"), "72.00", None, "out", "70 × 100 cm"],
    ]


def test_an_offer_names_all_options_of_its_variant_and_its_list_price():
    product = make_product(price="40.00", options={"size": ["A4"], "frame": ["Oak"]})
    Price.objects.filter(variant__product=product, currency="EUR").update(sale_amount=Decimal("30.00"))
    assert offers(product) == [[ids("a4", "oak"), "30.00", "40.00", "in", "A4"]]
    assert offers(product, "gb") == [[ids("a4", "oak"), "40.00", None, "in", "A4"]]


def test_goods_without_options_have_no_offers_beside_their_own_price():
    assert offers(make_product()) == []


def test_the_dearer_variants_price_alone_changes_the_card():
    product = make_product(price=["38.00", "72.00"], options={"size": ["A4", "A3"]})
    follow_changes()
    dearer = product.variants.get(position=1)
    Price.objects.filter(variant=dearer, currency="EUR").update(amount=Decimal("75.00"))
    assert [offer[1] for offer in offers(product)] == ["38.00", "75.00"]
