"""What follows a change: keys to purge, cards to rebuild, stock to recount. Read this first.

A rule sees every changed row of its model with the noted columns before and after, and says what is stale:

- `effects.purge(...)`: pages that carry one of these keys, declared in catalog/keys.py: `model/pk`, a row;
  `slug/model/slug`, a look-up, found or not; `category/7/eu:in`, who is in a list of a market;
  `category/7/eu:price`, what it sorts, filters or counts by; `cards/eu:…`, lists cut from all cards.
- `effects.project(...)`: "sales", "availability", "cards" …: derived rows that are made again from the truth.
  Their own changes come round in the next batch, so a rule never has to think two steps ahead.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q

from catalog.models import (
    Card,
    Category,
    Image,
    Listing,
    Neighbours,
    Price,
    Product,
    Sale,
    Variant,
)
from catalog.noted import column, ids_of, purge, touches, values
from catalog.on_attribute import CARDS, attribute, attribute_value
from catalog.on_card import NEIGHBOURS, all_neighbours, card, neighbours
from catalog.on_document import all_documents, all_refreshed, documents, refreshed
from catalog.on_search import RULES as SEARCHED
from catalog.on_search import WHOLE as ALL_SEARCHED
from shop import markets
from shop.changes.models import Row
from shop.changes.rules import Effects

_WRITTEN = {"name", "kind", "series", "brand", "summary", "description"}  # that searches read
_CODES = {"sku", "barcode", "is_active", "product_id"}
AVAILABILITY, SALES, DATES, PROMISES = "availability", "sales", "dates", "promises"
FIRST = timedelta(hours=1)  # a product's first picture goes before others that have waited for less


def product(rows: Sequence[Row], effects: Effects) -> None:
    """Its page, its cards, and the moments at which they change by themselves."""
    ids = ids_of(rows)
    # Its popularity stands on no page; it orders lists, by its cards.
    purge("product/{}", ids_of(row for row in rows if row.changed != {"popularity"}), effects)
    _slugs("product", rows, effects)
    effects.project(CARDS, ids)
    effects.project(DATES, ids_of(row for row in rows if touches(row, "is_published", "published_at")))
    # One that comes or goes does so with its cards.
    documents(ids_of(row for row in rows if not row.changed.isdisjoint(_WRITTEN)), effects)


def variant(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and cards; a new one is counted."""
    products = values(rows, "product_id")
    purge("product/{}:variants", products, effects)
    if any(not row.changed.isdisjoint({"sku", "barcode"}) for row in rows):
        _searches(effects)  # a code is found letter by letter too, and cards say the same of Abc and abC
    effects.project(CARDS, products)
    coded = (row for row in rows if touches(row, *_CODES))
    documents(values(coded, "product_id"), effects)
    effects.project(AVAILABILITY, values((row for row in rows if row.before is None), "product_id"))


