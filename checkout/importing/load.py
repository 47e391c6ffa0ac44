"""Records of rules → promotions and vouchers; what is there already and says the same is not written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.importing.records import Reading
from catalog.models import Category, Variant
from checkout import codes
from checkout.importing.magento import PromotionRecord
from checkout.models import Promotion, PromotionAmount, Voucher


class Unknown(Exception):
    """What the rule is for is not sold here, or its code is taken."""


@dataclass
class Loading:
    """Counted by rule: created, updated, unchanged, skipped."""

    currency: str
    keep: bool = True
    outcomes: Counter[str] = field(default_factory=Counter)


def load(records: Iterable[PromotionRecord], loading: Loading, reading: Reading) -> Iterator[int]:
    """One rule after the other, each in a transaction of its own; how many are done each time."""
    for record in records:
        try:
            with transaction.atomic():
                loading.outcomes[_write(record, loading.currency, reading)] += 1
                transaction.set_rollback(not loading.keep)
        except Unknown as error:
            reading.error(record.place, str(error), record.name)
            loading.outcomes["skipped"] += 1
        yield 1


def _write(record: PromotionRecord, currency: str, reading: Reading) -> str:
    goods, known = record.goods, Promotion.objects.filter(source=record.source).first()
    categories = _categories([*goods.categories, *goods.without], record, reading)
    chosen = {
        "categories": {categories[slug] for slug in goods.categories if slug in categories},
        "products": _products(record, reading),
        "without": {categories[slug] for slug in goods.without if slug in categories},
    }
    if goods.is_chosen and not (chosen["categories"] or chosen["products"]):
        raise Unknown(_("It was left out: nothing that it is for is sold here."))
    if goods.without and len(chosen["without"]) < len(set(goods.without)):
        raise Unknown(_("It was left out: a category that it spares is not known here."))
    fields = {
        **{name: getattr(record, name) for name in ("name", "note", "kind", "percent", "buy", "free")},
        **{name: getattr(record, name) for name in ("starts_at", "ends_at", "is_active", "priority")},
        "takes_reduced": goods.takes_reduced,
        "scope": Promotion.Scope.CHOSEN if goods.is_chosen else Promotion.Scope.ALL,
        "stacking": Promotion.Stacking.LAST if record.is_last else Promotion.Stacking.TOGETHER,
        "needs_code": bool(record.code),
    }
    promotion = known or Promotion(source=record.source)
    is_changed = _set(promotion, fields)
    for name, ids in chosen.items():
        relation = getattr(promotion, name)
        if set(relation.values_list("pk", flat=True)) != ids:
            relation.set(ids)
            is_changed = True
    is_changed |= _amounts(promotion, record, currency)
    is_changed |= _voucher(promotion, record)
    return "created" if known is None else "updated" if is_changed else "unchanged"


def _set(row: Any, fields: dict[str, Any]) -> bool:
    """The row with these fields; whether it had to be written."""
    is_new = row._state.adding
    if not is_new and all(getattr(row, name) == value for name, value in fields.items()):
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return True


def _amounts(promotion: Promotion, record: PromotionRecord, currency: str) -> bool:
    """The row of this import's currency; those that the merchant added for others stay."""
    held = PromotionAmount.objects.filter(promotion=promotion, currency=currency).first()
    if record.amount is None and not record.minimum:
        return bool(held and held.delete()[0])
    row = held or PromotionAmount(promotion=promotion, currency=currency)
    return _set(row, {"amount": record.amount, "minimum": record.minimum})


def _voucher(promotion: Promotion, record: PromotionRecord) -> bool:
    if not record.code:
        return False
    known_by = codes.folded(record.code)
    held = Voucher.objects.filter(folded=known_by).first()
    if held is not None and held.promotion_id != promotion.pk:
        text = _("It was left out: the code %(code)s is that of “%(name)s” here.")
        raise Unknown(text % {"code": held.code, "name": held.promotion})
    row = held or Voucher(promotion=promotion, batch="Magento")
    return _set(row, {"code": record.code, "limit": record.limit, "limit_each": record.limit_each})


def _categories(slugs: Iterable[str], record: PromotionRecord, reading: Reading) -> dict[str, int]:
    """Their ids by what a rule calls them; of those that are not known, a warning."""
    wanted = set(slugs)
    found = dict(Category.objects.filter(slug__in=wanted).values_list("slug", "pk"))
    for missing in sorted(wanted - set(found)):
        reading.warn(record.place, _("There is no category “%s” here.") % missing, record.name)
    return found


def _products(record: PromotionRecord, reading: Reading) -> set[int]:
    """The products whose variants have these SKUs."""
    skus = set(record.goods.skus)
    found = dict(Variant.objects.filter(sku__in=skus).values_list("sku", "product_id"))
    for missing in sorted(skus - set(found)):
        reading.warn(record.place, _("No goods here have the SKU %s.") % missing, record.name)
    return set(found.values())
