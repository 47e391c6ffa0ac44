"""Batch: some products with all that hangs on them, looked up together and written together."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from catalog import richtext
from catalog.importing import darkroom
from catalog.importing.imagined import Imagined
from catalog.importing.known import Known
from catalog.importing.offers import Offer
from catalog.importing.pen import Pen
from catalog.importing.plan import Plan
from catalog.importing.records import Place, Problem, ProductRecord, VariantRecord
from catalog.importing.tree import Tree
from catalog.importing.vocabulary import Vocabulary
from catalog.models import (
    Category,
    Image,
    Listing,
    Price,
    Product,
    ProductValue,
    Sale,
    TaxClass,
    Variant,
    VariantOption,
)
from shop import markets

BRAND, TAG, KEYWORD = "Brand", "Tag", "Keyword"
# What is referred to comes first.
KINDS = (Product, Variant, VariantOption, Price, Sale, ProductValue, Listing, Image)


@dataclass
class Shelves:
    """Where things belong: attributes and categories. After a rollback take new ones."""

    words: Vocabulary
    tree: Tree

    def copy(self) -> "Shelves":
        """Others that forget what these are going to find."""
        return Shelves(self.words.copy(), self.tree.copy())


def homes(record: ProductRecord, tree: Tree, plan: Plan) -> list[Category]:
    """Where it stands, the place that shoppers see first."""
    if record.homes is None:
        found = [tree.of_kind(record.kind)] if record.kind else []
    else:
        found = [tree.at(trail) for trail in sorted(record.homes, key=lambda t: not tree.is_shown(t))]
    return found + ([plan.category] if plan.category else [])


@dataclass
class Batch:
    """One attempt to write some products; what it met counts only if it succeeds."""

    plan: Plan
    shelves: Shelves
    tags: dict[str, bool]
    tax_classes: Mapping[str, TaxClass]
    codes: set[str]  # attributes whose values are the files' to give and take
    imagined: Imagined
    partial: Collection[str] = ()  # external ids of products whose variants could not all be read
    pen: Pen = field(default_factory=Pen)
    outcomes: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    repriced: list[Price] = field(default_factory=list)
    counted: list[tuple[Offer, ProductRecord]] = field(default_factory=list)
    places: dict[int, tuple[Place, str]] = field(default_factory=dict)  # by variant
    written: list[tuple[ProductRecord, Product, list[VariantRecord]]] = field(default_factory=list)
    known: Known = field(init=False)
    unnamed: Mapping[int, list[str]] = field(init=False)

    def write(self, records: Sequence[ProductRecord], ordered: darkroom.Ordered) -> None:
        """Everything about them, in a few statements."""
        self.known = Known(records, self.imagined.owners)
        made = self.shelves.tree.made
        self.unnamed = self.known.unnamed()
        for record in records:
            self.outcomes[self._product(record, ordered)] += 1
        self.added["categories"] += self.shelves.tree.made - made
        self.pen.flush(KINDS)
        self.known.end_emptied()

    def note_reserved(self, variant_id: int) -> None:
        """Its stock was not set."""
        place, handle = self.places[variant_id]
        reason = _("The stock was left as it is: orders have reserved more than the file counts.")
        self._note("warning", place, handle, reason)

    def _note(self, level: str, place: Place, handle: str, reason: str, topic: str = "") -> None:
        self.problems.append(
            Problem("error" if level == "error" else "warning", place, handle, reason, topic)
        )

    def _product(self, record: ProductRecord, ordered: darkroom.Ordered) -> str:
        product = self.known.products.get(record.external_id)
        if record.is_spare and self.known.is_sold_elsewhere(record):
            return "unchanged"
        tax_class = self.tax_classes.get(record.tax_class.casefold())
        if tax_class is None:
            reason = _("The tax class “%s” is unknown: make one of that name in the shop first.")
            self._note("error", record.place, record.handle, reason % record.tax_class[:40])
            return "skipped"
        offers = self._sellable(record)
        if not offers:
            return "skipped"
        fields: dict[str, Any] = {
            "name": record.name,
            "kind": record.kind,
            "brand": record.brand,
            "description": richtext.clean(record.description),
            "is_published": record.is_published if self.plan.publish is None else self.plan.publish,
        }
        if record.summary is not None:
            fields["summary"] = record.summary
        if product is None:
            slug = self.known.free_slug(record)
            if record.published_at:
                fields["published_at"] = record.published_at
            product = self.pen.add(
                Product(slug=slug, external_id=record.external_id, tax_class=tax_class, **fields)
            )
            outcome, is_changed = "created", True
        else:
            outcome, is_changed = "updated", self.pen.change(product, **fields)
        is_changed |= self._values(record, product)
        is_changed |= self._listings(record, product)
        is_changed |= self._variants(record, offers, product)
        is_changed |= self._pictures(record, product, ordered)
        self._look(record, product, offers)
        return outcome if is_changed else "unchanged"

    def _look(self, record: ProductRecord, product: Product, offers: list[VariantRecord]) -> None:
        """What a merchant would not see by itself: what is missing of it, and what the file forgets."""
        self.written.append((record, product, offers))
        is_partial = record.external_id in self.partial
        if is_partial or len(offers) < len(record.variants):
            self.outcomes["incomplete"] += 1
        held = [self.known.variants.get(variant.external_id) for variant in offers]
        prices = (self.known.prices.get(variant.pk, ()) for variant in held if variant)
        priced = {price.currency for found in prices for price in found}
        for currency in {market.currency for market in markets.all()} - priced - {self.plan.currency}:
            self.outcomes[f"unpriced {currency}"] += 1
        # A variant whose row could not be read is named by the file all the same.
        for external_id in () if is_partial or product._state.adding else self.unnamed.get(product.pk, ()):
            reason = _("The file no longer names the variant %s: it is still for sale here.")
            self._note("warning", record.place, record.handle, reason % external_id.partition(":")[2], "gone")

    def _sellable(self, record: ProductRecord) -> list[VariantRecord]:
        """The record's variants but those that belong to another product."""
        found = []
        for variant in record.variants:
            bare = replace(variant, sku="") if variant.is_sku_loose else variant
            if self.known.claim(record, variant):
                found.append(variant)
            elif bare is not variant and self.known.claim(record, bare):
                found.append(bare)
                reason = _("The SKU %s belongs to another variant of the shop: it was left out.")
                self._note("warning", variant.place, record.handle, reason % variant.sku, "model")
            else:
                reason = _("The SKU %s belongs to another variant of the shop.") % variant.sku
                self._note("error", variant.place, record.handle, reason)
        return found

    def _variants(self, record: ProductRecord, offers: list[VariantRecord], product: Product) -> bool:
        is_changed = False
        for position, variant in enumerate(offers):
            held = self.known.variants.get(variant.external_id)
            offer = Offer(
                variant,
                self.plan.currency,
                self.plan.includes_tax,
                self.shelves.words,
                self.pen,
                self.known,
            )
            is_changed |= offer.put(product, held, position)
            if offer.repriced:
                self.repriced.append(offer.repriced)
            # The shop has sold of a known variant since: its stock is counted anew only when asked.
            if held is None or (self.plan.recount and self.known.level(held) != (offer.level,)):
                self.counted.append((offer, record))
                is_changed = True
            for reason in offer.warnings:
                self._note("warning", variant.place, record.handle, reason)
        return is_changed

    def _values(self, record: ProductRecord, product: Product) -> bool:
        """Values of the files' attributes follow the file; others are the merchant's."""
        words = self.shelves.words
        wanted = [(TAG if self._is_shared(tag) else KEYWORD, tag) for tag in record.tags]
        wanted += [(BRAND, record.brand)] if record.brand else []
        found = [words.value(name, label, is_facet=name != KEYWORD) for name, label in wanted]
        found += [words.value(name, label) for name, label in record.values]
        values = {value.pk: value for value in found}
        held = (
            {}
            if product._state.adding
            else {row.value_id: row for row in self.known.values.get(product.pk, ())}
        )
        stale = [row for row in held.values() if row.value_id not in values and row.code in self.codes]
        fresh = [value for pk, value in values.items() if pk not in held]
        for row in stale:
            self.pen.drop(row)
        for value in fresh:
            self.pen.add(ProductValue(product=product, value=value))
        return bool(stale or fresh)

    def _is_shared(self, tag: str) -> bool:
        """Is it a tag of several products of these files, or was it before?"""
        key = tag.casefold()
        if key not in self.tags:
            self.tags[key] = self.shelves.words.knows(TAG, tag)
        return self.tags[key]

    def _listings(self, record: ProductRecord, product: Product) -> bool:
        """Listed where it is not yet; the merchant may list it elsewhere as well, and choose its home."""
        places = homes(record, self.shelves.tree, self.plan)
        held = [] if product._state.adding else self.known.listings.get(product.pk, [])
        has_home = any(listing.is_primary for listing in held)
        known = {listing.category_id for listing in held}
        missing = [home for home in {home.pk: home for home in places}.values() if home.pk not in known]
        for number, home in enumerate(missing):
            is_primary = not has_home and number == 0
            self.pen.add(Listing(product=product, category=home, is_primary=is_primary))
        return bool(missing)

    def _pictures(self, record: ProductRecord, product: Product, ordered: darkroom.Ordered) -> bool:
        """Nothing is ever fetched from an address that stands in a file."""
        for picture in record.pictures:
            if picture.file is None:
                reason = _("The picture was not fetched: %s") % picture.address[:500]
                self._note("warning", picture.place, record.handle, reason, "web")
        made = darkroom.hang(
            record, product, self.known.images.get(product.pk, ()), ordered, self.shelves.words, self.pen
        )
        for place, reason in made.bad:
            self._note("error", place, record.handle, reason, "picture")
        self.added["pictures"] += made.added
        return made.is_changed
