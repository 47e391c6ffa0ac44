"""Uploads are checked and encoded anew; renditions are made by a job."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pixels
from PIL import ImageCms

from catalog import images
from catalog.images import BadPicture
from catalog.models import Card, Image, Product
from shop.jinja import parts
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import follow_changes, make_image, make_product, picture_file


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def attach(product: Product, file: io.BytesIO, alt: str = "") -> Image:
    """An upload, as the desk takes it in."""
    image = images.put(Image(product=product, alt=alt), images.accept(file))
    image.save()
    return image


def opened(original: images.Original) -> Pixels.Image:
    return Pixels.open(io.BytesIO(original.content.read()))


def near(pixel: tuple[int, ...], colour: str, by: int = 4) -> bool:
    """JPEG and WebP round."""
    return all(abs(one - two) < by for one, two in zip(pixel, bytes.fromhex(colour[1:]), strict=True))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_four_formats_are_taken(format):
    original = images.accept(picture_file(format=format))
    assert (original.width, original.height) == (60, 80)
    assert opened(original).format == "JPEG"


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(format):
    with pytest.raises(BadPicture, match="JPEG, PNG, WebP or AVIF"):
        images.accept(picture_file(format=format))


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\0" * 99]
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(BadPicture):
        images.accept(SimpleUploadedFile("picture.jpg", content, "image/jpeg"))


def test_a_damaged_picture_is_refused():
    content = picture_file(400, 400, "PNG").read()
    with pytest.raises(BadPicture):
        images.accept(ContentFile(content[: len(content) // 2]))


def test_a_file_of_more_than_10_megabytes_is_refused():
    with pytest.raises(BadPicture, match="10 MB"):
        images.accept(ContentFile(picture_file().read() + b"\0" * images.MAX_BYTES))


@pytest.mark.parametrize("side", [6_400, 13_000, 60_000])
def test_a_small_file_of_many_pixels_is_refused_before_it_is_decoded(side):
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    with pytest.raises(BadPicture, match="40 million pixels"):
        images.accept(ContentFile(bomb + chunk(b"IEND", b"")))


def test_metadata_is_stripped_and_the_picture_stands_upright():
    exif = Pixels.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "taken at home"
    upload = picture_file(80, 60, exif=exif.tobytes())
    assert b"taken at home" in upload.read()
    original = images.accept(upload)
    assert (original.width, original.height) == (60, 80)
    assert b"taken at home" not in original.content.read()


def test_colours_are_converted_and_the_profile_left_behind():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    original = images.accept(picture_file(format="PNG", icc_profile=profile))
    kept = opened(original)
    assert "icc_profile" not in kept.info
    red, green, blue = kept.convert("RGB").getpixel((9, 9))
    assert abs(red - 0xB9) + abs(green - 0x3A) + abs(blue - 0x1C) < 8


def test_what_is_transparent_stays_so_and_what_only_could_be_does_not():
    assert images.accept(picture_file(format="PNG", colour="#ff000080")).content.name.endswith(".webp")
    assert images.accept(picture_file(format="PNG", colour="#ff0000ff")).content.name.endswith(".jpg")


def test_an_original_keeps_2400_pixels_at_most():
    original = images.accept(picture_file(3_000, 1_000, "PNG"))
    assert (original.width, original.height) == (2_400, 800)


def test_the_name_follows_from_the_content():
    first, second = images.accept(picture_file()), images.accept(picture_file())
    assert first.content.name == second.content.name
    assert images.store(first) == images.store(second)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ground", "box", "white"),
    [
        ("#fdfdfb", (200, 200, 600, 700), "all"),
        ("#ffffff", (200, 200, 600, 1_000), "most"),  # somebody who stands lower than the picture ends
        ("#ffffff", (200, 0, 500, 1_000), "most"),  # legs alone
        ("#ffffff", (0, 200, 600, 1_000), ""),
        ("#d8d8d8", (200, 200, 600, 700), ""),
    ],
)
def test_a_photograph_before_white_is_told_by_its_edges(ground, box, white):
    pixels, held = Pixels.new("RGB", (800, 1_000), ground), io.BytesIO()
    pixels.paste("#2b4a3f", box)
    pixels.save(held, "PNG")
    image = attach(make_product(), ContentFile(held.getvalue(), "photo.png"))
    images.render(image.pk)
    image.refresh_from_db()
    assert image.picture["white"] == white
    assert bool(image.picture["mat"]) is bool(white)


@pytest.mark.django_db
def test_renditions_are_made_in_each_format_and_never_wider_than_the_original():
    image = attach(make_product(), picture_file(1_000, 1_250), alt="Hills")
    images.render(image.pk)
    image.refresh_from_db()
    picture = image.picture
    assert [part.split()[-1] for part in picture["srcset"]["webp"].split(", ")] == ["320w", "640w", "960w"]
    assert picture["src"] in picture["srcset"]["jpeg"]
    assert (picture["alt"], picture["width"], picture["height"]) == ("Hills", 1_000, 1_250)
    assert picture["mat"] == ""
    for url in picture["srcset"]["webp"].split(", ") + picture["srcset"]["jpeg"].split(", "):
        name, width = url.removeprefix("/media/").split()
        with default_storage.open(name) as file:
            assert Pixels.open(file).width == int(width.removesuffix("w"))


def photograph(width: int = 480, height: int = 600) -> ContentFile:
    """Many soft shades, as a camera sees them: what AVIF is made for."""
    noise = Pixels.effect_noise((width // 24, height // 24), 90)
    soft = noise.resize((width, height), Pixels.Resampling.BICUBIC)
    held = io.BytesIO()
    Pixels.merge("RGB", (soft, soft.rotate(90), soft.rotate(180))).save(held, "JPEG", quality=95)
    return ContentFile(held.getvalue())


@pytest.mark.django_db
def test_avif_is_offered_first_where_it_is_smaller_and_never_before_the_last_pass(monkeypatch):
    image = attach(make_product(), photograph())
    images.render(image.pk, is_preview=True)
    image.refresh_from_db()
    assert set(image.picture["srcset"]) == {"webp", "jpeg"}
    monkeypatch.setattr(images, "AVIF", {**images.AVIF, "quality": 20})
    images.render(image.pk)
    image.refresh_from_db()
    kinds = image.picture["srcset"]
    assert set(kinds) == {"avif", "webp", "jpeg"}
    sizes = {}
    for kind, srcset in kinds.items():
        (name,) = [part.split()[0].removeprefix("/media/") for part in srcset.split(", ") if "320w" in part]
        with default_storage.open(name) as file, Pixels.open(file) as shown:
            assert (shown.format, shown.width) == (kind.upper(), 320)
        sizes[kind] = default_storage.size(name)
    assert sizes["avif"] < sizes["webp"] < sizes["jpeg"]
    html = str(parts.picture(image.picture, "50vw"))
    assert html.index("image/avif") < html.index("image/webp")


@pytest.mark.django_db
def test_avif_that_would_be_larger_is_not_offered(monkeypatch):
    monkeypatch.setattr(images, "AVIF", {**images.AVIF, "quality": 100})
    image = attach(make_product(), photograph())
    images.render(image.pk)
    image.refresh_from_db()
    assert set(image.picture["srcset"]) == {"webp", "jpeg"}


@pytest.mark.django_db
def test_a_quick_pass_makes_what_the_first_pages_need():
    image = attach(make_product(), picture_file(1_000, 1_250))
    images.render(image.pk, widths=(480, 960))
    image.refresh_from_db()
    assert [part.split()[-1] for part in image.picture["srcset"]["jpeg"].split(", ")] == ["480w", "960w"]


@pytest.mark.django_db
def test_a_picture_narrower_than_every_width_keeps_its_own():
    image = attach(make_product(), picture_file(200, 100))
    images.render(image.pk)
    image.refresh_from_db()
    assert image.picture["srcset"]["webp"].endswith("200w")


@pytest.mark.django_db
def test_rendering_twice_makes_nothing_twice(tmp_path, monkeypatch):
    image = attach(make_product(), picture_file(700, 700))
    images.render(image.pk)
    image.refresh_from_db()
    files, renditions = sorted(tmp_path.rglob("*.*")), image.renditions
    monkeypatch.setattr(images, "_save", lambda name, content: pytest.fail(f"wrote {name}"))
    images.render(image.pk)
    image.refresh_from_db()
    assert (sorted(tmp_path.rglob("*.*")), image.renditions) == (files, renditions)


@pytest.mark.django_db
def test_a_picture_that_is_gone_is_not_rendered():
    images.render(404)
    images.render(make_image(make_product(), original="").pk)


@pytest.mark.django_db
def test_an_uploaded_picture_gets_its_renditions_by_a_job_and_reaches_the_card():
    product = make_product()
    follow_changes()
    image = attach(product, picture_file(700, 700))
    follow_changes()
    assert Card.objects.get(product_id=product.pk, market="eu").picture["src"] is None
    assert Message.objects.get(job="catalog.render_image").args == [image.pk]
    drain.drain("low")
    follow_changes()
    card = Card.objects.get(product_id=product.pk, market="eu")
    assert card.picture["src"].endswith("/640.jpg")
    assert Message.objects.filter(job="catalog.render_image").count() == 1


@pytest.mark.django_db
def test_a_replaced_original_is_rendered_again():
    image = attach(make_product(), picture_file(700, 700))
    images.render(image.pk)
    follow_changes()
    Message.objects.all().delete()
    Image.objects.update(original=images.store(images.accept(picture_file(700, 700, colour="#123456"))))
    follow_changes()
    drain.drain("low")
    image.refresh_from_db()
    assert image.renditions["of"] == image.original.name
    with default_storage.open(image.renditions["src"].removeprefix("/media/")) as file:
        assert near(Pixels.open(file).getpixel((9, 9)), "#123456")
