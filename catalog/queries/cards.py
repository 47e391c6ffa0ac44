"""read(): the one place that reads cards for a list, as values and not as objects (ten times cheaper)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from django.db.models import IntegerField, QuerySet, Value

from catalog.models import Availability, Card
from catalog.queries import offers
from catalog.queries.selection import Selection
from shop.addresses import path
from shop.money import Money

COLUMNS = (
    "product_id",
    "name",
    "slug",
    "kind",
    "detail",
    "currency",
    "price",
    "list_price",
    "is_from",
    "discount",
    "availability",
    "is_new",
    "picture",
    "rating",
    "rating_count",
    "histogram",
)


WORTH_SAYING = 5  # per cent: the price struck through says less by itself


class CardShape(TypedDict):
    """A product in a list, ready to print. `histogram` counts reviews with 1 … 5 stars."""

    product_id: int
    name: str
    url: str
    kind: str
    detail: str
    price: Money
    list_price: Money | None
    is_from: bool
    discount: int | None
    badge: str | None
    availability: str
    picture: Mapping[str, Any]
    rating: Decimal | None
    rating_count: int
    histogram: list[int]


def read(rows: QuerySet[Card], selection: Selection | None = None) -> list[CardShape]:
    """The rows as shapes, in their order; each shows the offer that the selection means."""
    if selection is None or not selection.filters:
        return [_shape(row) for row in rows.values(*COLUMNS)]
    found = list(rows.values(*COLUMNS, "offers", "traits"))
    names = offers.named(found, selection)
    return [_shape(row | offers.meant(row, selection, names)) for row in found]


def read_each(parts: Sequence[QuerySet[Card]]) -> list[list[CardShape]]:
    """Several lists in one statement: each part keeps its own order and limit."""
    found: list[list[CardShape]] = [[] for part in parts]
    if not parts:
        return found
    numbered = [part.annotate(part=Value(number, IntegerField())) for number, part in enumerate(parts)]
    first, *rest = [part.values("part", *COLUMNS) for part in numbered]
    for row in first.union(*rest, all=True) if rest else first:
        found[row["part"]].append(_shape(row))
    return found


def _shape(row: Mapping[str, Any]) -> CardShape:
    currency, listed = row["currency"], row["list_price"]
    address, query = path("catalog:product", row["slug"]), row.get("query")
    return CardShape(
        product_id=row["product_id"],
        name=row["name"],
        url=f"{address}?{query}" if query else address,
        kind=row["kind"],
        detail=row["detail"],
        price=Money(row["price"], currency),
        list_price=None if listed is None else Money(listed, currency),
        is_from=row["is_from"],
        discount=row["discount"],
        badge=_badge(row),
        availability=row["availability"],
        picture=row["picture"],
        rating=None if row["rating"] is None else round(row["rating"], 1),
        rating_count=row["rating_count"],
        histogram=row["histogram"],
    )


def _badge(row: Mapping[str, Any]) -> str | None:
    """One word at most: what keeps from buying comes first, then what speaks for it."""
    if row["availability"] == Availability.OUT:
        return "out"
    if (row["discount"] or 0) >= WORTH_SAYING:
        return "sale"
    if row["availability"] == Availability.LOW:
        return "low"
    return "new" if row["is_new"] else None
