"""of(): the blocks of the home page, with all their goods in one statement."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.validators import slug_re
from django.db.models import (
    Case,
    CharField,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from catalog.models import Block, Card, Category, Former
from catalog.queries import cards, foremost
from catalog.queries.categories import cards_in, goods, open_categories
from catalog.queries.chrome import mounted
from shop.addresses import path
from shop.edge.recording import reading, tag
from shop.markets import Market
from shop.prepared import AnyOf, Param, Prepared

GOODS = 4  # in a row that does not say how many
GOODS_AT_MOST = 24
DEAREST = 10**9  # beyond that a number is no price, and no column of prices compares with it
ORDERS = {
    "popular": ("-popularity", "product_id"),
    "new": ("-published_at", "product_id"),
    "price": ("price", "product_id"),
    "-price": ("-price", "product_id"),
    "name": ("name", "product_id"),
}
# What a rule may ask for → the column of the cards by which it is answered.
ASKED = {"slugs": "slug", "category": "categories", "max_price": "price", "sale": "discount"}
RULES = frozenset({*ASKED, "sort", "count"})  # what a rule may say
EMPTY = {"alt": "", "width": 0, "height": 0, "src": None, "srcset": {}, "mat": ""}


def of(market: Market) -> list[dict[str, Any]]:
    """The market's blocks as the template wants them; rows of goods that turn out empty are left out."""
    with reading("blocks", later=["image/*"]):
        shown = _SHOWN.rows(market=market.code)
    tag(*(f"image/{block.image_id}" for block in shown if block.image_id))
    with_goods = [block for block in shown if block.kind == Block.Kind.CARDS]
    rules = tuple(json.dumps(block.goods, sort_keys=True) for block in with_goods)
    with reading(*_keys(market, [block.goods for block in with_goods]), later=["card/*/*"]):
        rows = _rows(rules).rows(market=market.code) if rules else []
    cards.tag_all(market, (row["product_id"] for row in rows))
    parts = [[cards.shape(row) for row in part] for part in cards.apart(rows, 2 * len(rules))]
    goods = {
        block.pk: far or near for block, near, far in zip(with_goods, parts[::2], parts[1::2], strict=True)
    }
    tiles = _tiles(market) if any(block.kind == Block.Kind.RANGE for block in shown) else []
    return [
        {
            "kind": block.kind,
            "eyebrow": block.eyebrow,
            "title": block.title,
            "text": block.text,
            "picture": block.image.picture if block.image else EMPTY,
            "links": [_link(link) for link in block.links],
            "facts": block.facts,
            "cards": goods.get(block.pk, []),
            "tiles": tiles if block.kind == Block.Kind.RANGE else [],
        }
        for block in shown
        if goods.get(block.pk, True)
    ]


_SHOWN = Prepared(
    lambda: Block.objects.filter(Q(market="") | Q(market=Param("market")), is_published=True).select_related(
        "image"
    )
)


@lru_cache(maxsize=32)
def _rows(rules: tuple[str, ...]) -> Prepared:
    """The cards of all rows in one statement, written once for these rules: merchants change them seldom."""
    return Prepared(lambda: cards.together([part for rule in rules for part in _goods(json.loads(rule))]))


def _keys(market: Market, rules: Iterable[Mapping[str, Any]]) -> set[str]:
    """Of the lists from which the rows are cut."""
    listed = f"cards/{market.code}"
    found = {f"{listed}:in"}
    for rule in rules:
        columns = [name.lstrip("-") for name in ORDERS.get(str(rule.get("sort")), ORDERS["popular"])[:1]]
        columns += [column for asked, column in ASKED.items() if _asks(rule, asked)]
        found.update(f"{listed}:{column}" for column in columns if column != "product_id")
        if rule.get("category") and is_slug(rule["category"]):
            found.add(f"slug/category/{rule['category']}")
        found.update(f"slug/product/{slug}" for slug in _named(rule))
    return found


def _asks(rule: Mapping[str, Any], name: str) -> bool:
    """Whether the rule leaves anything out by that: at most nothing is a price too."""
    return price(rule.get(name)) is not None if name == "max_price" else bool(rule.get(name))


