"""Families from the kitchen table: still lifes with vases and bowls, citrus cut in half."""

from __future__ import annotations

import math

from catalog.demo.drawing.plants import leaf
from catalog.demo.drawing.sheet import Sheet, number
from catalog.demo.palettes import mix

VASES = {
    "bottle": "M-26 -300H26V-190C30 -150 92 -120 92 -40V0H-92V-40C-92 -120 -30 -150 -26 -190Z",
    "round": "M-44 -232H44C40 -205 44 -196 70 -180C150 -130 140 -20 62 0"
    "H-62C-140 -20 -150 -130 -70 -180C-44 -196 -40 -205 -44 -232Z",
    "tall": "M-52 -380C-30 -330 -34 -290 -52 -220C-78 -130 -70 -60 -50 0"
    "H50C70 -60 78 -130 52 -220C34 -290 30 -330 52 -380Z",
    "jug": "M-56 -260L-70 -280H58C52 -240 60 -220 74 -190C104 -120 90 -30 60 0"
    "H-60C-90 -30 -104 -120 -74 -190C-62 -216 -52 -236 -56 -260Z",
    "bowl": "M-150 -118H150C146 -50 96 -12 62 -8V0H-62V-8C-96 -12 -146 -50 -150 -118Z",
}


def still_life(sheet: Sheet) -> None:
    """Two or three vessels on a table edge, with fruit, and a window of colour behind."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("shelf", "bowl", "bouquet")
    unit = min(w, h) / 1000
    colours = sheet.palette.colours
    table = h * 0.74
    panel = sheet.palette.soft
    sheet.rect(w / 2 - 330 * unit, h * 0.12, 660 * unit, table - h * 0.12, panel)
    sheet.rect(0, table, w, h - table, mix(colours[2], sheet.palette.paper, 0.12))
    sheet.rect(0, table, w, 9 * unit, sheet.palette.ink)
    base = table + 46 * unit
    if motif == "bouquet":
        _sprays(sheet, w / 2, base - 225 * 1.25 * unit, unit)
        _vase(sheet, "round", w / 2, base, 1.25 * unit, colours[0], True)
        _fruit(sheet, w / 2 + 265 * unit, base, 58 * unit, colours[1])
    elif motif == "bowl":
        _vase(sheet, "tall", w / 2 - 205 * unit, base - 14 * unit, 1.3 * unit, colours[0], True)
        for dx, dy, size, ink in (
            (20, 150, 74, colours[1]),
            (150, 158, 82, colours[3]),
            (88, 215, 72, colours[1]),
        ):
            _fruit(sheet, w / 2 + (dx + 50) * unit, base + (76 - dy) * unit, size * unit, ink)
        _vase(sheet, "bowl", w / 2 + 135 * unit, base + 6 * unit, 1.25 * unit, sheet.palette.ink, False)
    else:
        kinds = rng.sample(("bottle", "round", "tall", "jug"), 3)
        inks = [*sheet.shuffled(colours[:2]), sheet.palette.ink]
        for kind, dx, ink, scale in zip(kinds, (-225, 15, 240), inks, (1.35, 1.2, 1.15), strict=True):
            _vase(sheet, kind, w / 2 + dx * unit, base, scale * unit, ink, ink != sheet.palette.ink)
        _fruit(sheet, w / 2 - 92 * unit, base + 62 * unit, 52 * unit, colours[1])
        _fruit(sheet, w / 2 + 128 * unit, base + 72 * unit, 46 * unit, colours[3])


def _vase(sheet: Sheet, kind: str, x: float, base: float, scale: float, ink: str, banded: bool) -> None:
    turn = f"translate({number(x)} {number(base)}) scale({scale:.3f})"
    name = f"vase{len(sheet.parts)}"
    sheet.shape(VASES[kind], ink, turn=turn)
    sheet.clip(name, f'<path d="{VASES[kind]}" transform="{turn}"/>')
    shade = (
        mix(ink, sheet.palette.ink, 0.22) if ink != sheet.palette.ink else mix(ink, sheet.palette.paper, 0.16)
    )
    sheet.rect(x + 18 * scale, base - 400 * scale, 200 * scale, 420 * scale, shade)
    if banded:
        for index in range(3):
            sheet.rect(
                x - 200 * scale,
                base - (118 - index * 22) * scale,
                400 * scale,
                8 * scale,
                sheet.palette.paper,
                0.85,
            )
    sheet.end()


def _fruit(sheet: Sheet, x: float, base: float, size: float, ink: str) -> None:
    sheet.circle(x, base - size, size, ink)
    sheet.shape(
        f"M{number(x)} {number(base - 2 * size)}A{number(size)} {number(size)} 0 0 1 {number(x)} "
        f"{number(base)}"
        f"A{number(size * 0.55)} {number(size)} 0 0 0 {number(x)} {number(base - 2 * size)}Z",
        mix(ink, sheet.palette.ink, 0.15),
    )
    sheet.stroke(
        f"M{number(x)} {number(base - 1.86 * size)}q{number(size * 0.05)} {number(-size * 0.3)} "
        f"{number(size * 0.24)} {number(-size * 0.42)}",
        sheet.palette.ink,
        size * 0.09,
    )


def _sprays(sheet: Sheet, x: float, y: float, unit: float) -> None:
    rng, colours = sheet.rng, sheet.palette.colours
    for index in range(9):
        angle = -90 + (index - 4) * 17 + rng.uniform(-4, 4)
        reach = rng.uniform(240, 350) * unit
        a = math.radians(angle)
        tip = (x + math.cos(a) * reach, y + math.sin(a) * reach)
        ink = sheet.palette.ink if index % 2 else colours[3]
        sheet.stroke(f"M{number(x)} {number(y + 30 * unit)}L{number(tip[0])} {number(tip[1])}", ink, 5 * unit)
        if index % 3 == 1:
            sheet.circle(tip[0], tip[1], 46 * unit, colours[0] if index % 2 else colours[1])
            sheet.circle(tip[0], tip[1], 17 * unit, sheet.palette.paper)
        else:
            for step in range(3, 8):
                px, py = x + math.cos(a) * reach * step / 7, y + math.sin(a) * reach * step / 7
                for side in (-1, 1):
                    sheet.shape(
                        leaf(62 * unit, 15 * unit),
                        ink,
                        turn=f"translate({number(px)} {number(py)}) rotate({number(angle + side * 38)})",
                    )


def citrus(sheet: Sheet) -> None:
    """Slices and whole fruit scattered in rows like a market crate."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("crate", "slices", "branch")
    unit = min(w, h) / 1000
    colours = sheet.palette.colours
    columns = 3 if not sheet.is_wide else 5
    size = w * 0.82 / columns
    rows = max(2, int(h * 0.86 / size))
    left, top = (w - columns * size) / 2, (h - rows * size) / 2
    if motif == "branch":
        left, top = left, top
    for row in range(rows):
        for column in range(columns):
            x, y = left + (column + 0.5) * size, top + (row + 0.5) * size
            ink = colours[(row + column) % 2]
            radius = size * 0.4
            if motif == "slices" or (motif == "crate" and (row + column) % 2 == 0):
                _slice(sheet, x, y, radius, ink)
            else:
                green = colours[2]
                for side in (-1, 1):
                    sheet.shape(
                        leaf(radius * 1.0, radius * 0.24),
                        green,
                        turn=f"translate({number(x)} {number(y - radius * 0.72)}) "
                        f"rotate({number(-90 + side * 52 + rng.uniform(-8, 8))})",
                    )
                sheet.circle(x, y + radius * 0.1, radius * 0.86, ink)
                for _ in range(9):
                    a, d = rng.uniform(0, math.tau), rng.uniform(0.1, 0.7) * radius
                    sheet.circle(
                        x + math.cos(a) * d,
                        y + math.sin(a) * d + radius * 0.1,
                        4.5 * unit,
                        mix(ink, sheet.palette.ink, 0.25),
                    )


def _slice(sheet: Sheet, x: float, y: float, radius: float, ink: str) -> None:
    sheet.circle(x, y, radius, ink)
    sheet.circle(x, y, radius * 0.86, sheet.palette.paper if not sheet.palette.is_dark else sheet.palette.ink)
    parts = 9
    turn = sheet.rng.uniform(0, 1)
    for index in range(parts):
        a0 = (index + 0.07 + turn) / parts * math.tau
        a1 = (index + 0.93 + turn) / parts * math.tau
        middle = (a0 + a1) / 2
        r = radius * 0.78
        cx, cy = x + math.cos(middle) * radius * 0.09, y + math.sin(middle) * radius * 0.09
        sheet.shape(
            f"M{number(cx)} {number(cy)}L{number(x + math.cos(a0) * r)} {number(y + math.sin(a0) * r)}"
            f"A{number(r)} {number(r)} 0 0 1 {number(x + math.cos(a1) * r)} {number(y + math.sin(a1) * r)}Z",
            mix(ink, sheet.palette.paper, 0.12),
        )
