"""read(): the one place that reads cards for a list, as values and not as objects (ten times cheaper)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from django.db.models import IntegerField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from catalog.models import Availability, Card
from catalog.queries import offers
from catalog.queries.selection import Choice, Selection
from shop.addresses import path
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.money import Money
from shop.prepared import AnyOf, Param, Prepared

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
    "rating",
    "rating_count",
    "histogram",
)
# Read when a card is shown: of those that are only considered, no picture is taken apart.
PICTURE = {"drawn": Cast("picture", TextField())}
READ = (*COLUMNS, *PICTURE)

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


def read(rows: QuerySet[Card]) -> list[CardShape]:
    """The rows as shapes, in their order."""
    return [shape(row) for row in rows.values(*COLUMNS, **PICTURE)]


def select(
    market: Market, product_ids: Sequence[int], selection: Selection, names: Mapping[int, Choice]
) -> list[CardShape]:
    """Those products' cards in that order; each shows the offer that the selection means, by its names."""
    prepared = _WITH_OFFERS if selection.is_of_offers else _ALONE
    parts = ("", ":stars", ":offers") if selection.is_of_offers else ("", ":stars")
    with reading(*(f"{key}{part}" for key in keys(market, product_ids) for part in parts)):
        rows = prepared.rows(market=market.code, ids=list(product_ids)) if product_ids else []
    place = {product_id: number for number, product_id in enumerate(product_ids)}
    rows.sort(key=lambda row: place[row["product_id"]])
    return [shape(row | offers.meant(row, selection, names)) for row in rows]


def of(market: Market, product_ids: Sequence[int]) -> list[CardShape]:
    """Those products' cards in that order, for who shows neither their stars nor their offers."""
    with reading(*keys(market, product_ids)):
        rows = _ALONE.rows(market=market.code, ids=list(product_ids)) if product_ids else []
    found = {row["product_id"]: row for row in rows}
    return [shape(found[product_id]) for product_id in product_ids if product_id in found]


def keys(market: Market, product_ids: Iterable[int]) -> list[str]:
    """What a page carries that shows these cards; what it says of stars or offers has keys of its own."""
    return [f"card/{market.code}/{product_id}" for product_id in product_ids]


def tag_all(market: Market, product_ids: Iterable[int]) -> None:
    """The page shows these cards, which another statement has found."""
    tag(*keys(market, product_ids))


def _some() -> QuerySet[Card]:
    return Card.objects.filter(AnyOf("product_id", Param("ids")), market=Param("market"))


_ALONE = Prepared(lambda: _some().values(*COLUMNS, **PICTURE))
_WITH_OFFERS = Prepared(lambda: _some().values(*COLUMNS, "traits", **PICTURE, **offers.COLUMNS))


def together(parts: Sequence[QuerySet[Card]]) -> QuerySet[Card, dict[str, Any]]:
    """The rows of all parts, each of which says of which it is."""
    numbered = [part.annotate(part=Value(number, IntegerField())) for number, part in enumerate(parts)]
    first, *rest = [part.values("part", *COLUMNS, **PICTURE) for part in numbered]
    return first.union(*rest, all=True) if rest else first


def apart(rows: Iterable[dict[str, Any]], number: int) -> list[list[dict[str, Any]]]:
    """What together() put together, to be shaped."""
    found: list[list[dict[str, Any]]] = [[] for _part in range(number)]
    for row in rows:
        found[row["part"]].append(row)
    return found


def shape(row: Mapping[str, Any]) -> CardShape:
    """A row as it is printed."""
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
        picture=row.get("picture") or json.loads(row["drawn"]),
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
