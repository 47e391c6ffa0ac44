"""Pictures: originals in, AVIF, WebP and JPEG renditions out. The only code that opens an upload.

What is kept is never the bytes that came: they are decoded, checked, turned upright and encoded anew.

A picture that is transparent somewhere is a cut-out: it lies on a mat that CSS paints, light by day and dark
by night. Only its JPEGs have a ground of their own, for those who see them outside a page. A photograph
before white lies on one too: its white takes the mat's colour.
"""

import hashlib
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image as Pixels
from PIL import ImageChops, ImageCms, ImageOps

from catalog.models import Image, Mat
from shop.changes.models import Change
from shop.outbox.models import Message

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONG_EDGE = 2_400  # of an original that is kept
WIDTHS = (320, 640, 960, 1440, 2400)
SRC_WIDTH = 960  # of the one picture for who knows no srcset
RECIPE = "3"  # part of every rendition's name: another recipe makes other files
Options = Mapping[str, Any]
SUFFIXES = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}
JPEG: Options = {"quality": 82, "progressive": True, "optimize": True}
WEBP: Options = {"quality": 80, "method": 4}
# As quick as WebP, and a tenth smaller for photographs; drawn goods are often larger: see _formats().
AVIF: Options = {"quality": 56, "speed": 9, "max_threads": 1}
# Alpha in 136 levels: a shadow is still soft (with 56 it has steps), and the encoder takes half the time.
CUT_OUT: Options = {"quality": 80, "method": 2, "alpha_quality": 85}
# Under the JPEGs of a cut-out, whatever its mat: a merchant who chooses another one waits for no new files.
PAPER = "#fbf8f2"
MATS = tuple(Mat.values)
WHITE = 236  # a photograph's ground, by its darkest channel: paper, and what a lamp makes of it
SRGB = ImageCms.createProfile("sRGB")

# Once for all: filters that are set and reset around each picture would mix up those of other threads.
warnings.filterwarnings("error", category=Pixels.DecompressionBombWarning)


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


def render(image_id: int, widths: Sequence[int] = WIDTHS, *, is_preview: bool = False) -> None:
    """Makes the renditions of a picture and notes them in its row. Done twice, it does nothing twice.

    is_preview: others will soon take their place, so AVIF is not tried.
    """
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
        pixels = _plain(opened)
    is_cut_out = pixels.mode == "RGBA"
    white = "" if is_cut_out else _white(pixels)
    source = max((w for w in wanted if w <= SRC_WIDTH), default=wanted[0])
    formats = _formats(_scaled(pixels, source), is_cut_out, is_preview)
    srcset: dict[str, list[str]] = {kind: [] for kind in formats}
    urls: dict[int, str] = {}
    for target in reversed(wanted):  # each from the next larger one
        pixels = _scaled(pixels, target)
        for kind, options in formats.items():
            rendition = f"renditions/{stem[:2]}/{stem}/{target}.{SUFFIXES[kind]}"
            if not default_storage.exists(rendition):
                rendition = _save(rendition, ContentFile(_encoded(pixels, kind, options)))
            url = default_storage.url(rendition)
            srcset[kind].insert(0, f"{url} {target}w")
            if kind == "jpeg":
                urls[target] = url
    # The photographs of one product lie on one mat: they are seen side by side.
    tint = image.product_id or image_id if white else image_id
    renditions = {
        "of": name,
        "src": urls[source],
        "srcset": {kind: ", ".join(candidates) for kind, candidates in srcset.items()},
        "mat": MATS[tint % len(MATS)] if is_cut_out or white else "",
        "white": white,
    }
    # Nothing is written if the merchant has replaced the original meanwhile.
    Image.objects.filter(pk=image_id, original=name).update(renditions=renditions, width=width, height=height)


def _white(pixels: Pixels.Image) -> str:
    """Does a photograph stand before white? On all sides ("all"), or cut off by one or two ("most")."""
    red, green, blue = pixels.convert("RGB").resize((64, 64)).split()
    small = ImageChops.darker(ImageChops.darker(red, green), blue)
    sides = [small.crop(box) for box in ((0, 0, 64, 1), (0, 63, 64, 64), (0, 0, 1, 64), (63, 0, 64, 64))]
    shares = [sum(side.histogram()[WHITE:]) / 64 for side in sides]
    if min(shares) > 0.95:
        return "all"
    return "most" if sum(shares) > 4 * 0.7 else ""


