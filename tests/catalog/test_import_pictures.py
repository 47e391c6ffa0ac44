"""Photos beside Magento's files: the product's gallery, each colour's own, stored once, opened once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from PIL import Image as Pixels

from catalog import images
from catalog.models import (
    Card,
    Image,
    Product,
    VariantOption,
)
from shop.changes.models import Change
from tests.catalog.magento import (
    LUMA,
    NATIVE,
    PHOTOS,
    child,
    file,
    good,
    load,
    luma,
    parent,
    part,
    rows_of,
)
from tests.factories import follow_changes, make_image, make_tax_class, picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _taxes() -> None:
    make_tax_class()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    return Path(settings.MEDIA_ROOT)


Photo = Callable[..., str]


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    """photo("a.jpg", "#ff0000") lays a picture beside the files and returns its address."""

    def lay(name: str, colour: str = "#b93a1c", folder: Path = PHOTOS) -> str:
        target = tmp_path / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture_file(colour=colour).read())
        return f"/{name}"

    return lay


def shirt(photo: Photo) -> list[dict[str, str]]:
    """Two colours in two sizes, a picture of each colour and one of all."""
    black, red, back = photo("k.jpg", "#000000"), photo("r.jpg", "#ff0000"), photo("b.jpg", "#00ff00")
    rows = [
        child(f"A-{size}-{color}", size, color, base_image=address)
        for size in ("S", "M")
        for color, address in (("Black", black), ("Red", red))
    ]
    return [*rows, parent("A", *rows, base_image=red, additional_images=back)]


def gallery() -> list[tuple[str, dict[str, str]]]:
    return [
        (image.source.partition(":")[2], image.shows)
        for image in Image.objects.order_by("product__name", "position")
    ]


def test_the_picture_of_a_colour_is_shown_for_it_once_and_not_for_each_size(
    tmp_path: Path, photo: Photo
) -> None:
    load(file(tmp_path, *shirt(photo)))
    assert gallery() == [("/r.jpg", {"color": "red"}), ("/b.jpg", {}), ("/k.jpg", {"color": "black"})]
    assert Image.objects.first().alt == "Product A, Red"  # type: ignore[union-attr]


def test_a_colour_in_one_size_only_is_shown_by_its_colour_alone(tmp_path: Path, photo: Photo) -> None:
    rows = [child("A-S", "S"), child("A-M", "M"), child("A-S-Red", "S", "Red", base_image=photo("r.jpg"))]
    load(file(tmp_path, *rows, parent("A", *rows)))
    assert gallery() == [("/r.jpg", {"color": "red"})]


def test_the_page_opens_on_the_colour_of_the_products_own_picture(
    tmp_path: Path, photo: Photo, client: Client
) -> None:
    load(file(tmp_path, *shirt(photo)))
    follow_changes()
    assert "data-sku>A-S-Red<" in client.get("/p/a/").content.decode()


def test_pictures_show_the_option_under_the_shops_own_name(tmp_path: Path, photo: Photo) -> None:
    load(file(tmp_path, *shirt(photo)))
    Image.objects.all().delete()
    VariantOption.objects.all().delete()
    Product.objects.all().delete()
    Card.objects.all().delete()
    connection.cursor().execute("UPDATE catalog_attribute SET code = 'colour' WHERE code = 'color'")
    load(file(tmp_path, *shirt(photo)))
    assert ("/r.jpg", {"colour": "red"}) in gallery()


def test_an_unchanged_picture_is_not_opened_again_and_notes_nothing(
    tmp_path: Path, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, *shirt(photo))
    load(path)
    Change.objects.all().delete()
    monkeypatch.setattr(images, "accept", lambda _file: pytest.fail("opened again"))
    load(path)
    assert not Change.objects.exists()
    Image.objects.update(source="elsewhere")  # no page shows it
    assert not Change.objects.exists()


def test_another_picture_of_the_same_name_takes_its_place(tmp_path: Path, photo: Photo) -> None:
    path = file(tmp_path, good("A", base_image=photo("a.jpg", "#ff0000")))
    load(path)
    first = Image.objects.get()
    Image.objects.update(alt="The merchant's words", position=7)
    photo("a.jpg", "#0000ff")
    load(path)
    image = Image.objects.get()
    assert image.pk == first.pk
    assert image.original != first.original
    assert (image.alt, image.position) == ("The merchant's words", 7)


def test_a_picture_that_the_file_no_longer_names_goes_and_the_merchants_own_stays(
    tmp_path: Path, photo: Photo
) -> None:
    load(file(tmp_path, good("A", base_image=photo("a.jpg"), additional_images=photo("b.jpg", "#00ff00"))))
    own = make_image(Product.objects.get())
    load(file(tmp_path, good("A", base_image="/b.jpg")))
    assert set(Image.objects.values_list("pk", flat=True)) == {
        own.pk,
        Image.objects.get(source__endswith=":/b.jpg").pk,
    }
    load(file(tmp_path, good("A", base_image="/b.jpg")), no_images=True)
    assert Image.objects.count() == 2


@pytest.mark.parametrize("folder", ["media/catalog/product", "pub/media/import", "import"])
def test_pictures_are_found_near_the_files(tmp_path: Path, photo: Photo, folder: str) -> None:
    address = photo("m/h/mh01.jpg", folder=Path(folder))
    deep = tmp_path / "var" / "export"
    deep.mkdir(parents=True)
    load(file(deep, good("A", base_image=address), good("B", base_image="m/h/mh01.jpg")))
    assert Image.objects.count() == 2
    assert len(set(Image.objects.values_list("original", flat=True))) == 1


def test_pictures_lie_where_the_merchant_says_and_none_are_missed_without_a_folder(
    tmp_path: Path, photo: Photo
) -> None:
    path = file(tmp_path, good("A", base_image=photo("a.jpg", folder=Path("photos"))))
    assert "1 picture was not found" in load(path)
    load(path, images=tmp_path / "photos")
    assert Image.objects.count() == 1


def test_a_dry_run_opens_pictures_and_stores_none(tmp_path: Path, photo: Photo, media: Path) -> None:
    assert "3 pictures" in load(file(tmp_path, *shirt(photo)), dry_run=True)
    assert not any(media.rglob("*.jpg"))
    assert not Product.objects.exists()


def test_an_original_whose_writer_was_killed_is_written_again(
    tmp_path: Path, photo: Photo, media: Path
) -> None:
    path = file(tmp_path, good("A", base_image=photo("a.jpg")))
    load(path)
    (stored,) = media.rglob("*.jpg")
    whole = stored.read_bytes()
    stored.write_bytes(whole[:100])
    Image.objects.all().delete()
    load(path)
    assert [found.read_bytes() for found in media.rglob("*.jpg")] == [whole]


@luma
def test_lumas_galleries_are_those_of_the_file(tmp_path: Path) -> None:
    load(part(tmp_path, 6, pictured=6))
    rows = {row["sku"]: row for row in rows_of(NATIVE)}

    def told(row: dict[str, str]) -> list[str]:
        return [row["base_image"], *filter(None, row["additional_images"].split(","))]

    for product in Product.objects.all():
        sku = str(product.external_id).removeprefix("magento:")
        wanted: dict[str, set[str]] = {address: set() for address in told(rows[sku])}
        for variation in rows[sku]["configurable_variations"].split("|"):
            variant, _size, color = (pair.split("=")[1] for pair in variation.split(","))
            for address in told(rows[variant]):
                wanted.setdefault(address, set()).add(color.lower())
        shown = {i.source.partition(":")[2]: i.shows for i in product.images.order_by("position")}
        assert list(shown) == list(wanted)
        assert shown == {
            address: {"color": next(iter(colors))} if len(colors) == 1 else {}
            for address, colors in wanted.items()
        }
        for image in product.images.all():
            with Pixels.open(LUMA / PHOTOS / image.source.partition(":")[2].lstrip("/")) as original:
                assert (image.width, image.height) == original.size
