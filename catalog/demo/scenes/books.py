"""Books: the cover with its spine, open, in a pile, and on a desk."""

from __future__ import annotations

from PIL import Image, ImageDraw

from catalog.demo.palettes import luminance, mix, palette
from catalog.demo.plan import Art, PicturePlan
from catalog.demo.scenes import desktop
from catalog.demo.scenes.frames import LEDGE
from catalog.demo.scenes.notebooks import ruled
from catalog.demo.scenes.surface import Canvas, corners, grained, printed, ramp, turned

W, H = 1920, 2400


def cloth_of(art: Art) -> str:
    inks = palette(art.palette)
    return min(inks.colours[:3], key=luminance)


def front(art: Art, width: float, height: float, scale: float, hard: bool = True) -> Image.Image:
    """The cover: cloth spine, joint, the art, and a paper label where the title would stand."""
    w, h = round(width), round(height)
    inks = palette(art.palette)
    image = printed(art, w, h, scale)
    if hard:
        spine = round(w * 0.13)
        image.paste(grained(Image.new("RGB", (spine, h), cloth_of(art)), 9, scale, coarse=0.2), (0, 0))
        joint = max(2, round(w * 0.02))
        image.paste((20, 14, 8), (spine, 0), ramp((joint, h), 0.30, 0.0, vertical=False))
    crease = max(2, round(w * 0.012))
    at = round(w * 0.045)
    image.paste((20, 14, 8), (at, 0), ramp((crease, h), 0.05, 0.30, vertical=False))
    image.paste((255, 255, 255), (at + crease, 0), ramp((crease, h), 0.30, 0.0, vertical=False))
    label_w, label_h = round(w * 0.40), round(h * 0.105)
    x, y = round(w * (0.565 if hard else 0.52) - label_w / 2), round(h * 0.075)
    draw = ImageDraw.Draw(image)
    draw.rectangle((x, y, x + label_w, y + label_h), fill="#fbf8f0")
    line = max(1, round(w * 0.003))
    inset = round(label_h * 0.1)
    draw.rectangle(
        (x + inset, y + inset, x + label_w - inset, y + label_h - inset),
        outline=inks.ink if not inks.is_dark else inks.paper,
        width=line,
    )
    ink = inks.ink if not inks.is_dark else inks.paper
    for share, dy in ((0.56, 0.36), (0.40, 0.50), (0.22, 0.68)):
        half = label_w * share / 2
        middle = x + label_w / 2
        thick = max(1, round(label_h * (0.06 if dy < 0.6 else 0.025)))
        draw.rectangle((middle - half, y + label_h * dy, middle + half, y + label_h * dy + thick), fill=ink)
    return image


