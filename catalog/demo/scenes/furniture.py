"""Furniture in flat colour, drawn to size (ten units a centimetre), standing on the given floor line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from catalog.demo.palettes import mix

Inks = tuple[str, str, str]
Outline = list[tuple[float, float]]  # as shadows take it
Piece = tuple[str, tuple[float, float, float, float], float, Sequence[tuple[Outline, float, float]]]

OAK, OAK_DARK, OAK_LIGHT = "#c79a64", "#a87a45", "#d9b586"
INK = "#2a2622"
BRASS = "#a98444"  # seen on walls light and dark
STAND = 118  # how far before the wall things stand, in the picture's plane


def _rect(x: float, y: float, w: float, h: float, fill: str, r: float = 0) -> str:
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{fill}" rx="{r}"/>'


def _flat(x: float, y: float, w: float, h: float) -> Outline:
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]


def _sprig(x: float, y: float, height: float, ink: str, lean: float) -> str:
    out = [
        f'<path d="M{x} {y}Q{x + lean * 0.2} {y - height * 0.6} {x + lean} {y - height}" fill="none" '
        f'stroke="{ink}" '
        f'stroke-width="5" stroke-linecap="round"/>'
    ]
    for index in range(2, 9):
        t = index / 9
        px = x + 2 * t * (1 - t) * lean * 0.2 + t * t * lean
        py = y - (2 * t * (1 - t) * 0.6 + t * t) * height
        size = 58 * (1.15 - 0.45 * t)
        for side in (-1, 1):
            out.append(
                f'<path d="M0 0C{size * 0.3} {-size * 0.26} {size * 0.7} {-size * 0.24} {size} 0'
                f"C{size * 0.7} "
                f'{size * 0.2} {size * 0.3} {size * 0.2} 0 0Z" fill="{ink}" '
                f'transform="translate({px:.1f} {py:.1f}) rotate({-90 + lean * 0.12 + side * 52:.1f})"/>'
            )
    return "".join(out)


def _vase(x: float, base: float, scale: float, ink: str, sprigs: bool = True) -> str:
    leaf = mix("#5d6b4a", ink, 0.12)
    stems = (
        "".join(
            _sprig(x + dx, base - 190 * scale, height * scale, leaf, lean)
            for dx, height, lean in ((-8, 300, -120), (4, 380, 26), (10, 270, 130))
        )
        if sprigs
        else ""
    )
    body = (
        f'<path d="M-34 -210H34C32 -184 40 -172 62 -152C112 -104 100 -18 52 0H-52C-100 -18 -112 -104 -62 '
        f"-152C-40 "
        f'-172 -32 -184 -34 -210Z" fill="{ink}" transform="translate({x} {base}) scale({scale})"/>'
        f'<path d="M34 -210C32 -184 40 -172 62 -152C112 -104 100 -18 52 0H14C60 -30 66 -104 30 -148C14 '
        f"-170 14 -190 "
        f'14 -210Z" fill="{mix(ink, INK, 0.16)}" transform="translate({x} {base}) scale({scale})"/>'
    )
    return stems + body


def _books(x: float, base: float, inks: Inks) -> str:
    rows = ((0, 290, 40, inks[0]), (18, 250, 32, "#dccfb8"), (6, 270, 36, inks[2]))
    out, y = "", base
    for dx, w, h, ink in rows:
        y -= h
        out += _rect(x + dx, y, w, h, ink, 4) + _rect(x + dx + 26, y, 7, h, mix(ink, INK, 0.25))
    return out


def sideboard(floor: float, inks: Inks) -> Piece:
    """A low oak sideboard, 150 cm wide, with a vase and a pile of books."""
    foot = floor + STAND
    x, w, top, low = 210, 1500, foot - 720, foot - 130
    out = [_vase(x + 1210, top, 1.3, inks[1]), _books(x + 150, top, inks)]
    out.append(_rect(x + 70, low, 34, 130, OAK_DARK) + _rect(x + w - 104, low, 34, 130, OAK_DARK))
    out.append(_rect(x, top, w, low - top, OAK, 6) + _rect(x - 12, top, w + 24, 34, OAK_LIGHT, 4))
    for index in range(3):
        dx = x + 26 + index * 486
        out.append(_rect(dx, top + 60, 472, low - top - 88, mix(OAK, OAK_LIGHT, 0.25 if index != 1 else 0.6)))
        if index != 1:
            out.extend(
                _rect(dx + 12 + k * 25, top + 60, 9, low - top - 88, mix(OAK, OAK_DARK, 0.42))
                for k in range(18)
            )
        else:
            out.extend(_rect(dx, top + 60 + k * 148, 472, 5, OAK_DARK) for k in (1, 2))
            out.extend(_rect(dx + 210, top + 118 + k * 148, 52, 12, INK, 6) for k in range(3))
    shadow = [
        (_flat(x + 30, foot - 22, w - 40, 34), 22, 0.40),
        (_flat(x + 20, low - 20, w - 40, 110), 60, 0.16),
        (_flat(x + 34, top + 30, w - 30, low - top), 46, 0.20),
    ]
    return "".join(out), (x - 20, top - 800, w + 60, foot - top + 810), top, shadow


def chair(floor: float, inks: Inks) -> Piece:
    """A bentwood chair beside a potted plant."""
    foot = floor + STAND
    seat = foot - 460
    x = 560
    wood, dark = mix(inks[0], OAK_DARK, 0.35), mix(mix(inks[0], OAK_DARK, 0.35), INK, 0.3)

    def leg(d: str, ink: str, width: float) -> str:
        return f'<path d="{d}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-linecap="round"/>'

    out = [
        leg(
            f"M{x + 20} {seat - 10}C{x - 6} {seat - 420} {x + 60} {seat - 500} {x + 215} {seat - 500}"
            f"C{x + 370} {seat - 500} {x + 436} {seat - 420} {x + 410} {seat - 10}",
            wood,
            30,
        ),
        leg(
            f"M{x + 98} {seat - 10}C{x + 90} {seat - 300} {x + 130} {seat - 390} {x + 215} {seat - 390}"
            f"C{x + 300} {seat - 390} {x + 340} {seat - 300} {x + 332} {seat - 10}",
            dark,
            20,
        ),
        leg(f"M{x + 86} {seat + 20}L{x + 66} {foot - 50}", dark, 26),
        leg(f"M{x + 344} {seat + 20}L{x + 364} {foot - 50}", dark, 26),
        leg(f"M{x + 40} {seat + 20}L{x + 6} {foot - 6}", wood, 30),
        leg(f"M{x + 390} {seat + 20}L{x + 424} {foot - 6}", wood, 30),
        leg(f"M{x + 30} {seat + 200}H{x + 400}", dark, 15),
        f'<ellipse cx="{x + 215}" cy="{seat}" rx="250" ry="44" fill="{wood}"/>',
        f'<ellipse cx="{x + 215}" cy="{seat - 10}" rx="226" ry="33" fill="{mix("#e2cda6", inks[1], 0.14)}"/>',
    ]
    pot = x + 830
    leaf = mix("#4d6549", inks[2], 0.1)
    for index, (lean, height) in enumerate(
        ((-300, 520), (-170, 700), (-30, 820), (130, 740), (270, 560), (60, 480), (-90, 450))
    ):
        bx, by = pot, foot - 250
        tone = mix(leaf, "#ffffff" if index % 2 else INK, 0.08)
        out.append(
            f'<path d="M{bx} {by}Q{bx + lean * 0.2} {by - height * 0.7} {bx + lean} {by - height}'
            f"Q{bx + lean * 0.75 + 80} "
            f'{by - height * 0.6} {bx + 12} {by}Z" fill="{tone}"/>'
        )
    out.append(
        f'<path d="M{pot - 150} {foot - 270}H{pot + 150}L{pot + 112} {foot - 4}H{pot - 112}Z" '
        f'fill="{inks[1]}"/>'
    )
    out.append(
        f'<path d="M{pot + 40} {foot - 270}H{pot + 150}L{pot + 112} {foot - 4}H{pot + 40}Z" '
        f'fill="{mix(inks[1], INK, 0.13)}"/>'
    )
    out.append(_rect(pot - 164, foot - 290, 328, 46, mix(inks[1], "#ffffff", 0.12), 6))
    shadow = [(_flat(x - 10, foot - 16, 450, 24), 22, 0.34), (_flat(pot - 120, foot - 18, 250, 28), 22, 0.42)]
    return "".join(out), (x - 60, foot - 1120, 1260, 1130), seat - 490, shadow


def sofa(floor: float, inks: Inks) -> Piece:
    """A two-seat sofa with a cushion, cut off by the edge of the picture as in a photograph."""
    foot = floor + STAND + 30
    cloth = mix(inks[0], "#d8cdbb", 0.42)
    deep, light = mix(cloth, INK, 0.16), mix(cloth, "#ffffff", 0.12)
    x, w, top = 190, 1900, foot - 770
    out = [
        _rect(x + 120, foot - 120, 30, 120, OAK_DARK),
        _rect(x + w - 150, foot - 120, 30, 120, OAK_DARK),
        _rect(x + 70, top, w - 140, 560, deep, 60),
        _rect(x + 100, top + 20, 820, 460, cloth, 50),
        _rect(x + 940, top + 20, 860, 460, cloth, 50),
        _rect(x + 60, top + 400, 890, 180, light, 40),
        _rect(x + 955, top + 400, 880, 180, light, 40),
        _rect(x + 30, top + 545, w - 60, 130, deep, 30),
        _rect(x, top + 220, 170, 455, mix(cloth, INK, 0.07), 64),
    ]
    out.append(
        f'<g transform="rotate(-9 {x + 330} {top + 260})">{_rect(x + 180, top + 120, 330, 300, inks[1], 46)}'
        + "".join(
            _rect(x + 200, top + 176 + k * 62, 290, 10, mix(inks[1], "#ffffff", 0.35)) for k in range(4)
        )
        + "</g>"
    )
    shadow = [(_flat(x + 60, foot - 40, w, 44), 34, 0.36), (_flat(x + 30, top + 60, w, 560), 60, 0.18)]
    return "".join(out), (x - 20, top - 40, 1760, foot - top + 50), top, shadow


def desk(floor: float, inks: Inks) -> Piece:
    """A writing table with a lamp, seen straight on."""
    foot = floor + STAND
    x, w, top = 170, 1640, foot - 750
    lamp = x + 250
    out = [
        f'<path d="M{lamp} {top}V{top - 330}L{lamp + 210} {top - 520}" fill="none" stroke="{BRASS}" '
        f'stroke-width="15" stroke-linejoin="round"/>',
        _rect(lamp - 90, top - 22, 180, 22, BRASS, 11),
        f'<path d="M{lamp + 120} {top - 600}L{lamp + 285} {top - 450}L{lamp + 330} {top - 330}'
        f'L{lamp + 30} {top - 500}Z" fill="{inks[0]}" transform="rotate(-8 {lamp + 200} {top - 500})"/>',
        _books(x + 1040, top, inks),
        f'<path d="M{x + 1440} {top - 130}H{x + 1540}L{x + 1528} {top}H{x + 1452}Z" fill="{inks[1]}"/>',
        "".join(
            f'<path d="M{x + 1465 + k * 18} {top - 120}L{x + 1440 + k * 34} {top - 270 - k % 2 * 24}" '
            f'stroke="{ink}" stroke-width="12" stroke-linecap="round"/>'
            for k, ink in enumerate((INK, inks[2], OAK_DARK, inks[0]))
        ),
        _rect(x, top, w, 46, OAK_LIGHT, 6),
        _rect(x + 40, top + 46, w - 80, 120, OAK),
        _rect(x + w / 2 - 300, top + 66, 600, 84, mix(OAK, OAK_LIGHT, 0.5), 4),
        _rect(x + w / 2 - 30, top + 98, 60, 14, INK, 7),
        f'<path d="M{x + 60} {top + 166}H{x + 120}L{x + 96} {foot}H{x + 66}Z" fill="{OAK_DARK}"/>',
        f'<path d="M{x + w - 60} {top + 166}H{x + w - 120}L{x + w - 96} {foot}H{x + w - 66}Z" '
        f'fill="{OAK_DARK}"/>',
    ]
    shadow = [
        (_flat(x + 50, foot - 12, 80, 18), 16, 0.4),
        (_flat(x + w - 120, foot - 12, 80, 18), 16, 0.4),
        (_flat(x + 50, top + 60, w - 70, 170), 40, 0.2),
    ]
    return "".join(out), (x - 10, top - 640, w + 20, foot - top + 650), top, shadow


def bench(floor: float, inks: Inks) -> Piece:
    """A long low bench with two books and a vase: for the wide picture of the home page."""
    foot = floor + 92
    x, w, top = 430, 1010, foot - 400
    out = [
        _rect(x + 70, top + 40, 42, 360, OAK_DARK),
        _rect(x + w - 112, top + 40, 42, 360, OAK_DARK),
        _rect(x + 70, top + 250, w - 140, 24, OAK_DARK),
        _books(x + 110, top, inks),
        _vase(x + 868, top, 0.8, inks[1]),
        _rect(x, top, w, 52, OAK, 4),
        _rect(x, top, w, 16, OAK_LIGHT, 4),
    ]
    shadow = [
        (_flat(x + 64, foot - 12, 60, 18), 14, 0.45),
        (_flat(x + w - 120, foot - 12, 60, 18), 14, 0.45),
        (_flat(x + 40, foot - 30, w - 80, 40), 40, 0.22),
    ]
    return "".join(out), (x - 10, top - 560, w + 20, foot - top + 570), top, shadow


PIECES: dict[str, Callable[[float, Inks], Piece]] = {
    "sideboard": sideboard,
    "chair": chair,
    "sofa": sofa,
    "desk": desk,
}
