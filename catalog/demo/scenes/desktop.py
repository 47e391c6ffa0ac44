"""The top of a desk, seen from above: cup, pencil and hand-sized things that tell how big the paper is."""

from __future__ import annotations

import math
import re

from catalog.demo.palettes import Palette, mix
from catalog.demo.scenes.surface import Canvas

INK = "#2a2622"


def planks(canvas: Canvas) -> None:
    """Three wide boards with a thin joint between them: a stain on the mat, pale by day and dark by night."""
    third = canvas.height / 3
    for index, share in enumerate((0.30, 0.34, 0.32)):
        canvas.veil(0, index * third, canvas.width, third, "#c4a074", share)
    for index in (1, 2):
        canvas.veil(0, index * third - 2, canvas.width, 5, "#3a2a18", 0.28)


def pencil(canvas: Canvas, x: float, y: float, length: float, degrees: float, ink: str) -> None:
    """A six-sided pencil whose point is at (x, y) and whose body runs back in the given direction."""
    r = length / 17.5 / 2
    a = math.radians(degrees)
    end = (x + math.cos(a) * length, y + math.sin(a) * length)
    nx, ny = -math.sin(a) * r * 0.9, math.cos(a) * r * 0.9
    tip = (x + math.cos(a) * length * 0.05, y + math.sin(a) * length * 0.05)
    canvas.shadow(
        [
            (tip[0] + nx, tip[1] + ny),
            (end[0] + nx, end[1] + ny),
            (end[0] - nx, end[1] - ny),
            (tip[0] - nx, tip[1] - ny),
        ],
        9,
        0.42,
        dx=4,
        dy=13,
    )
    cone, ferrule = length * 0.115, length * 0.9
    body = (
        f'<g transform="translate({x} {y}) rotate({degrees})">'
        f'<path d="M0 0L{cone} {-r}L{cone} {r}Z" fill="#e6c898"/><path d="M0 0L{cone * 0.34} {-r * 0.34}'
        f'V{r * 0.34}Z" fill="{INK}"/>'
        f'<rect x="{cone}" y="{-r}" width="{ferrule - cone}" height="{r * 2}" fill="{ink}"/>'
        f'<rect x="{cone}" y="{-r}" width="{ferrule - cone}" height="{r * 0.6}" '
        f'fill="{mix(ink, "#ffffff", 0.22)}"/>'
        f'<rect x="{cone}" y="{r * 0.42}" width="{ferrule - cone}" height="{r * 0.58}" '
        f'fill="{mix(ink, INK, 0.24)}"/>'
        f'<rect x="{ferrule}" y="{-r}" width="{length * 0.05}" height="{r * 2}" fill="#c9c3b6"/>'
        f'<rect x="{ferrule + length * 0.05}" y="{-r}" width="{length * 0.05}" height="{r * 2}" '
        f'rx="{r * 0.5}" fill="#d98f80"/></g>'
    )
    left, top = min(x, end[0]) - 30, min(y, end[1]) - 30
    canvas.drawing(body, (left, top, abs(end[0] - x) + 60, abs(end[1] - y) + 60))


