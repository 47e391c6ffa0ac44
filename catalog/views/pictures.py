"""Which pictures a product's page shows, which of them first, and which one goes with a choice."""

from collections.abc import Collection
from typing import Any

from catalog.models import Image
from catalog.queries.products import Found, Offer


def shown(found: Found, chosen: Offer, asked: Collection[str]) -> list[dict[str, Any]]:
    """All pictures, the one that the page opens on first; `place` is where the merchant put it.

    That is the one of the options whose codes the address chooses, `asked`; else the one that the card shows.
    """
    lead = (of(found, chosen, asked) if asked else None) or front(found)
    images = [
        {"id": image.pk, "place": place, "picture": {**image.picture, "alt": image.alt or found.product.name}}
        for place, image in enumerate(found.images)
    ]
    return sorted(images, key=lambda image: lead is None or image["id"] != lead.pk)


def of(found: Found, offer: Offer, codes: Collection[str]) -> Image | None:
    """The picture that shows most of the offer, of those that are made and say something of these options."""
    fitting = [
        (likeness, image)
        for image in found.images
        if _is_made(image) and (likeness := shows(image, offer, codes))
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def shows(image: Image, offer: Offer, codes: Collection[str]) -> int:
    """How many of the offer's options it shows; none if it shows another's, or says nothing of `codes`."""
    if image.variant_id:
        return 1 + len(offer.options) if image.variant_id == offer.id else 0
    told = image.shows if isinstance(image.shows, dict) else {}
    fits = all(code in offer.options and offer.options[code].slug == slug for code, slug in told.items())
    return len(told) if fits and not told.keys().isdisjoint(codes) else 0


def front(found: Found) -> Image | None:
    """The first, and where it is not made yet the first that is: as catalog.cards chooses the card's."""
    return next(filter(_is_made, found.images), found.images[0] if found.images else None)


def _is_made(image: Image) -> bool:
    return bool(image.picture["src"])
