"""The family of cut paper: fronds and figures cut freehand, in the manner of an old man with scissors."""

from __future__ import annotations

import math

from catalog.demo.drawing.sheet import Sheet, number, smooth
from catalog.demo.palettes import luminance


def cutouts(sheet: Sheet) -> None:
    """Shapes cut freehand from painted paper and laid on coloured panels."""
    w, h, rng = sheet.w, sheet.h, sheet.rng
    motif = sheet.pick("algae", "panels", "dance")
    unit = min(w, h) / 1000
    margin = 0.09 * min(w, h)
    if motif == "dance":
        colours = sheet.palette.colours
        sheet.rect(margin, margin, w - 2 * margin, h - 2 * margin, sheet.palette.soft)
        small = 0.8 if sheet.is_wide else 1.0
        figures = [(0.36, 0.34, 205, colours[0]), (0.64, 0.64, 220, colours[3]), (0.3, 0.75, 120, colours[1])]
        for x, y, size, ink in figures:
            _blob(sheet, w * x, h * y, size * small * unit, ink)
        _algae(sheet, w * 0.71, h * 0.29, 132 * unit, colours[2])
        return
    columns, rows = (2, 3) if not sheet.is_wide else (4, 2)
    gap = 14 * unit
    cell_w, cell_h = (
        (w - 2 * margin - gap * (columns - 1)) / columns,
        (h - 2 * margin - gap * (rows - 1)) / rows,
    )
    grounds = sheet.shuffled([*sheet.palette.colours, sheet.palette.soft, sheet.palette.ink])
    for index in range(columns * rows):
        x = margin + (index % columns) * (cell_w + gap)
        y = margin + (index // columns) * (cell_h + gap)
        ground = grounds[index % len(grounds)]
        sheet.rect(x, y, cell_w, cell_h, ground)
        papers = (*sheet.palette.colours, sheet.palette.paper, sheet.palette.paper, sheet.palette.soft)
        ink = rng.choice(
            [one for one in papers if abs(luminance(one) - luminance(ground)) > 0.2] or [*papers]
        )
        if motif == "algae" or index % 3 == 0:
            _algae(sheet, x + cell_w / 2, y + cell_h / 2, min(cell_w, cell_h) * 0.42, ink)
        else:
            _blob(sheet, x + cell_w / 2, y + cell_h / 2, min(cell_w, cell_h) * 0.36, ink)


def _algae(sheet: Sheet, x: float, y: float, size: float, ink: str) -> None:
    """A frond of rounded fingers, the scissors turning in one long cut."""
    rng = sheet.rng
    lean = rng.uniform(-24, 24)
    sheet.group(f'transform="translate({number(x)} {number(y)}) rotate({number(lean)})"')
    sheet.stroke(f"M0 {number(size)}Q{number(size * 0.1)} 0 0 {number(-size * 0.86)}", ink, size * 0.16)
    for index in range(5):
        at = size * (0.78 - index * 0.36)
        reach = size * (0.74 - abs(index - 1.4) * 0.11)
        for side in (-1, 1):
            up = at - size * rng.uniform(0.3, 0.46)
            sheet.stroke(
                f"M0 {number(at)}Q{number(side * reach * 0.75)} {number(at)} {number(side * reach)} "
                f"{number(up)}",
                ink,
                size * rng.uniform(0.15, 0.2),
            )
    sheet.end()


def _blob(sheet: Sheet, x: float, y: float, size: float, ink: str) -> None:
    rng = sheet.rng
    lobes = rng.randint(4, 6)
    turn = rng.uniform(0, math.tau)
    points = []
    for lobe in range(lobes):
        reach = size * rng.uniform(0.9, 1.22)
        middle = turn + lobe / lobes * math.tau
        half = math.tau / lobes * rng.uniform(0.2, 0.27)
        # Round fingers with a tight valley between: scissors turn wide outside and sharp inside.
        for share, r in ((-1.0, 0.86), (-0.45, 1.0), (0.45, 1.0), (1.0, 0.86)):
            a = middle + half * share
            points.append((x + math.cos(a) * reach * r, y + math.sin(a) * reach * r))
        a = middle + math.tau / lobes / 2
        points.append((x + math.cos(a) * size * 0.42, y + math.sin(a) * size * 0.42))
    sheet.shape(smooth(points, closed=True), ink)
