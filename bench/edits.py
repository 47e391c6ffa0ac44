"""Random edits of every kind, as a merchant, an import or a hand at the database makes them."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from bench.content import Content
from bench.shelves import Shelves
from catalog import pricing, stock
from catalog.models import (
    Listing,
    Price,
    Product,
    ProductLink,
    ProductValue,
    Review,
    Sale,
    Stock,
    TaxClass,
    TaxRate,
    Variant,
    VariantOption,
)

# What stands around every page: among others it would let go what they forgot.
AROUND = {
    *("add_category", "rename_category", "readdress_category", "hide_category", "move_category"),
    *("hide_above", "move_out_of_hiding", "delete_category", "code_attribute"),
    *("add_page", "name_page", "hide_page", "delete_page", "place_page"),
    *("delivery", "method", "zone", "reprice_all", "empty_reviews"),
}
LEAST = 4  # products that stay, so that there is something to edit


class Edits(Shelves, Content):
    """Of goods and what they cost; and those of their shelves, and of all else that pages show."""

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

    def do_place_link(self) -> None:
        self.set(self.of_product(ProductLink), position=self.random.randint(0, 9))

    def do_code(self) -> None:
        """Another SKU, or the same in other letters."""
        found = self.of_product(Variant)
        self.set(found, sku=found.sku.swapcase() if found.sku else f"Sku-{self.number}")

    def do_place_variant(self) -> None:
        self.set(self.of_product(Variant), position=self.random.randint(0, 9))

    def do_option(self) -> None:
        option = self.of_product(VariantOption, "variant__product")
        value = self.one(type(option.value), attribute=option.value.attribute_id)
        if VariantOption.objects.filter(variant=option.variant_id, value=value).exists():
            raise LookupError
        self.set(option, value=value)

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

    def do_sale_that_ends(self) -> None:
        """By itself, by a due job."""
        price, now = self.of_product(Price, "variant__product", sales=None), timezone.now()
        ends = now + timedelta(seconds=1)
        Sale.objects.create(price=price, amount=Decimal(3), starts_at=now - timedelta(days=1), ends_at=ends)

    def do_end_sale(self) -> None:
        self.of_product(Sale, "price__variant__product").delete()

    def do_apply_sales(self) -> None:
        pricing.apply_sales([self.of_product(Price, "variant__product").pk])

    def do_stock(self) -> None:
        """Crosses a threshold, mostly."""
        found = self.of_product(Variant)
        wanted = self.random.choice((0, 0, 2, 3, 4, 100))
        if Stock.objects.filter(variant=found, is_tracked=True, reserved__gt=wanted).exists():
            raise LookupError
        stock.adjust(found.pk, on_hand=wanted)

    def do_reserve(self) -> None:
        """An order takes all but a few."""
        held = self.of_product(Stock, "variant__product", is_tracked=True)
        taken = held.on_hand - held.reserved - self.random.randint(0, 3)
        if taken < 1:
            raise LookupError
        stock.reserve({held.pk: taken})

    def do_release(self) -> None:
        held = self.of_product(Stock, "variant__product", reserved__gt=0)
        stock.release({held.pk: held.reserved})

    def do_retire_variant(self) -> None:
        found = self.of_product(Variant)
        self.set(found, is_active=not found.is_active)

    def do_tax(self) -> None:
        self.set(self.one(TaxRate), rate=Decimal(self.random.randint(5, 25)) / 100)

    def do_tax_class(self) -> None:
        """Their prices are noted without tax from now on: else no page shows it."""
        item, other = self.product(), f"class-{self.random.randint(1, 2)}"
        found, is_new = TaxClass.objects.get_or_create(code=other, defaults={"name": other})
        if is_new:
            TaxRate.objects.create(tax_class=found, country="DE", rate=Decimal("0.07"))
        Price.objects.filter(variant__product=item).update(includes_tax=False)
        self.set(item, tax_class=found)

    # --- What is said of them ----------------------------------------------------------------------------

    def do_review(self) -> None:
        Review.objects.create(product=self.product(), name="Ann", rating=self.random.randint(1, 5))

    def do_hide_review(self) -> None:
        self.set(self.of_product(Review, is_published=True), is_published=False)

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
