"""Families built on the circle: suns over a horizon, moons, rings and arches."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number
from catalog.demo.palettes import mix


def suns(sheet: Sheet) -> None:
    """Two or three overprinted discs above a horizon of thinning lines."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    first, second, third, _ = sheet.palette.colours
    unit = min(w, h) / 1000
    if not sheet.is_wide:
        unit *= 1.07
    middle_x, horizon = w * 0.5, h * (0.745 if not sheet.is_wide else 0.78)
    motif = sheet.pick("trio", "pair", "low", "stack")
    flip = -1 if motif != "trio" and rng.random() < 0.5 else 1
    discs: list[tuple[float, float, float, str, float]]
    if motif == "trio":
        discs = [(-50, -342, 300, first, 1), (-248, -127, 120, third, 1), (112, -204, 220, second, 0.92)]
    elif motif == "pair":
        discs = [(-110, -330, 250, first, 1), (130, -190, 190, second, 0.9)]
    elif motif == "low":
        discs = [(20, 0, 345, first, 1), (-190, -395, 112, second, 0.95)]
    else:
        discs = [(0, -440, 160, third, 1), (0, -205, 205, first, 0.93), (0, 0, 250, second, 0.9)]
    if motif in ("low", "stack"):
        sheet.clip("above", f'<rect x="0" y="0" width="{number(w)}" height="{number(horizon)}"/>')
    for dx, dy, radius, colour, opacity in discs:
        sheet.circle(middle_x + flip * dx * unit, horizon + dy * unit, radius * unit, colour, opacity)
    if motif in ("low", "stack"):
        sheet.end()
    lines = 9
    span = 760 * unit
    for index in range(lines):
        y = horizon + (4 + index * 21) * unit
        inset = 0.0 if motif in ("trio", "pair") else abs(math.sin(index * 1.7 + rng.random())) * 90 * unit
        sheet.rect(
            middle_x - span / 2 + inset,
            y,
            span - inset * 2,
            (8 - index * 0.35) * unit,
            sheet.palette.ink,
            round(1 - index * 0.095, 2),
        )


def moons(sheet: Sheet) -> None:
    """An eclipse with its corona, a row of phases, or one moon over its own reflection."""
    motif = sheet.pick("eclipse", "phases", "tide")
    {"eclipse": _eclipse, "phases": _phases, "tide": _tide}[motif](sheet)


def _stars(sheet: Sheet, count: int, low: float, high: float) -> None:
    for _ in range(count):
        x, y = sheet.rng.uniform(0.08, 0.92) * sheet.w, sheet.rng.uniform(low, high) * sheet.h
        sheet.circle(x, y, sheet.rng.choice((2.2, 3, 4.5)), sheet.palette.ink, 0.75)


def _eclipse(sheet: Sheet) -> None:
    w, h, colours = sheet.w, sheet.h, sheet.palette.colours
    unit = min(w, h) / 1000
    x, y, radius = w / 2, h * 0.46, 268 * unit
    _stars(sheet, 34, 0.06, 0.94)
    rays = 96
    for index in range(rays):
        angle = index / rays * math.tau
        reach = radius * (1.18 + 0.16 * math.sin(index * 3 * math.tau / 24) + 0.2 * (index % 4 == 0))
        inner = radius * 1.09
        sheet.stroke(
            f"M{number(x + math.cos(angle) * inner)} {number(y + math.sin(angle) * inner)}"
            f"L{number(x + math.cos(angle) * reach)} {number(y + math.sin(angle) * reach)}",
            colours[0] if index % 2 else colours[1],
            4.5 * unit,
        )
    sheet.circle(x, y, radius, colours[0])
    sheet.circle(
        x + radius * 0.13,
        y + radius * 0.09,
        radius * 0.96,
        mix(sheet.palette.ink, sheet.palette.paper, 0.9) if sheet.palette.is_dark else sheet.palette.ink,
    )
    sheet.ring(x, y, radius * 1.52, sheet.palette.ink, 2.4 * unit, 0.5)