def _named(rule: Mapping[str, Any]) -> list[str]:
    """The goods that a rule names one by one."""
    slugs = rule.get("slugs")
    return [slug for slug in slugs if is_slug(slug)][:GOODS_AT_MOST] if isinstance(slugs, list) else []


def is_slug(value: object) -> bool:
    """Whether something can be found by it at all; of what can't, nothing ever comes."""
    return isinstance(value, str) and slug_re.match(value) is not None


def _link(link: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": link.get("label", ""),
        "url": mounted(str(link.get("path", "/"))),
        "primary": bool(link.get("primary")),
    }


def _goods(rule: Mapping[str, Any]) -> tuple[QuerySet[Card], QuerySet[Card]]:
    """Which cards a row shows: those named, or the first by a rule; the second part's, if it has any."""
    rows = Card.objects.filter(market=Param("market"))
    if rule.get("slugs"):
        return _at(rows, _named(rule)), rows.none()
    if rule.get("category"):
        # Overlap, not contains: an unknown category is an empty array, which everything contains.
        here = ArraySubquery(Category.objects.filter(slug=rule["category"]).values("pk"))
        # What is no slug has no key, so no table is asked for it.
        rows = rows.filter(categories__overlap=here if is_slug(rule["category"]) else [])
    if (most := price(rule.get("max_price"))) is not None:
        rows = rows.filter(price__lte=most)
    if rule.get("sale"):
        rows = rows.filter(discount__isnull=False)
    count = rule.get("count")
    count = min(count, GOODS_AT_MOST) if isinstance(count, int) and count > 0 else GOODS
    order = ORDERS.get(str(rule.get("sort")), ORDERS["popular"])
    if not any(_asks(rule, asked) for asked in ASKED):
        return rows.order_by(*order)[:count], rows.none()
    return foremost.parts(rows, Param("market"), order, count)


def _at(rows: QuerySet[Card], slugs: list[str]) -> QuerySet[Card]:
    """Those at these addresses, which they have or had, in their order."""
    if not slugs:
        return rows.filter(slug="")  # nothing has that: without a condition there would be no statement
    moved = Former.objects.filter(model="product", slug__in=slugs).order_by()
    had = moved.filter(object_id=OuterRef("product_id")).annotate(place=_place(slugs)).order_by("place")
    named = Q(slug__in=slugs) | Q(AnyOf("product_id", ArraySubquery(moved.values("object_id"))))
    return rows.filter(named).order_by(Coalesce(_place(slugs), Subquery(had.values("place")[:1])))


def _place(slugs: list[str]) -> Func:
    """Of the row's slug among these."""
    return Func(
        Value(slugs, ArrayField(CharField())),
        F("slug"),
        function="array_position",
        template="%(function)s(%(expressions)s::text)",
        output_field=IntegerField(),
    )


def price(value: object) -> Decimal | None:
    """What a merchant typed as a price; nothing if it is none."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < DEAREST else None


def _tiles(market: Market) -> list[dict[str, Any]]:
    """The top categories with their number of goods; without a picture of its own, the best loved one's."""
    counts = goods(market)
    columns = ("in", "categories", "popularity", "picture")
    with reading("navigation", *(f"cards/{market.code}:{column}" for column in columns), later=["image/*"]):
        rows = _TOP.rows(market=market.code)
    tag(*(f"category/{row.pk}" for row in rows), *(f"image/{row.image_id}" for row in rows if row.image_id))
    return [
        {
            "name": row.name,
            "url": path("catalog:category", row.slug),
            "count": counts[row.pk],
            "picture": {**(row.image.picture if row.image else row.loved or EMPTY), "alt": ""},
        }
        for row in rows
        if counts.get(row.pk)
    ]


@Prepared
def _TOP() -> QuerySet[Category]:
    market, order = Param("market"), ORDERS["popular"]
    shown = cards_in(market).filter(picture__src__isnull=False)
    loved = [
        Subquery(part.values("picture")[:1], JSONField())
        for part in (foremost.near(shown, market, order), foremost.far(shown, order))
    ]
    return (
        open_categories()
        .filter(depth=1)
        .annotate(loved=Case(When(image=None, then=Coalesce(*loved))))
        .select_related("image")
        .order_by("path")
    )
