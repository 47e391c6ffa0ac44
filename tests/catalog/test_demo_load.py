"""The demo's plan becomes a shop: goods on shelves, a merchant who may sell, pictures that are drawn."""

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image as Pixels

from accounts.models import User
from catalog.demo import catalogue, load, pictures
from catalog.demo.management.commands import load_demo
from catalog.models import Card, Category, Image, Price, Product, Review, Sale, Variant
from shop.changes import projector
from shop.changes.models import Change
from shop.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command without the drawing, which other processes do."""
    monkeypatch.setattr(pictures, "draw_first", lambda image_ids: iter(()))
    call_command("load_demo", verbosity=0)


def test_everything_planned_is_for_sale_in_both_markets(loaded: None) -> None:
    plans = catalogue.products()
    assert Product.objects.count() == len(plans) >= 120
    assert Category.objects.count() == len(catalogue.categories()) >= 12
    assert Variant.objects.count() == sum(len(plan.variants) for plan in plans)
    assert Price.objects.count() == 2 * Variant.objects.count()
    assert Review.objects.count() == sum(len(plan.reviews) for plan in plans)
    assert set(Card.objects.values_list("slug", "market")) == {
        (plan.slug, market) for plan in plans for market in ("eu", "gb")
    }
    written = {product.slug: product for product in Product.objects.all()}
    for plan in plans:  # nothing is cut by its column
        product = written[plan.slug]
        assert (product.name, product.summary, product.care) == (plan.name, plan.summary, plan.care)
    assert load.is_loaded()

    on_sale = {plan.slug for plan in catalogue.products() if any(v.sale_eur for v in plan.variants)}
    assert on_sale
    assert Sale.objects.count() == Price.objects.filter(sale_amount__isnull=False).count()
    assert set(Card.objects.values_list("availability", flat=True)) == {"in", "low", "out"}
    assert Card.objects.filter(market="eu", discount__gt=0).count() >= 10


def test_a_second_run_changes_nothing(loaded: None) -> None:
    before = Change.objects.count(), Message.objects.count(), Image.objects.count()
    call_command("load_demo", verbosity=0)
    assert (Change.objects.count(), Message.objects.count(), Image.objects.count()) == before


def test_a_merchant_may_sell_and_the_worker_is_asked_for_all_pictures(loaded: None) -> None:
    merchant = User.objects.get(email=load_demo.EMAIL)
    assert merchant.check_password(load_demo.PASSWORD)
    assert merchant.is_staff
    assert not merchant.is_superuser
    assert merchant.has_perm("catalog.change_product")
    assert not merchant.has_perm("accounts.change_user")

    first = pictures.first_pages()
    assert 15 <= len(first) <= 40
    asked = Message.objects.filter(job="demo.draw_image", queue="low")
    assert {message.args[0] for message in asked if len(message.args) == 1} == set(
        Image.objects.values_list("pk", flat=True)
    )


def test_a_picture_is_drawn_kept_at_2400_and_shown_on_its_card(loaded: None) -> None:
    image = Image.objects.get(product__slug="two-suns-over-cadiz", position=0)
    pictures.draw_image(image.pk, pictures.QUICK_WIDTHS)
    image.refresh_from_db()
    with default_storage.open(image.original.name) as file, Pixels.open(file) as original:
        assert max(original.size) == 2400 == image.height
    assert image.renditions["srcset"]["webp"].count("w,") == 1
    projector.drain()
    card = Card.objects.get(slug="two-suns-over-cadiz", market="eu")
    assert card.picture["src"] == image.renditions["src"]
    assert not Message.objects.filter(job="catalog.render_image").exists()

    drawn = image.original.name
    pictures.draw_image(image.pk)
    image.refresh_from_db()
    assert image.original.name == drawn
    assert image.renditions["srcset"]["webp"].count("w,") == 3
