"""What follows a changed card: the pages that print it, the lists that it is in, and whom it stands beside.

Cards are derived, and so are neighbours: nothing but pages, and what an engine knows, follows from them.
"""

from collections.abc import Sequence

from catalog.keys import CUT, FOUND, LISTED, OFFERED, PLACED, PRINTED, STARS
from catalog.models import Card, Product
from catalog.neighbours import beside, unaware
from catalog.noted import column, purge, touches
from catalog.on_document import of_cards
from shop.changes.models import Row
from shop.changes.rules import Effects

NEIGHBOURS = "neighbours"


def card(rows: Sequence[Row], effects: Effects) -> None:
    """The pages that print it, and the lists it was in, is in, or stands elsewhere in now."""
    came_or_went, moved, placed = set[int](), set[int](), set[int]()
    for row in rows:
        is_other = row.before is None or row.after is None
        for side in (row.before, row.after):
            if side is not None:
                _printed(f"card/{side['market']}/{side['product_id']}", row, effects)
                _listed(side["market"], row, effects)
        products = row.values("product_id")
        if is_other:
            came_or_went |= products
        if is_other or not row.changed.isdisjoint(PLACED):
            placed |= products
        if row.after is None or not row.changed.isdisjoint({"categories", "kind"}):
            moved |= products
    # A page may be waiting for its product's moment, which is no change of the product's row.
    purge("slug/product/{}", column(Product.objects.filter(pk__in=came_or_went), "slug"), effects)
    purge("product/{}:cards", came_or_went, effects)
    of_cards(rows, effects)
    if placed:
        effects.project(NEIGHBOURS, placed)
    if moved:
        effects.project(NEIGHBOURS, beside(moved))


def _printed(key: str, row: Row, effects: Effects) -> None:
    """A card says something else, or is not there any more, or at last."""
    for part, columns in (("", PRINTED), (":stars", STARS), (":offers", OFFERED)):
        if touches(row, *columns):
            effects.purge(key + part)


def _listed(market: str, row: Row, effects: Effects) -> None:
    """The market's lists that count it, or are sorted, filtered or cut by what has changed."""
    before, after = (set(side["categories"]) if side else set() for side in (row.before, row.after))
    purge(f"category/{{}}/{market}:in", before ^ after, effects)
    for name in row.changed.intersection(LISTED):
        purge(f"category/{{}}/{market}:{name}", before & after, effects)
    if row.before is None or row.after is None:
        effects.purge(f"cards/{market}:in")
    if before != after:
        effects.purge(f"cards/{market}:categories")
    effects.purge(*(f"cards/{market}:{name}" for name in row.changed.intersection(CUT)))
    if touches(row, *FOUND):
        effects.purge(f"search/{market}")


def all_neighbours(effects: Effects) -> None:
    """They were emptied, and are chosen again."""
    effects.purge("html")
    effects.project(NEIGHBOURS, column(Card.objects.all(), "product_id"))


def neighbours(rows: Sequence[Row], effects: Effects) -> None:
    """The page beside which they stand; and whom a new product stands beside may choose it in turn."""
    came = set[int]()
    for row in rows:
        before, after = row.before, row.after
        for side in (before, after):
            if side is not None:
                effects.purge(f"beside/{side['market']}/{side['product_id']}")
        if after and not (before and (before["companions"] or before["alternatives"])):
            came.add(after["product_id"])
    if came:
        effects.project(NEIGHBOURS, unaware(came))
