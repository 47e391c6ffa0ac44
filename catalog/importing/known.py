"""Known: what the shop has of some products already, in a dozen queries, and who owns which SKU and slug."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from catalog.importing.records import ProductRecord, VariantRecord
from catalog.importing.vocabulary import free_slug, slug_for
from catalog.models import Product, Variant

AROUND_VARIANT = ("prices__sales", "options__value", "stock")
AROUND_PRODUCT = ("product_values__value__attribute", "listings", "images")


class Known:
    """By external id. Variants may stand in other products than the files say.

    `imagined`: external ids by SKU that the database does not know of; `is_bare`: who owns what, no more.
    """

    def __init__(
        self, records: Sequence[ProductRecord], imagined: Mapping[str, str], *, is_bare: bool = False
    ) -> None:
        products = Product.objects.filter(external_id__in=[record.external_id for record in records])
        around = () if is_bare else AROUND_PRODUCT
        self.products = {product.external_id or "": product for product in products.prefetch_related(*around)}
        ids = [variant.external_id for record in records for variant in record.variants]
        variants = Variant.objects.filter(external_id__in=ids).select_related("product")
        around = () if is_bare else AROUND_VARIANT
        self.variants = {variant.external_id or "": variant for variant in variants.prefetch_related(*around)}
        skus = [variant.sku for record in records for variant in record.variants if variant.sku]
        rows = Variant.objects.filter(sku__in=skus).values_list("sku", "external_id")
        self._owners: dict[str, str | None] = {sku or "": external_id for sku, external_id in rows}
        self._owners |= {sku: imagined[sku] for sku in skus if sku in imagined}
        wanted = [_slug(record) for record in records if record.external_id not in self.products]
        taken = Product.objects.filter(slug__in=wanted).values_list("slug", flat=True)
        self._slugs = set(taken) if wanted else set()
        self._emptied: set[int] = set()

    def claim(self, record: ProductRecord, variant: VariantRecord) -> bool:
        """May the record have this variant? Its SKU is free or the variant's own, and no other product's.

        Unless that product was made only because no other one named the variant: then it ends.
        """
        if variant.sku and self._owners.setdefault(variant.sku, variant.external_id) != variant.external_id:
            return False
        held = self.variants.get(variant.external_id)
        if held is None or held.product.external_id == record.external_id:
            return True
        if held.product.external_id != variant.external_id:
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
        return any(variant and variant.product.external_id != record.external_id for variant in held)

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
        if not hasattr(variant, "stock"):
            return None
        return (variant.stock.on_hand if variant.stock.is_tracked else None,)

    def free_slug(self, record: ProductRecord) -> str:
        """An address that no product has, this batch's neither."""
        slug = _slug(record)
        if slug in self._slugs:
            self._slugs |= set(Product.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
        slug = free_slug(slug, self._slugs)
        self._slugs.add(slug)
        return slug


def _slug(record: ProductRecord) -> str:
    return slug_for(record.handle, "product", 210)
