"""The demo's plan becomes a shop: goods on shelves, a merchant who may sell, pictures that are drawn."""

from collections.abc import Iterator

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image as Pixels
from pytest_django import DjangoDbBlocker

from accounts.models import User
from catalog import images
from catalog.demo import catalogue, load, pictures
from catalog.demo.management.commands import load_demo
from catalog.models import Card, Category, Image, Price, Product, Review, Sale, Variant
from shop.changes import projector
from shop.changes.models import Change
from shop.outbox.models import Message
from tests.emptying import filled

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "draw_first", lambda image_ids: iter(()))
        with filled(django_db_blocker, lambda: call_command("load_demo", verbosity=0)):
            yield


@pytest.fixture
def loaded(_loaded: None, db: None) -> None:
    """The command without the drawing, which other processes do."""


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

    assert pictures.unfinished() == Image.objects.count()
    first = pictures.first_pages()
    assert 15 <= len(first) <= 40
    asked = Message.objects.filter(queue="low").order_by("pk").values_list("job", "args")
    wanted = [pk for job, (pk,) in asked if job == "demo.draw_image"]
    assert sorted(wanted) == sorted(Image.objects.values_list("pk", flat=True))
    assert len(set(wanted)) == len(wanted)


def test_asked_for_all_pictures_the_command_draws_them_itself(
    loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def draw_first(image_ids: list[int]) -> Iterator[int]:
        drawn.extend(image_ids)
        return iter(image_ids)

    monkeypatch.setattr(pictures, "draw_first", draw_first)
    made = Image.objects.earliest("pk")
    Image.objects.filter(pk=made.pk).update(original="originals/a.webp")
    call_command("load_demo", "--all-pictures", verbosity=0)
    assert drawn == list(Image.objects.exclude(pk=made.pk).order_by("pk").values_list("pk", flat=True))


def test_every_front_is_drawn_small_before_anything_else_is_drawn(loaded: None) -> None:
    asked = list(Message.objects.filter(queue="low").order_by("pk").values_list("job", "args__0"))
    previews = [pk for job, pk in asked if job == "demo.preview_image"]
    rows = Image.objects.in_bulk()
    assert [pk for _job, pk in asked[: len(previews)]] == previews
    assert set(previews) == set(rows)
    fronts = Image.objects.filter(position=0).count()
    assert all(rows[pk].position == 0 for pk in previews[:fronts])
    # Full sizes come product by product, the best loved first.
    products = [rows[pk].product_id for job, pk in asked if job == "demo.draw_image"]
    shown = [pk for pk in dict.fromkeys(products) if pk is not None]
    assert len([pk for n, pk in enumerate(products) if n and pk != products[n - 1]]) == len(shown)
    loved = dict(Product.objects.values_list("pk", "popularity"))
    assert [loved[pk] for pk in shown] == sorted(loved.values(), reverse=True)


def test_a_picture_is_shown_small_then_drawn_at_2400_and_drawn_once(
    loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.objects.get(product__slug="two-suns-over-cadiz", position=0)
    assert image.picture["mat"] == image.drawing["mat"] != ""  # its place, until it is there
    pictures.preview_image(image.pk)
    image.refresh_from_db()
    assert (image.width, image.height) == (960, 1200)
    assert image.renditions["srcset"]["webp"].count("w,") == 1
    projector.drain()
    card = Card.objects.get(slug="two-suns-over-cadiz", market="eu")
    assert card.picture == {**image.picture, "alt": card.picture["alt"]}
    assert card.picture["src"]
    assert pictures.unfinished() == Image.objects.count()
    assert not Message.objects.filter(job="catalog.render_image").exists()

    pictures.draw_image(image.pk)
    image.refresh_from_db()
    with default_storage.open(image.original.name) as file, Pixels.open(file) as original:
        assert max(original.size) == 2400 == image.height
        assert original.mode == "RGBA"
    assert pictures.unfinished() == Image.objects.count() - 1
    assert image.renditions["srcset"]["webp"].count("w,") == 3
    assert image.picture["mat"] == image.mat

    monkeypatch.setattr(pictures, "draw", lambda *_args: pytest.fail("drawn again"))
    pictures.preview_image(image.pk)
    pictures.draw_image(image.pk)


def test_what_a_merchant_put_in_its_place_is_not_drawn_over(
    loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.objects.filter(position=0, product__isnull=False)[0]
    ours = images.encode(Pixels.new("RGB", (40, 50), "#123456"))

    def meanwhile(*_args: object) -> Pixels.Image:
        images.put(image, ours).save()
        return Pixels.new("RGB", (400, 500))

    monkeypatch.setattr(pictures, "draw", meanwhile)
    pictures.draw_image(image.pk)
    image.refresh_from_db()
    assert (image.width, image.renditions, image.drawing) == (40, {}, {})
    pictures.draw_image(image.pk)
    image.refresh_from_db()
    assert image.width == 40
