"""Imagined: what a trial would have left in the shop by now. Each of its batches was undone at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from catalog.importing.known import Known
from catalog.importing.records import ProductRecord, VariantRecord
from catalog.models import TaxClass

CHUNK = 1_000


@dataclass
class Imagined:
    """Nobody notes products while an import is no trial: then the database knows them all."""

    products: dict[str, int] = field(default_factory=dict)  # ids by external id, a variant's too
    owners: dict[str, str] = field(default_factory=dict)  # external ids by SKU
    links: set[tuple[int, int, str]] = field(default_factory=set)
    reviews: set[str] = field(default_factory=set)

    def note(self, record: ProductRecord, product_id: int, variants: Sequence[VariantRecord]) -> None:
        """This product was written, with these variants, and undone."""
        self.products[record.external_id] = product_id
        for variant in variants:
            self.products[variant.external_id] = product_id
            if variant.sku:
                self.owners[variant.sku] = variant.external_id

    def replay(
        self,
        records: Sequence[ProductRecord],
        tax_classes: Mapping[str, TaxClass],
        refused: Collection[tuple[str, int]],
    ) -> list[ProductRecord]:
        """Notes products that an earlier slice of the trial has tried; those that it found good.

        `refused`: file and line of those that only the database left out.
        """
        good, fresh = [], count(-1, -1)
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            known = Known(chunk, self.owners, is_bare=True)
            for record in chunk:
                if record.is_spare and known.is_sold_elsewhere(record):
                    continue
                if record.tax_class.casefold() not in tax_classes:
                    continue
                variants = [variant for variant in record.variants if known.claim(record, variant)]
                if not variants or (record.place.file, record.place.line) in refused:
                    continue
                held = known.products.get(record.external_id)
                self.note(record, held.pk if held else next(fresh), variants)
                good.append(record)
        return good
