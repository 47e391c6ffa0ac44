"""Pictures: originals in, WebP and JPEG renditions out. The only code that opens an upload.

What is kept is never the bytes that came: they are decoded, checked, turned upright and encoded anew.
"""

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image as Pixels
from PIL import ImageCms, ImageOps

from catalog.models import Image

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONG_EDGE = 2_400  # of an original that is kept
WIDTHS = (320, 640, 960, 1440, 2400)
SRC_WIDTH = 960  # of the one picture for who knows no srcset
RECIPE = "1"  # part of every rendition's name: another recipe makes other files
SRGB = ImageCms.createProfile("sRGB")


class BadPicture(ValueError):
    """The file is no picture that we take; its text tells the merchant why."""


@dataclass(frozen=True)
class Original:
    """A checked picture, ready to be stored: `content.name` follows from what it shows."""

    content: ContentFile
    width: int
    height: int


def accept(file: IO[bytes]) -> Original:
    """Checks, turns, strips and encodes an upload; BadPicture says what is wrong with it."""
    return encode(_decoded(file))


def put(image: Image, original: Original) -> Image:
    """The row shows this picture once it is saved; then the worker makes its renditions."""
    image.original = store(original)
    image.width, image.height, image.drawing = original.width, original.height, {}
    return image


def store(original: Original) -> str:
    """Its name in the storage; the same picture is stored once."""
    return _save(f"originals/{original.content.name}", original.content)


def render(image_id: int, widths: Sequence[int] = WIDTHS) -> None:
    """Makes the renditions of a picture and notes them in its row. Done twice, it does nothing twice."""
    image = Image.objects.filter(pk=image_id).exclude(original="").first()
    if image is None:
        return
    name = str(image.original.name)
    with default_storage.open(name) as file:
        content = file.read()
    stem = hashlib.sha256(RECIPE.encode() + content).hexdigest()[:20]
    with Pixels.open(io.BytesIO(content)) as opened:
        width, height = opened.size
        wanted = sorted(w for w in widths if w <= width) or [width]
        # JPEG decodes to an eighth, a quarter or a half by itself: a quick first pass stays quick.
        opened.draft("RGB", (wanted[-1], round(height * wanted[-1] / width)))
        pixels = _flat(opened)
    srcset: dict[str, list[str]] = {"webp": [], "jpeg": []}
    urls: dict[int, str] = {}
    for target in reversed(wanted):  # each from the next larger one
        pixels = pixels.resize((target, max(1, round(height * target / width))), Pixels.Resampling.LANCZOS)
        for kind, suffix, options in (
            ("jpeg", "jpg", {"quality": 82, "progressive": True, "optimize": True}),
            ("webp", "webp", {"quality": 80, "method": 4}),
        ):
            rendition = f"renditions/{stem[:2]}/{stem}/{target}.{suffix}"
            if not default_storage.exists(rendition):
                held = io.BytesIO()
                pixels.save(held, kind.upper(), **options)
                rendition = _save(rendition, ContentFile(held.getvalue()))
            url = default_storage.url(rendition)
            srcset[kind].insert(0, f"{url} {target}w")
            if kind == "jpeg":
                urls[target] = url
    source = max((w for w in wanted if w <= SRC_WIDTH), default=wanted[0])
    renditions = {
        "of": name,
        "src": urls[source],
        "srcset": {kind: ", ".join(candidates) for kind, candidates in srcset.items()},
        "tint": _tint(pixels),
    }
    # Nothing is written if the merchant has replaced the original meanwhile.
    Image.objects.filter(pk=image_id, original=name).update(renditions=renditions, width=width, height=height)


def _decoded(file: IO[bytes]) -> Pixels.Image:
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadPicture(_("The picture is larger than 10 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pixels.DecompressionBombWarning)
            with Pixels.open(io.BytesIO(content), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise BadPicture(_("The picture has more than 40 million pixels."))
                opened.load()
                return ImageOps.exif_transpose(_in_srgb(opened))
    except BadPicture:
        raise
    except (Pixels.DecompressionBombWarning, Pixels.DecompressionBombError) as error:
        raise BadPicture(_("The picture has more than 40 million pixels.")) from error
    except Pixels.UnidentifiedImageError as error:
        raise BadPicture(_("This is no picture that we know: JPEG, PNG, WebP or AVIF, please.")) from error
    except Exception as error:  # decoders raise what they like on broken files
        raise BadPicture(_("The picture is damaged.")) from error


def _in_srgb(pixels: Pixels.Image) -> Pixels.Image:
    """The colours that the profile meant, without the profile."""
    profile = pixels.info.get("icc_profile")
    if profile and pixels.mode in {"RGB", "CMYK"}:
        try:
            converted = ImageCms.profileToProfile(
                pixels, ImageCms.ImageCmsProfile(io.BytesIO(profile)), SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            return pixels  # a broken profile: the numbers as they stand
        if converted is not None:
            return converted
    return pixels


def encode(pixels: Pixels.Image) -> Original:
    """JPEG, or PNG where something is transparent; nothing of the upload's metadata comes along."""
    is_transparent = "A" in pixels.getbands() or "transparency" in pixels.info
    clean = pixels.convert("RGBA" if is_transparent else "RGB")
    if is_transparent and clean.getchannel("A").getextrema() == (255, 255):
        clean, is_transparent = clean.convert("RGB"), False
    clean.thumbnail((LONG_EDGE, LONG_EDGE), Pixels.Resampling.LANCZOS)
    clean.info.clear()
    held = io.BytesIO()
    if is_transparent:
        clean.save(held, "PNG", optimize=True)
    else:
        clean.save(held, "JPEG", quality=92, subsampling=0, optimize=True)
    name = hashlib.sha256(held.getvalue()).hexdigest()[:20]
    content = ContentFile(held.getvalue(), name=f"{name}.{'png' if is_transparent else 'jpg'}")
    return Original(content, clean.width, clean.height)


def _flat(pixels: Pixels.Image) -> Pixels.Image:
    """RGB; what shines through is white."""
    if "A" not in pixels.getbands() and "transparency" not in pixels.info:
        return pixels.convert("RGB")
    solid = pixels.convert("RGBA")
    paper = Pixels.new("RGBA", solid.size, "#ffffff")
    return Pixels.alpha_composite(paper, solid).convert("RGB")


def _tint(pixels: Pixels.Image) -> str:
    """The colour of its edge: what fills its place until it is there."""
    small = pixels.resize((8, 8), Pixels.Resampling.BOX)
    edge = [small.getpixel((x, y)) for x in range(8) for y in range(8) if x in {0, 7} or y in {0, 7}]
    red, green, blue = (sorted(channel)[len(edge) // 2] for channel in zip(*edge, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _save(name: str, content: ContentFile) -> str:
    """Stores under exactly this name, which follows from the content: what is there already is the same."""
    return name if default_storage.exists(name) else default_storage.save(name, content)
