"""Figures: what a list of the engine is counted by, filters and all, but for the goods of its page.

What filters mean is what catalog/queries/statement.py says: an offer must meet them all, and a price is that
of the cheapest offer that does. So goods are counted by way of their offers, which are nested documents. How
many cost at least something by that price is a difference: those with an offer below the upper bound, less
those with one below the lower.

They are the same on each page of a list, and in each order: asked by themselves, without any goods, the
engine keeps them until it is told of an edit.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any

from catalog.models import AttributeValue
from catalog.queries.ranges import STEPS
from catalog.queries.selection import Selection
from catalog.queries.statement import SALE
from shop.edge.recording import reading
from shop.markets import Market
from shop.money import digits

VALUES = 10_000  # of all attributes, counted; the commonest

Query = dict[str, Any]


class Filters:
    """A market's filters, as the engine is asked for them."""

    def __init__(self, market: Market, selection: Selection) -> None:
        self.market = market
        self.unit = Decimal(10) ** digits(market.currency)
        values = {key: list(map(str, ids)) for key, ids in selection.values.items()}
        self.conditions = values | ({SALE: [str(SALE)]} if selection.on_sale else {})
        self.least = None if selection.least is None else ceil(selection.least * self.unit)
        self.most = None if selection.most is None else floor(selection.most * self.unit)
        self.is_set = bool(selection.filters)

    def offers(self, *, but: int | None = None, below: int | None = None, most: int | None = None) -> Query:
        """Offers of the market that meet the filters but one; cheaper than `below`, at most at `most`."""
        wanted: list[Query] = [{"term": {"offers.market": self.market.code}}]
        wanted += [{"terms": {"offers.values": ids}} for key, ids in self.conditions.items() if key != but]
        if below is not None:
            wanted.append({"range": {"offers.price": {"lt": below}}})
        if most is not None:
            wanted.append({"range": {"offers.price": {"lte": most}}})
        return {"bool": {"filter": wanted}}

    def meets(self) -> Query:
        """Has an offer that meets all filters, and none that does so for less than the least."""
        meets: Query = {"filter": [_has(self.offers(most=self.most))]}
        if self.least is not None:
            meets["must_not"] = [_has(self.offers(below=self.least))]
        return {"bool": meets}

    def cheapest(self, how: str) -> Query:
        """Goods in the order of the price that counts."""
        if not self.is_set:
            return {f"sold.{self.market.code}.price": how}
        nested = {"path": "offers", "filter": self.offers()}
        return {"offers.price": {"order": how, "mode": "min", "nested": nested}}


