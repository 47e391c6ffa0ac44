"""Families that grow: pressed ferns and other stems, and what flowers."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number
from catalog.demo.palettes import mix


def botanic(sheet: Sheet) -> None:
    """Leaves on their stems before an arch or oval, as if pressed between two sheets."""
    motif = sheet.pick("fern", "eucalyptus", "olive")
    {"fern": _fern, "eucalyptus": _eucalyptus, "olive": _olive}[motif](sheet)


def blooms(sheet: Sheet) -> None:
    """What flowers: tulips before a disc, or a strip of meadow."""
    motif = sheet.pick("meadow", "tulip")
    {"meadow": _meadow, "tulip": _tulip}[motif](sheet)


def leaf(length: float, width: float) -> str:
    """A leaf that grows from the origin along the x axis."""
    return (
        f"M0 0C{number(length * 0.25)} {number(-width)} {number(length * 0.72)} {number(-width)} "
        f"{number(length)} 0"
        f"C{number(length * 0.72)} {number(width * 0.8)} {number(length * 0.25)} {number(width * 0.8)} 0 0Z"
    )


def _place(sheet: Sheet, d: str, x: float, y: float, degrees: float, ink: str) -> None:
    sheet.shape(d, ink, turn=f"translate({number(x)} {number(y)}) rotate({number(degrees)})")


def _stem(
    sheet: Sheet, foot: tuple[float, float], tip: tuple[float, float], bend: float, ink: str, width: float
) -> list[tuple[float, float, float]]:
    """Draw a bent stem; give points along it with the direction of growth in degrees."""
    (x0, y0), (x1, y1) = foot, tip
    mx, my = (x0 + x1) / 2 + bend, (y0 + y1) / 2
    sheet.stroke(
        f"M{number(x0)} {number(y0)}Q{number(mx)} {number(my)} {number(x1)} {number(y1)}", ink, width
    )
    points = []
    for index in range(41):
        t = index / 40
        x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * mx + t * t * x1
        y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * my + t * t * y1
        dx = 2 * (1 - t) * (mx - x0) + 2 * t * (x1 - mx)
        dy = 2 * (1 - t) * (my - y0) + 2 * t * (y1 - my)
        points.append((x, y, math.degrees(math.atan2(dy, dx))))
    return points


def _frond(
    sheet: Sheet,
    foot: tuple[float, float],
    tip: tuple[float, float],
    bend: float,
    ink: str,
    size: float,
    pairs: int,
    spread: float = 46,
) -> None:
    stem = _stem(sheet, foot, tip, bend, ink, size * 0.055)
    for index in range(pairs):
        t = 0.1 + 0.86 * index / pairs
        x, y, angle = stem[int(t * 40)]
        length = size * (1 - 0.52 * t) * (0.72 + 0.5 * min(1, t * 4))
        for side in (-1, 1):
            _place(sheet, leaf(length, length * 0.2), x, y, angle + side * (spread + 8 * (1 - t)), ink)
    x, y, angle = stem[40]
    _place(sheet, leaf(size * 0.42, size * 0.085), stem[38][0], stem[38][1], angle, ink)


def _backdrop(sheet: Sheet, ink: str, kind: str) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    x = sheet.w / 2
    if kind == "oval":
        sheet.ellipse(x, sheet.h * 0.43, 295 * unit, min(375 * unit, sheet.h * 0.36), ink)
    elif kind == "disc":
        sheet.circle(x, sheet.h * 0.42, 310 * unit, ink)
    else:
        r, base = 290 * unit, sheet.h * 0.84
        sheet.shape(
            f"M{number(x - r)} {number(base)}V{number(sheet.h * 0.42)}A{number(r)} {number(r)} 0 0 1 "
            f"{number(x + r)} "
            f"{number(sheet.h * 0.42)}V{number(base)}Z",
            ink,
        )


def _fern(sheet: Sheet) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    w, h = sheet.w, sheet.h
    main, deep, accent, _ = sheet.palette.colours
    _backdrop(sheet, sheet.palette.soft, "oval")
    foot = h * 0.84
    lift = min(1.0, h / (1000 * unit) / 1.25)
    _frond(
        sheet,
        (w / 2 + 85 * unit, foot),
        (w / 2 + 225 * unit, foot - 520 * unit * lift),
        70 * unit,
        accent,
        150 * unit,
        8,
    )
    _frond(
        sheet,
        (w / 2 - 70 * unit, foot),
        (w / 2 - 235 * unit, foot - 500 * unit * lift),
        -75 * unit,
        deep,
        155 * unit,
        8,
    )
    _frond(sheet, (w / 2, foot), (w / 2 + 6 * unit, foot - 720 * unit * lift), 0, main, 195 * unit, 10)


def _eucalyptus(sheet: Sheet) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    w, h, rng = sheet.w, sheet.h, sheet.rng
    main, second, accent, _ = sheet.palette.colours
    _backdrop(sheet, mix(sheet.palette.soft, sheet.palette.paper, 0.25), "arch")
    foot, lift = h * 0.86, min(1.0, h / (1000 * unit) / 1.25)
    for dx, top, bend, ink in ((-120, 560, -120, second), (130, 600, 110, main), (0, 770, 40, main)):
        stem = _stem(
            sheet,
            (w / 2 + dx * 0.3 * unit, foot),
            (w / 2 + dx * 1.5 * unit, foot - top * unit * lift),
            bend * unit,
            sheet.palette.ink,
            5 * unit,
        )
        for index in range(4, 40, 4):
            x, y, angle = stem[index]
            r = (66 - index * 0.85) * unit
            for side in (-1, 1):
                a = math.radians(angle + side * 68)
                tone = mix(ink, sheet.palette.paper, rng.choice((0, 0, 0.18)))
                sheet.ellipse(
                    x + math.cos(a) * r, y + math.sin(a) * r, r * 0.98, r * 0.72, tone, angle + side * 68
                )
        sheet.circle(stem[40][0], stem[40][1], 22 * unit, accent)


def _meadow(sheet: Sheet) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    w, h, rng = sheet.w, sheet.h, sheet.rng
    colours = sheet.palette.colours
    sheet.circle(w * rng.choice((0.34, 0.66)), h * 0.27, 120 * unit, sheet.palette.soft)
    count = 17 if not sheet.is_wide else 27
    foot = h * 0.9
    for index in range(count):
        x = w * (0.12 + 0.76 * (index + 0.5) / count)
        top = foot - h * rng.uniform(0.3, 0.66)
        lean = rng.uniform(-50, 50) * unit
        ink = colours[rng.choice((0, 1, 3))]
        stem = _stem(sheet, (x, foot), (x + lean, top), lean * 0.4, ink, 5 * unit)
        kind = rng.choice(("grass", "poppy", "seed", "grass", "umbel"))
        tip_x, tip_y, angle = stem[40]
        if kind == "grass":
            for k in range(22, 41, 3):
                for side in (-1, 1):
                    _place(
                        sheet, leaf(46 * unit, 8 * unit), stem[k][0], stem[k][1], stem[k][2] + side * 28, ink
                    )
        elif kind == "poppy":
            bloom = colours[2]
            sheet.shape(
                "M-46 0A46 46 0 0 0 46 0Q23 -18 0 0Q-23 -18 -46 0Z",
                bloom,
                turn=f"translate({number(tip_x)} {number(tip_y)}) scale({unit:.3f})",
            )
            sheet.circle(tip_x, tip_y + 4 * unit, 11 * unit, sheet.palette.ink)
        elif kind == "seed":
            sheet.ellipse(tip_x, tip_y, 16 * unit, 36 * unit, ink, angle + 90)
        else:
            for k in range(-3, 4):
                a = math.radians(angle + k * 19)
                ex, ey = tip_x + math.cos(a) * 58 * unit, tip_y + math.sin(a) * 58 * unit
                sheet.stroke(f"M{number(tip_x)} {number(tip_y)}L{number(ex)} {number(ey)}", ink, 3 * unit)
                sheet.circle(ex, ey, 10 * unit, colours[2])


def _tulip(sheet: Sheet) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    w, h, rng = sheet.w, sheet.h, sheet.rng
    colours = sheet.palette.colours
    _backdrop(sheet, sheet.palette.soft, "disc")
    foot = h * 0.88
    lift = min(1.0, h / (1000 * unit) / 1.25)
    green = min(colours, key=lambda c: abs(int(c[3:5], 16) - int(c[1:3], 16) - 40))
    green = sheet.palette.ink if green in colours[:1] else green
    for dx, top, bend, bloom in (
        (-190, 560, -60, colours[1]),
        (185, 610, 60, colours[2]),
        (0, 740, -20, colours[0]),
    ):
        stem = _stem(
            sheet,
            (w / 2 + dx * 0.25 * unit, foot),
            (w / 2 + dx * unit, foot - top * unit * lift),
            bend * unit,
            green,
            13 * unit,
        )
        x, y, angle = stem[40]
        turn = f"translate({number(x)} {number(y)}) rotate({number(angle + 90)}) scale({unit:.3f})"
        sheet.shape(
            "M0 20C-92 14 -96 -76 -80 -150C-52 -128 -40 -112 -34 -96C-24 -130 -10 -152 0 -166C10 -152 24 "
            "-130 "
            "34 -96C40 -112 52 -128 80 -150C96 -76 92 14 0 20Z",
            bloom,
            turn=turn,
        )
        sheet.shape(
            "M0 20C-44 4 -50 -60 0 -166C50 -60 44 4 0 20Z", mix(bloom, sheet.palette.ink, 0.16), turn=turn
        )
        side = rng.choice((-1, 1))
        _place(sheet, leaf(330 * unit, 46 * unit), stem[3][0], stem[3][1], stem[3][2] + side * 17, green)


def _olive(sheet: Sheet) -> None:
    unit = min(sheet.w, sheet.h) / 1000
    w, h, rng = sheet.w, sheet.h, sheet.rng
    main, second, accent, _ = sheet.palette.colours
    start, end = (w * 0.24, h * 0.86), (w * 0.7, h * 0.13)
    stem = _stem(sheet, start, end, -150 * unit, sheet.palette.ink, 8 * unit)
    for index in range(3, 40, 3):
        x, y, angle = stem[index]
        for side in (-1, 1):
            length = rng.uniform(165, 215) * unit * (1 - 0.3 * index / 40)
            ink = main if side < 0 else second
            _place(sheet, leaf(length, 27 * unit), x, y, angle + side * rng.uniform(40, 56), ink)
        if index % 2:
            a = math.radians(angle + rng.choice((-95, 95)))
            sheet.ellipse(
                x + math.cos(a) * 58 * unit, y + math.sin(a) * 58 * unit, 25 * unit, 35 * unit, accent, 20
            )
    _place(sheet, leaf(150 * unit, 22 * unit), stem[40][0], stem[40][1], stem[40][2], main)
