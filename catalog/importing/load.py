"""Records → catalogue. Each product in a transaction of its own; what is already so is not written again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from catalog import pricing, richtext, stock
from catalog.importing.offers import Offer, write
from catalog.importing.records import Problem, ProductRecord, VariantRecord
from catalog.importing.report import Report
from catalog.importing.vocabulary import Vocabulary, free_slug, slug_for
from catalog.models import Category, Listing, Product, ProductValue, TaxClass, Variant

BATCH = 200  # products looked up together
BRAND, TAG, KEYWORD = "Brand", "Tag", "Keyword"
SHARED = 2  # products that must have a tag before it is worth filtering by; others are only searched


@dataclass(frozen=True)
class Plan:
    """What the file does not say. `publish` None: as the file says. `recount`: known variants' stock too."""

    currency: str
    includes_tax: bool
    tax_class: TaxClass
    category: Category | None = None
    publish: bool | None = None
    recount: bool = False


def load(records: Sequence[ProductRecord], plan: Plan, report: Report) -> Iterator[ProductRecord]:
    """Writes the products, and yields each when it is done, for a progress bar. A bad one stops no other."""
    loader = _Loader(plan, report, _shared_tags(records))
    waiting = iter(records)
    while batch := list(islice(waiting, BATCH)):
        known = loader.known(batch)
        for record in batch:
            loader.take(record, known.get(record.external_id))
            yield record


