"""What follows a change: keys to purge, cards to rebuild, stock to recount. Read this first.

A rule sees every changed row of its model with the noted columns before and after, and says what is stale:

- `effects.purge(...)`: pages that carry one of these keys, declared in catalog/keys.py: `model/pk`, a row;
  `slug/model/slug`, a look-up, found or not; `category/7:in`, who is in a list; `category/7:price`, what it
  sorts, filters or counts by; `cards:…`, lists cut from all cards.
- `effects.project(...)`: "sales", "availability", "cards": derived rows that are made again from the truth.
  Their own changes come round in the next batch, so a rule never has to think two steps ahead.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from catalog.keys import CUT, LISTED
from catalog.models import (
    Card,
    Category,
    Image,
    Listing,
    Price,
    Product,
    ProductValue,
    Sale,
    Variant,
    VariantOption,
)
from shop.changes.models import Row
from shop.changes.rules import Effects

CARDS, AVAILABILITY, SALES, DATES = "cards", "availability", "sales", "dates"


def product(rows: Sequence[Row], effects: Effects) -> None:
    """Its page, its cards, and the moments at which they change by themselves."""
    ids = _own("product", rows, effects)
    _slugs("product", rows, effects)
    effects.project(CARDS, ids)
    effects.project(DATES, _ids(row for row in rows if _touches(row, "is_published", "published_at")))


def variant(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and cards; a new one is counted."""
    products = _values(rows, "product_id")
    _purge("product/{}:variants", products, effects)
    effects.project(CARDS, products)
    effects.project(AVAILABILITY, _values((row for row in rows if row.before is None), "product_id"))


