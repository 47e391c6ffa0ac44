"""Known: what the shop has of some products already, in a dozen queries, and who owns which SKU and slug."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet

from catalog.importing.records import ProductRecord, VariantRecord
from catalog.importing.vocabulary import free_slug, slug_for
from catalog.models import (
    Image,
    Listing,
    Price,
    Product,
    ProductValue,
    Sale,
    Stock,
    Variant,
    VariantOption,
)

Row = TypeVar("Row", bound=Model)


class Known:
    """By external id. Variants may stand in other products than the files say.

    `imagined`: external ids by SKU that the database does not know of; `is_bare`: who owns what, no more.
    """

    def __init__(
        self, records: Sequence[ProductRecord], imagined: Mapping[str, str], *, is_bare: bool = False
    ) -> None:
        products = Product.objects.filter(external_id__in=[record.external_id for record in records])
        self.products = {product.external_id or "": product for product in products}
        ids = [variant.external_id for record in records for variant in record.variants]
        variants = Variant.objects.filter(external_id__in=ids).annotate(home=F("product__external_id"))
        self.variants = {variant.external_id or "": variant for variant in variants}
        skus = [variant.sku for record in records for variant in record.variants if variant.sku]
        rows = Variant.objects.filter(sku__in=skus).values_list("sku", "external_id")
        self._owners: dict[str, str | None] = {sku or "": external_id for sku, external_id in rows}
        self._owners |= {sku: imagined[sku] for sku in skus if sku in imagined}
        wanted = [_slug(record) for record in records if record.external_id not in self.products]
        taken = Product.objects.filter(slug__in=wanted).values_list("slug", flat=True)
        self._slugs = set(taken) if wanted else set()
        self._emptied: set[int] = set()
        if not is_bare:
            self._look_around()

    def _look_around(self) -> None:
        """Rows by what they belong to. Plain queries: prefetching costs a query set for each row."""
        products = [product.pk for product in self.products.values()]
        values = ProductValue.objects.filter(product__in=products).annotate(code=F("value__attribute__code"))
        self.values: Mapping[int, list[Any]] = _by("product_id", values, products)
        self.listings = _by("product_id", Listing.objects.filter(product__in=products), products)
        self.images = _by("product_id", Image.objects.filter(product__in=products), products)
        variants = [variant.pk for variant in self.variants.values()]
        self.options = _by("variant_id", VariantOption.objects.filter(variant__in=variants), variants)
        self.prices = _by("variant_id", Price.objects.filter(variant__in=variants), variants)
        self.stock = _by("variant_id", Stock.objects.filter(variant__in=variants), variants)
        prices = [price.pk for rows in self.prices.values() for price in rows]
        self.sales = _by("price_id", Sale.objects.filter(price__in=prices), prices)

    def claim(self, record: ProductRecord, variant: VariantRecord) -> bool:
        """May the record have this variant? Its SKU is free or the variant's own, and no other product's.

        Unless that product was made only because no other one named the variant: then it ends.
        """
        if variant.sku and self._owners.setdefault(variant.sku, variant.external_id) != variant.external_id:
            return False
        held = self.variants.get(variant.external_id)
        if held is None or held.home == record.external_id:
            return True
        if held.home != variant.external_id:
            return False
        self._emptied.add(held.product_id)
        return True

    def end_emptied(self) -> None:
        """Products whose only variant has become another one's go, unless a merchant has published them."""
        if self._emptied:
            Product.objects.filter(pk__in=self._emptied, is_published=False, variants=None).delete()

    def is_sold_elsewhere(self, record: ProductRecord) -> bool:
        """Does another product have the record's variant?"""
        held = (self.variants.get(variant.external_id) for variant in record.variants)
        return any(variant and variant.home != record.external_id for variant in held)

    def unnamed(self) -> dict[int, list[str]]:
        """Variants for sale that an import has made and these records do not name, by product."""
        held = [product.pk for product in self.products.values()]
        rows = Variant.objects.filter(product__in=held, is_active=True, external_id__isnull=False)
        found: dict[int, list[str]] = defaultdict(list)
        for product_id, external_id in (
            rows.order_by("pk").values_list("product", "external_id") if held else ()
        ):
            if external_id not in self.variants:
                found[product_id].append(external_id or "")
        return found

    def level(self, variant: Variant) -> tuple[int | None] | None:
        """(what lies there; None: not counted); None if nobody knows."""
        held = self.stock.get(variant.pk)
        return (held[0].on_hand if held[0].is_tracked else None,) if held else None

    def free_slug(self, record: ProductRecord) -> str:
        """An address that no product has, this batch's neither."""
        slug = _slug(record)
        if slug in self._slugs:
            self._slugs |= set(Product.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
        slug = free_slug(slug, self._slugs)
        self._slugs.add(slug)
        return slug


def _by(column: str, rows: QuerySet[Row], owners: Sequence[int]) -> Mapping[int, list[Row]]:
    """The rows of each owner."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows if owners else ():
        found[getattr(row, column)].append(row)
    return found


def _slug(record: ProductRecord) -> str:
    return slug_for(record.handle, "product", 210)
