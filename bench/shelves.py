"""Random edits of where goods stand, and of what they are called and filtered by."""

from bench.drawn import Drawn
from catalog.models import Attribute, AttributeValue, Category, Image, Listing, ProductValue


class Shelves(Drawn):
    """Of listings, categories and attributes."""

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

    def do_home(self) -> None:
        """Its home, or none: then the order decides."""
        listing, is_home = self.of_product(Listing), self.random.random() < 0.7
        Listing.objects.filter(product=listing.product_id).update(is_primary=False)
        self.set(listing, is_primary=is_home, position=self.random.randint(0, 9))

    def do_place_listing(self) -> None:
        self.set(self.of_product(Listing), position=self.random.randint(0, 9))

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
        self.move(self.one(Category), self.one(Category))

    def do_show_deep_category(self) -> None:
        """Pages of goods did not say that they stand there."""
        self.set(self.one(Category, depth__gt=1, is_published=False), is_published=True)

    def do_hide_above(self) -> None:
        """A shelf that others stand below."""
        self.set(self.one(Category, numchild__gt=0, is_published=True), is_published=False)

    def do_move_out_of_hiding(self) -> None:
        """From below a shelf that nobody sees to below one at the top that is seen."""
        hidden = self.one(Category, is_published=False, numchild__gt=0)
        inner = self.one(Category, depth=hidden.depth + 1, path__startswith=hidden.path)
        self.move(inner, self.one(Category, depth=1, is_published=True))

    def move(self, one: Category, other: Category) -> None:
        """Below the other one, if it may stand there."""
        if one.pk == other.pk or other.is_descendant_of(one) or other.depth > 2:
            raise LookupError
        Category.objects.move(one, other, "last-child")

    def do_add_category(self) -> None:
        Category.objects.add_root({"name": self.word(), "slug": f"shelf-{self.number}"})

    def do_delete_category(self) -> None:
        """One at the end of its branch; some stay."""
        if Category.objects.filter(depth=1, is_published=True).count() < 3:
            raise LookupError
        self.one(Category, numchild=0).delete()

    def do_name_attribute(self) -> None:
        self.set(self.one(Attribute), name=self.word())

    def do_code_attribute(self) -> None:
        self.set(self.one(Attribute), code=f"code-{self.number}")

    def do_place_attribute(self) -> None:
        found = self.one(Attribute)
        self.set(found, position=self.random.randint(0, 9), kind=self.random.choice(Attribute.Kind.values))

    def do_filter_by_it(self) -> None:
        found = self.one(Attribute)
        self.set(found, is_facet=not found.is_facet)

    def do_name_value(self) -> None:
        self.set(self.one(AttributeValue), label=self.word())

    def do_readdress_value(self) -> None:
        self.set(self.one(AttributeValue), slug=f"value-{self.number}")

    def do_place_value(self) -> None:
        found = self.one(AttributeValue)
        self.set(found, position=self.random.randint(0, 9), swatch=self.random.choice(("", "#b93a1c")))

    def do_move_value(self) -> None:
        """To another attribute: no form does it."""
        value, other = self.one(AttributeValue), self.one(Attribute)
        if AttributeValue.objects.filter(attribute=other, slug=value.slug).exists():
            raise LookupError
        self.sql("UPDATE catalog_attributevalue SET attribute_id = %s WHERE id = %s", other.pk, value.pk)

    def do_add_value(self) -> None:
        """One that a picture has shown before, if there is such a one: nothing else may have it."""
        values = AttributeValue.objects.values_list("attribute__code", "slug")
        told = Image.objects.exclude(shows={}).order_by("pk").values_list("shows", flat=True)[:500]
        missing = sorted({pair for shows in told for pair in shows.items()} - set(values))
        attribute, slug = self.one(Attribute), f"value-{self.number}"
        for code, named in missing:
            if found := Attribute.objects.filter(code=code).first():
                attribute, slug = found, named
        AttributeValue.objects.create(attribute=attribute, slug=slug, label=self.word())

    def do_delete_value(self) -> None:
        which = {"product_values": None} if self.products else {}
        self.one(AttributeValue, variant_options=None, **which).delete()

    def do_colour(self) -> None:
        self.of_product(ProductValue).delete()