def waiting() -> int:
    """How many pictures the worker has still to render: those that are asked for, and those just noted."""
    asked = Message.objects.filter(job="catalog.render_image", done_at=None, dead_at=None).count()
    noted = Change.objects.filter(model="catalog.image", done_at=None)
    return asked + sum(row.before is None for change in noted for row in change.noted())


def _formats(pixels: Pixels.Image, is_cut_out: bool, is_preview: bool) -> dict[str, Options]:
    """What to make, and how; browsers take the first that they know, so AVIF only if it is smaller."""
    formats = {"webp": CUT_OUT if is_cut_out else WEBP, "jpeg": JPEG}
    if is_preview or len(_encoded(pixels, "avif", AVIF)) >= len(_encoded(pixels, "webp", formats["webp"])):
        return formats
    return {"avif": AVIF, **formats}


def _encoded(pixels: Pixels.Image, kind: str, options: Options) -> bytes:
    held = io.BytesIO()
    (_on_paper(pixels) if kind == "jpeg" else pixels).save(held, kind.upper(), **options)
    return held.getvalue()


def _scaled(pixels: Pixels.Image, width: int) -> Pixels.Image:
    height = max(1, round(pixels.height * width / pixels.width))
    return pixels.resize((width, height), Pixels.Resampling.LANCZOS)


def _decoded(file: IO[bytes]) -> Pixels.Image:
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadPicture(_("The picture is larger than 10 MB."))
    try:
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
    if profile and pixels.mode in {"RGB", "RGBA", "CMYK"}:
        mode = "RGBA" if pixels.mode == "RGBA" else "RGB"
        try:
            converted = ImageCms.profileToProfile(
                pixels, ImageCms.ImageCmsProfile(io.BytesIO(profile)), SRGB, outputMode=mode
            )
        except (ImageCms.PyCMSError, OSError):
            return pixels  # a broken profile: the numbers as they stand
        if converted is not None:
            return converted
    return pixels


def encode(pixels: Pixels.Image) -> Original:
    """JPEG, or WebP for a cut-out; nothing of the upload's metadata comes along."""
    clean = _plain(pixels)
    clean.info.clear()
    clean.thumbnail((LONG_EDGE, LONG_EDGE), Pixels.Resampling.LANCZOS)
    is_cut_out = clean.mode == "RGBA"
    held = io.BytesIO()
    if is_cut_out:  # a quarter of a PNG's bytes in half its time
        clean.save(held, "WEBP", quality=92, method=2, alpha_quality=90)
    else:
        clean.save(held, "JPEG", quality=92, subsampling=0, optimize=True)
    name = hashlib.sha256(held.getvalue()).hexdigest()[:20]
    content = ContentFile(held.getvalue(), name=f"{name}.{'webp' if is_cut_out else 'jpg'}")
    return Original(content, clean.width, clean.height)


def _plain(pixels: Pixels.Image) -> Pixels.Image:
    """RGB, or RGBA if something shines through: a cut-out."""
    if "A" not in pixels.getbands() and "transparency" not in pixels.info:
        return pixels.convert("RGB")
    solid = pixels.convert("RGBA")
    is_opaque = solid.getchannel("A").getextrema()[0] == 255
    return solid.convert("RGB") if is_opaque else solid


def _on_paper(pixels: Pixels.Image) -> Pixels.Image:
    """RGB; what shines through is paper."""
    if pixels.mode == "RGB":
        return pixels
    paper = Pixels.new("RGB", pixels.size, PAPER)
    paper.paste(pixels, mask=pixels)
    return paper


def _save(name: str, content: ContentFile) -> str:
    """Stores under exactly this name, which follows from the content: what is there already is the same.

    Unless whoever wrote it was killed on the way: then it is shorter, and written again.
    """
    if default_storage.exists(name):
        if default_storage.size(name) == content.size:
            return name
        default_storage.delete(name)
    return default_storage.save(name, content)
