"""A prepared queryset gives what the same queryset gives, whatever its kind; its SQL is written once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.db.models import BigIntegerField, Exists, F, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext

from catalog.models import Card, Image, Price, Product, Variant
from shop.prepared import AnyOf, Param, Prepared
from tests.factories import follow_changes, make_image, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def goods() -> None:
    for name in ("Suns", "Hills", "Ferns"):
        make_image(make_product(name, price=["38", "58"], options={"size": ["A4", "A3"]}))
    follow_changes()


def products(slug: Any) -> QuerySet[Product]:
    return Product.objects.filter(slug=slug).annotate(
        is_pictured=Exists(Image.objects.filter(product=OuterRef("pk")))
    )


def test_objects_with_annotations_and_relations_come_as_from_the_orm() -> None:
    prepared = Prepared(lambda: products(Param("slug")))
    for slug in ("suns", "hills", "nothing"):
        plain = list(products(slug))
        assert prepared.rows(slug=slug) == plain
        assert [vars(row)["is_pictured"] for row in prepared.rows(slug=slug)] == [True] * len(plain)
    assert prepared.first(slug="nothing") is None
    related = Prepared(
        lambda: (
            Price.objects.filter(variant__product=Param("pk", BigIntegerField()))
            .select_related("variant__product")
            .order_by("pk")
        )
    )
    suns = Product.objects.get(slug="suns")
    rows = related.rows(pk=suns.pk)
    with CaptureQueriesContext(connection) as seen:
        assert {row.variant.product.name for row in rows} == {"Suns"}
    assert (len(rows), len(seen)) == (4, 0)


def test_values_are_converted_and_unions_keep_their_parts() -> None:
    def parts(market: Any, ids: Any) -> QuerySet[Card, Any]:
        cards = Card.objects.filter(AnyOf("product_id", ids), market=market).order_by("product_id")
        return cards.values("name", "picture", "price")[:2].union(
            cards.values("name", "picture", "price").order_by("-price", "product_id")[:1], all=True
        )

    prepared = Prepared(lambda: parts(Param("market"), Param("ids")))
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    rows = prepared.rows(market="gb", ids=ids[1:])
    assert [row["name"] for row in rows] == ["Hills", "Ferns", "Hills"]
    assert rows[0]["picture"]["src"]
    assert prepared.rows(market="gb", ids=[]) == []


def test_the_sql_is_written_once_and_values_never_stay() -> None:
    made = []

    def make() -> QuerySet[Variant, Any]:
        made.append(1)
        return (
            Variant.objects.filter(product__slug=Param("slug")).order_by("pk").values_list(F("product__name"))
        )

    prepared = Prepared(make)
    assert [prepared.rows(slug=slug)[0] for slug in ("suns", "hills", "suns")] == [
        ("Suns",),
        ("Hills",),
        ("Suns",),
    ]
    assert made == [1]
    with pytest.raises(KeyError, match="slug"):
        prepared.rows(name="suns")


def test_threads_share_it_each_with_its_connection() -> None:
    prepared = Prepared(lambda: Product.objects.filter(slug=Param("slug")))
    assert prepared.rows(slug="nothing") == []

    def ask(slug: str) -> list[Product]:
        try:
            return prepared.rows(slug=slug)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:  # they see nothing of this test's transaction, and no error
        assert list(pool.map(ask, ["suns", "hills"] * 4)) == [[]] * 8