def volume(art: Art, width: float, height: float, scale: float, hard: bool = True) -> Image.Image:
    """The book seen from the front, a little of its page block showing at the right and the foot."""
    w, h = round(width), round(height)
    thick = max(2, round(w * (0.032 if hard else 0.018)))
    piece = Image.new("RGBA", (w + thick, h + thick), (0, 0, 0, 0))
    draw = ImageDraw.Draw(piece)
    lip = max(1, thick // 4)
    board = cloth_of(art) if hard else mix(palette(art.palette).paper, "#2a1d12", 0.12)
    draw.polygon(
        [
            (0, h - 1),
            (thick, h + thick - 1),
            (w + thick - 1, h + thick - 1),
            (w + thick - 1, thick),
            (w - 1, 0),
        ],
        fill=board,
    )
    pages = "#f3ecdc"
    draw.polygon(
        [(w, lip), (w, h), (w + thick - lip, h + thick - lip), (w + thick - lip, thick + lip)], fill=pages
    )
    draw.polygon(
        [(lip, h), (w, h), (w + thick - lip, h + thick - lip), (thick + lip, h + thick - lip)],
        fill=mix(pages, "#6b5636", 0.14),
    )
    for index in range(1, 5):
        d = (thick - lip) * index / 5
        draw.line(
            [(w + d, lip + d), (w + d, h + d)],
            fill=mix(pages, "#6b5636", 0.26),
            width=max(1, round(1.5 * scale)),
        )
        draw.line(
            [(lip + d, h + d), (w + d, h + d)],
            fill=mix(pages, "#6b5636", 0.34),
            width=max(1, round(1.5 * scale)),
        )
    piece.paste(front(art, w, h, scale, hard), (0, 0))
    return piece


def _lay(
    canvas: Canvas, piece: Image.Image, x: float, y: float, degrees: float = 0, lift: float = 1.0
) -> None:
    w, h = piece.width / canvas.scale, piece.height / canvas.scale
    outline = corners(x + 4, y + 4, w - 8, h - 8, degrees)
    canvas.shadow(outline, 64 * lift, 0.30, dx=16 * lift, dy=54 * lift)
    canvas.shadow(outline, 14 * lift, 0.32, dx=8 * lift, dy=14 * lift)
    shown = turned(piece, degrees) if degrees else piece
    canvas.put(shown, x + w / 2 - shown.width / canvas.scale / 2, y + h / 2 - shown.height / canvas.scale / 2)


def cover(plan: PicturePlan, scale: float) -> Image.Image:
    canvas = Canvas(W, H, scale)
    h = 1470.0
    w = h * float(plan.option("ratio", 0.78))
    piece = volume(
        Art.of(plan), w * scale, h * scale, scale, plan.option("binding", "hardback") == "hardback"
    )
    _lay(canvas, piece, (W - w) / 2 - 14, (H - h) / 2 - 24, float(plan.option("turn", 0)))
    return canvas.finished()


def spread(plan: PicturePlan, scale: float) -> Image.Image:
    """Two books: one open at a plate, the closed one behind it."""
    canvas = Canvas(W, H, scale)
    own = Art.of(plan)
    others = [Art.parse(text) for text in str(plan.option("others", "")).split() if text] or [own]
    w0, h0 = 860, 1100
    _lay(canvas, volume(own, w0 * scale, h0 * scale, scale), 150, 120, 4)
    w, h, y = 830, 1090, 1080
    x = W / 2 - w
    canvas.shadow((x, y, w * 2, h), 56, 0.32, dy=46, spread=-8)
    canvas.shadow((x, y, w * 2, h), 14, 0.30, dy=12)
    canvas.fill(x - 12, y - 10, w * 2 + 24, h + 22, cloth_of(own))
    for index in (3, 2, 1):
        canvas.fill(
            x - index * 3,
            y + index,
            w * 2 + index * 6,
            h,
            mix("#f3ecdc", "#6b5636", 0.12 if index % 2 else 0.22),
        )
    for mirror in (False, True):
        size = (round(w * scale), round(h * scale))
        page = ruled(size, "plain", scale, mirror)
        margin = round(90 * scale)
        art = others[0] if not mirror else others[-1]
        if mirror:
            plate = printed(art, size[0] - margin * 2, size[1] - margin * 2, scale)
            page.paste(plate, (margin + round(10 * scale), margin))
        else:
            _column(page, margin, scale)
        gutter = round(w * 0.15 * scale)
        shade = ramp((gutter, size[1]), 0.22, 0.0, vertical=False) if mirror else None
        if shade:
            page.paste((70, 54, 34), (0, 0), shade)
        canvas.put(page, x + (w if mirror else 0), y)
    canvas.veil(W / 2 - 1.5, y, 3, h, "#5a4630", 0.4)
    return canvas.finished()


def _column(page: Image.Image, margin: int, scale: float) -> None:
    """A page of text seen from too far away to read: lines of even grey."""
    draw = ImageDraw.Draw(page)
    y, step = margin * 2.1, 34 * scale
    left, right = margin * 1.2, page.width - margin * 1.7
    draw.rectangle((left, y, left + (right - left) * 0.56, y + 26 * scale), fill="#3a342c")
    y += step * 3
    index = 0
    while y < page.height - margin * 1.9:
        share = 0.62 if index % 7 == 6 else (0.985, 0.94, 1.0, 0.96, 0.99)[index % 5]
        draw.rectangle((left, y, left + (right - left) * share, y + 8 * scale), fill="#9d9586")
        y += step * (1.75 if index % 7 == 6 else 1)
        index += 1


def stack(plan: PicturePlan, scale: float) -> Image.Image:
    """A pile of three seen from the spine, and the cover leaning on the wall behind."""
    canvas = Canvas(W, H, scale)
    floor = 1960
    own = Art.of(plan)
    h = 1230.0
    w = h * 0.78
    x, y = 760, floor - h
    canvas.shadow((x, y, w, h), 50, 0.28, dx=20, dy=14)
    canvas.shadow((x, y, w, h), 10, 0.30, dx=6, dy=4)
    canvas.put(front(own, w * scale, h * scale, scale), x, y)
    others = [Art.parse(text) for text in str(plan.option("others", "")).split() if text]
    inks = palette(own.palette)
    tones = [cloth_of(art) for art in others[:2]] + [inks.colours[1]]
    rows = ((150, 1050, 150), (210, 960, 118), (176, 1000, 136))
    top = float(floor)
    for index, (left, width, thick) in enumerate(rows):
        top -= thick
        tone = tones[index % len(tones)]
        canvas.shadow((left, top, width, thick), 22, 0.30, dx=8, dy=12)
        back = grained(
            Image.new("RGB", (round(width * scale), round(thick * scale)), tone), 8, scale, coarse=0.2
        )
        canvas.put(back, left, top)
        canvas.veil(left, top, width, thick * 0.2, "#ffffff", 0.16)
        canvas.veil(left, top + thick * 0.78, width, thick * 0.22, "#20140a", 0.18)
        light = "#fbf6ea" if luminance(tone) < 0.6 else inks.ink if not inks.is_dark else inks.paper
        for dx, length in ((0.07, 0.012), (0.91, 0.012)):
            canvas.fill(left + width * dx, top, width * length, thick, light)
        canvas.fill(
            left + width * 0.16, top + thick * 0.42, width * (0.34 - index * 0.06), thick * 0.13, light
        )
        canvas.fill(left + width * 0.70, top + thick * 0.45, width * 0.13, thick * 0.07, light)
    canvas.fill(0, floor, W, H - floor, LEDGE)
    canvas.fill(0, floor, W, 16, mix(LEDGE, "#ffffff", 0.3))
    canvas.shadow((150, floor + 4, 1570, 14), 20, 0.34, dy=10)
    return canvas.finished()


def on_desk(plan: PicturePlan, scale: float) -> Image.Image:
    """In scale: on a desk with a cup and a pencil."""
    canvas = Canvas(W, H, scale)
    inks = palette(plan.palette)
    desktop.setting(canvas, inks, plan.seed)
    unit = 4.4
    w, h = 195 * unit, 250 * unit
    degrees = (5.0, -4.0, 7.0)[plan.seed % 3]
    _lay(canvas, volume(Art.of(plan), w * scale, h * scale, scale * 0.85), 330, 840, degrees, 0.8)
    desktop.pencil(canvas, 1440, 1330, 175 * unit, 72, inks.colours[(plan.seed + 1) % 3])
    desktop.coin(canvas, 1360, 2120, 11.6 * unit)
    return canvas.finished()
