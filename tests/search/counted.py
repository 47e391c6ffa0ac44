"""What a list should say, counted offer by offer from the tables that merchants write: no card, no statement.

An offer is a variant in stock, or goods as a whole: those that have no options, and those that are sold out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db import connection

from catalog.queries import ranges
from catalog.queries.ranges import Range
from catalog.queries.selection import Selection
from catalog.search.folding import plain
from shop.markets import Market

CENT = Decimal("0.01")


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@dataclass(frozen=True)
class Offer:
    """Something that can be bought."""

    values: frozenset[int]
    price: Decimal
    is_on_sale: bool


@dataclass
class Good:
    """A product as one market sells it."""

    pk: int
    name: str
    popularity: int
    published_at: Any
    rating: Decimal | None
    words: frozenset[str]
    offers: list[Offer]

    @cached_property
    def values(self) -> frozenset[int]:
        return frozenset[int]().union(*(offer.values for offer in self.offers))


@dataclass
class Variant:
    """One that is for sale, as the market shows it."""

    pk: int
    position: int
    is_out: bool
    options: frozenset[int]
    listed: Decimal
    price: Decimal

    @property
    def is_on_sale(self) -> bool:
        return self.price < self.listed


@dataclass
class Expected:
    """What a list should say."""

    ids: list[int]
    counts: dict[int, int]
    on_sale: int
    bounds: tuple[Decimal | None, Decimal | None]
    ranges: list[Range] = field(default_factory=list)


ORDERS: dict[str, Callable[[Good, Decimal], Any]] = {
    "popular": lambda good, price: -good.popularity,
    "new": lambda good, price: [-good.published_at.timestamp(), -good.published_at.microsecond],
    "price": lambda good, price: price,
    "-price": lambda good, price: -price,
    "name": lambda good, price: good.name.lower().encode(),
    "rating": lambda good, price: (good.rating is None, -(good.rating or 0), -good.popularity),
}


class Catalogue:
    """All goods of a market, read once."""

    def __init__(self, market: Market) -> None:
        self.goods = list(_goods(market))
        self.owner = dict(rows("SELECT id, attribute_id FROM catalog_attributevalue"))
        self.shown = {
            pk
            for (pk,) in rows(
                "SELECT v.id FROM catalog_attributevalue v"
                " JOIN catalog_attribute a ON a.id = v.attribute_id WHERE a.is_facet"
            )
        }

    def expected(self, words: Iterable[str], selection: Selection) -> Expected:
        """The list of goods that have all the words, filtered and in order."""
        matching = [good for good in self.goods if good.words.issuperset(words)]
        priced = [(good, _price(good.offers, selection)) for good in matching]
        known = [price for _good, price in priced if price is not None]
        kept = [(good, price) for good, price in priced if price is not None and _affords(selection, price)]
        order = ORDERS[selection.sort]
        kept.sort(key=lambda one: (order(*one), one[0].pk))
        counts = {
            value: self._count(matching, value, selection)
            for value in {value for good in matching for value in good.values} & self.shown
        }
        on_sale = [[offer for offer in good.offers if offer.is_on_sale] for good in matching]
        return Expected(
            ids=[good.pk for good, _price in kept],
            counts=counts,
            on_sale=sum(_affords(selection, _price(offers, selection, but="sale")) for offers in on_sale),
            bounds=(min(known, default=None), max(known, default=None)),
            ranges=_ranges(known),
        )

    def _count(self, goods: Sequence[Good], value: int, selection: Selection) -> int:
        """Goods there would be with that value, whatever else is chosen of its attribute."""
        having = ([offer for offer in good.offers if value in offer.values] for good in goods)
        but = self.owner[value]
        return sum(_affords(selection, _price(offers, selection, but=but)) for offers in having)


def _price(offers: Iterable[Offer], selection: Selection, *, but: int | str = "") -> Decimal | None:
    """That of the cheapest that meets the filters, but for one, and whatever the price may be."""
    wanted = [set(ids) for attribute, ids in selection.values.items() if attribute != but]
    is_reduced = selection.on_sale and but != "sale"
    meeting = (
        offer.price
        for offer in offers
        if all(ids & offer.values for ids in wanted) and (offer.is_on_sale or not is_reduced)
    )
    return min(meeting, default=None)


def _affords(selection: Selection, price: Decimal | None) -> bool:
    if price is None or (selection.least is not None and price < selection.least):
        return False
    return selection.most is None or price <= selection.most


def _ranges(prices: Sequence[Decimal]) -> list[Range]:
    """The split that ranges.split() makes of prices that are counted one by one."""
    numbers = defaultdict[int, int](int)
    for price in prices:
        numbers[sum(step <= price for step in ranges.STEPS)] += 1
    return ranges.split(sorted(numbers.items()), CENT)


def _goods(market: Market) -> Iterator[Good]:
    sold = _variants(market)
    natures = _gathered("SELECT product_id, value_id FROM catalog_productvalue")
    labels = dict(rows("SELECT id, label FROM catalog_attributevalue"))
    shelves = _shelves()
    codes = _gathered("SELECT product_id, sku || ' ' || barcode FROM catalog_variant WHERE is_active")
    stars = dict(
        rows(
            "SELECT product_id, round(avg(rating), 2) FROM catalog_review WHERE is_published"
            " GROUP BY product_id"
        )
    )
    told = rows(
        "SELECT id, name, popularity, published_at, concat_ws(' ', name, kind, series, brand, summary,"
        " regexp_replace(description, '<[^>]+>', ' ', 'g'))"
        " FROM catalog_product WHERE is_published AND published_at <= now()"
    )
    everywhere = _gathered(
        "SELECT v.product_id, o.value_id FROM catalog_variantoption o"
        " JOIN catalog_variant v ON v.id = o.variant_id JOIN catalog_price p ON p.variant_id = v.id"
        " WHERE v.is_active AND v.availability <> 'out'"
    )
    for pk, name, popularity, published_at, text in told:
        if variants := sold.get(pk):
            nature = frozenset(natures[pk])
            said = [labels[value] for value in nature.union(everywhere[pk])]
            words = " ".join([text, *said, *shelves[pk], *codes[pk]])
            yield Good(
                pk=pk,
                name=name,
                popularity=popularity,
                published_at=published_at,
                rating=stars.get(pk),
                words=frozenset(plain(words).lower().split()),
                offers=list(_offers(nature, variants)),
            )


def _offers(nature: frozenset[int], variants: list[Variant]) -> Iterator[Offer]:
    able = [variant for variant in variants if not variant.is_out]
    (cheapest, *_others) = sorted(able or variants, key=lambda one: (one.price, one.position, one.pk))
    if not able:
        yield Offer(nature, cheapest.price, cheapest.is_on_sale)
    elif any(variant.options for variant in variants):
        for variant in able:
            yield Offer(nature | variant.options, variant.price, variant.is_on_sale)
    else:
        yield Offer(nature, cheapest.price, any(variant.is_on_sale for variant in able))


def _variants(market: Market) -> dict[int, list[Variant]]:
    """Those that are priced in the market's currency, by product."""
    options = _gathered("SELECT variant_id, value_id FROM catalog_variantoption")
    found = defaultdict[int, list[Variant]](list)
    priced = rows(
        "SELECT v.product_id, v.id, v.position, v.availability,"
        " p.amount, p.sale_amount, p.includes_tax, t.rate"
        " FROM catalog_variant v JOIN catalog_price p ON p.variant_id = v.id AND p.currency = %s"
        " JOIN catalog_product item ON item.id = v.product_id"
        " LEFT JOIN catalog_taxrate t ON t.tax_class_id = item.tax_class_id AND t.country = %s"
        " WHERE v.is_active",
        market.currency,
        market.country,
    )
    for product, pk, position, availability, amount, reduced, includes_tax, rate in priced:
        factor = 1 if includes_tax else 1 + (rate or 0)  # both markets show prices with tax
        listed = (amount * factor).quantize(CENT, ROUND_HALF_UP)
        price = listed if reduced is None else (reduced * factor).quantize(CENT, ROUND_HALF_UP)
        variant = Variant(pk, position, availability == "out", frozenset(options[pk]), listed, price)
        found[product].append(variant)
    return found


def _shelves() -> dict[int, set[str]]:
    """The names of the categories a product stands in, with those above; none below one that is hidden."""
    tree = {
        path: (name, is_open)
        for path, name, is_open in rows("SELECT path, name, is_published FROM catalog_category")
    }
    found = defaultdict[int, set[str]](set)
    for product, path in rows(
        "SELECT l.product_id, c.path FROM catalog_listing l JOIN catalog_category c ON c.id = l.category_id"
    ):
        line = [tree[path[:end]] for end in range(4, len(path) + 1, 4)]
        if all(is_open for _name, is_open in line):
            found[product].update(name for name, _is_open in line)
    return found


def _gathered(sql: str) -> dict[int, set[Any]]:
    found = defaultdict[int, set[Any]](set)
    for key, value in rows(sql):
        found[key].add(value)
    return found
