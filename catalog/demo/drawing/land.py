"""Families of land and sea: dunes and hills, alps, harbours, waves."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number, smooth
from catalog.demo.palettes import luminance, mix


def dunes(sheet: Sheet) -> None:
    """Layered hills with a sun or moon; each layer carries the lines of its own slope."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("road", "hills", "coast")
    unit = min(w, h) / 1000
    colours = sheet.palette.colours
    sun, layers = colours[0], [colours[1], colours[2], colours[3]]
    if motif == "coast":
        layers = [colours[2], colours[1], sheet.palette.ink if sheet.palette.is_dark else sheet.palette.soft]
    sun_x = w * (0.43 if motif == "road" else rng.uniform(0.32, 0.66))
    top = h * (0.46 if motif != "hills" else 0.44)
    radius = (155 if motif != "hills" else 128) * unit
    sheet.circle(sun_x, top - radius * (0.98 if motif != "coast" else 0.45), radius, sun)
    phase = rng.uniform(0, 6.28)
    depth = (h - top) / len(layers)
    for index, ink in enumerate(layers):
        base = top + depth * index * 0.94
        amp = (78 - index * 8) * unit
        freq = 1.05 + index * 0.17

        def crest(
            x: float, base: float = base, amp: float = amp, freq: float = freq, index: int = index
        ) -> float:
            t = x / w * 4.2 if not sheet.is_wide else x / h * 3.4
            return (
                base + amp * math.sin(t * freq + phase + index * 1.9) + amp * 0.35 * math.sin(t * 2.3 + index)
            )

        xs = [w * step / 14 for step in range(-1, 16)]
        edge = [(x, crest(x)) for x in xs]
        sheet.shape(f"{smooth(edge)}V{number(h + 5)}H{number(-w)}Z", ink)
        light = luminance(ink) > 0.55
        line = mix(ink, "#000000" if light else "#ffffff", 0.2)
        lines = 11 if index == len(layers) - 1 else 7
        for row in range(1, lines):
            squash = 1 - row / lines * 0.55
            offset = row * 25 * unit
            curve = [(x, base + (y - base) * squash + offset) for x, y in edge]
            sheet.stroke(smooth(curve), line, 2.6 * unit, 0.75)


