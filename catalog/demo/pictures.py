"""The demo's pictures from plan to page: what the first pages need at once, the rest by the worker."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

import django
from django.db import connections, transaction
from django.db.models import F, Q

from catalog import images
from catalog.demo import PicturePlan, draw
from catalog.models import Block, Category, Image
from shop.outbox.outbox import enqueue

QUICK_WIDTHS = (480, 960)


def draw_image(image_id: int, widths: Sequence[int] = images.WIDTHS) -> None:
    """Draws the picture if that has not been done, and makes its renditions where it has fewer."""
    image = Image.objects.exclude(drawing={}).filter(pk=image_id).first()
    if image is None or _has(image, len(widths)):
        return
    original = None if image.original else images.encode(draw(PicturePlan.from_dict(image.drawing)))
    name = images.store(original) if original else image.original.name
    with transaction.atomic():  # one change: the picture and its renditions come together
        if original:
            Image.objects.filter(pk=image_id, original="").update(
                original=name, width=original.width, height=original.height
            )
        images.render(image_id, widths)


def _has(image: Image, number: int) -> bool:
    srcset = image.renditions.get("srcset", {}).get("jpeg", "")
    return len(srcset.split(", ")) >= min(number, sum(width <= image.width for width in images.WIDTHS))


def first_pages() -> list[int]:
    """Pictures of the home page, and those of the first product that it shows."""
    blocks = Block.objects.filter(is_published=True)
    slugs = [slug for goods in blocks.values_list("goods", flat=True) for slug in goods.get("slugs", [])]
    wanted = Image.objects.filter(
        Q(pk__in=blocks.values("image"))
        | Q(pk__in=Category.objects.filter(depth=1).values("image"))
        | Q(position=0, product__slug__in=slugs)
        | Q(product__slug__in=slugs[:1])
    )
    return list(wanted.exclude(drawing={}).filter(original="").order_by("pk").values_list("pk", flat=True))


def draw_first(image_ids: list[int]) -> Iterator[int]:
    """Draws them in two widths, as many at a time as there are cores; yields each that is done."""
    if not image_ids:
        return
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(image_ids), os.cpu_count() or 1), context, django.setup) as pool:
        for done in as_completed(pool.submit(_draw_quickly, pk) for pk in image_ids):
            yield done.result()


def _draw_quickly(image_id: int) -> int:
    draw_image(image_id, QUICK_WIDTHS)
    return image_id


def leave_to_worker() -> int:
    """The worker makes all pictures: first what lists show, in two widths, then everything; how many."""
    waiting = Image.objects.exclude(drawing={}).order_by(
        F("position").asc(), F("product__popularity").desc(nulls_first=True), "pk"
    )
    leading = waiting.filter(position=0).values_list("pk", flat=True)
    with transaction.atomic():
        for pk in leading:
            enqueue("demo.draw_image", pk, QUICK_WIDTHS, queue="low")
        for pk in waiting.values_list("pk", flat=True):
            enqueue("demo.draw_image", pk, queue="low")
    return waiting.count()
