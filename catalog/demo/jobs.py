"""What the outbox calls by name."""

from catalog.demo import pictures


def preview_image(image_id: int) -> None:
    """A picture of the demo's goods in the size that lists show, where there is none yet."""
    pictures.preview_image(image_id)


def draw_image(image_id: int) -> None:
    """A picture of the demo's goods at full size, and its renditions."""
    pictures.draw_image(image_id)
