"""Pixels: rasterising the art, paper grain, soft shadows, masks. Everything else composes these."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import resvg_py
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from catalog.demo.drawing import compose
from catalog.demo.palettes import rgb
from catalog.demo.plan import Art

Box = tuple[float, float, float, float]


def raster(svg: str, width: int, mode: str = "RGB") -> Image.Image:
    data = resvg_py.svg_to_bytes(svg_string=svg, width=max(1, width), skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(data))).convert(mode)


def _noise(size: int, blur: float, seed: int) -> np.ndarray:
    """Gaussian noise, blurred on a torus so that it tiles without a seam; unit deviation."""
    field = np.random.default_rng(seed).standard_normal((size, size)).astype(np.float32)
    frequency = np.fft.fftfreq(size)
    falloff = np.exp(-2 * (np.pi * blur) ** 2 * frequency**2)
    spectrum = np.fft.rfft2(field) * falloff[:, None] * falloff[None, : size // 2 + 1]
    smooth = np.fft.irfft2(spectrum, s=(size, size))
    return smooth / smooth.std()


@lru_cache(maxsize=12)
def _grain(strength: float, coarse: float, scale: float) -> Image.Image:
    """A tile of paper: fine tooth, coarser felt marks, a few long fibres. Mid grey is no change."""
    size = 768
    tooth = _noise(size, max(0.35, 1.0 * scale), 3) * 0.75
    felt = _noise(size, max(0.5, 2.3 * scale), 5) * 0.45
    flecks = np.where(_noise(size, max(0.4, 1.8 * scale), 8) > 2.5, -2.6, 0.0)
    values = 128 + strength * (tooth + felt * coarse + flecks * coarse * 0.6)
    tile = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")
    sheet = Image.new("L", (size * 4, size * 4))
    for x in range(4):
        for y in range(4):
            sheet.paste(tile, (x * size, y * size))
    return Image.merge("RGB", (sheet, sheet, sheet))


def grained(
    image: Image.Image, strength: float, scale: float, coarse: float = 1.0, shift: int = 0
) -> Image.Image:
    """Lay paper grain over a picture; it brightens and darkens alike, so it shows on navy as on cream."""
    tile = _grain(strength, coarse, round(scale, 3))
    x, y = shift * 97 % 700, shift * 57 % 700
    patch = tile.crop((x, y, x + image.width, y + image.height))
    return ImageChops.add(image, patch, scale=1, offset=-128)


def printed(art: Art, width: float, height: float, scale: float, view: Box | None = None) -> Image.Image:
    """The art on paper, `width` by `height` pixels; `view` picks a part of it (fractions of the sheet)."""
    pixels = (max(2, round(width)), max(2, round(height)))
    if view is None:
        svg = compose(art, pixels[0] / pixels[1]).svg()
    else:
        x, y, w, h = view
        ratio = pixels[0] / pixels[1] * h / w
        sheet = compose(art, ratio)
        svg = sheet.svg((x * sheet.w, y * sheet.h, w * sheet.w, h * sheet.h))
    # Seen from near, ink has soft edges anyway: a close-up is rasterised at three quarters of its size.
    image = raster(svg, pixels[0] if view is None else round(pixels[0] * 0.75))
    if image.size != pixels:
        image = image.resize(pixels, Image.Resampling.BICUBIC)
    return grained(image, 4.4, scale, shift=art.seed)


class Canvas:
    """A picture being put together, in units of which the full-size picture has one a pixel.

    Nothing lies under it: the storefront paints the mat. Its colours are kept multiplied by their alpha, for
    then pasting through a mask is laying one thing over another, even a shadow over nothing.
    """

    def __init__(self, width: int, height: int, scale: float) -> None:
        self.scale = scale
        self.width = width
        self.height = height
        self.image = Image.new("RGBa", (round(width * scale), round(height * scale)), (0, 0, 0, 0))

    def px(self, value: float) -> int:
        return round(value * self.scale)

    def fill(self, x: float, y: float, w: float, h: float, colour: str) -> None:
        box = (self.px(x), self.px(y), self.px(x + w), self.px(y + h))
        self.image.paste((*rgb(colour), 255), box)

    def veil(self, x: float, y: float, w: float, h: float, colour: str, opacity: float) -> None:
        box = (self.px(x), self.px(y), self.px(x + w), self.px(y + h))
        size = (box[2] - box[0], box[3] - box[1])
        if min(size) > 0:
            # As a picture: a plain colour, Pillow would paste whole where there was nothing yet.
            sheet = Image.new("RGBa", size, (*rgb(colour), 255))
            self.image.paste(sheet, box, Image.new("L", size, round(opacity * 255)))

    def put(self, piece: Image.Image, x: float, y: float, mask: Image.Image | None = None) -> None:
        if mask is None and piece.mode == "RGBA":
            mask = piece.getchannel("A")
            piece = piece.convert("RGB")
        self.image.paste(piece, (self.px(x), self.px(y)), mask)

    def drawing(self, body: str, box: Box) -> None:
        """Put an SVG drawing (in canvas units) on the picture; only `box` is rasterised."""
        x, y, w, h = box
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {w} {h}">{body}</svg>'
        self.put(raster(svg, self.px(w), "RGBA"), x, y)

    def shadow(
        self,
        outline: Box | list[tuple[float, float]],
        blur: float,
        opacity: float,
        dx: float = 0,
        dy: float = 0,
        spread: float = 0,
    ) -> None:
        """A soft shadow: black, for dark mats too; drawn small and blown up, as blur at full size costs."""
        if isinstance(outline, tuple):
            x, y, w, h = outline
            points = [
                (x - spread, y - spread),
                (x + w + spread, y - spread),
                (x + w + spread, y + h + spread),
                (x - spread, y + h + spread),
            ]
        else:
            points = outline
        points = [(px + dx, py + dy) for px, py in points]
        reach = blur * 2.7 + 2
        left, top = min(p[0] for p in points) - reach, min(p[1] for p in points) - reach
        right, bottom = max(p[0] for p in points) + reach, max(p[1] for p in points) + reach
        shrink = max(1.0, blur * self.scale / 3.5)
        factor = self.scale / shrink
        size = (max(2, round((right - left) * factor)), max(2, round((bottom - top) * factor)))
        small = Image.new("L", (size[0] * 2, size[1] * 2), 0)
        ImageDraw.Draw(small).polygon(
            [((px - left) * factor * 2, (py - top) * factor * 2) for px, py in points],
            fill=round(255 * opacity),
        )
        small = small.reduce(2).filter(ImageFilter.GaussianBlur(blur * factor))
        full = (max(1, self.px(right - left)), max(1, self.px(bottom - top)))
        mask = small.resize(full, Image.Resampling.BICUBIC)
        self.image.paste((0, 0, 0, 255), (self.px(left), self.px(top)), mask)

    def finished(self) -> Image.Image:
        """The picture, transparent where nothing lies."""
        return self.image.convert("RGBA")


def rounded(size: tuple[int, int], left: float, right: float) -> Image.Image:
    """A mask with its own radius for the left and the right corners, antialiased."""
    w, h = size
    mask = Image.new("L", (w, h), 255)
    for radius, xs in ((left, (0, None)), (right, (None, w))):
        r = int(radius)
        if r < 1:
            continue
        big = Image.new("L", (r * 8, r * 8), 0)
        ImageDraw.Draw(big).ellipse((0, 0, r * 8 - 1, r * 8 - 1), fill=255)
        disc = big.reduce(4)
        x = 0 if xs[0] == 0 else w - r
        part = (0, r) if xs[0] == 0 else (r, 2 * r)
        mask.paste(disc.crop((part[0], 0, part[1], r)), (x, 0))
        mask.paste(disc.crop((part[0], r, part[1], 2 * r)), (x, h - r))
    return mask


def turned(piece: Image.Image, degrees: float) -> Image.Image:
    """The piece, turned about its middle, with soft edges (a pixel of air keeps them from stairs)."""
    source = Image.new("RGBA", (piece.width + 4, piece.height + 4), (0, 0, 0, 0))
    source.paste(piece, (2, 2))
    return source.rotate(degrees, Image.Resampling.BILINEAR, expand=True)


def corners(x: float, y: float, w: float, h: float, degrees: float) -> list[tuple[float, float]]:
    """The corners of a box turned counter-clockwise about its middle, as turned() turns it."""
    angle = -np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    cx, cy = x + w / 2, y + h / 2
    return [
        (cx + dx * cos - dy * sin, cy + dx * sin + dy * cos)
        for dx, dy in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2))
    ]


def ramp(size: tuple[int, int], start: float, end: float, vertical: bool = True) -> Image.Image:
    """A mask that runs evenly from one opacity to another: for creases and the shade under a frame."""
    w, h = max(1, size[0]), max(1, size[1])
    values = np.linspace(start * 255, end * 255, h if vertical else w).astype(np.uint8)
    strip = Image.fromarray(values[:, None] if vertical else values[None, :], "L")
    return strip.resize((w, h), Image.Resampling.NEAREST)
