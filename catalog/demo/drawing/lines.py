"""Families drawn with a fine pen: ridgelines, flowing fields, woven stripes."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number, smooth
from catalog.demo.palettes import mix


def ridges(sheet: Sheet) -> None:
    """Contour lines that rise into mountains; each line hides what lies behind it."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("range", "pair", "crater")
    count = 46 if not sheet.is_wide else 32
    left, right = w * 0.1, w * 0.9
    top, bottom = h * (0.2 if not sheet.is_wide else 0.3), h * 0.86
    gap = (bottom - top) / count
    lean = rng.choice((-1, 1)) * rng.uniform(0.15, 0.35)
    folds = 8 if motif == "range" else 3
    peaks = [
        (
            rng.uniform(0.3, 0.7),
            (index + rng.uniform(0.1, 0.9)) / folds,
            rng.uniform(0.07, 0.13),
            rng.uniform(5.5, 9.5),
            rng.uniform(0.09, 0.16),
        )
        for index in range(folds)
    ]
    if motif == "pair":
        peaks = [(0.34, 0.4, 0.09, 9.5, 0.26), (0.66, 0.72, 0.08, 9, 0.24), (0.5, 0.1, 0.06, 5, 0.15)]
    phase = rng.uniform(0, 6)
    points = 58
    accent_at, accent = rng.uniform(0.4, 0.62), sheet.palette.colours[0]
    for row in range(count + 1):
        share = row / count
        base = top + row * gap
        line = []
        for index in range(points + 1):
            t = index / points
            rise = 0.0
            for centre, depth, width, height, reach in peaks:
                along = t - (centre + lean * (share - 0.5) * 0.8)
                near = math.exp(-(((share - depth) / reach) ** 2))
                swell = math.exp(-((along / width) ** 2))
                if motif == "crater":
                    swell -= 0.75 * math.exp(-((along / (width * 0.45)) ** 2))
                rise += height * near * swell
            calm = math.sin(t * math.pi) ** 2
            rise += calm * (0.55 * math.sin(t * 19 + share * 9 + phase) + 0.3 * math.sin(t * 41 - share * 17))
            line.append((left + t * (right - left), base - rise * calm * gap * 1.0))
        d = smooth(line)
        near_accent = abs(share - accent_at) < 0.09
        fill = f"{d}V{number(base + gap * 2)}H{number(left)}Z"
        sheet.shape(fill, sheet.palette.paper)
        sheet.stroke(d, accent if near_accent else sheet.palette.ink, 3.9 if near_accent else 3.4)


