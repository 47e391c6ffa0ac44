"""One variant's record → the variant with its options, price and sale; its stock is counted afterwards."""

from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importing.known import Known
from catalog.importing.pen import Pen
from catalog.importing.records import VariantRecord
from catalog.importing.vocabulary import Vocabulary
from catalog.models import Price, Product, Sale, Variant, VariantOption


class Offer:
    """What the record says of a variant. After `put`: its `variant`, the `repriced` price, `warnings`."""

    def __init__(
        self,
        record: VariantRecord,
        currency: str,
        includes_tax: bool,
        words: Vocabulary,
        pen: Pen,
        known: Known,
    ) -> None:
        self.known = known
        self.record, self.currency, self.includes_tax = record, currency, includes_tax
        self.words, self.pen = words, pen
        self.variant = Variant()
        self.repriced: Price | None = None
        self.is_new = False
        self.warnings: list[str] = []

    def put(self, product: Product, variant: Variant | None, position: int) -> bool:
        """Has the pen make the variant so; says whether anything changes."""
        record = self.record
        fields: dict[str, Any] = {
            "sku": record.sku or None,
            "barcode": record.barcode,
            "position": position,
            "weight_grams": record.weight_grams,
        }
        if record.is_active is not None:
            fields["is_active"] = record.is_active
        if variant is None:
            self.variant = self.pen.add(Variant(product=product, external_id=record.external_id, **fields))
            self.is_new = is_changed = True
        else:
            self.variant, is_changed = variant, self.pen.change(variant, **fields)
            if variant.product_id != product.pk:  # it was sold by itself before
                is_changed |= self.pen.change(variant, product=product)
        is_changed |= self._options(self.variant)
        return is_changed | self._price(self.variant)

    @property
    def level(self) -> int | None:
        """What the file counts; None: it does not."""
        return self.record.quantity if self.record.is_tracked else None

    def _options(self, variant: Variant) -> bool:
        wanted = [self.words.value(name, label) for name, label in self.record.options]
        held = [] if self.is_new else self.known.options.get(variant.pk, [])
        held = sorted(held, key=lambda option: option.position)
        if [option.value_id for option in held] == [value.pk for value in wanted]:
            return False
        for option in held:
            self.pen.drop(option)
        for position, value in enumerate(wanted, 1):
            self.pen.add(VariantOption(variant=variant, value=value, position=position))
        return True

    def _price(self, variant: Variant) -> bool:
        """The list price with its sale, or the price alone."""
        record = self.record
        amount = record.price if record.list_price is None else record.list_price
        held = [] if self.is_new else self.known.prices.get(variant.pk, [])
        price = next((p for p in held if p.currency == self.currency), None)
        is_new = price is None
        if price is None:
            price = self.pen.add(
                Price(variant=variant, currency=self.currency, amount=amount, includes_tax=self.includes_tax)
            )
            is_changed = True
        else:
            is_changed = price.amount != amount or price.includes_tax != self.includes_tax
            if is_changed:  # a sale price above the new one would be refused; apply_sales sets it anew
                self.pen.change(price, amount=amount, includes_tax=self.includes_tax, sale_amount=None)
        is_changed |= self._sale(price, [] if is_new else self.known.sales.get(price.pk, []))
        if is_changed:
            self.repriced = price
        return is_changed

    def _sale(self, price: Price, held: list[Sale]) -> bool:
        """Imported sales, and those without an end, are the import's to change; others are the merchant's."""
        record, now = self.record, timezone.now()
        current = [sale for sale in held if sale.ends_at is None or sale.ends_at > now]
        own = next((sale for sale in current if sale.is_imported or sale.ends_at is None), None)
        if record.list_price is None:
            return self._end(own, now) if own else False
        if own:
            begins = record.sale_from or own.starts_at
            return self.pen.change(own, amount=record.price, starts_at=begins, ends_at=record.sale_until)
        if current:
            self.warnings.append(_("A sale planned by hand stands in the way of the file's price."))
            return False
        begins_at: Any = record.sale_from or Now()
        sale = Sale(price=price, amount=record.price, starts_at=begins_at, ends_at=record.sale_until)
        sale.is_imported = True
        self.pen.add(sale)
        return True

    def _end(self, sale: Sale, now: datetime) -> bool:
        """Ends it now; one that has not begun was never one."""
        if sale.starts_at >= now:
            self.pen.drop(sale)
        else:
            self.pen.change(sale, ends_at=now)
        return True
