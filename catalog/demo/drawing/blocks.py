"""Families of cut geometry: pattern tiles, workshop blocks, terrazzo."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number, smooth


def tiles(sheet: Sheet) -> None:
    """A grid of small studies: quarter, half, ring, stripes, wedge."""
    w, h = sheet.w, sheet.h
    motif = sheet.pick("study", "large", "frieze")
    columns = {"study": 6, "large": 4, "frieze": 6}[motif]
    if sheet.is_wide:
        columns = {"study": 10, "large": 6, "frieze": 6}[motif]
    margin = 0.085 * min(w, h)
    size = (w - 2 * margin) / columns
    rows = max(1, int((h - 2 * margin) / size + 0.08))
    if motif == "frieze" and sheet.is_wide:
        size = min(size, (h - 2 * margin) / 2)
        rows = 2
    left, top = (w - columns * size) / 2, (h - rows * size) / 2
    if motif == "frieze" and sheet.is_wide:
        _frieze(sheet, left, top, size)
        return
    inks = [*sheet.palette.colours, sheet.palette.colours[0], sheet.palette.colours[1]]
    grounds = [sheet.palette.paper] * 4 + [sheet.palette.colours[2], sheet.palette.soft]
    last = ""
    for row in range(rows):
        for column in range(columns):
            ink = sheet.rng.choice([one for one in inks if one != last])
            last = ink
            ground = sheet.rng.choice([one for one in grounds if one != ink])
            sheet.rect(left + column * size, top + row * size, size + 0.4, size + 0.4, ground)
            kinds = ("ring", "quarter", "half", "stripes", "wedge", "quarter", "dot", "leaf")
            _tile(sheet, sheet.rng.choice(kinds), left + column * size, top + row * size, size, ink, ground)


def _frieze(sheet: Sheet, left: float, top: float, size: float) -> None:
    """Two rows of six, composed by hand: the study that hangs over our press."""
    red, blue, yellow, black = sheet.palette.colours
    plan = (
        (
            ("ring", red, 0),
            ("quarter", blue, 2),
            ("half", black, 1),
            ("stripes", red, 0),
            ("wedge", red, 0),
            ("ring", blue, 0),
        ),
        (
            ("stripes", red, 0),
            ("dot", red, 0),
            ("wedge", yellow, 0),
            ("half", blue, 1),
            ("quarter", blue, 2),
            ("quarter", red, 2),
        ),
    )
    for row, line in enumerate(plan):
        for column, (kind, ink, turn) in enumerate(line):
            _tile(sheet, kind, left + column * size, top + row * size, size, ink, sheet.palette.paper, turn)
    sheet.shape(_half(left + size, top + size, size, 0), red)
    sheet.shape(_half(left, top + size, size, 1, 0.3), black)
    sheet.shape(_half(left + 2 * size, top + size, size, 3, 0.3), black)


def _half(x: float, y: float, size: float, turn: int, reach: float = 0.5) -> str:
    """A half disc lying on one edge of its tile."""
    r = size / 2
    if turn == 0:
        return (
            f"M{number(x)} {number(y + r)}A{number(r)} {number(r)} 0 0 1 {number(x + size)} {number(y + r)}Z"
        )
    sweep, at = (0, x + size) if turn == 1 else (1, x)
    depth = size * reach
    return (
        f"M{number(at)} {number(y)}A{number(depth)} {number(r)} 0 0 {sweep} {number(at)} {number(y + size)}Z"
    )


def _tile(
    sheet: Sheet, kind: str, x: float, y: float, size: float, ink: str, ground: str, turn: int | None = None
) -> None:
    quarter_turns = sheet.rng.randrange(4) if turn is None else turn
    s = number(size)
    half = number(size / 2)
    sheet.group(f'transform="translate({number(x)} {number(y)}) rotate({quarter_turns * 90} {half} {half})"')
    if kind == "ring":
        sheet.rect(0, 0, size, size, ink)
        sheet.circle(size / 2, size / 2, size * 0.3, ground if ground != ink else sheet.palette.paper)
    elif kind == "dot":
        sheet.circle(size / 2, size / 2, size * 0.5, ink)
    elif kind == "quarter":
        sheet.shape(f"M0 0H{s}A{s} {s} 0 0 1 0 {s}Z", ink)
    elif kind == "half":
        sheet.shape(f"M0 0A{half} {half} 0 0 1 0 {s}Z", ink)
    elif kind == "stripes":
        for index in range(4):
            sheet.rect(0, size * (index * 2 + 0.5) / 8, size + 0.4, size / 8, ink)
    elif kind == "wedge":
        sheet.shape(f"M0 0H{s}L0 {s}Z", ink)
    else:
        sheet.shape(f"M0 0A{s} {s} 0 0 1 {s} {s}A{s} {s} 0 0 1 0 0Z", ink)
    sheet.end()


def workshop(sheet: Sheet) -> None:
    """Few big shapes on a strict grid, as the workshops of the twenties set them."""
    motif = sheet.pick("stack", "balance", "crane", "steps")
    if motif == "stack":
        _stack(sheet)
    elif motif == "balance":
        _balance(sheet)
    elif motif == "crane":
        _crane(sheet)
    else:
        _steps(sheet)


def _grid(sheet: Sheet) -> tuple[float, float, float]:
    """Origin and size of a 4 × 5 grid that sits in the middle of the sheet."""
    unit = min(sheet.w * 0.76 / 4, sheet.h * 0.8 / 5.4)
    return (sheet.w - unit * 4) / 2, (sheet.h - unit * 5.4) / 2, unit


def _stack(sheet: Sheet) -> None:
    x, y, u = _grid(sheet)
    red, blue, yellow, black = sheet.palette.colours
    sheet.rect(x, y, u * 2, u * 3.6, blue)
    sheet.shape(
        f"M{number(x + 2 * u)} {number(y)}H{number(x + 4 * u)}"
        f"A{number(2 * u)} {number(2 * u)} 0 0 1 {number(x + 2 * u)} {number(y + 2 * u)}Z",
        red,
    )
    sheet.circle(x + u, y + u * 3.6, u, yellow)
    for index, length in enumerate((2, 2, 1.05)):
        sheet.rect(x + 2 * u, y + u * (3.55 + index * 0.55), u * length, u * 0.33, black)
    sheet.shape(
        f"M{number(x)} {number(y + 5.5 * u)}L{number(x + u)} {number(y + 4.68 * u)}"
        f"L{number(x + 2 * u)} {number(y + 5.5 * u)}Z",
        red,
    )


def _balance(sheet: Sheet) -> None:
    x, y, u = _grid(sheet)
    one, two, three, four = sheet.palette.colours
    sheet.circle(x + 1.25 * u, y + 1.25 * u, 1.25 * u, one)
    sheet.rect(x, y + 2.5 * u, 4 * u, u * 0.22, sheet.palette.ink)
    sheet.shape(
        f"M{number(x + 2 * u)} {number(y + 2.72 * u)}L{number(x + 3.2 * u)} {number(y + 5.4 * u)}"
        f"H{number(x + 0.8 * u)}Z",
        two,
    )
    sheet.rect(x + 2.9 * u, y + 1.7 * u, u * 0.8, u * 0.8, three)
    sheet.circle(x + 3.3 * u, y + 1.3 * u, u * 0.4, four)
    for index in range(5):
        sheet.rect(x + u * 3.35, y + u * (3.4 + index * 0.4), u * 0.65, u * 0.12, sheet.palette.ink)
    sheet.shape(
        f"M{number(x)} {number(y + 4.2 * u)}A{number(0.6 * u)} {number(0.6 * u)} 0 0 1 {number(x)} "
        f"{number(y + 5.4 * u)}Z",
        three,
    )


def _crane(sheet: Sheet) -> None:
    x, y, u = _grid(sheet)
    one, two, three, four = sheet.palette.colours
    sheet.rect(x + 2.8 * u, y, u * 0.5, u * 5.4, four)
    sheet.shape(
        f"M{number(x)} {number(y + 0.8 * u)}L{number(x + 2.8 * u)} {number(y)}V{number(y + 0.8 * u)}Z", one
    )
    sheet.rect(x + 0.35 * u, y + 0.8 * u, u * 0.06, u * 1.6, sheet.palette.ink)
    sheet.circle(x + 0.38 * u, y + 2.9 * u, u * 0.55, three)
    sheet.shape(
        f"M{number(x)} {number(y + 5.4 * u)}A{number(1.4 * u)} {number(1.4 * u)} 0 0 1 {number(x + 2.8 * u)} "
        f"{number(y + 5.4 * u)}Z",
        two,
    )
    sheet.shape(
        f"M{number(x + 3.3 * u)} {number(y)}A{number(0.7 * u)} {number(0.7 * u)} 0 0 1 {number(x + 4 * u)} "
        f"{number(y + 0.7 * u)}V{number(y + 1.4 * u)}H{number(x + 3.3 * u)}Z",
        two,
    )
    for index in range(4):
        sheet.rect(
            x + 3.3 * u,
            y + u * (3.7 + index * 0.44),
            u * 0.7,
            u * 0.2,
            one if index % 2 else sheet.palette.ink,
        )


def _steps(sheet: Sheet) -> None:
    x, y, u = _grid(sheet)
    one, two, three, four = sheet.palette.colours
    inks = (one, two, three, four)
    for index in range(4):
        top = y + u * (1.4 + index)
        sheet.rect(x + index * u, top, u, y + 5.4 * u - top, inks[(index + 1) % 4])
    sheet.circle(x + 2.9 * u, y + 0.95 * u, u * 0.95, one)
    sheet.shape(
        f"M{number(x)} {number(y + 1.4 * u)}A{number(u)} {number(u)} 0 0 1 {number(x + u)} "
        f"{number(y + 0.4 * u)}V{number(y + 1.4 * u)}Z",
        three,
    )
    for index in range(6):
        sheet.rect(x, y + u * (4.62 + index * 0.14), u * 4, u * 0.05, sheet.palette.paper, 0.9)


def terrazzo(sheet: Sheet) -> None:
    """Chips of stone scattered so that none touches another."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("floor", "confetti", "pebbles")
    unit = min(w, h) / 1000
    margin = 0 if motif == "floor" else 0.1 * min(w, h)
    sizes = {"floor": (74, 46, 26, 14), "confetti": (40, 30, 22, 12), "pebbles": (98, 62, 34, 18)}[motif]
    inks = [*sheet.palette.all, sheet.palette.soft, sheet.palette.colours[1]]
    placed: list[tuple[float, float, float]] = []
    for size, tries in zip(sizes, (220, 420, 700, 800), strict=True):
        for _ in range(tries):
            r = size * unit * rng.uniform(0.75, 1.1)
            x, y = rng.uniform(margin, w - margin), rng.uniform(margin, h - margin)
            if margin and not (margin + r < x < w - margin - r and margin + r < y < h - margin - r):
                continue
            if any((x - px) ** 2 + (y - py) ** 2 < (r + pr + 7 * unit) ** 2 for px, py, pr in placed):
                continue
            placed.append((x, y, r))
            ink = rng.choice(inks)
            corners = rng.randint(4, 7)
            turn = rng.uniform(0, math.tau)
            points = [
                (
                    x + math.cos(turn + k / corners * math.tau) * r * rng.uniform(0.72, 1),
                    y + math.sin(turn + k / corners * math.tau) * r * rng.uniform(0.72, 1),
                )
                for k in range(corners)
            ]
            if motif == "pebbles":
                sheet.shape(smooth(points, closed=True), ink)
            else:
                sheet.shape("M" + "L".join(f"{number(a)} {number(b)}" for a, b in points) + "Z", ink)
