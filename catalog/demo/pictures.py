"""The demo's pictures from plan to page: what the first pages need at once, the rest by the worker.

A preview comes first: the same drawing at the size that lists show. Then every page has all its pictures in a
quarter of the time, and the full size of each takes its preview's place later.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

import django
from django.db import connections, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import GreaterThan

from catalog import images
from catalog.demo import FULL, PicturePlan, draw
from catalog.models import Block, Category, Image
from shop.outbox.outbox import enqueue

PREVIEW_WIDTHS = (480, 960)


def preview_image(image_id: int) -> None:
    """Draws a picture small where there is none yet."""
    image = undrawn().filter(pk=image_id).first()
    if image is not None:
        _draw(image, round(FULL * PREVIEW_WIDTHS[-1] / image.width), PREVIEW_WIDTHS)


def draw_image(image_id: int) -> None:
    """Draws a picture at full size, with all its renditions, unless that has been done."""
    image = Image.objects.exclude(drawing={}).filter(pk=image_id).first()
    if image is not None and not (image.original and max(image.width, image.height) >= FULL):
        _draw(image, FULL, images.WIDTHS)


def _draw(image: Image, long_edge: int, widths: Sequence[int]) -> None:
    before = str(image.original)
    original = images.encode(draw(PicturePlan.from_dict(image.drawing), long_edge))
    name = images.store(original)
    with transaction.atomic():  # one change: the picture and its renditions come together
        # Nothing is written if a merchant has put another picture there meanwhile.
        unchanged = Image.objects.filter(pk=image.pk, original=before)
        if unchanged.update(original=name, width=original.width, height=original.height):
            images.render(image.pk, widths, is_preview=widths == PREVIEW_WIDTHS)


def unfinished() -> int:
    """How many pictures are not drawn yet, or not at full size."""
    small = Q(width__lt=FULL, height__lt=FULL)
    return Image.objects.exclude(drawing={}).filter(Q(original="") | small).count()


def undrawn() -> QuerySet[Image]:
    """Pictures that are not drawn at any size."""
    return Image.objects.exclude(drawing={}).filter(original="").order_by("pk")


def first_pages() -> list[int]:
    """Pictures of the home page, and those of the first product that it shows."""
    blocks = Block.objects.filter(is_published=True)
    slugs = [slug for goods in blocks.values_list("goods", flat=True) for slug in goods.get("slugs", [])]
    wanted = undrawn().filter(
        Q(pk__in=blocks.values("image"))
        | Q(pk__in=Category.objects.filter(depth=1).values("image"))
        | Q(position=0, product__slug__in=slugs)
        | Q(product__slug__in=slugs[:1])
    )
    return list(wanted.values_list("pk", flat=True))


def draw_first(image_ids: list[int]) -> Iterator[int]:
    """Draws their previews, as many at a time as there are cores; yields each that is done."""
    if not image_ids:
        return
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(image_ids), os.cpu_count() or 1), context, django.setup) as pool:
        for done in as_completed(pool.submit(_preview, pk) for pk in image_ids):
            yield done.result()


def _preview(image_id: int) -> int:
    preview_image(image_id)
    return image_id


def leave_to_worker() -> int:
    """The worker makes all pictures; how many.

    First previews, of what lists show before the rest; then full sizes, product by product. Each time the
    best loved, which are looked at most, come first.
    """
    loved = F("product__popularity").desc(nulls_first=True)  # home page and categories before all
    waiting = Image.objects.exclude(drawing={}).values_list("pk", flat=True)
    with transaction.atomic():
        for pk in waiting.order_by(GreaterThan(F("position"), 0), loved, "product_id", "position", "pk"):
            enqueue("demo.preview_image", pk, queue="low")
        for pk in waiting.order_by(loved, "product_id", "position", "pk"):
            enqueue("demo.draw_image", pk, queue="low")
    return waiting.count()
