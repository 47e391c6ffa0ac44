"""From a plan to a picture."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from catalog.demo.plan import PicturePlan
from catalog.demo.scenes import books, cards, notebooks, rooms, wall

Scene = Callable[[PicturePlan, float], Image.Image]

# The scene draws itself at a scale of 1 for a long edge of 2,400 pixels.
FULL = 2400

SCENES: dict[str, Scene] = {
    "framed": wall.in_frame,
    "sheet": wall.as_sheet,
    "detail": wall.close_up,
    "choices": wall.choices,
    "plain": wall.plain,
    "room": rooms.room,
    "hero": rooms.hero,
    "notebook": notebooks.closed,
    "notebook-open": notebooks.spread,
    "notebook-stack": notebooks.stack,
    "notebook-desk": notebooks.on_desk,
    "cards": cards.fan,
    "cards-flat": cards.flat,
    "cards-shelf": cards.on_shelf,
    "cards-desk": cards.on_desk,
    "book": books.cover,
    "book-open": books.spread,
    "book-stack": books.stack,
    "book-desk": books.on_desk,
}
SCALE_SCENES = frozenset({"room", "notebook-desk", "cards-desk", "cards-shelf", "book-desk"})


def draw(plan: PicturePlan, long_edge: int = FULL) -> Image.Image:
    """Draw the picture; the same plan and size give the same pixels every time."""
    return SCENES[plan.scene](plan, long_edge / FULL)
