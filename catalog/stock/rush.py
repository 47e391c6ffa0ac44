"""What many want at once: its free units lie in buckets, so that its buyers do not queue for one row.

A variant that is split has lent all it had free to sixteen rows, each with a part. For its own row these
units count as reserved, so that its CHECK stays the guard; a bucket's CHECK says that it sells no unit twice.
A sale takes from one bucket that nobody holds (moving.py).
"""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Now

from catalog.models import Stock, StockBucket, StockMovement
from shop.outbox import outbox
from shop.postgresql.base import prepared_cursor

BUCKETS = 16
UNCOUNTED = 1_000_000  # lent to each bucket of what is not counted
WAITED = 0.03  # seconds: a reservation that took longer has waited for others
HOT, WITHIN = 30, timedelta(seconds=10)  # so many sales in so long are a rush
QUIET = timedelta(hours=1)  # without any, and it is over

_noticed = 0.0  # when this process asked last: it does so once a second at most


def notice(quantities: Mapping[int, int], seconds: float) -> None:
    """A reservation took that long. If it had to wait for others, somebody looks whether there is a rush."""
    global _noticed
    if seconds < WAITED or time.monotonic() - _noticed < 1:
        return
    _noticed = time.monotonic()
    outbox.enqueue("catalog.ease_rush", sorted(quantities), queue="high", once=True)


def ease(variant_ids: Iterable[int]) -> None:
    """Splits those of them that sell in a rush just now."""
    sold = StockMovement.objects.filter(
        variant__in=list(variant_ids), kind=StockMovement.Kind.RESERVED, at__gt=Now() - WITHIN
    )
    counted = sold.order_by().values("variant_id").annotate(sales=Count("pk"))
    for row in counted.filter(sales__gte=HOT, variant__stock__is_split=False).order_by("variant_id"):
        split(row["variant_id"])


def calm() -> None:
    """Joins what was split once, and has not been sold for a while."""
    sold = StockMovement.objects.filter(
        variant=OuterRef("pk"), kind=StockMovement.Kind.RESERVED, at__gt=Now() - QUIET
    )
    quiet = Stock.objects.filter(~Exists(sold), is_split=True, split_at__lt=Now() - QUIET)
    for variant_id in quiet.order_by("pk").values_list("pk", flat=True):
        join(variant_id)


def split(variant_id: int) -> None:
    """Lends all that is free to buckets, in equal parts; once more, and what came in since is lent too."""
    with transaction.atomic():
        for held in gathered(locked([variant_id])).values():
            free = held.on_hand - held.reserved if held.is_tracked else UNCOUNTED * BUCKETS
            part, rest = divmod(max(free, 0), BUCKETS)
            StockBucket.objects.bulk_create(
                StockBucket(stock=held, place=place, free=part + (place < rest)) for place in range(BUCKETS)
            )
            held.reserved += part * BUCKETS + rest
            held.is_split, held.split_at = True, Now()
            held.save(update_fields=["reserved", "is_split", "split_at"])


def join(variant_id: int) -> None:
    """Its own row has everything again."""
    with transaction.atomic():
        gathered(locked([variant_id]))


Shelves = dict[int, tuple[Stock, list[StockBucket]]]  # by variant


def hold(variant_ids: Iterable[int]) -> list[int]:
    """Locks their rows in the one order until the transaction ends; those that have lent to buckets."""
    with prepared_cursor(connection) as cursor:
        cursor.execute(
            "SELECT variant_id, is_split FROM catalog_stock WHERE variant_id = ANY(%s::bigint[])"
            " ORDER BY variant_id FOR UPDATE",
            [list(variant_ids)],
        )
        return [pk for pk, is_split in cursor.fetchall() if is_split]


def locked(variant_ids: Iterable[int]) -> Shelves:
    """Their rows and all buckets of these, in the one order, until the transaction ends."""
    rows = Stock.objects.select_for_update().filter(pk__in=list(variant_ids)).order_by("pk")
    held: Shelves = {row.pk: (row, []) for row in rows}
    if split := [pk for pk, (row, _none) in held.items() if row.is_split]:
        buckets = StockBucket.objects.select_for_update().filter(stock__in=split)
        for bucket in buckets.order_by("stock_id", "place"):
            held[bucket.stock_id][1].append(bucket)
    return held


def gathered(held: Shelves) -> dict[int, Stock]:
    """Locked rows that have nothing lent any more: whoever counts sees all there is."""
    for stock, buckets in held.values():
        if stock.is_split:
            stock.reserved -= sum(bucket.free for bucket in buckets)
            stock.is_split, stock.split_at = False, None
            # Before the buckets are gone: their units are never in two places, nor in none.
            stock.save(update_fields=["reserved", "is_split", "split_at"])
            StockBucket.objects.filter(stock=stock).delete()
    return {pk: stock for pk, (stock, _buckets) in held.items()}
