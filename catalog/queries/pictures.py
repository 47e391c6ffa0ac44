"""Which picture stands for a variant where there is room for one: in carts, orders and mails."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch

from catalog.models import Image, Variant, VariantOption
from shop.prepared import AnyOf, Param, Prepared

Picture = Mapping[str, Any]
_IMAGES = Prepared(
    lambda: Image.objects.filter(AnyOf("product_id", Param("products"))).order_by("position", "id")
)


def of_variants(variants: Iterable[Variant]) -> dict[int, Picture]:
    """By the variants' ids, in one query; without those whose products have no pictures.

    `options.value` should be prefetched.
    """
    sought = list(variants)
    images: dict[int, list[Image]] = {}
    products = {variant.product_id for variant in sought}
    for image in _IMAGES.rows(products=list(products)) if products else ():
        images.setdefault(int(image.product_id or 0), []).append(image)
    found = ((variant.pk, _picture_of(variant, images.get(variant.product_id, []))) for variant in sought)
    return {variant_id: image.picture for variant_id, image in found if image is not None}


def of_ids(variant_ids: Iterable[int]) -> dict[int, Picture]:
    """The same for variants that are known by their ids only, where they still exist."""
    ids = set(variant_ids)
    if not ids:
        return {}
    options = VariantOption.objects.select_related("value")
    return of_variants(Variant.objects.filter(pk__in=ids).prefetch_related(Prefetch("options", options)))


def _picture_of(variant: Variant, images: Sequence[Image]) -> Image | None:
    """The picture of the variant itself, else one that shows its options, else the product's first.

    Of these the first whose renditions are made: another one's picture says more than a blank.
    """
    values = {option.value.slug for option in variant.options.all()}
    own = [image for image in images if image.variant_id == variant.pk]
    alike = [image for image in images if image.shows and set(image.shows.values()) <= values]
    anyones = [image for image in images if image.variant_id is None]
    ordered = [*own, *alike, *anyones, *images]
    return next((image for image in ordered if image.renditions.get("src")), next(iter(ordered), None))
