"""Frames, mats and loose sheets: the print as a thing with an edge."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from catalog.demo.palettes import rgb
from catalog.demo.plan import Art
from catalog.demo.scenes.surface import Canvas, grained, printed, ramp

MAT = "#fdfcf8"
LEDGE = "#d2ab7b"  # the pale oak of ledges and shelves
WOODS = {
    "oak": ("#c99a5f", "#b07d42", "#dcb67f"),
    "black": ("#24221f", "#191816", "#35322d"),
    "white": ("#f6f3ec", "#e9e5dc", "#fffefb"),
}


@lru_cache(maxsize=24)
def timber(kind: str, length: int, width: int) -> Image.Image:
    """A planed rail, grain along its length; deterministic, cut from the same plank every time."""
    base, dark, light = (np.array(rgb(c), dtype=np.float32) for c in WOODS[kind])
    generator = np.random.default_rng({"oak": 11, "black": 12, "white": 13}[kind])
    rows, columns = width, max(8, length // 24)
    coarse = generator.standard_normal((rows, columns)).astype(np.float32)
    long_grain = np.array(
        Image.fromarray(coarse, "F").resize((length, rows), Image.Resampling.BICUBIC), dtype=np.float32
    )
    drift = np.interp(np.linspace(0, 8, length), range(9), generator.standard_normal(9)).astype(np.float32)
    amount = {"oak": 0.30, "black": 0.12, "white": 0.10}[kind]
    tone = np.clip(long_grain * amount + drift[None, :] * amount * 0.5, -1, 1)[:, :, None]
    colour = base + np.where(tone > 0, (light - base) * tone, (dark - base) * -tone)
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8), "RGB")


def frame(width: int, height: int, border: int, kind: str) -> Image.Image:
    """Four mitred rails around an empty middle, lit from above."""
    image = Image.new("RGB", (width, height))
    across, up = (
        timber(kind, width, border),
        timber(kind, height, border).transpose(Image.Transpose.ROTATE_90),
    )
    image.paste(up, (0, 0))
    image.paste(up.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (width - border, 0))
    mitre = Image.new("L", (width, border), 0)
    ImageDraw.Draw(mitre).polygon(
        [(0, 0), (width - 1, 0), (width - border, border), (border - 1, border)], fill=255
    )
    image.paste(across, (0, 0), mitre)
    image.paste(across, (0, height - border), mitre.transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    draw = ImageDraw.Draw(image, "RGBA")
    fine = max(1, border // 18)
    draw.rectangle((0, 0, width, fine - 1), fill=(255, 255, 255, 70 if kind != "black" else 38))
    draw.rectangle((0, height - fine, width, height), fill=(0, 0, 0, 60 if kind != "white" else 36))
    draw.rectangle((width - fine, 0, width, height), fill=(0, 0, 0, 34 if kind != "white" else 22))
    for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        inner = (border if x == 0 else width - 1 - border, border if y == 0 else height - 1 - border)
        draw.line(((x, y), inner), fill=(0, 0, 0, 46 if kind == "oak" else 26), width=fine)
    if kind == "white":
        draw.rectangle((0, 0, width - 1, height - 1), outline=(120, 105, 90, 62), width=max(1, fine))
    return image


def framed(art: Art, width: float, height: float, kind: str, scale: float, mat: float = 0.066) -> Image.Image:
    """A framed print, `width` by `height` in pixels, mat and all."""
    w, h = round(width), round(height)
    short = min(w, h)
    border = max(2, round(short * (0.037 if kind != "white" else 0.04)))
    image = frame(w, h, border, kind)
    inner = (w - 2 * border, h - 2 * border)
    sheet = grained(Image.new("RGB", inner, MAT), 0.9, scale, coarse=0.6)
    edge = max(1, round(short * 0.014))
    # The rebate throws a thin shade on the mat: longest under the top rail, since the light is above.
    sheet.paste((58, 44, 30), (0, 0), ramp((inner[0], edge * 2), 0.20, 0))
    for x, flip in ((0, False), (inner[0] - edge, True)):
        mask = ramp((edge, inner[1]), 0.02 if flip else 0.11, 0.11 if flip else 0.0, vertical=False)
        sheet.paste((58, 44, 30), (x, 0), mask)
    margin = round(short * mat)
    bevel = max(1, round(short * 0.0022))
    window = (margin, margin, inner[0] - margin, inner[1] - margin)
    size = (window[2] - window[0], window[3] - window[1])
    draw = ImageDraw.Draw(sheet)
    draw.rectangle(
        (window[0] - bevel, window[1] - bevel, window[2] + bevel - 1, window[3] + bevel - 1), fill="#dcd5c8"
    )
    draw.rectangle((window[0], window[1], window[2] + bevel - 1, window[3] + bevel - 1), fill="#ffffff")
    sheet.paste(printed(art, *size, scale), window[:2])
    sheet.paste((40, 30, 20), window[:2], ramp((size[0], max(1, edge // 2)), 0.16, 0))
    image.paste(sheet, (border, border))
    return image


def hang(canvas: Canvas, piece: Image.Image, x: float, y: float, depth: float = 1.0) -> None:
    """Hang a framed piece on the wall: a tight contact shadow and a long soft one below."""
    w, h = piece.width / canvas.scale, piece.height / canvas.scale
    canvas.shadow((x, y, w, h), 74 * depth, 0.30, dy=64 * depth, spread=-26 * depth)
    canvas.shadow((x, y, w, h), 26 * depth, 0.26, dy=24 * depth, spread=-6 * depth)
    canvas.shadow((x, y, w, h), 6 * depth, 0.30, dy=5 * depth)
    canvas.put(piece, x, y)


def deckle(size: tuple[int, int], seed: int, rough: float, sides: str = "bottom") -> Image.Image:
    """A mask with torn, feathery edges where the mould left them; cut straight elsewhere."""
    w, h = size
    generator = np.random.default_rng(seed)

    def edge(length: int) -> np.ndarray:
        total = np.zeros(length, dtype=np.float32)
        for step, weight in ((140, 0.55), (46, 0.3), (14, 0.22), (5, 0.12)):
            knots = generator.standard_normal(max(4, int(length / (step * rough / 9 + 1)) + 2))
            total += weight * np.interp(np.linspace(0, len(knots) - 1, length), range(len(knots)), knots)
        return rough * (1.1 + total)

    alpha = np.full((h, w), 255, dtype=np.uint8)
    band = min(int(rough * 4) + 3, h // 3, w // 3)
    softness = max(1.0, rough * 0.16)
    ladder = np.arange(band, dtype=np.float32)
    for side in sides.split():
        length = w if side in ("bottom", "top") else h
        inside = np.clip((ladder[:, None] - edge(length)[None, :]) / softness + 0.5, 0, 1) * 255
        values = inside.astype(np.uint8)
        if side == "bottom":
            alpha[h - band :] = np.minimum(alpha[h - band :], values[::-1])
        elif side == "top":
            alpha[:band] = np.minimum(alpha[:band], values)
        elif side == "left":
            alpha[:, :band] = np.minimum(alpha[:, :band], values.T)
        else:
            alpha[:, w - band :] = np.minimum(alpha[:, w - band :], values[::-1].T)
    return Image.fromarray(alpha, "L")


def loose(
    art: Art,
    width: float,
    height: float,
    scale: float,
    margin: float = 0.085,
    sides: str = "bottom left right",
) -> Image.Image:
    """The bare sheet: cotton paper with a generous margin and deckled edges."""
    w, h = round(width), round(height)
    sheet = grained(Image.new("RGB", (w, h), "#fbf9f3"), 2.4, scale, shift=art.seed)
    inset = round(min(w, h) * margin)
    sheet.paste(printed(art, w - 2 * inset, h - round(inset * 2.25), scale), (inset, inset))
    piece = sheet.convert("RGBA")
    piece.putalpha(deckle((w, h), art.seed, max(0.6, 4.4 * scale), sides))
    return piece