def _phases(sheet: Sheet) -> None:
    w, h, colours = sheet.w, sheet.h, sheet.palette.colours
    unit = min(w, h) / 1000
    rows, columns = (5, 3) if not sheet.is_wide else (3, 5)
    step_x, step_y = w * 0.76 / columns, h * 0.78 / rows
    radius = min(step_x, step_y) * 0.38
    dark = mix(sheet.palette.paper, sheet.palette.ink, 0.16 if sheet.palette.is_dark else 0.12)
    total = rows * columns
    for index in range(total):
        x = w * 0.12 + step_x * (index % columns + 0.5)
        y = h * 0.11 + step_y * (index // columns + 0.5)
        share = index / (total - 1) * 2
        lit = share if share <= 1 else 2 - share
        sheet.circle(x, y, radius, dark)
        colour = colours[0] if index != total // 2 else colours[1]
        bulge = radius * (2 * lit - 1)
        side = 1 if share <= 1 else 0
        sheet.shape(
            f"M{number(x)} {number(y - radius)}A{number(radius)} {number(radius)} 0 0 {side} {number(x)} "
            f"{number(y + radius)}A{number(abs(bulge) + 0.1)} {number(radius)} 0 0 "
            f"{side if bulge > 0 else 1 - side} {number(x)} {number(y - radius)}Z",
            colour,
        )
    sheet.ring(w / 2, h * 0.5, 6 * unit, sheet.palette.ink, 0.1, 0)


def _tide(sheet: Sheet) -> None:
    w, h, rng, colours = sheet.w, sheet.h, sheet.rng, sheet.palette.colours
    unit = min(w, h) / 1000
    horizon = h * 0.56
    sheet.rect(0, horizon, w, h - horizon, mix(colours[2], sheet.palette.paper, 0.1))
    x = w * rng.choice((0.42, 0.5, 0.58))
    _stars(sheet, 22, 0.05, 0.5)
    sheet.circle(x, horizon - 235 * unit, 195 * unit, colours[0])
    for index in range(15):
        y = horizon + (24 + index * 27) * unit
        length = (330 - index * 13 + rng.uniform(-55, 55)) * unit
        shift = rng.uniform(-36, 36) * unit
        sheet.rect(x - length / 2 + shift, y, length, 11 * unit, colours[0], 1, 5.5 * unit)
    for _ in range(26):
        y = horizon + rng.uniform(0.05, 0.97) * (h - horizon)
        sheet.rect(
            rng.uniform(0, w), y, rng.uniform(40, 150) * unit, 4 * unit, sheet.palette.ink, 0.28, 2 * unit
        )


def arches(sheet: Sheet) -> None:
    """Nested arches: one great rainbow, a stack of bridges, or a colonnade."""
    motif = sheet.pick("rainbow", "bridges", "gate")
    w, h = sheet.w, sheet.h
    unit = min(w, h) / 1000
    inks = [*sheet.palette.colours[:3], sheet.palette.soft, sheet.palette.colours[3]]
    if motif == "rainbow":
        base = h * 0.78
        bands = sheet.shuffled(inks)
        _arch(sheet, w / 2, base, 370 * unit, h * 0.1 if not sheet.is_wide else 0, 62 * unit, bands)
        sheet.rect(w / 2 - 370 * unit, base + 26 * unit, 740 * unit, 9 * unit, sheet.palette.ink)
        sheet.circle(w / 2, base - 20 * unit, 36 * unit, inks[0])
    elif motif == "bridges":
        rows = 4 if not sheet.is_wide else 2
        size = min(h * 0.8 / rows / 1.02, w * 0.8 / 2)
        across = max(2, int(w * 0.84 / size))
        left, top = (w - across * size) / 2, (h - rows * size * 0.5 * 1.0 - rows * size * 0.5) / 2
        for row in range(rows):
            for column in range(across):
                bands = sheet.shuffled(inks)[:4]
                centre = left + size * (column + 0.5)
                base = top + size * (row + 1)
                _arch(sheet, centre, base, size * 0.46, size * 0.42, size * 0.105, bands)
    else:
        for index, (dx, scale, lift) in enumerate(((-165, 0.72, 0), (190, 0.56, 0), (20, 0.4, 0))):
            bands = sheet.shuffled(inks)[:4]
            radius = 400 * scale * unit
            _arch(
                sheet,
                w / 2 + dx * unit,
                h * (0.7 + 0.06 * index) - lift,
                radius,
                radius * 0.75,
                radius * 0.2,
                bands,
            )
        sheet.circle(w / 2 + 215 * unit, h * 0.2, 88 * unit, inks[1])


def _arch(
    sheet: Sheet, x: float, base: float, radius: float, leg: float, band: float, inks: list[str]
) -> None:
    for index, ink in enumerate(inks):
        r = radius - index * band
        if r <= band * 0.2:
            return
        sheet.shape(
            f"M{number(x - r)} {number(base)}V{number(base - leg)}A{number(r)} {number(r)} 0 0 1 "
            f"{number(x + r)} "
            f"{number(base - leg)}V{number(base)}Z",
            ink,
        )
    inner = radius - len(inks) * band
    if inner > 0:
        sheet.shape(
            f"M{number(x - inner)} {number(base + 1)}V{number(base - leg)}A{number(inner)} "
            f"{number(inner)} 0 0 1 "
            f"{number(x + inner)} {number(base - leg)}V{number(base + 1)}Z",
            sheet.palette.paper,
        )


def rings(sheet: Sheet) -> None:
    """Concentric rings cut and shifted, like a record or a tree slipped against itself."""
    motif = sheet.pick("slipped", "pond", "quarters")
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    inks = sheet.shuffled(sheet.palette.all)
    if motif == "pond":
        for x, y, reach in ((0.38, 0.36, 300), (0.66, 0.66, 240), (0.25, 0.76, 120)):
            for index in range(int(reach / 22)):
                ink = sheet.palette.colours[0] if index % 4 else sheet.palette.colours[1]
                sheet.ring(w * x, h * y, (reach - index * 22) * unit, ink, 9 * unit, 0.92)
        return
    rows = 4 if motif == "slipped" else 2
    radius = 385 * unit if not sheet.is_wide else 0.43 * h
    for row in range(rows):
        top = h / 2 - radius + row * radius * 2 / rows
        shift = (rng.uniform(-70, 70) if motif == "slipped" else (-60, 60)[row % 2]) * unit
        sheet.clip(
            f"slip{row}",
            f'<rect x="0" y="{number(top)}" width="{number(w)}" '
            f'height="{number(radius * 2 / rows - 7 * unit)}"/>',
        )
        bands = 9
        for index in range(bands):
            ink = (sheet.palette.paper, inks[(index // 2 + row) % len(inks)])[index % 2 == 0]
            sheet.circle(w / 2 + shift, h / 2, radius * (1 - index / bands), ink)
        sheet.end()
