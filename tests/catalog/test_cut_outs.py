"""Pictures that are transparent somewhere: what shines through is the mat, and the merchant chooses it."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pixels
from PIL import ImageCms, ImageDraw

from catalog import images
from catalog.models import Card, Image, Mat, Product
from shop.outbox.models import Message
from tests.factories import follow_changes, make_product, picture_file


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def attach(product: Product, file: Any) -> Image:
    """An upload, as the desk takes it in."""
    image = images.put(Image(product=product), images.accept(file))
    image.save()
    return image


def near(pixel: Any, colour: str, by: int = 4) -> bool:
    """JPEG and WebP round."""
    return all(abs(one - two) < by for one, two in zip(pixel, bytes.fromhex(colour[1:]), strict=True))


def cut_out(width: int = 700, height: int = 875, colour: str = "#b93a1c") -> io.BytesIO:
    """A merchant's PNG: a disc with a soft shadow, nothing around it."""
    pixels = Pixels.new("RGBA", (width, height), (255, 255, 255, 0))
    draw = ImageDraw.Draw(pixels)
    middle, reach = (width // 2, height // 2), min(width, height) // 3
    for step in range(8):
        draw.circle((middle[0], middle[1] + 20 - step), reach + 8 - step, (0, 0, 0, 12 * step + 4))
    draw.circle(middle, reach, colour)
    held = io.BytesIO()
    pixels.save(held, "PNG")
    return held


def rendition(picture: dict[str, Any], kind: str, place: int = -1) -> Pixels.Image:
    """One of its files, the widest if `place` does not say otherwise."""
    url = picture["srcset"][kind].split(", ")[place].split()[0]
    with default_storage.open(url.removeprefix("/media/")) as file:
        return Pixels.open(io.BytesIO(file.read()))


@pytest.mark.django_db
def test_a_cut_out_keeps_its_edge_and_lies_on_a_mat():
    image = attach(make_product(), cut_out())
    images.render(image.pk)
    image.refresh_from_db()
    assert image.original.name.endswith(".webp")
    assert image.picture["mat"] in Mat.values
    shown = rendition(image.picture, "webp")
    assert shown.mode == "RGBA"
    assert [shown.getpixel((x, 400))[3] for x in (9, 320)] == [0, 255]
    assert near(shown.getpixel((320, 400))[:3], "#b93a1c", by=9)
    shadow = shown.getpixel((320, 400 + 213 + 22))
    assert 0 < shadow[3] < 200
    assert max(shadow[:3]) < 40, "black, not the white that the PNG hides under it"


@pytest.mark.django_db
def test_a_cut_outs_jpeg_lies_on_paper():
    image = attach(make_product(), cut_out())
    images.render(image.pk)
    image.refresh_from_db()
    shown = rendition(image.picture, "jpeg")
    assert near(shown.getpixel((9, 9)), images.PAPER)
    assert near(shown.getpixel((320, 400)), "#b93a1c", by=9)


@pytest.mark.django_db
def test_an_edge_has_no_fringe_of_the_colour_hidden_behind_it():
    """What is invisible in a file may be anything: here it is green."""
    pixels = Pixels.new("RGBA", (800, 1_000), (0, 255, 0, 0))
    for x in range(0, 800, 4):  # many edges
        pixels.paste("#b93a1c", (x, 0, x + 2, 1_000))
    held = io.BytesIO()
    pixels.save(held, "PNG")
    name = default_storage.save("originals/green.png", ContentFile(held.getvalue()))
    image = Image.objects.create(product=make_product(), original=name)
    images.render(image.pk)
    image.refresh_from_db()
    shown = rendition(image.picture, "jpeg", 0)
    middle = [shown.getpixel((x, 200)) for x in range(50, 250)]
    assert all(red > green for red, green, _blue in middle)


@pytest.mark.django_db
def test_the_merchant_chooses_another_mat_and_nothing_is_drawn_again():
    product = make_product()
    image = attach(product, cut_out())
    images.render(image.pk)
    follow_changes()
    Message.objects.all().delete()
    image.refresh_from_db()
    other = next(mat for mat in Mat.values if mat != image.picture["mat"])
    Image.objects.filter(pk=image.pk).update(mat=other)
    follow_changes()
    image.refresh_from_db()
    assert image.picture["mat"] == other
    card = Card.objects.get(product_id=product.pk, market="eu")
    assert card.picture == {**image.picture, "alt": product.name}
    assert not Message.objects.filter(job="catalog.render_image").exists()


@pytest.mark.django_db
def test_an_opaque_picture_has_no_mat_whatever_the_merchant_chose():
    product = make_product()
    image = attach(product, picture_file(700, 875))
    Image.objects.filter(pk=image.pk).update(mat="plum")
    images.render(image.pk)
    follow_changes()
    image.refresh_from_db()
    assert image.picture["mat"] == ""
    assert Card.objects.get(product_id=product.pk, market="eu").picture["mat"] == ""


@pytest.mark.parametrize("colour", ["#c81e1e", "#c81e1e80"])
def test_the_profile_of_a_cut_out_counts_too(colour):
    """An sRGB whose red and blue have changed places: what it calls red is meant blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in (b"XYZ", b"TRC"):
        profile = profile.replace(b"r" + kind, b"?").replace(b"b" + kind, b"r" + kind)
        profile = profile.replace(b"?", b"b" + kind)
    upload = picture_file(format="PNG", colour=colour, icc_profile=profile)
    kept = Pixels.open(images.accept(upload).content)
    assert kept.mode == ("RGBA" if len(colour) == 9 else "RGB")
    red, green, blue = kept.convert("RGB").getpixel((9, 9))
    assert blue > 150
    assert red < 60
    assert green < 60
