"""How many can be had now, whatever of it lies in buckets."""

from collections.abc import Iterable

from catalog.models import Stock

UNCOUNTED = 10**6  # of what nobody counts


def free_of(held: Stock | None) -> int:
    """Of that row; nothing without one."""
    if held is None:
        return 0
    return max(held.free, 0) if held.is_tracked else UNCOUNTED


def free(variant_ids: Iterable[int]) -> dict[int, int]:
    """Of each of these variants."""
    ids = list(variant_ids)
    rows = {held.pk: held for held in Stock.objects.filter(pk__in=ids).order_by()}
    return {pk: free_of(rows.get(pk)) for pk in ids}