class _Loader:
    def __init__(self, plan: Plan, report: Report, tags: Sequence[str]) -> None:
        self.plan, self.report = plan, report
        self.words = Vocabulary(plan.category)
        self.tags = {tag.casefold(): True for tag in tags}  # is it one to filter by?
        for tag in tags:  # the commonest first, as the list of filters shows them
            self.words.value(TAG, tag)

    def known(self, batch: Sequence[ProductRecord]) -> dict[str | None, Product]:
        """The products that are there already, with all that is compared: nine queries a batch."""
        products = Product.objects.filter(external_id__in=[record.external_id for record in batch])
        related = (
            *("variants__prices__sales", "variants__options__value", "variants__stock"),
            *("product_values__value__attribute", "listings"),
        )
        return {product.external_id: product for product in products.prefetch_related(*related)}

    def take(self, record: ProductRecord, product: Product | None) -> None:
        """One product, wholly or not at all."""
        known = len(self.report.problems)
        try:
            with transaction.atomic():
                outcome = self._product(record, product)
        except (IntegrityError, DataError) as error:
            del self.report.problems[known:]
            self.words = Vocabulary(self.plan.category)
            reason = str(error).partition("\n")[0]
            self.report.note("error", record.place, record.handle, _("The database refuses it: %s") % reason)
            outcome = "skipped"
        self.report.outcomes[outcome] += 1
        self._pictures(record)

    def _product(self, record: ProductRecord, product: Product | None) -> str:
        offers = self._sellable(record)
        if not offers:
            return "skipped"
        publish = record.is_published if self.plan.publish is None else self.plan.publish
        fields: dict[str, Any] = {
            "name": record.name,
            "kind": record.kind,
            "brand": record.brand,
            "description": richtext.clean(record.description),
            "is_published": publish,
        }
        if product is None:
            product = Product.objects.create(
                slug=_free_slug(record.handle),
                external_id=record.external_id,
                tax_class=self.plan.tax_class,
                **fields,
            )
            outcome, is_changed = "created", True
        else:
            outcome, is_changed = "updated", write(product, **fields)
        is_changed |= self._values(record, product)
        is_changed |= self._listings(record, product)
        is_changed |= self._variants(record.handle, offers, product)
        return outcome if is_changed else "unchanged"

    def _sellable(self, record: ProductRecord) -> list[VariantRecord]:
        """The record's variants but those whose SKU belongs to another product."""
        skus = [variant.sku for variant in record.variants if variant.sku]
        owners = dict(Variant.objects.filter(sku__in=skus).values_list("sku", "external_id")) if skus else {}
        taken = {
            variant.external_id
            for variant in record.variants
            if variant.sku in owners and owners[variant.sku] != variant.external_id
        }
        for variant in record.variants:
            if variant.external_id in taken:
                reason = _("The SKU %s belongs to another variant of the shop.") % variant.sku
                self.report.note("error", variant.place, record.handle, reason)
        return [variant for variant in record.variants if variant.external_id not in taken]

    def _variants(self, handle: str, records: list[VariantRecord], product: Product) -> bool:
        known = {variant.external_id: variant for variant in product.variants.all()}
        is_changed = False
        priced: list[int] = []
        levels: dict[int, int | None] = {}
        for position, record in enumerate(records):
            offer = Offer(record, self.plan.currency, self.plan.includes_tax, self.words)
            is_changed |= offer.put(product, known.get(record.external_id), position, self.plan.recount)
            priced += offer.repriced
            if offer.level:
                levels[offer.level[0]] = offer.level[1]
            for reason in offer.warnings:
                self.report.note("warning", record.place, handle, reason)
        if priced:
            pricing.apply_sales(priced)
        return is_changed | self._count(handle, records, levels, product)

    def _count(
        self, handle: str, records: list[VariantRecord], levels: dict[int, int | None], product: Product
    ) -> bool:
        """The shelves as the file counts them; says whether one was different."""
        held = {
            variant.pk: variant.stock.on_hand if variant.stock.is_tracked else None
            for variant in product.variants.all()
            if hasattr(variant, "stock")
        }
        levels = {pk: level for pk, level in levels.items() if pk not in held or held[pk] != level}
        for _pk in stock.adjust_many(levels, reference=f"import {handle}"[:80]) if levels else ():
            reason = _("The stock was left as it is: orders have reserved more than the file counts.")
            self.report.note("warning", records[0].place, handle, reason)
        return bool(levels)

    def _values(self, record: ProductRecord, product: Product) -> bool:
        """Brand and tags follow the file; values of other attributes are the merchant's."""
        wanted = [(TAG if self._is_shared(tag) else KEYWORD, tag) for tag in record.tags]
        wanted += [(BRAND, record.brand)] if record.brand else []
        values = {
            value.pk: value
            for value in (self.words.value(name, label, is_facet=name != KEYWORD) for name, label in wanted)
        }
        ours = {TAG.lower(), KEYWORD.lower(), BRAND.lower()}
        held = {link.value_id: link for link in product.product_values.all()}
        stale = [
            link.pk
            for link in held.values()
            if link.value_id not in values and link.value.attribute.code in ours
        ]
        fresh = [ProductValue(product=product, value=values[pk]) for pk in values if pk not in held]
        if stale:
            ProductValue.objects.filter(pk__in=stale).delete()
        ProductValue.objects.bulk_create(fresh)
        return bool(stale or fresh)

    def _is_shared(self, tag: str) -> bool:
        """Is it a tag of several products of these files, or was it before?"""
        key = tag.casefold()
        if key not in self.tags:
            self.tags[key] = self.words.knows(TAG, tag)
        return self.tags[key]

    def _listings(self, record: ProductRecord, product: Product) -> bool:
        """Listed where it is not yet; the merchant may list it elsewhere as well, and choose its home."""
        homes = [self.words.category(record.kind)] if record.kind else []
        homes += [self.plan.category] if self.plan.category else []
        held = list(product.listings.all())
        has_home = any(listing.is_primary for listing in held)
        missing = [
            home
            for home in {home.pk: home for home in homes}.values()
            if home.pk not in {listing.category_id for listing in held}
        ]
        for number, home in enumerate(missing):
            is_primary = not has_home and number == 0
            Listing.objects.create(product=product, category=home, is_primary=is_primary)
        return bool(missing)

    def _pictures(self, record: ProductRecord) -> None:
        """Nothing is ever fetched from an address that stands in a file."""
        for picture in record.pictures:
            reason = _("The picture was not fetched: %s") % picture.address[:500]
            self.report.problems.append(
                Problem("warning", picture.place, record.handle, reason, is_picture=True)
            )


def _shared_tags(records: Sequence[ProductRecord]) -> list[str]:
    """Tags that several products have, as the first of them writes it, the commonest first."""
    counts = Counter(
        key for record in records for key in dict.fromkeys(tag.casefold() for tag in record.tags)
    )
    spelled: dict[str, str] = {}
    for record in records:
        for tag in record.tags:
            spelled.setdefault(tag.casefold(), tag)
    return [spelled[key] for key, number in counts.most_common() if number >= SHARED]


def _free_slug(handle: str) -> str:
    slug = slug_for(handle, "product", 210)
    taken = set(Product.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return free_slug(slug, taken)
