"""One variant's record → the variant with its options, price, running sale and stock."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importing.records import VariantRecord
from catalog.importing.vocabulary import Vocabulary
from catalog.models import Price, Product, Sale, Variant, VariantOption


class Offer:
    """What the record says of a variant. After `put`: `repriced` price ids, stock `level`, `warnings`."""

    def __init__(self, record: VariantRecord, currency: str, includes_tax: bool, words: Vocabulary) -> None:
        self.record, self.currency, self.includes_tax, self.words = record, currency, includes_tax, words
        self.repriced: list[int] = []
        self.level: tuple[int, int | None] | None = None
        self.warnings: list[str] = []

    def put(self, product: Product, variant: Variant | None, position: int, recount: bool) -> bool:
        """Makes the variant so; says whether anything changed."""
        record = self.record
        fields: dict[str, Any] = {
            "sku": record.sku or None,
            "barcode": record.barcode,
            "position": position,
            "weight_grams": record.weight_grams,
        }
        if variant is None:
            variant = Variant.objects.create(product=product, external_id=record.external_id, **fields)
            is_changed = is_new = True
        else:
            is_new, is_changed = False, write(variant, **fields)
        is_changed |= self._options(variant)
        is_changed |= self._price(variant)
        # The shop has sold of a known variant since: its stock is counted anew only when asked.
        if is_new or recount:
            self.level = (variant.pk, self.record.quantity if self.record.is_tracked else None)
        return is_changed

    def _options(self, variant: Variant) -> bool:
        wanted = [self.words.value(name, label).pk for name, label in self.record.options]
        held = sorted(variant.options.all(), key=lambda option: option.position)
        if [option.value_id for option in held] == wanted:
            return False
        if held:
            variant.options.all().delete()
        VariantOption.objects.bulk_create(
            VariantOption(variant=variant, value_id=value, position=position)
            for position, value in enumerate(wanted, 1)
        )
        return True

    def _price(self, variant: Variant) -> bool:
        """The list price with a running sale, or the price alone."""
        record = self.record
        amount = record.list_price or record.price
        price = next((p for p in variant.prices.all() if p.currency == self.currency), None)
        is_changed = False
        if price is None:
            price = Price.objects.create(
                variant=variant, currency=self.currency, amount=amount, includes_tax=self.includes_tax
            )
            is_changed = True
        elif price.amount != amount or price.includes_tax != self.includes_tax:
            # A sale price above the new one would be refused; apply_sales sets it anew.
            write(price, amount=amount, includes_tax=self.includes_tax, sale_amount=None)
            is_changed = True
        is_changed |= self._sale(price)
        if is_changed:
            self.repriced.append(price.pk)
        return is_changed

    def _sale(self, price: Price) -> bool:
        """Sales without an end are the import's to begin and end; those with one are the merchant's."""
        now = timezone.now()
        current = [sale for sale in price.sales.all() if sale.ends_at is None or sale.ends_at > now]
        own = next((sale for sale in current if sale.ends_at is None), None)
        if self.record.list_price is None:
            return _end(own, now) if own else False
        if own:
            return write(own, amount=self.record.price)
        if current:
            self.warnings.append(_("A sale planned by hand stands in the way of the file's price."))
            return False
        Sale.objects.create(price=price, amount=self.record.price, starts_at=Now())
        return True


def write(row: models.Model, **fields: Any) -> bool:
    """Saves the fields that differ; False, and no statement, if none does."""
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if changed:
        row.save(update_fields=[*changed, "updated_at"] if hasattr(row, "updated_at") else changed)
    return bool(changed)


def _end(sale: Sale, now: datetime) -> bool:
    """Ends it now; one that has not begun was never one."""
    if sale.starts_at >= now:
        sale.delete()
    else:
        write(sale, ends_at=now)
    return True
