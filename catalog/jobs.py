"""What the outbox calls by name: ids in, idempotent, the truth read anew."""

from collections.abc import Sequence

from catalog import cards, images, pricing
from catalog.demo import pictures


def apply_sales(price_ids: Sequence[int]) -> None:
    """A sale of these prices begins or ends about now."""
    pricing.apply_sales(price_ids)


def rebuild_cards(product_ids: Sequence[int]) -> None:
    """Something about these products changes by the clock: they are published, or new no longer."""
    cards.rebuild(product_ids)


def render_image(image_id: int) -> None:
    """All renditions of a picture."""
    images.render(image_id)


def draw_image(image_id: int, widths: Sequence[int] = images.WIDTHS) -> None:
    """A picture of the demo's goods, and its renditions."""
    pictures.draw_image(image_id, widths)
