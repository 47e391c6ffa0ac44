"""The rules as they stand in the database, read again only when they have changed.

Each edit of what rules are made of gives the set another version, by triggers in the edit's own transaction
(checkout/models/promotion.py). A quote asks for the version, one row, and takes the rules that this process
has kept of it. So an edit counts from its commit on, on every machine, whoever made it and with what; nobody
is told by Redis, for which a quote under the cart's lock must not wait. Time is no version: rules begin and
end by the clock, at each quote.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock
from uuid import UUID

from django.db import models

from checkout.models import Promotion, PromotionAmount, RuleSet
from checkout.promotions import Rule, Terms
from shop.prepared import Prepared

KEPT = 4  # versions: a transaction that edits sees one of its own

_VERSION = Prepared(lambda: RuleSet.objects.values_list("version"))
_kept: OrderedDict[UUID, Mapping[int, Rule]] = OrderedDict()
_lock = Lock()


def rules() -> Mapping[int, Rule]:
    """Every active promotion's rule, by its id, whether its time has come or not."""
    row = _VERSION.first()
    if row is None:  # nobody has written a promotion yet
        return {}
    version: UUID = row[0]
    with _lock:
        found = _kept.get(version)
    if found is None:
        # After the version: what is read may be newer than it is called, and then the next quote reads again.
        found = _read()
        with _lock:
            _kept[version] = found
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return found


def _read() -> Mapping[int, Rule]:
    active = list(Promotion.objects.filter(is_active=True).order_by("pk"))
    ids = [promotion.pk for promotion in active]
    terms = defaultdict[int, dict[str, Terms]](dict)
    for row in PromotionAmount.objects.filter(promotion__in=ids).order_by("pk"):
        terms[row.promotion_id][row.currency] = Terms(row.amount, row.minimum)
    categories = _chosen(Promotion.categories.through, "category_id", ids)
    products = _chosen(Promotion.products.through, "product_id", ids)
    without = _chosen(Promotion.without.through, "category_id", ids)
    return {
        promotion.pk: Rule(
            id=promotion.pk,
            name=promotion.name,
            kind=promotion.kind,
            percent=promotion.percent or Rule.percent,
            buy=promotion.buy or 0,
            free=promotion.free or 0,
            terms=terms[promotion.pk],
            is_for_all=promotion.scope == Promotion.Scope.ALL,
            category_ids=categories[promotion.pk],
            product_ids=products[promotion.pk],
            without=without[promotion.pk],
            takes_reduced=promotion.takes_reduced,
            priority=promotion.priority,
            stacking=promotion.stacking,
            needs_code=promotion.needs_code,
            is_for_first_order=promotion.is_for_first_order,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
        )
        for promotion in active
    }


def _chosen(through: type[models.Model], column: str, ids: Iterable[int]) -> dict[int, frozenset[int]]:
    found = defaultdict[int, set[int]](set)
    rows = through._default_manager.filter(promotion_id__in=list(ids))
    for promotion_id, chosen in rows.values_list("promotion_id", column):
        found[promotion_id].add(chosen)
    return defaultdict(frozenset, {pk: frozenset(chosen) for pk, chosen in found.items()})
