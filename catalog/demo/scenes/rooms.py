"""Prints in scale: on a wall above furniture whose size everyone knows. Ten units are a centimetre."""

from __future__ import annotations

import random

from PIL import Image

from catalog.demo.palettes import Palette, mix, palette
from catalog.demo.plan import Art, PicturePlan
from catalog.demo.scenes import furniture
from catalog.demo.scenes.frames import framed, hang, loose
from catalog.demo.scenes.surface import Canvas

W, H = 1920, 2400
SIZES = {"30x40": (30, 40), "40x50": (40, 50), "50x70": (50, 70), "70x100": (70, 100)}


def room(plan: PicturePlan, scale: float) -> Image.Image:
    inks = palette(plan.palette)
    canvas = Canvas(W, H, scale)
    floor = 2060
    ground(canvas, floor)
    frame = plan.option("frame", "oak")
    across, tall = SIZES[plan.option("size", "50x70")]
    if plan.option("wide", 0):
        across, tall = tall, across
    border = 0 if frame == "none" else 6
    w, h = (across + border) * 10.0, (tall + border) * 10.0
    piece_of = furniture.PIECES[plan.option("setting", "sideboard")]
    body, box, top, shadow = piece_of(floor, accents(inks, plan.seed))
    shift = float(plan.option("shift", 0))
    x = W / 2 - w / 2 + shift
    y = max(110.0, min(top - 170 - h, 820 - h / 2))
    if frame == "none":
        piece = loose(Art.of(plan), w * scale, h * scale, scale)
        canvas.shadow((x + 4, y, w - 8, h - 6), 30, 0.22, dy=22, spread=-12)
        canvas.shadow((x + 4, y, w - 8, h - 6), 8, 0.22, dy=6, spread=-3)
        canvas.put(piece, x, y)
    else:
        hang(canvas, framed(Art.of(plan), w * scale, h * scale, frame, scale, 0.075), x, y, depth=0.62)
    for outline, blur, opacity in shadow:
        canvas.shadow(outline, blur, opacity)
    canvas.drawing(body, box)
    return canvas.finished()


def ground(canvas: Canvas, floor: float) -> None:
    """The floor band, with a thin skirting where it meets the wall, which is the mat."""
    canvas.veil(0, floor, canvas.width, canvas.height - floor, "#a98f66", 0.34)
    canvas.veil(0, floor - 58, canvas.width, 58, "#ffffff", 0.12)
    canvas.veil(0, floor - 58, canvas.width, 3, "#000000", 0.10)
    canvas.veil(0, floor - 2, canvas.width, 6, "#000000", 0.20)
    canvas.shadow((0, floor, canvas.width, 6), 26, 0.16, dy=10)


def accents(inks: Palette, seed: int) -> tuple[str, str, str]:
    """Three calm colours for the things around, taken from the print so that the room agrees with it."""
    chance = random.Random(seed)
    first, second, third = chance.sample(inks.colours, 3)
    quiet = "#b9ab96"
    return mix(first, quiet, 0.32), mix(second, quiet, 0.38), mix(third, quiet, 0.25)


def hero(plan: PicturePlan, scale: float) -> Image.Image:
    """Three frames on the autumn wall, a bench below, and much air."""
    width, height = 2400, 2140
    canvas = Canvas(width, height, scale)
    floor = 1760
    ground(canvas, floor)
    hung = (
        (Art.of(plan), "black", 226, 196, 872),
        (Art.parse(str(plan.option("second"))), "oak", 1278, 156, 640),
        (Art.parse(str(plan.option("third"))), "white", 1530, 1000, 470),
    )
    for art, frame, x, y, w in hung:
        h = w / 0.805
        hang(canvas, framed(art, w * scale, h * scale, frame, scale), x, y, depth=0.82)
    body, box, _, shadow = furniture.bench(floor, accents(palette(plan.palette), 3))
    for outline, blur, opacity in shadow:
        canvas.shadow(outline, blur, opacity)
    canvas.drawing(body, box)
    return canvas.finished()
