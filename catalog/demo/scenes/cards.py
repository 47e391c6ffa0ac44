"""Cards: fanned with their envelope, laid out flat, standing on a shelf, on a desk."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

from catalog.demo.palettes import luminance, mix, palette
from catalog.demo.plan import Art, PicturePlan
from catalog.demo.scenes import desktop
from catalog.demo.scenes.frames import LEDGE, deckle
from catalog.demo.scenes.surface import Canvas, corners, grained, printed, ramp, turned

W, H = 1920, 2400


def card(art: Art, width: float, height: float, scale: float, border: float = 0.042) -> Image.Image:
    """A card with a white border, its edge lightly deckled."""
    w, h = round(width), round(height)
    inset = max(1, round(min(w, h) * border))
    face = grained(Image.new("RGB", (w, h), "#fdfbf6"), 1.6, scale, shift=art.seed)
    face.paste(printed(art, w - 2 * inset, h - 2 * inset, scale), (inset, inset))
    piece = face.convert("RGBA")
    piece.putalpha(deckle((w, h), art.seed + 3, max(0.4, 1.9 * scale), "bottom right left top"))
    return piece


def envelope(width: float, height: float, ink: str, scale: float) -> Image.Image:
    """The back of an envelope with its pointed flap."""
    w, h = round(width), round(height)
    image = grained(Image.new("RGB", (w, h), ink), 2.6, scale)
    draw = ImageDraw.Draw(image, "RGBA")
    line = max(1, round(3 * scale))
    dark = (60, 42, 24)
    middle, low = w / 2, h * 0.58
    draw.polygon([(0, h), (middle, h * 0.42), (w, h)], fill=(255, 255, 255, 26))
    draw.line([(0, h), (middle, h * 0.44), (w, h)], fill=(*dark, 40), width=line)
    flap = Image.new("L", (w, h), 0)
    tip = [(0, 0), (middle - w * 0.035, low), (middle + w * 0.035, low), (w, 0)]
    ImageDraw.Draw(flap).polygon(tip, fill=255)
    # The flap's own shade: the same shape, a little lower, softened by being drawn small.
    shade = flap.resize((max(1, w // 8), max(1, h // 8)), Image.Resampling.BILINEAR).filter(
        ImageFilter.GaussianBlur(1.2)
    )
    shade = shade.resize((w, h), Image.Resampling.BICUBIC).point([value // 6 for value in range(256)])
    image.paste(dark, (0, max(1, h // 70)), shade)
    image.paste(grained(Image.new("RGB", (w, h), mix(ink, "#ffffff", 0.14)), 2.6, scale), (0, 0), flap)
    return image.convert("RGBA")


def _lay(canvas: Canvas, piece: Image.Image, x: float, y: float, degrees: float, lift: float = 1.0) -> None:
    w, h = piece.width / canvas.scale, piece.height / canvas.scale
    outline = corners(x, y, w, h, degrees)
    canvas.shadow(outline, 44 * lift, 0.24, dx=4, dy=38 * lift)
    canvas.shadow(outline, 10 * lift, 0.26, dx=2, dy=8 * lift)
    shown = turned(piece, degrees) if degrees else piece
    canvas.put(shown, x + w / 2 - shown.width / canvas.scale / 2, y + h / 2 - shown.height / canvas.scale / 2)


def _arts(plan: PicturePlan, count: int) -> list[Art]:
    """The motifs of the set, the plan's own last (on top)."""
    own = Art.of(plan)
    others = [Art.parse(text) for text in str(plan.option("others", "")).split() if text]
    return [*others[: count - 1], own]


def envelope_ink(plan: PicturePlan) -> str:
    inks = palette(plan.palette)
    tone = inks.colours[1] if luminance(inks.colours[1]) > 0.3 else inks.colours[2]
    return mix(tone, "#ece0cb", 0.45)


def fan(plan: PicturePlan, scale: float) -> Image.Image:
    """Three cards fanned over an envelope."""
    canvas = Canvas(W, H, scale)
    arts = _arts(plan, 3)
    if plan.option("upright", 0):
        w, h = 760, 1064
        _lay(canvas, envelope(h * scale, w * 1.0 * scale, envelope_ink(plan), scale), 470, 1090, -6)
        places = ((800, 420, -13.0), (610, 440, -3.5), (390, 560, 7.0))
    else:
        w, h = 1070, 764
        _lay(canvas, envelope(w * scale, h * scale, envelope_ink(plan), scale), 610, 1260, -9)
        places = ((690, 420, -14.0), (480, 620, -4.0), (240, 880, 6.0))
    for art, (x, y, degrees) in zip(arts, places[-len(arts) :], strict=True):
        _lay(canvas, card(art, w * scale, h * scale, scale), x, y, degrees)
    return canvas.finished()


