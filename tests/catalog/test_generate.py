"""Many more goods of the demo's kind: whole, counted, on the shelves, and no trouble to make more of."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from catalog import cards
from catalog.demo import load, volume
from catalog.models import (
    Card,
    Image,
    Listing,
    Price,
    Product,
    ProductValue,
    Review,
    Stock,
    StockMovement,
    Variant,
    VariantOption,
)
from shop.changes.models import Change
from tests.emptying import filled
from tests.factories import follow_changes

pytestmark = pytest.mark.django_db


def load_goods() -> None:
    """The demo's goods with the pictures of one of them drawn."""
    load.load()
    drawn = Product.objects.get(slug="two-suns-over-cadiz")
    Image.objects.filter(product=drawn).update(
        original="originals/a.jpg", renditions={"src": "/media/a.jpg", "srcset": {}, "mat": ""}
    )
    follow_changes()


@pytest.fixture(scope="module")
def _goods(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with filled(django_db_blocker, load_goods):
        yield


@pytest.fixture
def goods(_goods: None, db: None) -> None:
    """What load_goods() makes."""


def generated(model: type, path: str = "product__") -> object:
    return model.objects.filter(**{f"{path}external_id__startswith": volume.PREFIX})


def test_generated_goods_are_whole(goods: None, capsys: pytest.CaptureFixture) -> None:
    before = Product.objects.count()
    call_command("generate_catalog", products=300)
    assert Product.objects.count() == before + 300
    products = generated(Product, "")
    assert all(product.variants.exists() for product in products.prefetch_related("variants"))
    assert len(set(products.values_list("name", flat=True))) == 300
    variants = generated(Variant).count()
    assert generated(Price, "variant__product__").count() == 2 * variants
    assert generated(Stock, "variant__product__").count() == variants
    assert generated(ProductValue).exists()
    assert {image.renditions["src"] for image in generated(Image)} == {"/media/a.jpg"}
    assert "300 products in" in capsys.readouterr().out


@pytest.mark.parametrize("is_checked", [True, False])
def test_each_reference_of_theirs_leads_somewhere(
    goods: None, monkeypatch: pytest.MonkeyPatch, is_checked: bool
) -> None:
    """Where the database looks them up, and where they are only read from what they refer to."""
    if is_checked:
        monkeypatch.setattr(volume, "_may_refer_unchecked", lambda cursor: False)
    list(volume.generate(60))
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)  # only while goods are written
    for model in (Variant, VariantOption, Price, Stock, StockMovement, Listing, ProductValue, Image, Review):
        for field in model._meta.concrete_fields:
            if field.related_model is not None:
                lost = model.objects.exclude(**{f"{field.name}_id__in": field.related_model.objects.all()})
                assert not lost.exclude(**{f"{field.name}_id": None}).exists(), (model, field.name)
        assert model.objects.exists()


def test_their_stock_is_the_sum_of_its_movements(goods: None) -> None:
    list(volume.generate(150))
    received = dict(generated(StockMovement, "variant__product__").values_list("variant", "on_hand_change"))
    counted = generated(Stock, "variant__product__").values_list("variant", "on_hand")
    assert {level for _variant, level in counted} == {0, 2, 40}
    assert {variant: level for variant, level in counted if level} == received


def test_their_cards_are_those_that_a_rebuild_makes(goods: None) -> None:
    list(volume.generate(150))
    ids = list(generated(Product, "").values_list("pk", flat=True))
    assert Card.objects.filter(product_id__in=ids).count() == 300
    Change.objects.all().delete()
    cards.rebuild(ids)
    assert not Change.objects.exists()


def test_more_can_be_made_at_any_time(goods: None) -> None:
    list(volume.generate(20))
    list(volume.generate(20))
    assert generated(Product, "").count() == 40


def test_goods_without_cards_after_a_kill_get_them_in_the_next_run(goods: None) -> None:
    killed = volume.make(0, 9, Product.objects.count())
    follow_changes()
    assert not Card.objects.filter(product_id__in=killed).exists()
    list(volume.generate(1))
    assert Card.objects.filter(product_id__in=killed).count() == 20


def test_the_lists_hear_of_them_though_their_rows_note_nothing(goods: None) -> None:
    Change.objects.all().delete()
    list(volume.generate(10))
    assert set(Change.objects.values_list("model", flat=True)) == {"catalog.card"}
