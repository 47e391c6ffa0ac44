"""How many can be had now, whatever of it lies in buckets."""

from collections.abc import Iterable

from django.db.models import Case, F, Sum, When
from django.db.models.functions import Coalesce

from catalog.models import Stock

UNCOUNTED = 10**6  # of what nobody counts
_READ = ("pk", "left", "is_tracked")


def free_of(held: Stock | None) -> int:
    """Of that row; nothing without one."""
    if held is None:
        return 0
    return max(held.free, 0) if held.is_tracked else UNCOUNTED


def free(variant_ids: Iterable[int]) -> dict[int, int]:
    """Of each of these variants. Rows and buckets are read by one statement: between two, units that move
    from the one to the other would be counted twice, or not at all."""
    ids = list(variant_ids)
    here = F("on_hand") - F("reserved")
    there = Case(When(is_split=True, then=Coalesce(Sum("buckets__free"), 0)), default=0)
    rows = Stock.objects.filter(pk__in=ids).order_by().annotate(left=here + there)
    left = {pk: max(left, 0) if counted else UNCOUNTED for pk, left, counted in rows.values_list(*_READ)}
    return {pk: left.get(pk, 0) for pk in ids}
