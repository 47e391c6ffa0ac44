"""Random edits of every kind, as a merchant, an import or a hand at the database makes them."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from bench.shelves import Shelves
from catalog import pricing, stock
from catalog.models import (
    Block,
    Image,
    Listing,
    MethodRate,
    Page,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    TaxRate,
    Variant,
    VariantOption,
)

# What stands around every page: among others it would let go what they forgot.
AROUND = {
    *("add_category", "rename_category", "readdress_category", "hide_category", "move_category"),
    *("hide_above", "move_out_of_hiding"),
    *("add_page", "name_page", "delivery", "reprice_all", "empty_reviews"),
}
LEAST = 4  # products that stay, so that there is something to edit


class Edits(Shelves):
    """Of goods, what they cost and look like, and content; and those of their shelves."""

    # --- Products ----------------------------------------------------------------------------------------

    def do_rename(self) -> None:
        self.set(self.product(), name=self.word())

    def do_describe(self) -> None:
        words = {"summary": self.word(), "description": f"<p>{self.word()}</p>", "brand": self.word()}
        self.set(self.product(), kind=self.random.choice(("Print", "Book")), **words)

    def do_readdress(self) -> None:
        self.set(self.product(), slug=f"moved-{self.number}")

    def do_swap_addresses(self) -> None:
        one, other = self.product(), self.product()
        if one.pk == other.pk:
            raise LookupError
        for row, slug in ((one, "between"), (other, one.slug), (one, other.slug)):
            Product.objects.filter(pk=row.pk).update(slug=slug)

    def do_hide(self) -> None:
        if Product.objects.filter(is_published=True).count() <= LEAST:
            raise LookupError
        self.set(self.product(is_published=True), is_published=False)

    def do_show(self) -> None:
        self.set(self.product(is_published=False), is_published=True)

    def do_date(self) -> None:
        self.set(self.product(), published_at=timezone.now() - timedelta(days=self.random.randint(0, 60)))

    def do_love(self) -> None:
        self.set(self.product(), popularity=self.random.randint(0, 12))

    def do_add(self) -> None:
        """A copy of another, with its variants, prices, values and shelves."""
        item, name = self.product(), self.word()
        like = item.pk
        item.pk, item.name, item.slug, item.external_id = None, name, f"thing-{self.number + 5}", None
        item.is_published = True
        item._state.adding = True
        item.save()
        if self.products is not None:
            self.products.append(item.pk)
        for variant in Variant.objects.filter(product=like):
            old = variant.pk
            variant.pk, variant.product, variant.sku, variant.external_id = None, item, None, None
            variant._state.adding = True
            variant.save()
            for model in (Price, VariantOption):
                for row in model._default_manager.filter(variant=old):
                    row.pk, row.variant = None, variant
                    row._state.adding = True
                    row.save()
            stock.adjust(variant.pk, on_hand=5)
        for listing in Listing.objects.filter(product=like):
            Listing.objects.create(product=item, category=listing.category, is_primary=listing.is_primary)
        for value in ProductValue.objects.filter(product=like):
            ProductValue.objects.create(product=item, value=value.value)

    def do_delete(self) -> None:
        if Product.objects.filter(is_published=True).count() <= LEAST:
            raise LookupError
        gone = self.product()
        if self.products is not None:
            self.products.remove(gone.pk)
        gone.delete()

    def do_link(self) -> None:
        one, other = self.product(), self.product()
        if one.pk == other.pk or ProductLink.objects.filter(product=one, other=other).exists():
            raise LookupError
        ProductLink.objects.create(product=one, other=other, kind=self.random.choice(ProductLink.Kind.values))

    def do_unlink(self) -> None:
        self.of_product(ProductLink).delete()

    # --- What they cost, and how many there are ----------------------------------------------------------

    def do_price(self) -> None:
        self.set(self.of_product(Price, "variant__product"), amount=Decimal(self.random.randint(5, 90)))

    def do_price_by_hand(self) -> None:
        price = self.of_product(Price, "variant__product")
        self.sql("UPDATE catalog_price SET amount = amount + 1 WHERE variant_id = %s", price.variant_id)

    def do_sale(self) -> None:
        price, now = self.of_product(Price, "variant__product", sales=None), timezone.now()
        Sale.objects.create(price=price, amount=Decimal(1), starts_at=now - timedelta(days=1))

    def do_sale_to_come(self) -> None:
        """It begins by itself, by a due job."""
        price, now = self.of_product(Price, "variant__product", sales=None), timezone.now()
        Sale.objects.create(price=price, amount=Decimal(2), starts_at=now + timedelta(seconds=1))

    def do_end_sale(self) -> None:
        self.of_product(Sale, "price__variant__product").delete()

    def do_apply_sales(self) -> None:
        pricing.apply_sales([self.of_product(Price, "variant__product").pk])

    def do_stock(self) -> None:
        """Crosses a threshold, mostly."""
        found = self.of_product(Variant)
        stock.adjust(found.pk, on_hand=self.random.choice((0, 0, 2, 3, 4, 100)))

    def do_retire_variant(self) -> None:
        found = self.of_product(Variant)
        self.set(found, is_active=not found.is_active)

    def do_tax(self) -> None:
        self.set(self.one(TaxRate), rate=Decimal(self.random.randint(5, 25)) / 100)

    def do_delivery(self) -> None:
        self.set(self.one(MethodRate), amount=Decimal(self.random.randint(1, 9)))

    # --- What they look like, and what is said of them ---------------------------------------------------

    def do_picture(self) -> None:
        self.set(self.of_product(Image), alt=self.word(), position=self.random.randint(0, 9))

    def do_review(self) -> None:
        Review.objects.create(product=self.product(), name="Ann", rating=self.random.randint(1, 5))

    def do_hide_review(self) -> None:
        self.set(self.of_product(Review, is_published=True), is_published=False)

    def do_block(self) -> None:
        self.set(self.one(Block), title=self.word())

    def do_page(self) -> None:
        self.set(self.one(Page), body=f"<p>{self.word()}</p>", summary=self.word())

    def do_name_page(self) -> None:
        self.set(self.one(Page), title=self.word(), slug=f"page-{self.number}")

    def do_add_page(self) -> None:
        Page.objects.create(title=self.word(), slug=f"page-{self.number}")

    # --- In bulk, and by hand ----------------------------------------------------------------------------

    def do_reprice_all(self) -> None:
        which = {"variant__product__in": self.products} if self.products else {}
        Price.objects.filter(**which).update(amount=F("amount") + 1)

    def do_delete_reviews_by_hand(self) -> None:
        self.sql("DELETE FROM catalog_review WHERE product_id = %s", self.of_product(Review).product_id)

    def do_empty_reviews(self) -> None:
        if self.products:
            raise LookupError
        self.sql("TRUNCATE catalog_review")
