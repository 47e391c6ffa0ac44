"""What the outbox calls by name."""

from collections.abc import Sequence

from catalog import images
from catalog.demo import pictures


def draw_image(image_id: int, widths: Sequence[int] = images.WIDTHS) -> None:
    """A picture of the demo's goods, and its renditions."""
    pictures.draw_image(image_id, widths)
