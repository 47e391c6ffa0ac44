"""A sheet of paper to draw on: collects SVG, in units of which the short edge has 1000."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from catalog.demo.palettes import Palette

Point = tuple[float, float]


def number(value: float) -> str:
    """Shortest text for a coordinate: a tenth of a unit is finer than any pixel we print."""
    return f"{value:.1f}".removesuffix(".0")


def polyline(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def smooth(points: Sequence[Point], closed: bool = False) -> str:
    """A Catmull-Rom curve through the points, as cubic Béziers: few points, soft line."""
    count = len(points)

    def at(index: int) -> Point:
        return points[index % count] if closed else points[max(0, min(count - 1, index))]

    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for index in range(count if closed else count - 1):
        before, start, end, after = at(index - 1), at(index), at(index + 1), at(index + 2)
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        parts.append("C" + " ".join(f"{number(x)} {number(y)}" for x, y in (first, second, end)))
    return "".join(parts) + ("Z" if closed else "")


class Sheet:
    """One drawing in the making: paper, inks, a private source of chance, and what has been drawn so far."""

    def __init__(self, width: float, height: float, palette: Palette, seed: int, motif: str = "") -> None:
        self.w = width
        self.h = height
        self.palette = palette
        self.rng = random.Random(seed * 7919 + 13)
        self.motif = motif
        self.parts: list[str] = []

    @property
    def is_wide(self) -> bool:
        return self.w > self.h

    def pick(self, *motifs: str) -> str:
        """The motif that was asked for, or one by chance."""
        chosen = self.rng.choice(motifs)
        return self.motif if self.motif in motifs else chosen

    def shuffled(self, colours: Sequence[str]) -> list[str]:
        return self.rng.sample(list(colours), len(colours))

    def add(self, markup: str) -> None:
        self.parts.append(markup)

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, opacity: float = 1, radius: float = 0
    ) -> None:
        more = (f' fill-opacity="{opacity}"' if opacity < 1 else "") + (
            f' rx="{number(radius)}"' if radius else ""
        )
        self.add(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" '
            f'fill="{fill}"{more}/>'
        )

    def circle(self, x: float, y: float, r: float, fill: str, opacity: float = 1) -> None:
        more = f' fill-opacity="{opacity}"' if opacity < 1 else ""
        self.add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="{fill}"{more}/>')

    def ring(self, x: float, y: float, r: float, stroke: str, width: float, opacity: float = 1) -> None:
        more = f' stroke-opacity="{opacity}"' if opacity < 1 else ""
        self.add(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="none" '
            f'stroke="{stroke}" stroke-width="{number(width)}"{more}/>'
        )

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str, turn: float = 0) -> None:
        self.add(
            f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}" fill="{fill}"'
            + (f' transform="rotate({number(turn)} {number(x)} {number(y)})"' if turn else "")
            + "/>"
        )

    def shape(self, d: str, fill: str, opacity: float = 1, turn: str = "") -> None:
        more = (f' fill-opacity="{opacity}"' if opacity < 1 else "") + (
            f' transform="{turn}"' if turn else ""
        )
        self.add(f'<path d="{d}" fill="{fill}"{more}/>')

    def stroke(self, d: str, colour: str, width: float, opacity: float = 1, cap: str = "round") -> None:
        more = f' stroke-opacity="{opacity}"' if opacity < 1 else ""
        self.add(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:.2f}" '
            f'stroke-linecap="{cap}" stroke-linejoin="round"{more}/>'
        )

    def group(self, attributes: str = "") -> None:
        self.add(f"<g {attributes}>")

    def end(self) -> None:
        self.add("</g>")

    def clip(self, name: str, markup: str) -> None:
        """Open a group cut to the given shape; close it with end()."""
        self.add(f'<clipPath id="{name}">{markup}</clipPath><g clip-path="url(#{name})">')

    def svg(self, view: tuple[float, float, float, float] | None = None) -> str:
        """The finished drawing, whole or only the part inside `view` (x, y, width, height)."""
        x, y, w, h = view or (0, 0, self.w, self.h)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:.2f} {y:.2f} {w:.2f} {h:.2f}">'
            f'<rect x="{x - 1:.2f}" y="{y - 1:.2f}" width="{w + 2:.2f}" height="{h + 2:.2f}" '
            f'fill="{self.palette.paper}"/>{"".join(self.parts)}</svg>'
        )