def flat(plan: PicturePlan, scale: float) -> Image.Image:
    """Every motif of the set side by side."""
    canvas = Canvas(W, H, scale)
    arts = _arts(plan, 4)[::-1]
    upright = bool(plan.option("upright", 0))
    w, h = (640, 896) if upright else (760, 543)
    gap = 90
    columns = 2
    rows = (len(arts) + 1) // 2
    if not upright:
        rows, columns = len(arts), 1
        w, h = 690, 470
        columns, rows = (2, (len(arts) + 1) // 2)
    left = (W - columns * w - (columns - 1) * gap) / 2
    top = (H - rows * h - (rows - 1) * gap) / 2
    for index, art in enumerate(arts):
        row, column = divmod(index, columns)
        _lay(
            canvas,
            card(art, w * scale, h * scale, scale),
            left + column * (w + gap),
            top + row * (h + gap),
            0,
            0.8,
        )
    return canvas.finished()


def on_shelf(plan: PicturePlan, scale: float) -> Image.Image:
    """One card standing, opened a little, on a ledge beside its envelope."""
    canvas = Canvas(W, H, scale)
    ledge = 1790
    upright = bool(plan.option("upright", 0))
    w, h = (900, 1260) if upright else (1180, 842)
    x, y = W / 2 - w / 2 - 60, ledge - h
    env = envelope(1000 * scale, 714 * scale, envelope_ink(plan), scale)
    canvas.shadow((700, ledge - 714, 1000, 714), 40, 0.22, dx=16, dy=10)
    canvas.put(env, 790, ledge - 714)
    canvas.shadow((x, y, w, h), 46, 0.28, dx=22, dy=12)
    canvas.shadow((x, y, w, h), 9, 0.30, dx=6, dy=2)
    back = Image.new("RGB", (round(46 * scale), round((h - 16) * scale)), "#e6dfd0")
    canvas.put(back, x + w - 6, y + 12)
    canvas.veil(x + w - 6, y + 12, 46, h - 16, "#3a2d1c", 0.14)
    canvas.put(card(Art.of(plan), w * scale, h * scale, scale), x, y)
    canvas.put(
        Image.new("RGB", (round(26 * scale), round(h * scale)), "#ffffff"),
        x,
        y,
        ramp((round(26 * scale), round(h * scale)), 0.4, 0.0, vertical=False),
    )
    canvas.shadow((0, ledge + 60, W, 50), 46, 0.30, dy=50)
    canvas.fill(0, ledge, W, 26, mix(LEDGE, "#ffffff", 0.25))
    canvas.fill(0, ledge + 26, W, 74, LEDGE)
    canvas.fill(0, ledge + 96, W, 5, mix(LEDGE, "#2a1d12", 0.3))
    canvas.shadow((x, ledge + 2, w + 30, 10), 10, 0.3, dy=4)
    return canvas.finished()


def on_desk(plan: PicturePlan, scale: float) -> Image.Image:
    """In scale: a card and its envelope on a desk, with a cup and a pencil."""
    canvas = Canvas(W, H, scale)
    inks = palette(plan.palette)
    desktop.setting(canvas, inks, plan.seed)
    unit = 5.4
    upright = bool(plan.option("upright", 0))
    w, h = (105 * unit, 148 * unit) if upright else (148 * unit, 105 * unit)
    _lay(
        canvas, envelope(162 * unit * scale, 114 * unit * scale, envelope_ink(plan), scale), 250, 860, 7, 0.7
    )
    arts = _arts(plan, 2)
    if len(arts) > 1:
        _lay(canvas, card(arts[0], w * scale, h * scale, scale), 520, 1150, -8, 0.7)
    _lay(canvas, card(arts[-1], w * scale, h * scale, scale), 390, 1330 if upright else 1480, 5, 0.7)
    desktop.pencil(canvas, 1430, 1250, 175 * unit, 80, inks.colours[(plan.seed + 1) % 3])
    return canvas.finished()