def price(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and cards; a sale is measured against a new amount."""
    products = _products_of(_values(rows, "variant_id"))
    _purge("product/{}:variants", products, effects)
    effects.project(CARDS, products)
    dearer_or_cheaper = _ids(row for row in rows if row.after and "amount" in row.changed)
    effects.project(SALES, _column(Sale.objects.filter(price__in=dearer_or_cheaper), "price"))


def sale(rows: Sequence[Row], effects: Effects) -> None:
    """The price it lowers, now or when it begins."""
    effects.project(SALES, _column(Price.objects.filter(pk__in=_values(rows, "price_id")), "pk"))


def stock(rows: Sequence[Row], effects: Effects) -> None:
    """A threshold was crossed, perhaps: recount. No page shows a number."""
    effects.project(AVAILABILITY, _products_of(_ids(rows)))


def variant_option(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page, cards and facets."""
    products = _products_of(_values(rows, "variant_id"))
    _purge("product/{}:variants", products, effects)
    effects.project(CARDS, products)


def product_value(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page, cards and facets."""
    effects.project(CARDS, _values(rows, "product_id"))


def attribute(rows: Sequence[Row], effects: Effects) -> None:
    """Facets and options are called by its name, everywhere."""
    _own("attribute", rows, effects)
    effects.purge("attributes")


def attribute_value(rows: Sequence[Row], effects: Effects) -> None:
    """Facets, options, and the cards that say it ("30 × 40 cm"); addresses that name it."""
    _own("attributevalue", rows, effects)
    if any(_touches(row, "slug") for row in rows):
        effects.purge("values")
    _purge("attribute/{}:values", _values(rows, "attribute_id"), effects)
    named = _ids(row for row in rows if "label" in row.changed)
    effects.project(CARDS, _column(ProductValue.objects.filter(value__in=named), "product"))
    options = VariantOption.objects.filter(value__in=named)
    effects.project(CARDS, _column(options, "variant__product"))


def image(rows: Sequence[Row], effects: Effects) -> None:
    """Where it is shown; and renditions are made of a new original."""
    ids = _own("image", rows, effects)
    products = _values(rows, "product_id")
    _purge("product/{}:images", products, effects)
    effects.project(CARDS, products)
    drawn = Image.objects.filter(pk__in=ids).exclude(original="").only("original", "renditions", "position")
    for found in drawn.order_by():
        if found.renditions.get("of") != found.original.name:
            # Lists show the first of each product: a catalogue that came as a whole is handsome soon.
            effects.enqueue("catalog.render_image", [found.pk], "low" if found.position else "normal")


def review(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and stars."""
    products = _values(rows, "product_id")
    _purge("product/{}:reviews", products, effects)
    effects.project(CARDS, products)


def product_link(rows: Sequence[Row], effects: Effects) -> None:
    """What a product's page recommends."""
    _purge("product/{}:links", _values(rows, "product_id"), effects)


def category(rows: Sequence[Row], effects: Effects) -> None:
    """The navigation and its own page; moved, hidden or renamed, the cards of all that stands below it."""
    _own("category", rows, effects)
    _slugs("category", rows, effects)
    step = Category.steplen
    named = [row for row in rows if _touches(row, "name", "slug", "path", "is_published")]
    for path in _values(named, "path"):
        effects.purge("navigation", f"path/category/{path}", f"path/category/{path[:-step] or 'top'}:below")
    deep = [row for row in rows if _touches(row, "path", "is_published", "name")]
    if deep:
        effects.project(CARDS, _products_below(_values(deep, "path"), _ids(deep)))
    opened = _values((row for row in rows if _touches(row, "path", "is_published")), "path")
    if opened:  # what stands below is found, or not, with it
        below = Category.objects.filter(_below(opened))
        _purge("slug/category/{}", _column(below, "slug"), effects)


def former(rows: Sequence[Row], effects: Effects) -> None:
    """Who asks for a slug that nothing has is told something else."""
    for row in rows:
        for model in row.values("model"):
            _purge(f"slug/{model}/{{}}", row.values("slug"), effects)


def listing(rows: Sequence[Row], effects: Effects) -> None:
    """The product's breadcrumb, and its cards: those know in which lists they stand."""
    products = _values(rows, "product_id")
    _purge("product/{}:listings", products, effects)
    effects.project(CARDS, products)


def tax_rate(rows: Sequence[Row], effects: Effects) -> None:
    """Prices that are noted without tax and shown with it; and carts count it anyway."""
    classes = _values(rows, "tax_class_id")
    _purge("taxclass/{}", classes, effects)
    effects.project(CARDS, _column(Product.objects.filter(tax_class__in=classes), "pk"))


def card(rows: Sequence[Row], effects: Effects) -> None:
    """The lists it was in, is in, or stands elsewhere in now. It is derived: nothing follows from it."""
    for row in rows:
        before = set(row.before["categories"]) if row.before else set()
        after = set(row.after["categories"]) if row.after else set()
        for side in (row.before, row.after):
            if side is not None:
                effects.purge(f"card/{side['market']}/{side['product_id']}")
        _purge("category/{}:in", before ^ after, effects)
        if row.before is None or row.after is None:
            effects.purge("cards:in")
            _purge("product/{}:cards", row.values("product_id"), effects)
        if before != after:
            effects.purge("cards:categories")
        for column in row.changed.intersection(LISTED):
            _purge(f"category/{{}}:{column}", before & after, effects)
        effects.purge(*(f"cards:{column}" for column in row.changed.intersection(CUT)))
    came_or_went = _values((row for row in rows if row.before is None or row.after is None), "product_id")
    # A page may be waiting for its product's moment, which is no change of the product's row.
    _purge("slug/product/{}", _column(Product.objects.filter(pk__in=came_or_went), "slug"), effects)
    effects.purge("search")


def block(rows: Sequence[Row], effects: Effects) -> None:
    """The home page."""
    effects.purge("blocks")


def page(rows: Sequence[Row], effects: Effects) -> None:
    """Its own page, the footer everywhere that links to it, and the search that finds it."""
    _own("page", rows, effects)
    _slugs("page", rows, effects)
    effects.purge("search")
    if any(_touches(row, "title", "slug", "group", "position", "is_published") for row in rows):
        effects.purge("navigation")


def delivery(rows: Sequence[Row], effects: Effects) -> None:
    """The promise on every product page, and what the footer says of it."""
    if rows:
        effects.purge("delivery")


def everything(effects: Effects) -> None:
    """A table was emptied: whatever was derived from it is made again, also what has no product any more."""
    effects.purge("html")
    ids = set(_column(Product.objects.all(), "pk")) | set(_column(Card.objects.all(), "product_id"))
    lowered = Price.objects.filter(Q(sale_amount__isnull=False) | Q(sales__isnull=False))
    effects.project(SALES, _column(lowered, "pk"))
    effects.project(AVAILABILITY, ids)
    effects.project(CARDS, ids)
    effects.project(DATES, ids)


RULES = {
    "catalog.attribute": attribute,
    "catalog.attributevalue": attribute_value,
    "catalog.block": block,
    "catalog.card": card,
    "catalog.category": category,
    "catalog.former": former,
    "catalog.image": image,
    "catalog.listing": listing,
    "catalog.method": delivery,
    "catalog.methodrate": delivery,
    "catalog.page": page,
    "catalog.price": price,
    "catalog.product": product,
    "catalog.productlink": product_link,
    "catalog.productvalue": product_value,
    "catalog.review": review,
    "catalog.sale": sale,
    "catalog.stock": stock,
    "catalog.taxrate": tax_rate,
    "catalog.variant": variant,
    "catalog.variantoption": variant_option,
    "catalog.zone": delivery,
}


def _ids(rows: Iterable[Row]) -> set[int]:
    """Primary keys, before and after."""
    found: set[int] = set()
    for row in rows:
        # The key is the first noted column, whatever it is called (Stock's is its variant).
        found.update(next(iter(side.values())) for side in (row.before, row.after) if side is not None)
    return found


def _values(rows: Iterable[Row], column: str) -> set:
    """A noted column's values, before and after."""
    return set().union(*(row.values(column) for row in rows))


def _touches(row: Row, *columns: str) -> bool:
    """It came, it went, or one of these columns changed."""
    return row.before is None or row.after is None or not row.changed.isdisjoint(columns)


def _purge(pattern: str, ids: Iterable[int], effects: Effects) -> None:
    effects.purge(*(pattern.format(pk) for pk in ids))


def _own(name: str, rows: Sequence[Row], effects: Effects) -> set[int]:
    """Purges each row's own key; the ids."""
    ids = _ids(rows)
    _purge(name + "/{}", ids, effects)
    return ids


def _slugs(name: str, rows: Sequence[Row], effects: Effects) -> None:
    """Look-ups by slug: those that find something else now, or nothing, or something at last."""
    moved = (row for row in rows if _touches(row, "slug", "is_published"))
    effects.purge(*(f"slug/{name}/{slug}" for slug in _values(moved, "slug")))


def _column(rows: QuerySet[Any], name: str) -> QuerySet[Any]:
    """One column, without the model's own ordering.

    That joins what it sorts by; on tables just being filled, without statistics, it ran into the statement
    timeout.
    """
    return rows.order_by().values_list(name, flat=True)


def _products_of(variant_ids: set[int]) -> set[int]:
    return set(_column(Variant.objects.filter(pk__in=variant_ids), "product_id"))


def _below(paths: set[str]) -> Q:
    """Categories at these paths and below them."""
    step, tops = Category.steplen, list[str]()
    for path in sorted(paths):  # a branch that moved brings each of its twigs: the branch is enough
        if not any(path[:length] in paths for length in range(step, len(path), step)):
            tops.append(path)
    found = Q(pk__in=[])
    for path in tops:
        found |= Q(path__startswith=path)
    return found


def _products_below(paths: set[str], category_ids: set[int]) -> set[int]:
    """Products that stand in these categories or below these paths, old and new ones."""
    below = Category.objects.filter(Q(pk__in=category_ids) | _below(paths))
    return set(_column(Listing.objects.filter(category__in=below.order_by().values("pk")), "product_id"))