def flow(sheet: Sheet) -> None:
    """Long parallel strokes that follow an invisible current."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("current", "grain", "whirl")
    unit = min(w, h) / 1000
    inks = [sheet.palette.colours[0], sheet.palette.colours[1], sheet.palette.colours[2], sheet.palette.ink]
    a, b = rng.uniform(0.8, 1.5), rng.uniform(0, 6)
    margin = 0.1 * min(w, h)
    sheet.clip(
        "field",
        f'<rect x="{number(margin)}" y="{number(margin)}" width="{number(w - 2 * margin)}" '
        f'height="{number(h - 2 * margin)}"/>',
    )
    centre = (w * rng.uniform(0.35, 0.65), h * rng.uniform(0.35, 0.6))

    def direction(x: float, y: float) -> float:
        u, v = x / 1000, y / 1000
        if motif == "whirl":
            return math.atan2(y - centre[1], x - centre[0]) + math.pi / 2 + 0.22 * math.sin(u * 5 + b)
        if motif == "grain":
            return math.pi / 2 + 0.5 * math.sin(u * 3.1 * a + b + math.sin(v * 2.2 + b))
        return 0.75 * math.sin(u * 2.1 * a + b) + 0.65 * math.cos(v * 2.6 * a + b)

    step = 26 * unit
    spacing = 22 * unit
    cell = spacing * 0.9
    taken: set[tuple[int, int]] = set()
    # One seed in every cell of a loose grid: an even cloth without a visible order.
    across, down = int(w / (38 * unit)), int(h / (38 * unit))
    seeds = [
        ((i + rng.random()) * w / across, (j + rng.random()) * h / down)
        for i in range(across)
        for j in range(down)
    ]
    rng.shuffle(seeds)
    for index, (x, y) in enumerate(seeds):
        if (int(x / cell), int(y / cell)) in taken:
            continue
        line = [(x, y)]
        own: set[tuple[int, int]] = set()
        for _ in range(rng.randint(14, 46)):
            angle = direction(x, y)
            x, y = x + math.cos(angle) * step, y + math.sin(angle) * step
            place = (int(x / cell), int(y / cell))
            if place in taken or not (-step < x < w + step and -step < y < h + step):
                break
            own.add(place)
            line.append((x, y))
        if len(line) < 5:
            continue
        taken |= own
        zone = math.sin(line[0][0] / w * 2.6 + b) + math.cos(line[0][1] / h * 3.1 + a)
        ink = inks[min(3, int((zone + 2) / 4 * 3.99))] if index % 7 else inks[index % 4]
        sheet.stroke(smooth(line[::2] if len(line) > 8 else line), ink, rng.choice((6, 9, 12)) * unit)
    sheet.end()


def weave(sheet: Sheet) -> None:
    """Bands that pass over and under one another, or a blanket of plain stripes."""
    motif = sheet.pick("basket", "blanket", "plaid")
    {"basket": _basket, "blanket": _blanket, "plaid": _plaid}[motif](sheet)


def _basket(sheet: Sheet) -> None:
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    columns = 7 if not sheet.is_wide else 11
    size = w * 0.8 / columns
    rows = int(h * 0.82 / size)
    left, top = (w - columns * size) / 2, (h - rows * size) / 2
    band = size * 0.78
    inks = sheet.shuffled(sheet.palette.colours)
    across = [inks[0] if rng.random() < 0.7 else inks[1] for _ in range(rows)]
    down = [inks[2] if rng.random() < 0.7 else inks[3] for _ in range(columns)]
    inset = (size - band) / 2

    def strip(x: float, y: float, width: float, height: float, ink: str, horizontal: bool) -> None:
        sheet.rect(x, y, width, height, ink)
        thread = mix(ink, sheet.palette.paper, 0.24)
        for index in (1, 2, 3):
            if horizontal:
                sheet.rect(x, y + height * index / 4 - 1.6 * unit, width, 3.2 * unit, thread)
            else:
                sheet.rect(x + width * index / 4 - 1.6 * unit, y, 3.2 * unit, height, thread)

    for column in range(columns):
        strip(left + column * size + inset, top, band, rows * size, down[column], False)
    for row in range(rows):
        for column in range(columns):
            if (row + column) % 2:
                continue
            x, y = left + column * size - inset * 0.9, top + row * size + inset
            lo = max(left, x)
            hi = min(left + columns * size, x + size + inset * 1.8)
            sheet.rect(lo, y - 4 * unit, hi - lo, band + 8 * unit, sheet.palette.paper)
            strip(lo, y, hi - lo, band, across[row], True)


def _blanket(sheet: Sheet) -> None:
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    x0, x1 = w * 0.12, w * 0.88
    y, bottom = h * 0.1, h * 0.88
    inks = sheet.shuffled(sheet.palette.all)
    widths = (8, 14, 14, 26, 44, 70, 96)
    index = 0
    while y < bottom - 8 * unit:
        thick = min(rng.choice(widths) * unit, bottom - y)
        sheet.rect(x0, y, x1 - x0, thick, inks[index % len(inks)])
        if thick > 60 * unit:
            y += thick * 0.42
            sheet.rect(x0, y, x1 - x0, 7 * unit, sheet.palette.paper)
            y += thick * 0.58
        else:
            y += thick
        y += rng.choice((9, 9, 18)) * unit
        index += rng.choice((1, 1, 2))
    for thread in range(58):
        x = x0 + (thread + 0.5) * (x1 - x0) / 58
        reach = rng.uniform(26, 36) * unit
        ink = sheet.palette.ink
        sheet.stroke(f"M{number(x)} {number(bottom)}V{number(bottom + reach)}", ink, 3 * unit, 0.8)
        sheet.stroke(f"M{number(x)} {number(h * 0.1)}V{number(h * 0.1 - reach)}", ink, 3 * unit, 0.8)


def _plaid(sheet: Sheet) -> None:
    w, h, rng = sheet.w, sheet.h, sheet.rng
    unit = min(w, h) / 1000
    x0, y0, x1, y1 = w * 0.1, h * 0.1, w * 0.9, h * 0.9
    inks = sheet.palette.colours
    repeat = [(90, 0), (16, 1), (44, 2), (16, 1), (60, 3)]
    rng.shuffle(repeat)
    sheet.rect(x0, y0, x1 - x0, y1 - y0, sheet.palette.soft, 0.55)
    for vertical in (True, False):
        at, end, index = (x0, x1, 0) if vertical else (y0, y1, 0)
        while at < end:
            thick, ink = repeat[index % len(repeat)]
            thick_here = min(thick * unit, end - at)
            if vertical:
                sheet.rect(at, y0, thick_here, y1 - y0, inks[ink], 0.62)
            else:
                sheet.rect(x0, at, x1 - x0, thick_here, inks[ink], 0.55)
            at += thick_here + 34 * unit
            index += 1
