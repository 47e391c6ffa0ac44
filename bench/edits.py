"""Random edits of every kind, as a merchant, an import or a hand at the database makes them."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog import pricing, stock
from catalog.models import (
    Attribute,
    AttributeValue,
    Block,
    Category,
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

LEAST = 4  # products that stay, so that there is something to edit


class Edits:
    """`any()` makes one, drawn by its seed, in a transaction of its own; it is called by its name.

    products: the ids that single edits draw from, where the catalogue is large; else all of them.
    """

    def __init__(self, seed: int, products: list[int] | None = None) -> None:
        self.random, self.number, self.products = random.Random(seed), 0, products
        self.kinds: dict[str, Callable[[], object]] = {
            name.removeprefix("do_"): getattr(self, name) for name in sorted(dir(self)) if name[:3] == "do_"
        }

    def any(self) -> str:
        """One of all kinds; a kind that finds nothing to edit is drawn again. Its name."""
        while True:
            name = self.random.choice(list(self.kinds))
            if self.make(name):
                return name

    def make(self, name: str) -> bool:
        """An edit of that kind; False if there was nothing to edit."""
        self.number += 1
        try:
            with transaction.atomic():
                self.kinds[name]()
        except LookupError:
            return False
        return True

    def word(self) -> str:
        return f"{self.random.choice(('Amber', 'Birch', 'Cloud', 'Dune', 'Elm', 'Fern'))} {self.number}"

    def one(self, model: type[Any], **which: Any) -> Any:
        """A row; LookupError if there is none."""
        ids = list(model._default_manager.filter(**which).order_by("pk").values_list("pk", flat=True)[:500])
        return model._default_manager.get(pk=self.random.choice(ids))

    def product(self, **which: Any) -> Product:
        found: Product = self.one(Product, **which, **({"pk__in": self.products} if self.products else {}))
        return found

    def of_product(self, model: type[Any], path: str = "product", **which: Any) -> Any:
        """A row of one of the products that are edited."""
        return self.one(model, **which, **({f"{path}__in": self.products} if self.products else {}))

    def set(self, row: Any, **fields: Any) -> None:
        """By save() or by update(), as it comes: neither may be missed."""
        if self.random.random() < 0.5:
            type(row)._default_manager.filter(pk=row.pk).update(**fields)
            return
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()

    # --- Products ----------------------------------------------------------------------------------------

    def do_rename(self) -> None:
        self.set(self.product(), name=self.word())

    def do_describe(self) -> None:
        words = {"summary": self.word(), "description": f"<p>{self.word()}</p>", "brand": self.word()}
        self.set(self.product(), kind=self.random.choice(("Print", "Book")), **words)

    def do_readdress(self) -> None:
        self.set(self.product(), slug=f"thing-{self.number}")

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
        item.pk, item.name, item.slug, item.external_id = None, name, f"thing-{self.number}", None
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

    # --- Where they stand, and what they are called by ---------------------------------------------------

    def do_move(self) -> None:
        listing, category = self.of_product(Listing), self.one(Category)
        if Listing.objects.filter(product=listing.product, category=category).exists():
            raise LookupError
        self.set(listing, category=category)

    def do_list(self) -> None:
        item, category = self.product(), self.one(Category)
        if Listing.objects.filter(product=item, category=category).exists():
            raise LookupError
        Listing.objects.create(product=item, category=category)

    def do_unlist(self) -> None:
        self.of_product(Listing).delete()

    def do_rename_category(self) -> None:
        self.set(self.one(Category), name=self.word())

    def do_describe_category(self) -> None:
        self.set(self.one(Category), description=self.word())

    def do_readdress_category(self) -> None:
        self.set(self.one(Category), slug=f"shelf-{self.number}")

    def do_hide_category(self) -> None:
        found = self.one(Category)
        self.set(found, is_published=not found.is_published)

    def do_move_category(self) -> None:
        one, other = self.one(Category), self.one(Category)
        if one.pk == other.pk or other.is_descendant_of(one) or other.depth > 2:
            raise LookupError
        Category.objects.move(one, other, "last-child")

    def do_add_category(self) -> None:
        Category.objects.add_root({"name": self.word(), "slug": f"shelf-{self.number}"})

    def do_name_attribute(self) -> None:
        self.set(self.one(Attribute), name=self.word())

    def do_filter_by_it(self) -> None:
        found = self.one(Attribute)
        self.set(found, is_facet=not found.is_facet)

    def do_name_value(self) -> None:
        self.set(self.one(AttributeValue), label=self.word())

    def do_readdress_value(self) -> None:
        self.set(self.one(AttributeValue), slug=f"value-{self.number}")

    def do_colour(self) -> None:
        self.of_product(ProductValue).delete()

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

    def sql(self, statement: str, *values: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
