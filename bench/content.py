"""Random edits of what pages show beside goods: pictures, the home page, pages of text, delivery."""

from datetime import time
from decimal import Decimal

from bench.drawn import Drawn
from catalog.models import Block, Image, Method, MethodRate, Page, Variant, VariantOption, Zone

GOODS = (
    {"sort": "new", "count": 2},
    {"sort": "price", "max_price": 40},
    {"sale": True, "sort": "name"},
    {"category": "wall"},
    {"slugs": ["thing-1", "thing-3"]},
)


class Content(Drawn):
    """Of pictures, blocks, pages, zones and methods."""

    def do_picture(self) -> None:
        self.set(self.of_product(Image), alt=self.word(), position=self.random.randint(0, 9))

    def do_show(self) -> None:
        """A picture tells an option that it shows, or none."""
        image = self.of_product(Image, product__isnull=False)
        if self.random.random() < 0.3:
            return self.set(image, shows={})
        value = self.one(VariantOption, variant__product=image.product_id).value
        return self.set(image, shows={value.attribute.code: value.slug}, variant=None)

    def do_show_variant(self) -> None:
        image = self.of_product(Image, product__isnull=False)
        self.set(image, variant=self.one(Variant, product=image.product_id))

    def do_move_picture(self) -> None:
        self.set(self.of_product(Image, product__isnull=False), product=self.product(), variant=None)

    def do_block(self) -> None:
        self.set(self.one(Block), title=self.word())

    def do_page(self) -> None:
        self.set(self.one(Page), body=f"<p>{self.word()}</p>", summary=self.word())

    def do_name_page(self) -> None:
        self.set(self.one(Page), title=self.word(), slug=f"page-{self.number}")

    def do_add_page(self) -> None:
        Page.objects.create(title=self.word(), slug=f"page-{self.number}")

    def do_block_goods(self) -> None:
        self.set(self.one(Block, kind=Block.Kind.CARDS), goods=self.random.choice(GOODS))

    def do_block_links(self) -> None:
        links = [{"label": self.word(), "path": "/search/?sale=1"}]
        self.set(self.one(Block), links=links, facts=[{"figure": str(self.number), "label": self.word()}])

    def do_place_block(self) -> None:
        self.set(
            self.one(Block),
            position=self.random.randint(0, 9),
            market=self.random.choice(("", "", "eu", "gb")),
        )

    def do_hide_block(self) -> None:
        found = self.one(Block)
        self.set(found, is_published=not found.is_published)

    def do_place_page(self) -> None:
        self.set(
            self.one(Page),
            position=self.random.randint(0, 9),
            group=self.random.choice(Page.Group.values),
        )

    def do_hide_page(self) -> None:
        found = self.one(Page)
        self.set(found, is_published=not found.is_published)

    def do_delete_page(self) -> None:
        if Page.objects.count() < 2:
            raise LookupError
        self.one(Page).delete()

    def do_delivery(self) -> None:
        self.set(self.one(MethodRate), amount=Decimal(self.random.randint(1, 9)))

    def do_method(self) -> None:
        """Its cut-off is not near: nobody looks at pages at the very moment."""
        found, days = self.one(Method), self.random.randint(1, 5)
        self.set(
            found,
            min_days=days,
            max_days=days + 2,
            cutoff=self.random.choice((None, time(0, 1), time(23, 58))),
            is_active=self.random.random() < 0.8,
        )

    def do_zone(self) -> None:
        self.set(self.one(Zone), countries=self.random.choice((["DE"], ["DE", "GB"], ["GB", "FR"])))