def alps(sheet: Sheet) -> None:
    """Folded-paper mountains: each face has its light and its shadow."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("dawn", "lake", "snow")
    unit = min(w, h) / 1000
    colours = sheet.palette.colours
    horizon = h * (0.68 if motif == "lake" else 0.86)
    sheet.circle(
        w * rng.uniform(0.26, 0.74), h * 0.3, 118 * unit, colours[2] if motif == "snow" else colours[1]
    )
    ranges = 3
    for layer in range(ranges):
        ink = mix(colours[0], sheet.palette.paper, 0.62 - layer * 0.29)
        shade = mix(ink, sheet.palette.ink, 0.34)
        base = horizon - (ranges - 1 - layer) * 20 * unit
        count = 2 + layer
        span = w * 1.1 / count
        for index in range(count):
            x = -w * 0.05 + (index + 0.5 + rng.uniform(-0.16, 0.16)) * span
            height = (620 - layer * 165) * unit * rng.uniform(0.78, 1.05)
            peak = (x + rng.uniform(-40, 40) * unit, base - height)
            half = span * rng.uniform(0.66, 0.8)
            knee = (peak[0] + half * 0.16, base - height * 0.52)
            foot = (peak[0] - half * 0.1, base - height * 0.2)
            left, right = (peak[0] - half, base), (peak[0] + half, base)
            sheet.shape(_polygon(left, peak, right), ink)
            sheet.shape(_polygon(peak, knee, foot, (peak[0] + half * 0.1, base), right), shade)
            if motif != "dawn" and (layer or sheet.palette.is_dark):
                snow = sheet.palette.paper if not sheet.palette.is_dark else sheet.palette.ink
                share = 0.26
                sheet.shape(
                    _polygon(
                        peak,
                        (peak[0] - half * share, base - height * (1 - share)),
                        (peak[0] - half * share * 0.45, base - height * (1 - share * 0.78)),
                        (peak[0] + half * 0.02, base - height * (1 - share * 1.25)),
                        (peak[0] + half * share * 0.55, base - height * (1 - share * 0.82)),
                        (peak[0] + half * share, base - height * (1 - share)),
                    ),
                    snow,
                )
    sheet.rect(
        0,
        horizon,
        w,
        h - horizon,
        sheet.palette.paper if motif != "lake" else mix(colours[1], sheet.palette.paper, 0.35),
    )
    if motif == "lake":
        for row in range(13):
            y = horizon + (18 + row * 24) * unit
            length = w * rng.uniform(0.2, 0.62)
            sheet.rect(rng.uniform(0.05, 0.7) * w, y, length, 6 * unit, colours[0], 0.55, 3 * unit)
    else:
        for row in range(4):
            sheet.rect(
                w * 0.1,
                horizon + (18 + row * 18) * unit,
                w * 0.8,
                5 * unit,
                sheet.palette.ink,
                1 - row * 0.22,
            )


def _polygon(*points: tuple[float, float]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def harbour(sheet: Sheet) -> None:
    """A row of gabled houses on a quay with lit windows, or a fleet of sails."""
    motif = sheet.pick("quay", "regatta", "quay")
    if motif == "regatta":
        _regatta(sheet)
    else:
        _quay(sheet)


def _quay(sheet: Sheet) -> None:
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    quay = h * 0.66
    inks = [ink for ink in sheet.palette.all if ink != sheet.palette.paper]
    window = sheet.palette.colours[0] if sheet.palette.is_dark else sheet.palette.paper
    sheet.circle(w * rng.uniform(0.25, 0.75), h * 0.17, 74 * unit, sheet.palette.colours[1])
    x, end, last = w * 0.09, w * 0.91, ""
    houses: list[tuple[float, float, float, str]] = []
    while x < end - 70 * unit:
        width = min(rng.choice((105, 125, 150, 172)) * unit, end - x)
        if end - x - width < 80 * unit:
            width = end - x
        height = rng.uniform(255, 520) * unit * (1 if not sheet.is_wide else 0.72)
        ink = rng.choice([one for one in inks if one != last])
        last = ink
        houses.append((x, width, height, ink))
        x += width
    for x, width, height, ink in houses:
        _house(sheet, x, quay, width, height, ink, window)
    sheet.rect(w * 0.06, quay, w * 0.88, 12 * unit, sheet.palette.ink)
    for x, width, height, ink in houses:
        steps = int(height * 0.5 / (19 * unit))
        for step in range(steps):
            y = quay + (34 + step * 19) * unit
            wobble = rng.uniform(-8, 8) * unit * (1 + step * 0.12)
            sheet.rect(x + wobble, y, width - 6 * unit, 9 * unit, ink, round(0.8 - step / steps * 0.55, 2))


def _house(sheet: Sheet, x: float, quay: float, width: float, height: float, ink: str, window: str) -> None:
    rng = sheet.rng
    top = quay - height
    gable = width * rng.choice((0.35, 0.5, 0.62))
    roof = rng.choice(("gable", "gable", "step", "flat"))
    sheet.rect(x, top, width, height, ink)
    if roof == "gable":
        sheet.shape(_polygon((x, top + 1), (x + width / 2, top - gable), (x + width, top + 1)), ink)
    elif roof == "step":
        for index in range(1, 4):
            part = width * (1 - index * 0.26)
            sheet.rect(x + (width - part) / 2, top - index * width * 0.15, part, width * 0.16, ink)
    columns = 2 if width < 135 * 1.05 * min(sheet.w, sheet.h) / 1000 else 3
    rows = max(3, int(height / (width * 0.46)))
    cell_w, cell_h = width / (columns + 0.6), (height - 24) / rows
    tall = min(cell_h * 0.6, cell_w * 1.05)
    light = window if luminance(ink) < 0.72 or sheet.palette.is_dark else sheet.palette.ink
    if luminance(light) > 0.5 and luminance(ink) > 0.75:
        light = sheet.palette.paper
    for row in range(rows):
        for column in range(columns):
            wx = x + cell_w * (column + 0.3) + cell_w * 0.2
            wy = top + 20 + cell_h * row
            if rng.random() < 0.88:
                sheet.rect(wx, wy, cell_w * 0.58, tall, light, 1 if rng.random() < 0.75 else 0.45)


def _regatta(sheet: Sheet) -> None:
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    sea = h * 0.6
    colours = sheet.palette.colours
    sheet.circle(w * 0.7, h * 0.2, 84 * unit, colours[1])
    sheet.rect(0, sea, w, h - sea, mix(colours[2], sheet.palette.paper, 0.08))
    boats = [(0.2, 0.62, 0.55), (0.8, 0.63, 0.6), (0.56, 0.68, 0.85), (0.32, 0.8, 1.25)]
    for index, (bx, by, scale) in enumerate(boats):
        size = 270 * scale * unit
        x, y = w * (bx + rng.uniform(-0.03, 0.03)), h * by
        sail, jib = (
            colours[index % 2],
            sheet.palette.paper if not sheet.palette.is_dark else sheet.palette.ink,
        )
        lean = rng.uniform(0.02, 0.1) * size
        sheet.shape(
            f"M{number(x + lean)} {number(y - size * 1.3)}Q{number(x + size * 0.52)} "
            f"{number(y - size * 0.55)} "
            f"{number(x + size * 0.5)} {number(y - size * 0.12)}L{number(x)} {number(y - size * 0.1)}Z",
            sail,
        )
        sheet.shape(
            f"M{number(x + lean - 9 * scale)} {number(y - size * 1.15)}Q{number(x - size * 0.3)} "
            f"{number(y - size * 0.5)} {number(x - size * 0.42)} {number(y - size * 0.12)}"
            f"L{number(x - 9 * scale)} {number(y - size * 0.1)}Z",
            jib,
        )
        sheet.shape(
            f"M{number(x - size * 0.46)} {number(y - size * 0.05)}H{number(x + size * 0.52)}"
            f"L{number(x + size * 0.36)} {number(y + size * 0.13)}H{number(x - size * 0.3)}Z",
            sheet.palette.ink if not sheet.palette.is_dark else colours[3],
        )
        for row in range(4):
            length = size * (0.75 - row * 0.13)
            sheet.rect(x - length / 2, y + size * (0.2 + row * 0.075), length, 6 * unit, jib, 0.6, 3 * unit)


def waves(sheet: Sheet) -> None:
    """Seigaiha: the old sea of fish-scale waves, with a few scales in another ink."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("sea", "moonrise", "rain")
    radius = (min(w, h) / rng.choice((7, 8, 9))) if motif != "rain" else min(w, h) / 6
    colours = sheet.palette.colours
    top = h * 0.42 if motif == "moonrise" else h * 0.1
    left, right, bottom = w * 0.09, w * 0.91, h * 0.9
    if motif == "moonrise":
        sheet.circle(
            w * 0.62, h * 0.4, 205 * min(w, h) / 1000, colours[3] if not sheet.palette.is_dark else colours[0]
        )
    above = radius if motif == "moonrise" else 0  # a plain sea is cut straight, a horizon keeps its crests
    sheet.clip(
        "sea",
        f'<rect x="{number(left)}" y="{number(top - above)}" width="{number(right - left)}" '
        f'height="{number(bottom - top + above)}"/>',
    )
    main = colours[0] if not sheet.palette.is_dark else colours[2]
    bands = 4
    row, y = 0, top
    while y - radius < bottom:
        x = left - radius + (radius if row % 2 else 0)
        while x < right + radius:
            chance = rng.random()
            ink = main if chance < 0.82 else colours[1] if chance < 0.94 else colours[3]
            sheet.circle(x, y, radius, sheet.palette.paper)
            for band in range(bands):
                r = radius * (1 - band / bands)
                sheet.circle(x, y, r * 0.985, ink)
                sheet.circle(x, y, r - radius / bands * 0.52, sheet.palette.paper)
            x += radius * 2
        y += radius * 0.5
        row += 1
    sheet.end()