def cup(canvas: Canvas, x: float, y: float, radius: float, ink: str) -> None:
    """A cup of coffee on its saucer."""
    saucer = radius * 1.62
    ring = [
        (x + math.cos(k / 28 * math.tau) * saucer, y + math.sin(k / 28 * math.tau) * saucer)
        for k in range(28)
    ]
    canvas.shadow(ring, 34, 0.34, dx=10, dy=26)
    canvas.shadow(ring, 8, 0.24, dx=2, dy=5)
    handle = radius * 1.42
    body = (
        f'<circle cx="{x}" cy="{y}" r="{saucer}" fill="{mix(ink, "#fbf7ef", 0.80)}"/>'
        f'<circle cx="{x}" cy="{y}" r="{saucer * 0.93}" fill="{mix(ink, "#fbf7ef", 0.90)}"/>'
        f'<circle cx="{x + radius * 0.12}" cy="{y + radius * 0.2}" r="{radius * 1.06}" fill="{INK}" '
        f'fill-opacity="0.16"/>'
        f'<g transform="rotate(-32 {x} {y})"><rect x="{x + radius * 0.8}" y="{y - radius * 0.15}" '
        f'width="{handle - radius * 0.62}" '
        f'height="{radius * 0.3}" rx="{radius * 0.12}" fill="{mix(ink, INK, 0.12)}"/></g>'
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{ink}"/><circle cx="{x}" cy="{y}" '
        f'r="{radius * 0.91}" fill="{mix(ink, INK, 0.25)}"/>'
        f'<circle cx="{x}" cy="{y + radius * 0.03}" r="{radius * 0.86}" fill="#4a2f1f"/>'
        f'<path d="M{x - radius * 0.5} {y - radius * 0.46}A{radius * 0.7} {radius * 0.7} 0 0 1 '
        f'{x + radius * 0.2} {y - radius * 0.66}" '
        f'fill="none" stroke="#8a6446" stroke-width="{radius * 0.06}" stroke-linecap="round"/>'
    )
    canvas.drawing(body, (x - saucer - 4, y - saucer - 4, saucer * 2 + 8, saucer * 2 + 8))


def coin(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """A coin: everybody knows its size."""
    ring = [
        (x + math.cos(k / 20 * math.tau) * radius, y + math.sin(k / 20 * math.tau) * radius)
        for k in range(20)
    ]
    canvas.shadow(ring, 5, 0.4, dx=2, dy=5)
    body = (
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#c9a24e"/><circle cx="{x}" cy="{y}" '
        f'r="{radius * 0.74}" fill="#d9d4c6"/>'
        f'<circle cx="{x}" cy="{y}" r="{radius * 0.74}" fill="none" stroke="#a9a393" stroke-width="2"/>'
    )
    canvas.drawing(body, (x - radius, y - radius, radius * 2, radius * 2))


def leaves(canvas: Canvas, x: float, y: float, size: float, degrees: float, ink: str) -> None:
    """A slender sprig laid on the desk, coming in from the edge."""
    parts = [
        f'<path d="M0 0H{size}" fill="none" stroke="{mix(ink, INK, 0.2)}" stroke-width="6" '
        f'stroke-linecap="round"/>'
    ]
    for index in range(1, 8):
        r = size * 0.30 * (1.08 - index * 0.085)
        blade = (
            f"M0 0C{r * 0.3:.1f} {-r * 0.24:.1f} {r * 0.7:.1f} {-r * 0.22:.1f} {r:.1f} 0"
            f"C{r * 0.7:.1f} {r * 0.2:.1f} {r * 0.3:.1f} {r * 0.2:.1f} 0 0Z"
        )
        for side in (-1, 1):
            tone = mix(ink, "#ffffff", 0.1) if (index + side) % 3 == 0 else ink
            at = size * (index + 0.25 * (side > 0)) / 7.6
            parts.append(
                f'<path d="{blade}" fill="{tone}" transform="translate({at:.1f} 0) rotate({side * 42})"/>'
            )
    body = "".join(parts)
    reach = size * 1.15
    shade = re.sub(r'(fill|stroke)="#[0-9a-f]{6}"', rf'\1="{INK}"', body)
    placed = f'transform="translate({x} {y}) rotate({degrees})"'
    dark = f'<g opacity="0.15"><g transform="translate(9 20)"><g {placed}>{shade}</g></g></g>'
    canvas.drawing(f"{dark}<g {placed}>{body}</g>", (x - reach, y - reach, reach * 2, reach * 2))


def setting(canvas: Canvas, inks: Palette, seed: int) -> None:
    """Boards, a cup above, a sprig from the side: the desk on which small goods are shown in scale."""
    planks(canvas)
    cup(
        canvas,
        (1480, 440, 1500)[seed % 3],
        (430, 400, 470)[seed % 3],
        205,
        mix(inks.colours[seed % 3], "#e9dfcd", 0.25),
    )
    corner = ((-60, 2440, -38), (60, 2460, -58), (-70, 2380, -28))[seed % 3]
    leaves(canvas, corner[0], corner[1], 560, corner[2], mix("#66774f", inks.colours[(seed + 1) % 4], 0.12))
