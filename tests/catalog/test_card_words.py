"""What a card makes of words, values that pictures name and codes: the same, however they are stored."""

import pytest
from django.db import connection

from catalog import cards, on_attribute
from catalog.models import AttributeValue, Card, Image, Product
from shop.changes.models import Change
from tests.factories import add_variant, follow_changes, make_image, make_product, make_value

pytestmark = pytest.mark.django_db


def views(product: Product) -> list[list[int]]:
    """The values that its pictures show."""
    follow_changes()
    return [ids for ids, _picture in Card.objects.get(product_id=product.pk, market="eu").views]


def test_values_that_a_picture_names_come_in_one_order() -> None:
    oak, small = make_value("frame", "Oak"), make_value("size", "A4")
    product = make_product(options={"frame": ["Oak"], "size": ["A4"]})
    make_image(product, shows={"size": "a4", "frame": "oak"})
    AttributeValue.objects.filter(pk=oak.pk).update(label="Oak wood")
    assert views(product) == [[oak.pk, small.pk]]


@pytest.mark.parametrize("told", [{"size": 4}, {"size": ["4"]}, ["size"], "size", {"size": "5"}])
def test_what_is_no_value_is_shown_by_no_picture(told: object) -> None:
    """On the product's page neither: catalog.views.pictures."""
    product = make_product(options={"size": ["4"]})
    make_image(product, shows={})
    make_image(product, position=1)
    Image.objects.filter(position=1).update(shows=told)
    assert AttributeValue.objects.get().slug == "4"
    assert views(product) == []


def test_rows_that_moved_in_their_table_change_no_card() -> None:
    product = make_product(sku="HILL", options={"size": ["A4", "A3", "A2"]})
    add_variant(product, sku="OTHER")
    follow_changes()
    noted = Change.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_variant SET weight_grams = 7 WHERE sku = 'HILL-1'")
        cursor.execute("SET LOCAL enable_indexscan = off")  # as in a table without statistics
    cards.rebuild([product.pk])
    assert Change.objects.count() == noted


def test_pictures_that_name_a_value_are_found_by_an_index() -> None:
    # Of an empty table every index costs the same.
    item = make_product()
    Image.objects.bulk_create(Image(product=item, original=f"originals/{name}.jpg") for name in range(500))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_image")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {on_attribute._SHOWING}", [['{"frame": "oak"}', '{"frame": "ash"}']])
        assert "image_shows" in str(cursor.fetchall())
    assert "image_shows" in on_attribute._telling(["frame"]).order_by().explain()
