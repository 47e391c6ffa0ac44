"""Which models stand behind each key that the catalogue's pages carry; on_change.py purges them."""

# `*` is a value. What a list sorts, filters or counts by is a key of its own: a product whose price changed
# purges the lists that say something of prices.
LISTED = (
    "price",
    "is_from",
    "name",
    "popularity",
    "published_at",
    "availability",
    "values",
    "traits",
    "on_sale",
    "offers",
)
CUT = (*LISTED, "kind", "discount", "picture", "slug")  # and by what lists are cut from all cards
_CARD, _CATEGORY, _PAGE = ("catalog.card",), ("catalog.category",), ("catalog.page",)
_FORMER = ("catalog.former",)

KEYS: dict[str, tuple[str, ...]] = {
    "attribute/*": ("catalog.attribute",),
    "attribute/*:values": ("catalog.attributevalue",),
    "attributes": ("catalog.attribute",),
    "attributevalue/*": ("catalog.attributevalue",),
    "values": ("catalog.attributevalue",),
    "blocks": ("catalog.block",),
    "card/*/*": _CARD,  # market, product
    **{f"cards:{column}": _CARD for column in ("in", "categories", *CUT)},
    "category/*": _CATEGORY,
    **{f"category/*:{column}": _CARD for column in ("in", *LISTED)},
    "delivery": ("catalog.zone", "catalog.method", "catalog.methodrate"),
    "image/*": ("catalog.image",),
    "navigation": (*_CATEGORY, *_PAGE),
    "page/*": _PAGE,
    "path/category/*": _CATEGORY,  # found or not
    "path/category/*:below": _CATEGORY,
    "product/*": ("catalog.product",),
    "product/*:cards": _CARD,  # in which markets it has one
    "product/*:images": ("catalog.image",),
    "product/*:links": ("catalog.productlink",),
    "product/*:listings": ("catalog.listing",),
    "product/*:reviews": ("catalog.review",),
    "product/*:variants": ("catalog.variant", "catalog.price", "catalog.variantoption"),
    "search": (*_CARD, *_PAGE, "catalog.variant"),  # a variant's codes stand in its product's card
    "slug/category/*": (*_CATEGORY, *_FORMER),
    "slug/page/*": _PAGE,
    "slug/product/*": ("catalog.product", *_FORMER),
    "taxclass/*": ("catalog.taxrate",),
}
