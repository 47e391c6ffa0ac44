"""Which models stand behind each key that the catalogue's pages carry; on_change.py purges them."""

# `*` is a value. What a list sorts, filters or counts by is a key of its own: a product whose price changed
# purges the lists that say something of prices.
LISTED = (
    "price",
    "is_from",
    "name",
    "popularity",
    "published_at",
    "rating",
    "availability",
    "values",
    "traits",
    "on_sale",
    "offers",
)
CUT = (*LISTED, "discount", "picture", "slug")  # and by what lists are cut from all cards
# What a card prints wherever it stands; its stars are printed in lists only, its offers where a filter asks.
PRINTED = (
    "name",
    "slug",
    "kind",
    "detail",
    "price",
    "list_price",
    "is_from",
    "discount",
    "availability",
    "is_new",
    "picture",
)
STARS = ("rating", "rating_count", "histogram")
OFFERED = ("traits", "offers", "views")
FOUND = ("search", *LISTED)  # what a search asks, and the list that it gives
# What a document of the search engine's says; of a product's own words see on_change.product.
DOCUMENTED = ("search", "name", "kind", "categories", "rating", "picture", *LISTED)
PLACED = ("categories", "kind", "popularity")  # by which neighbours are chosen
_CARD, _CATEGORY, _PAGE = ("catalog.card",), ("catalog.category",), ("catalog.page",)
_FORMER = ("catalog.former",)
_SEARCHED = ("catalog.synonym", "catalog.steeredquery", "catalog.pin")
_DELIVERY = ("catalog.zone", "catalog.method", "catalog.methodrate", "catalog.taxrate")
_PROMISE = ("catalog.promised", *_DELIVERY)

KEYS: dict[str, tuple[str, ...]] = {
    "attribute/*": ("catalog.attribute",),
    "attribute/*:values": ("catalog.attribute", "catalog.attributevalue"),
    "attributevalue/*": ("catalog.attributevalue",),
    "blocks": ("catalog.block",),
    "beside/*/*": ("catalog.neighbours",),  # market, product
    "card/*/*": _CARD,  # market, product
    "card/*/*:offers": _CARD,
    "card/*/*:stars": _CARD,
    **{f"cards/*:{column}": _CARD for column in ("in", "categories", *CUT)},  # market
    "categories": _CATEGORY,
    "category/*": _CATEGORY,
    **{f"category/*/*:{column}": _CARD for column in ("in", *LISTED)},  # category, market
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
    "product/*:prices/*": ("catalog.price",),  # currency
    "promise/*": _PROMISE,  # market
    "promise/*:free": _PROMISE,
    "product/*:reviews": ("catalog.review",),
    "product/*:variants": ("catalog.variant", "catalog.variantoption"),
    # A variant's codes stand in its product's card; an engine finds what changed a moment later.
    "search/*": (*_CARD, *_PAGE, *_SEARCHED, "catalog.variant", "catalog.refreshed"),
    "slug/attribute/*": ("catalog.attribute",),
    "slug/attributevalue/*": ("catalog.attributevalue",),
    "slug/category/*": (*_CATEGORY, *_FORMER),
    "slug/page/*": (*_PAGE, *_FORMER),
    "slug/product/*": ("catalog.product", *_FORMER),
    "taxclass/*": ("catalog.taxrate",),
}