class Figures:
    """What is asked, and then what is answered. `all`: how many the words find, without any filter."""

    def __init__(self, filters: Filters) -> None:
        self.filters = filters
        self.total = self.all = self.on_sale = 0
        self.floor: Decimal | None = None
        self.ceiling: Decimal | None = None
        self.spread: list[tuple[int, int]] = []
        self.values: dict[int, int | None] = {}  # goods by value, without a filter of its own attribute
        self.own: dict[int, dict[int, int]] = {}  # goods by value of an attribute that is filtered by

    def goods(self, attribute: int, value: int) -> int | None:
        """How many goods there would be with that value of the attribute; None: none of all has it."""
        if attribute in self.own and value in self.values:
            return self.own[attribute].get(value, 0)
        return self.values.get(value)

    # --- What is asked -------------------------------------------------------------------------------

    def body(self, query: Query, asked: Query) -> Query:
        """The request. asked: what the words alone find, of all that the query does."""
        body: Query = {
            "query": query,
            "size": 0,
            "track_total_hits": True,
            "aggs": {"all": {"filter": asked}} | self._there(),
        }
        if self.filters.is_set:
            body["aggs"] |= self._filtered()
            body["post_filter"] = self.filters.meets()
        else:
            price = f"sold.{self.filters.market.code}.price"
            body["aggs"]["prices"] = {"stats": {"field": price}}
            body["aggs"]["steps"] = {"range": {"field": price, "ranges": self._steps()}}
        return body

    def _there(self) -> Query:
        """The commonest values without any filter, and whatever is asked for in any case."""
        return self._by_value(f"sold.{self.filters.market.code}.values")

    def _by_value(self, field: str, goods: Query | None = None) -> Query:
        chosen = sorted({str(SALE), *(value for ids in self.filters.conditions.values() for value in ids)})
        more = {"aggs": goods} if goods else {}
        return {
            "values": {"terms": {"field": field, "size": VALUES}, **more},
            "asked": {"terms": {"field": field, "size": len(chosen), "include": chosen}, **more},
        }

    def _filtered(self) -> Query:
        """By way of offers: those that meet the filters first, whatever is counted of them then."""
        filters = self.filters
        goods: Query = {"goods": {"reverse_nested": {}}}
        every = self._by_value("offers.values", goods)
        counted: Query = {}
        for own, values in ((None, every), *self._own(goods)):
            counted[f"upto{own}"] = {"filter": filters.offers(but=own, most=filters.most), "aggs": values}
            if filters.least is not None:
                cheap = filters.offers(but=own, below=filters.least)
                counted[f"below{own}"] = {"filter": cheap, "aggs": values}
        ends = [{"to": one["to"]} for one in self._steps()[:-1]]
        counted["prices"] = {
            "filter": filters.offers(),
            "aggs": {
                "least": {"min": {"field": "offers.price"}},
                "steps": {"range": {"field": "offers.price", "ranges": ends}, "aggs": goods},
                **goods,
            },
        }
        dearest = {"size": 1, "_source": False, "sort": [filters.cheapest("desc")]}
        return {
            "offers": {"nested": {"path": "offers"}, "aggs": counted},
            "dearest": {"filter": _has(filters.offers()), "aggs": {"one": {"top_hits": dearest}}},
        }

    def _own(self, goods: Query) -> Iterator[tuple[int, Query]]:
        """Of attributes that are filtered by, their own values: all others are counted with the filter."""
        keys = [key for key in self.filters.conditions if key != SALE]
        values: dict[int, list[str]] = {key: [] for key in self.filters.conditions}
        if keys:
            with reading(*(f"attribute/{key}:values" for key in keys)):
                rows = AttributeValue.objects.filter(attribute__in=keys).order_by("pk")
                for key, pk in rows.values_list("attribute_id", "pk"):
                    values[key].append(str(pk))
        for key, chosen in self.filters.conditions.items():
            include = values[key] if 0 < len(values[key]) <= VALUES else chosen
            terms = {"field": "offers.values", "size": len(include), "include": include}
            yield key, {"values": {"terms": terms, "aggs": goods}}

    def _steps(self) -> list[Query]:
        """Where a range of prices may end."""
        ends = [int(step * self.filters.unit) for step in STEPS]
        return [
            {"to": ends[0]},
            *({"from": a, "to": b} for a, b in pairwise(ends)),
            {"from": ends[-1]},
        ]

    # --- What is answered ----------------------------------------------------------------------------

    def read(self, told: Mapping[str, Any]) -> None:
        """The engine's answer; whatever is not as it should be raises."""
        aggs = told["aggregations"]
        self.total = int(told["hits"]["total"]["value"])
        self.all = int(aggs["all"]["doc_count"])
        there = {int(each["key"]): int(each["doc_count"]) for each in _buckets(aggs)}
        if not self.filters.is_set:
            self.values = dict(there)
        else:
            self._counted(aggs["offers"], there)
        self.on_sale = self.goods(SALE, SALE) or 0
        self._prices(aggs)

    def _counted(self, offers: Mapping[str, Any], there: Mapping[int, int]) -> None:
        """Goods with an offer at no more than the upper bound, less those with one below the lower."""

        def counted(own: int | None) -> dict[int, int]:
            found = _goods(offers[f"upto{own}"])
            if self.filters.least is not None:
                for value, less in _goods(offers[f"below{own}"]).items():
                    found[value] = found.get(value, 0) - less
            return found

        found = counted(None)
        # Of more than are counted nobody knows of how many the rest are.
        others = None if offers["uptoNone"]["values"]["sum_other_doc_count"] else 0
        self.values = {value: found.get(value, others) for value in there}
        self.own = {key: counted(key) for key in self.filters.conditions}

    def _prices(self, aggs: Mapping[str, Any]) -> None:
        """The lowest and the highest price, and how many goods there are from each step on."""
        if not self.filters.is_set:
            least, most = aggs["prices"]["min"], aggs["prices"]["max"]
            numbers = [int(bucket["doc_count"]) for bucket in aggs["steps"]["buckets"]]
        else:
            told = aggs["offers"]["prices"]
            least, total = told["least"]["value"], int(told["goods"]["doc_count"])
            hits = aggs["dearest"]["one"]["hits"]["hits"]
            most = hits[0]["sort"][0] if hits else None
            below = [int(bucket["goods"]["doc_count"]) for bucket in _by_end(told["steps"]["buckets"])]
            numbers = [b - a for a, b in zip([0, *below], [*below, total], strict=True)]
        unit = self.filters.unit
        self.floor = None if least is None else Decimal(int(least)) / unit
        self.ceiling = None if most is None else Decimal(int(most)) / unit
        self.spread = [(step, number) for step, number in enumerate(numbers) if number]


def _has(offers: Query) -> Query:
    return {"nested": {"path": "offers", "query": offers}}


def _goods(found: Mapping[str, Any]) -> dict[int, int]:
    """Of values, how many goods have such an offer with each."""
    return {int(bucket["key"]): int(bucket["goods"]["doc_count"]) for bucket in _buckets(found)}


def _buckets(aggs: Mapping[str, Any]) -> list[Any]:
    """Of all values; some are there twice, and say the same."""
    return [*aggs["values"]["buckets"], *(aggs["asked"]["buckets"] if "asked" in aggs else ())]


def _by_end(buckets: Sequence[Any]) -> list[Any]:
    return sorted(buckets, key=lambda bucket: bucket["to"])
