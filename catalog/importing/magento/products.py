"""Rows of goods → product records: a configurable with the simple products it names, or one by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.importing.magento import gallery, words
from catalog.importing.magento.cells import BadRow, plain
from catalog.importing.magento.goods import CONFIGURABLE, SIMPLE, Child, Good, unsold
from catalog.importing.magento.roots import below_root
from catalog.importing.magento.trails import innermost
from catalog.importing.records import AttributeRecord, Place, ProductRecord, Reading, VariantRecord

SOURCE = "magento"
DEFAULT_GROUPS = {"default", ""}


class Joiner:
    """Joins rows. `lost`: SKUs whose rows could not be read, `claimed`: those that one (place, SKU) named."""

    def __init__(
        self,
        goods: Mapping[str, Good],
        lost: Mapping[str, Place],
        claimed: Mapping[str, tuple[Place, str]],
        told: dict[str, AttributeRecord],
        folders: Sequence[Path] | None,
        roots: frozenset[str],
        reading: Reading,
    ) -> None:
        self.goods, self.lost, self.claimed = goods, lost, claimed
        self.folders, self.roots, self.reading = folders, roots, reading
        self.old = words.known_to_be_old(goods.values())
        self.before = timezone.now() - timedelta(days=settings.NEW_FOR_DAYS + 1)
        reading.attributes = words.settle(goods.values(), told, reading)
        self._add_options(told)

    def join(self) -> None:
        """Every product of the goods, in the order of the files."""
        owners: dict[str, str] = {}
        left: Counter[tuple[Place, str]] = Counter()
        for good in self.goods.values():
            for child in good.children:
                owners.setdefault(child.sku, good.sku)
        for good in self.goods.values():
            if good.kind == CONFIGURABLE:
                record = self._configurable(good, owners)
            elif good.kind != SIMPLE:
                self._leave(good)
                record = None
            elif good.sku in owners:
                record = None
            elif good.sku in self.claimed:
                left[self.claimed[good.sku]] += 1
                record = None
            else:
                record = self._single(good)
            if record:
                self.reading.products.append(record)
                self.reading.count(record.place.file, products=1)
                for variant in record.variants:
                    self.reading.count(variant.place.file, variants=1)
        for (place, sku), count in left.items():
            reason = ngettext(
                "%d variant was left out with its product.",
                "%d variants were left out with their product.",
                count,
            )
            self.reading.warn(place, reason % count, sku)

    def _configurable(self, good: Good, owners: Mapping[str, str]) -> ProductRecord | None:
        variants: list[tuple[Child, Good]] = []
        seen: set[tuple[tuple[str, str], ...]] = set()
        codes = list(dict.fromkeys(code for child in good.children for code in child.options))
        codes.sort(key=lambda code: code not in gallery.COLOURS)  # what pictures show is chosen first
        for child in good.children:
            try:
                variant = self._variant(child, good, owners, codes)
                options = tuple(sorted((code, text.casefold()) for code, text in child.options.items()))
                if options in seen:
                    raise BadRow(_("The product already has a variant with the options of %s.") % child.sku)
                seen.add(options)
            except BadRow as error:
                self.reading.partly[child.sku] = good.sku
                if child.sku not in self.lost:
                    self.reading.error(good.place, str(error), good.sku)
                continue
            variants.append((child, variant))
        if not variants:
            reason = _("The product was left out: none of its variants can be sold.")
            self.reading.error(good.place, reason, good.sku)
            return None
        # The page opens on the first: it is one that the product's own picture shows.
        front = next(iter(good.gallery), "")
        variants.sort(key=lambda pair: front not in pair[1].gallery)
        records = tuple(
            _record(variant, tuple((code, child.options[code]) for code in codes))
            for child, variant in variants
        )
        return self._product(good, records, variants)

    def _variant(self, child: Child, good: Good, owners: Mapping[str, str], codes: Sequence[str]) -> Good:
        variant = self.goods.get(child.sku)
        if variant is None:
            raise BadRow(_("The variant %s is not in the files.") % child.sku[:64])
        if variant.kind != SIMPLE:
            raise BadRow(unsold(variant.kind))
        if owners[child.sku] != good.sku:
            raise BadRow(
                _("%(sku)s is a variant of %(owner)s already.")
                % {"sku": child.sku, "owner": owners[child.sku]}
            )
        for code in codes:
            label = child.options.get(code, "")
            if not label:
                names = {"sku": child.sku, "option": code}
                raise BadRow(_("The variant %(sku)s has no value for “%(option)s”.") % names)
            if len(label) > words.MAX_LABEL:
                raise BadRow(_("The name or value of an option is too long."))
        return variant

    def _leave(self, good: Good) -> None:
        self.reading.unsold.add(good.sku)
        self.reading.warn(good.place, unsold(good.kind), good.sku)

    def _single(self, good: Good) -> ProductRecord:
        if not good.is_visible:
            reason = _(
                "It is not visible by itself, and no product that is sold here has it as a variant:"
                " it waits unpublished."
            )
            self.reading.warn(good.place, reason, good.sku, "spare")
        return self._product(good, (_record(good, ()),), [])

    def _product(
        self, good: Good, variants: tuple[VariantRecord, ...], children: Sequence[tuple[Child, Good]]
    ) -> ProductRecord:
        values = dict(good.values)
        brand = words.taken(values, words.BRANDS)
        words.taken(values, words.BARCODES)
        folders = self.folders
        return ProductRecord(
            place=good.place,
            external_id=f"{SOURCE}:{good.sku}",
            handle=good.url_key or good.name,
            name=good.name,
            description=good.description,
            summary=plain(strip_tags(good.summary))[:300] if good.summary else None,
            kind="" if good.group.casefold() in DEFAULT_GROUPS else good.group[:80],
            brand=brand[:120],
            values=tuple((code, label) for code, labels in values.items() for label in labels),
            homes=innermost([below_root(names, self.roots) for names in good.homes]),
            tax_class=good.tax_class,
            published_at=good.created_at or (self.before if good.sku in self.old else None),
            is_published=good.is_online and good.is_visible,
            is_spare=not good.is_visible and not children,
            variants=variants,
            pictures=() if folders is None else gallery.pictures(good, children, folders, self.reading),
        )

    def _add_options(self, told: Mapping[str, AttributeRecord]) -> None:
        """Attributes that only tell variants apart."""
        for good in self.goods.values():
            for code in (code for child in good.children for code in child.options):
                if code not in self.reading.attributes:
                    named = AttributeRecord(
                        code.replace("_", "-"), words.named(code, self.goods.values()), is_facet=True
                    )
                    self.reading.attributes[code] = told.get(code, named)


def _record(good: Good, options: tuple[tuple[str, str], ...]) -> VariantRecord:
    price = good.price
    if price is None:
        raise AssertionError("only goods with a price are sold")
    special = good.special if good.special is not None and good.special < price else None
    if good.special_until and good.special_until <= timezone.now():
        special = None
    return VariantRecord(
        place=good.place,
        external_id=f"{SOURCE}:{good.sku}",
        options=options,
        price=price if special is None else special,
        list_price=None if special is None else price,
        sale_from=good.special_from if special is not None else None,
        sale_until=good.special_until if special is not None else None,
        sku=good.sku,
        barcode=words.taken(dict(good.values), words.BARCODES)[:64],
        quantity=good.quantity,
        is_tracked=good.is_tracked,
        weight_grams=good.weight_grams,
        is_active=good.is_online,
    )
