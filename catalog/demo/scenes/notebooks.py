"""Notebooks: closed with spine and elastic, open, in a stack, and on a desk."""

from __future__ import annotations

from PIL import Image, ImageDraw

from catalog.demo.palettes import Palette, luminance, mix, palette, rgb
from catalog.demo.plan import Art, PicturePlan
from catalog.demo.scenes import desktop
from catalog.demo.scenes.surface import Canvas, corners, grained, printed, ramp, rounded, turned

W, H = 1920, 2400
PAGE = "#f7f2e6"


def band_of(inks: Palette) -> str:
    """The elastic: the darkest ink, or a light one on a dark cover."""
    return min(inks.all, key=luminance) if not inks.is_dark else inks.colours[0]


def cover(art: Art, width: float, height: float, scale: float, elastic: bool = True) -> Image.Image:
    """The front of a notebook with its spine on the left and rounded corners on the right."""
    w, h = round(width), round(height)
    inks = palette(art.palette)
    image = printed(art, w, h, scale)
    spine = round(w * 0.062)
    cloth = mix(band_of(inks), inks.paper, 0.06)
    image.paste(grained(Image.new("RGB", (spine, h), cloth), 7, scale, coarse=0.3), (0, 0))
    groove = max(2, round(w * 0.014))
    image.paste((20, 14, 8), (spine, 0), ramp((groove, h), 0.34, 0.02, vertical=False))
    image.paste((255, 255, 255), (spine + groove, 0), ramp((groove, h), 0.20, 0.0, vertical=False))
    image.paste((255, 255, 255), (0, 0), ramp((round(spine * 0.7), h), 0.20, 0.0, vertical=False))
    image.paste((20, 14, 8), (w - groove, 0), ramp((groove, h), 0.0, 0.14, vertical=False))
    if elastic:
        strip = round(w * 0.024)
        at = round(w * 0.865)
        image.paste((20, 14, 8), (at + strip, 0), ramp((strip // 2, h), 0.32, 0.0, vertical=False))
        image.paste(rgb(band_of(inks)), (at, 0, at + strip, h))
        image.paste((255, 255, 255), (at, 0), ramp((max(1, strip // 3), h), 0.22, 0.05, vertical=False))
    piece = image.convert("RGBA")
    piece.putalpha(rounded((w, h), w * 0.010, w * 0.042))
    return piece


def bound(art: Art, width: float, height: float, scale: float) -> Image.Image:
    """The cover on its block of pages, whose edge shows a little at the right and the foot."""
    w, h = round(width), round(height)
    over = max(1, round(w * 0.013))
    piece = Image.new("RGBA", (w + over, h + over), (0, 0, 0, 0))
    pages = Image.new("RGB", (w, h), PAGE)
    draw = ImageDraw.Draw(pages)
    for index in range(0, over, max(2, over // 4)):
        draw.line((0, h - 1 - index, w, h - 1 - index), fill="#d6cdb9")
        draw.line((w - 1 - index, 0, w - 1 - index, h), fill="#d6cdb9")
    piece.paste(pages, (over, over), rounded((w, h), w * 0.01, w * 0.045))
    front = cover(art, w, h, scale)
    piece.paste(front, (0, 0), front)
    return piece


def _lay(canvas: Canvas, piece: Image.Image, x: float, y: float, degrees: float, lift: float = 1.0) -> None:
    w, h = piece.width / canvas.scale, piece.height / canvas.scale
    outline = corners(x, y, w, h, degrees)
    canvas.shadow(outline, 58 * lift, 0.28, dx=6 * lift, dy=52 * lift)
    canvas.shadow(outline, 16 * lift, 0.30, dx=4, dy=14 * lift)
    if degrees:
        turned_piece = turned(piece, degrees)
        canvas.put(
            turned_piece,
            x + w / 2 - turned_piece.width / canvas.scale / 2,
            y + h / 2 - turned_piece.height / canvas.scale / 2,
        )
    else:
        canvas.put(piece, x, y)


def closed(plan: PicturePlan, scale: float) -> Image.Image:
    canvas = Canvas(W, H, scale)
    h = 1480.0
    w = h * float(plan.option("ratio", 0.715))
    _ribbon(canvas, plan, W / 2 - w * 0.28, H / 2 + h / 2 - 40)
    _lay(
        canvas,
        bound(Art.of(plan), w * scale, h * scale, scale),
        (W - w) / 2,
        (H - h) / 2 - 10,
        float(plan.option("turn", 0)),
    )
    return canvas.finished()


def _ribbon(canvas: Canvas, plan: PicturePlan, x: float, y: float) -> None:
    if plan.option("turn", 0):
        return
    ink = palette(plan.palette).colours[1]
    outline = [(x, y), (x + 26, y), (x + 40, y + 150), (x + 8, y + 156)]
    canvas.shadow(outline, 8, 0.3, dx=4, dy=8)
    canvas.drawing(
        f'<path d="M{x} {y}H{x + 27}C{x + 28} {y + 70} {x + 22} {y + 92} {x + 38} {y + 158}L{x + 20} '
        f"{y + 146}"
        f'L{x + 9} {y + 164}C{x - 4} {y + 100} {x + 2} {y + 70} {x} {y}Z" fill="{ink}"/>',
        (x - 10, y, 60, 170),
    )


def ruled(size: tuple[int, int], ruling: str, scale: float, mirror: bool = False) -> Image.Image:
    """One page: dotted, lined, squared or blank."""
    w, h = size
    page = grained(Image.new("RGB", size, "#faf6ec"), 2.2, scale)
    draw = ImageDraw.Draw(page)
    step = max(3.0, 44 * scale)
    ink = "#b9b2a2"
    left, top = step * 1.2, step * 1.6
    rows, columns = int((h - top - step) / step), int((w - 2.2 * step) / step)
    if ruling == "dotted":
        r = max(0.6, 3.1 * scale)
        for row in range(rows + 1):
            for column in range(columns + 1):
                x, y = left + column * step, top + row * step
                draw.ellipse((x - r, y - r, x + r, y + r), fill="#a59d8c")
    elif ruling in ("lined", "squared"):
        for row in range(rows + 1):
            draw.line(
                (left * 0.6, top + row * step, w - left * 0.6, top + row * step),
                fill=ink,
                width=max(1, round(2 * scale)),
            )
        if ruling == "squared":
            for column in range(columns + 1):
                x = left + column * step
                draw.line((x, top, x, top + rows * step), fill=ink, width=max(1, round(2 * scale)))
    gutter = round(w * 0.16)
    shade = (
        ramp((gutter, h), 0.0, 0.30, vertical=False)
        if not mirror
        else ramp((gutter, h), 0.30, 0.0, vertical=False)
    )
    page.paste((88, 70, 46), (w - gutter if not mirror else 0, 0), shade)
    return page


def spread(plan: PicturePlan, scale: float) -> Image.Image:
    """Open flat, a pencil across, a second one closed above."""
    canvas = Canvas(W, H, scale)
    inks = palette(plan.palette)
    if plan.option("with_cover", 1):
        h0 = 1180.0
        _lay(canvas, bound(Art.of(plan), h0 * 0.715 * scale, h0 * scale, scale), 930, 130, -7)
    w, h, y = 820, 1160, 1010
    x = W / 2 - w
    canvas.shadow((x, y, w * 2, h), 56, 0.30, dy=46, spread=-10)
    canvas.shadow((x, y, w * 2, h), 14, 0.28, dy=12)
    back = Image.new("RGB", (round((w * 2 + 28) * scale), round((h + 26) * scale)), band_of(inks))
    canvas.put(back, x - 14, y - 12, rounded(back.size, 34 * scale, 34 * scale))
    for mirror in (False, True):
        page = ruled(
            (round(w * scale), round(h * scale)), str(plan.option("ruling", "dotted")), scale, mirror
        )
        mask = rounded(page.size, 0 if mirror else 26 * scale, 26 * scale if mirror else 0)
        canvas.put(page, x + (w if mirror else 0), y, mask)
    canvas.veil(W / 2 - 1.5, y, 3, h, "#5a4630", 0.35)
    desktop.pencil(canvas, 1150, 2010, 880, -43, inks.colours[0] if not inks.is_dark else inks.colours[1])
    return canvas.finished()


def stack(plan: PicturePlan, scale: float) -> Image.Image:
    """Three of a kind in three inks, fanned on the table."""
    canvas = Canvas(W, H, scale)
    others = [Art.parse(text) for text in str(plan.option("others", "")).split() if text]
    arts = [*others[:2], Art.of(plan)]
    places = (
        ((400, 300, 9.0), (620, 420, -3.0), (430, 700, 3.0))
        if len(arts) == 3
        else ((380, 330, 7.0), (560, 620, -4.0))
    )
    for art, (x, y, degrees) in zip(arts, places, strict=False):
        h = 1230.0
        _lay(canvas, bound(art, h * 0.715 * scale, h * scale, scale), x, y, degrees)
    return canvas.finished()


SIZES = {"a6": (105, 148), "a5": (148, 210), "a4": (210, 297)}


def on_desk(plan: PicturePlan, scale: float) -> Image.Image:
    """In scale: on a desk beside a cup and a pencil; 4.6 units are a millimetre."""
    canvas = Canvas(W, H, scale)
    inks = palette(plan.palette)
    desktop.setting(canvas, inks, plan.seed)
    unit = 4.9
    across, tall = SIZES[str(plan.option("size", "a5"))]
    w, h = across * unit, tall * unit
    degrees = (6.0, -5.0, 4.0)[plan.seed % 3]
    x, y = 430 + (148 - across) * 2, 820 + (210 - tall) * 3
    _lay(canvas, bound(Art.of(plan), w * scale, h * scale, scale * 0.8), x, y, degrees, 0.8)
    desktop.pencil(canvas, 1420, 1330, 175 * unit, 74, inks.colours[(plan.seed + 1) % 3])
    desktop.coin(canvas, 1320, 2130, 11.6 * unit)
    return canvas.finished()
