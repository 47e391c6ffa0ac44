"""Prints on a quiet wall: framed, loose, in close-up, three frames in a row, and the plain art."""

from __future__ import annotations

from PIL import Image

from catalog.demo.palettes import mix
from catalog.demo.plan import Art, PicturePlan
from catalog.demo.scenes.frames import LEDGE, deckle, framed, hang, loose
from catalog.demo.scenes.surface import Canvas, grained, printed

W, H = 1920, 2400
SHADE = "#2a1d12"


def _outer(plan: PicturePlan) -> tuple[float, float]:
    """Outer size of the frame for the sheet's format: tall ones higher, wide ones lower."""
    ratio = float(plan.option("ratio", 0.805))
    if ratio > 1:
        width = 1440.0
        return width, width / ratio
    height = 1572.0
    return height * ratio, height


def in_frame(plan: PicturePlan, scale: float) -> Image.Image:
    canvas = Canvas(W, H, scale)
    w, h = _outer(plan)
    x, y = (W - w) / 2, (H - h) / 2 - 12
    piece = framed(Art.of(plan), w * scale, h * scale, plan.option("frame", "black"), scale)
    hang(canvas, piece, x, y)
    return canvas.finished()


def as_sheet(plan: PicturePlan, scale: float) -> Image.Image:
    """No frame: the sheet hangs from a clip, two pins or a pair of wooden rails."""
    canvas = Canvas(W, H, scale)
    w, h = _outer(plan)
    x, y = (W - w) / 2, (H - h) / 2 + 20
    piece = loose(Art.of(plan), w * scale, h * scale, scale)
    hook = plan.option("hook", "clip")
    outline = (x + 8, y, w - 16, h - 12)
    canvas.shadow(outline, 58, 0.22, dy=46, spread=-30)
    canvas.shadow(outline, 16, 0.22, dy=11, spread=-4)
    canvas.put(piece, x, y)
    middle = x + w / 2
    if hook == "clip":
        canvas.shadow((middle - 62, y - 26, 124, 92), 12, 0.35, dy=9)
        canvas.drawing(_clip(middle, y), (middle - 110, y - 150, 220, 240))
    elif hook == "rails":
        for top in (y - 34, y + h - 52):
            canvas.shadow((x - 26, top, w + 52, 52), 13, 0.36, dy=13)
            rail = _rail(round((w + 52) * scale), round(52 * scale), scale)
            canvas.put(rail, x - 26, top)
    else:
        for pin in (x + 46, x + w - 46):
            canvas.shadow((pin - 16, y + 26, 32, 32), 9, 0.5, dx=3, dy=14)
            canvas.drawing(
                f'<circle cx="{pin}" cy="{y + 42}" r="21" fill="#b98a3d"/><circle cx="{pin - 4}" '
                f'cy="{y + 37}" r="13" '
                f'fill="#d9b065"/><circle cx="{pin - 6}" cy="{y + 34}" r="5" fill="#f0d69a"/>',
                (pin - 24, y + 18, 48, 48),
            )
    return canvas.finished()


def _clip(x: float, y: float) -> str:
    return (
        f'<path d="M{x - 18} {y - 24}V{y - 86}A18 18 0 0 1 {x + 18} {y - 86}V{y - 24}" fill="none" '
        f'stroke="#8d8880" '
        f'stroke-width="9"/><circle cx="{x}" cy="{y - 120}" r="11" fill="#3b3732"/>'
        f'<path d="M{x - 48} {y - 34}H{x + 48}L{x + 66} {y + 58}H{x - 66}Z" fill="#25221f"/>'
        f'<path d="M{x - 46} {y - 34}H{x + 46}L{x + 48} {y - 24}H{x - 48}Z" fill="#4a453f"/>'
        f'<rect x="{x - 66}" y="{y + 52}" width="132" height="10" fill="#151412"/>'
    )


def _rail(width: int, height: int, scale: float) -> Image.Image:
    base = grained(Image.new("RGB", (width, height), "#c2925a"), 3.0, scale, coarse=1.4)
    base.paste((222, 184, 130), (0, 0, width, max(1, height // 7)))
    base.paste((158, 113, 62), (0, height - max(1, height // 9), width, height))
    return base


def close_up(plan: PicturePlan, scale: float) -> Image.Image:
    """The lower corner of the sheet, near enough to see the grain and the deckle."""
    canvas = Canvas(W, H, scale)
    side = plan.option("corner", "left")
    w, h = 1640, 2090
    x = W - w if side == "left" else 0
    outline = (x, -60, w, h + 40) if side == "left" else (-60, -60, w + 50, h + 40)
    canvas.shadow(outline, 60, 0.26, dx=-12 if side == "left" else 12, dy=44, spread=-20)
    canvas.shadow(outline, 14, 0.30, dy=10, spread=-3)
    px = (round(w * scale), round(h * scale))
    sheet = grained(Image.new("RGB", px, "#faf7f0"), 4.2, scale * 1.7, shift=plan.seed)
    margin, foot = 205, 265
    art_w, art_h = w - margin, h - foot
    # A window on the print of about four tenths of its width: near, yet still known.
    share = float(plan.option("share", 0.56))
    ratio = 0.77
    tall = share * ratio * art_h / art_w
    view = (0.0 if side == "left" else 1 - share, 1 - tall, share, tall)
    image = printed(Art.of(plan), art_w * scale, art_h * scale, scale * 1.6, view)
    sheet.paste(image, (round((margin if side == "left" else 0) * scale), 0))
    rough = max(1.0, 11 * scale)
    mask = deckle(px, plan.seed + 5, rough, f"bottom {side}")
    canvas.put(sheet, x, 0, mask)
    return canvas.finished()


def choices(plan: PicturePlan, scale: float) -> Image.Image:
    """The same print in three frames, leaning on a ledge, to choose by eye."""
    canvas = Canvas(W, H, scale)
    ledge = 1720
    kinds = str(plan.option("frames", "oak black white")).split()
    places = ((105, 650), (585, 750), (1165, 650))
    order = (0, 2, 1)
    for index in order:
        x, w = places[index]
        h = w / 0.79
        y = ledge - h + 4
        canvas.shadow((x, y, w, h), 46, 0.26, dx=14, dy=22, spread=-12)
        canvas.shadow((x, y, w, h), 9, 0.30, dx=4, dy=3)
        canvas.put(framed(Art.of(plan), w * scale, h * scale, kinds[index % len(kinds)], scale), x, y)
    canvas.shadow((70, ledge + 40, 1780, 50), 40, 0.34, dy=46)
    canvas.fill(70, ledge, 1780, 30, mix(LEDGE, "#ffffff", 0.22))
    canvas.fill(70, ledge + 30, 1780, 62, LEDGE)
    canvas.fill(70, ledge + 88, 1780, 5, mix(LEDGE, SHADE, 0.3))
    return canvas.finished()


def plain(plan: PicturePlan, scale: float) -> Image.Image:
    """The art alone, edge to edge: category tiles and the study of the press."""
    width, height = int(plan.option("width", 2400)), int(plan.option("height", 1920))
    return printed(Art.of(plan), width * scale, height * scale, scale * 1.15)