def price(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and cards; a sale is measured against a new amount."""
    products: set[int] = set()
    for currency in values(rows, "currency"):
        priced = values((row for row in rows if currency in row.values("currency")), "variant_id")
        priced = _products_of(priced)
        purge(f"product/{{}}:prices/{currency}", priced, effects)
        products |= priced
    effects.project(CARDS, products)
    dearer_or_cheaper = ids_of(row for row in rows if row.after and "amount" in row.changed)
    effects.project(SALES, column(Sale.objects.filter(price__in=dearer_or_cheaper), "price"))


def sale(rows: Sequence[Row], effects: Effects) -> None:
    """The price it lowers, now or when it begins."""
    effects.project(SALES, column(Price.objects.filter(pk__in=values(rows, "price_id")), "pk"))


def stock(rows: Sequence[Row], effects: Effects) -> None:
    """A threshold was crossed, perhaps: recount. No page shows a number."""
    effects.project(AVAILABILITY, _products_of(ids_of(rows)))


def stock_bucket(rows: Sequence[Row], effects: Effects) -> None:
    """The same, of what is sold in a rush."""
    effects.project(AVAILABILITY, _products_of(values(rows, "stock_id")))


def variant_option(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page, cards and facets."""
    products = _products_of(values(rows, "variant_id"))
    purge("product/{}:variants", products, effects)
    effects.project(CARDS, products)


def product_value(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page, cards and facets."""
    effects.project(CARDS, values(rows, "product_id"))


def image(rows: Sequence[Row], effects: Effects) -> None:
    """Where it is shown; and renditions are made of a new original."""
    ids = _own("image", rows, effects)
    products = values(rows, "product_id")
    purge("product/{}:images", products, effects)
    effects.project(CARDS, products)
    drawn = Image.objects.filter(pk__in=ids).exclude(original="").only("original", "renditions", "position")
    for found in drawn.order_by():
        if found.renditions.get("of") != found.original.name:
            # Lists show the first of each product: a catalogue that came as a whole is handsome soon.
            ahead = timedelta(0) if found.position else FIRST
            effects.enqueue("catalog.render_image", [found.pk], "low", ahead)


def review(rows: Sequence[Row], effects: Effects) -> None:
    """Its product's page and stars."""
    products = values(rows, "product_id")
    purge("product/{}:reviews", products, effects)
    effects.project(CARDS, products)


def product_link(rows: Sequence[Row], effects: Effects) -> None:
    """What a product's page recommends; neighbours stand where there is no link."""
    products = values(rows, "product_id")
    purge("product/{}:links", products, effects)
    effects.project(NEIGHBOURS, products)


def category(rows: Sequence[Row], effects: Effects) -> None:
    """The navigation and its own page; moved, hidden or renamed, the cards of all that stands below it."""
    _own("category", rows, effects)
    _slugs("category", rows, effects)
    step = Category.steplen
    # What has its home there carries where that stands, seen or not.
    purge("path/category/{}", values((row for row in rows if touches(row, "path")), "path"), effects)
    rows = [row for row in rows if True in row.values("is_published")]  # who is not seen changes nothing else
    named = [row for row in rows if touches(row, "name", "slug", "path", "is_published")]
    for path in values(named, "path"):
        effects.purge("categories", f"path/category/{path}", f"path/category/{path[:-step] or 'top'}:below")
        if len(path) == step:  # the navigation is the sections at the top
            effects.purge("navigation")
    deep = [row for row in rows if touches(row, "path", "is_published", "name")]
    if deep:
        below = _products_below(values(deep, "path"), ids_of(deep))
        effects.project(CARDS, below)
        documents(below, effects)
    opened = values((row for row in rows if touches(row, "path", "is_published")), "path")
    if opened:  # what stands below is found, or not, with it
        purge("slug/category/{}", column(Category.objects.filter(_below(opened)), "slug"), effects)


def former(rows: Sequence[Row], effects: Effects) -> None:
    """Who asks for a slug that nothing has is told something else."""
    for row in rows:
        for model in row.values("model"):
            purge(f"slug/{model}/{{}}", row.values("slug"), effects)


def listing(rows: Sequence[Row], effects: Effects) -> None:
    """The product's breadcrumb, its cards, and whom it stands beside: cards do not know which is its home."""
    products = values(rows, "product_id")
    purge("product/{}:listings", products, effects)
    effects.project(CARDS, products)
    effects.project(NEIGHBOURS, column(Neighbours.objects.filter(product_id__in=products), "product_id"))


def tax_rate(rows: Sequence[Row], effects: Effects) -> None:
    """Prices that are noted without tax and shown with it, and the other way round; carts count it anyway.

    No page for everyone knows a region: what is due there alone is told in the cart.
    """
    rows = [row for row in rows if "" in row.values("region")]
    classes = values(rows, "tax_class_id")
    purge("taxclass/{}", classes, effects)
    effects.project(CARDS, column(Product.objects.filter(tax_class__in=classes), "pk"))
    if any(not market.tax_shown for market in markets.all()):
        delivery(rows, effects)  # what it costs to bring it is promised without tax there


def block(rows: Sequence[Row], effects: Effects) -> None:
    """The home page."""
    effects.purge("blocks")


def page(rows: Sequence[Row], effects: Effects) -> None:
    """Its own page, the footer everywhere that links to it, and the search that finds it."""
    _own("page", rows, effects)
    _slugs("page", rows, effects)
    _searches(effects)
    if any(touches(row, "title", "slug", "group", "position", "is_published") for row in rows):
        effects.purge("navigation")


def delivery(rows: Sequence[Row], effects: Effects) -> None:
    """What the markets promise, perhaps."""
    effects.project(PROMISES, [0] if rows else [])  # of all markets at once


_FREE = ("free_from", "is_free_everywhere")


def promised(rows: Sequence[Row], effects: Effects) -> None:
    """Product pages say when it arrives and what that costs; every page, from which amount on it is free."""
    purge("promise/{}", values(rows, "market"), effects)
    purge("promise/{}:free", values((row for row in rows if touches(row, *_FREE)), "market"), effects)


def everything(effects: Effects) -> None:
    """A table was emptied: whatever was derived from it is made again, also what has no product any more."""
    effects.purge("html")
    ids = set(column(Product.objects.all(), "pk")) | set(column(Card.objects.all(), "product_id"))
    lowered = Price.objects.filter(Q(sale_amount__isnull=False) | Q(sales__isnull=False))
    effects.project(SALES, column(lowered, "pk"))
    effects.project(AVAILABILITY, ids)
    effects.project(CARDS, ids)
    effects.project(DATES, ids)
    effects.project(NEIGHBOURS, ids)
    effects.project(PROMISES, [0])
    all_documents(effects)


# Of which less than everything follows.
WHOLE = {"catalog.neighbours": all_neighbours, "catalog.refreshed": all_refreshed, **ALL_SEARCHED}
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
    "catalog.neighbours": neighbours,
    "catalog.page": page,
    "catalog.price": price,
    "catalog.product": product,
    "catalog.productlink": product_link,
    "catalog.productvalue": product_value,
    "catalog.promised": promised,
    "catalog.refreshed": refreshed,
    "catalog.review": review,
    "catalog.sale": sale,
    "catalog.stock": stock,
    "catalog.stockbucket": stock_bucket,
    "catalog.taxrate": tax_rate,
    "catalog.variant": variant,
    "catalog.variantoption": variant_option,
    "catalog.zone": delivery,
    **SEARCHED,
}


def _searches(effects: Effects) -> None:
    """What every search says, in every market."""
    effects.purge(*(f"search/{market.code}" for market in markets.all()))


def _own(name: str, rows: Sequence[Row], effects: Effects) -> set[int]:
    """Purges each row's own key; the ids."""
    ids = ids_of(rows)
    purge(name + "/{}", ids, effects)
    return ids


def _slugs(name: str, rows: Sequence[Row], effects: Effects) -> None:
    """Look-ups by slug: those that find something else now, or nothing, or something at last."""
    moved = (row for row in rows if touches(row, "slug", "is_published"))
    effects.purge(*(f"slug/{name}/{slug}" for slug in values(moved, "slug")))


def _products_of(variant_ids: set[int]) -> set[int]:
    return set(column(Variant.objects.filter(pk__in=variant_ids), "product_id"))


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
    return set(column(Listing.objects.filter(category__in=below.order_by().values("pk")), "product_id"))
