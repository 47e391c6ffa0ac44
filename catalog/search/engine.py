"""count(): a list counted by the engine: what a query finds, filtered, sorted, and what each filter gives.

What filters mean is what catalog/queries/statement.py says: an offer must meet them all, and a price is that
of the cheapest offer that does. So goods are counted by way of their offers, which are nested documents. How
many cost at least something by that price is a difference: those with an offer below the upper bound, less
those with one below the lower.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any

from django.conf import settings

from catalog.queries.listing import DEEPEST, Counted, named
from catalog.queries.ranges import STEPS
from catalog.queries.selection import Selection
from catalog.queries.statement import SALE
from catalog.search import client, relevance
from catalog.search.indices import alias
from catalog.search.schema import language_of
from catalog.search.steering import NOTHING, Steering
from catalog.search.words import FEW, Asked
from shop.edge.recording import reading
from shop.markets import Market
from shop.money import digits

VALUES = 10_000  # of all attributes, counted; the commonest

Query = dict[str, Any]


def count(market: Market, asked: Asked, steered: Steering, selection: Selection) -> Counted:
    """The list's figures, and the ids of its page; raises client.Away."""
    index = alias(language_of(market))
    is_ranked = selection.sort == "relevance"
    few = FEW if is_ranked else 1
    list_of = _List(market, selection)

    def found_by(query: Callable[..., Query], *how: int) -> _Answer:
        body = list_of.body(query(market, asked, steered, *how))
        if steered:  # what is pinned is not asked whether it is enough
            body["aggs"]["all"] = {"filter": query(market, asked, NOTHING, *how)}
        return client.search(index, body, list_of.read)

    whole = found_by(relevance.whole)
    found = whole
    if whole.all < few and asked.enough < len(asked.groups):
        for enough in (asked.enough, 1):
            found = found_by(relevance.close, enough)
            if found.all:
                break
    with reading(f"search/{market.code}"):
        rows = named(market, found.values, found.product_ids)
    return Counted(
        total=found.total,
        whole=whole.total,
        on_sale=found.on_sale,
        floor=found.floor,
        ceiling=found.ceiling,
        spread=found.spread,
        product_ids=found.product_ids,
        values=[(*row, found.goods(row[0], row[5])) for row in rows],
    )


class _Answer:
    """What a list's answer says. `all`: how many the words find, without any filter.

    values: goods by value, and those without an attribute's own filter by its id.
    """

    def __init__(self) -> None:
        self.total = self.all = self.on_sale = 0
        self.floor: Decimal | None = None
        self.ceiling: Decimal | None = None
        self.spread: list[tuple[int, int]] = []
        self.product_ids: list[int] = []
        self.values: dict[int, int] = {}
        self.own: dict[int, dict[int, int]] = {}

    def goods(self, attribute: int, value: int) -> int | None:
        """How many goods there would be with that value of the attribute; None: none of all has it."""
        return self.own.get(attribute, self.values).get(value)


class _List:
    """A list of one market with its filters, as the engine is asked for it and answers."""

    def __init__(self, market: Market, selection: Selection) -> None:
        self.market, self.selection = market, selection
        self.unit = Decimal(10) ** digits(market.currency)
        values = {key: list(map(str, ids)) for key, ids in selection.values.items()}
        self.conditions = values | ({SALE: [str(SALE)]} if selection.on_sale else {})
        self.least = None if selection.least is None else ceil(selection.least * self.unit)
        self.most = None if selection.most is None else floor(selection.most * self.unit)
        self.is_filtered = bool(selection.filters)

    def body(self, query: Query) -> Query:
        """The request: a page of ids, and all counts."""
        size = settings.CARDS_PER_PAGE
        first = (self.selection.page - 1) * size
        body: Query = {
            "query": query,
            "from": min(first, DEEPEST),
            "size": size,
            "_source": False,
            "track_total_hits": True,
            "sort": self._sort(),
            "aggs": {"all": {"filter": {"match_all": {}}}} | self._figures(),
        }
        if self.is_filtered:
            body["post_filter"] = self._meets()
        return body

    def read(self, told: Mapping[str, Any]) -> _Answer:
        """The engine's answer; whatever is not as it should be raises."""
        answer, aggs = _Answer(), told["aggregations"]
        answer.total = int(told["hits"]["total"]["value"])
        answer.product_ids = [int(hit["_id"]) for hit in told["hits"]["hits"]]
        answer.all = int(aggs["all"]["doc_count"])
        self._values(aggs, answer)
        answer.on_sale = answer.goods(SALE, SALE) or 0
        self._prices(aggs, answer)
        return answer

    # --- What is asked -------------------------------------------------------------------------------

    def _sort(self) -> list[Any]:
        price: Query = {f"sold.{self.market.code}.price": "asc"}
        if self.is_filtered:
            price = {"offers.price": {"mode": "min", "nested": self._nested(self._offers())}}
        dearest = {field: (_desc(how)) for field, how in price.items()}
        orders: dict[str, list[Any]] = {
            "relevance": ["_score", {"popularity": "desc"}],
            "popular": [{"popularity": "desc"}],
            "new": [{"published_at": "desc"}],
            "price": [price],
            "-price": [dearest],
            "name": [{"by_name": "asc"}],
            "rating": [{"rating": {"order": "desc", "missing": "_last"}}, {"popularity": "desc"}],
        }
        return [*orders[self.selection.sort], {"product_id": "asc"}]

    def _offers(self, *, but: int | None = None, below: int | None = None, most: int | None = None) -> Query:
        """Offers of the market that meet the filters but one; cheaper than `below`, at most at `most`."""
        wanted: list[Query] = [{"term": {"offers.market": self.market.code}}]
        wanted += [{"terms": {"offers.values": ids}} for key, ids in self.conditions.items() if key != but]
        if below is not None:
            wanted.append({"range": {"offers.price": {"lt": below}}})
        if most is not None:
            wanted.append({"range": {"offers.price": {"lte": most}}})
        return {"bool": {"filter": wanted}}

    def _nested(self, offers: Query) -> Query:
        return {"path": "offers", "filter": offers}

    def _meets(self) -> Query:
        """Has an offer that meets all filters, and none that does so for less than the least."""
        meets: Query = {"filter": [_has(self._offers(most=self.most))]}
        if self.least is not None:
            meets["must_not"] = [_has(self._offers(below=self.least))]
        return {"bool": meets}

    def _figures(self) -> Query:
        if not self.is_filtered:
            sold = f"sold.{self.market.code}"
            return {
                **self._by_value(f"{sold}.values"),
                "prices": {"stats": {"field": f"{sold}.price"}},
                "steps": {"range": {"field": f"{sold}.price", "ranges": self._steps()}},
            }
        counted: Query = {}
        for own in (None, *self.conditions):
            counted[f"upto{own}"] = _goods(self._offers(but=own, most=self.most))
            if self.least is not None:
                counted[f"below{own}"] = _goods(self._offers(but=own, below=self.least))
        here = {"term": {"offers.market": self.market.code}}
        values = self._by_value("offers.values", counted)
        goods: Query = {"goods": {"reverse_nested": {}}}
        prices = {
            "filter": self._offers(),
            "aggs": {
                "least": {"min": {"field": "offers.price"}},
                "steps": {
                    "range": {
                        "field": "offers.price",
                        "ranges": [{"to": one["to"]} for one in self._steps()[:-1]],
                    },
                    "aggs": goods,
                },
                **goods,
            },
        }
        dearest = {"offers.price": {"order": "desc", "mode": "min", "nested": self._nested(self._offers())}}
        return {
            "offers": {
                "nested": {"path": "offers"},
                "aggs": {"here": {"filter": here, "aggs": values}, "prices": prices},
            },
            "dearest": {
                "filter": _has(self._offers()),
                "aggs": {"one": {"top_hits": {"size": 1, "_source": False, "sort": [dearest]}}},
            },
        }

    def _by_value(self, field: str, counted: Query | None = None) -> Query:
        """The commonest values, and whatever is asked for in any case: those chosen, and being on sale."""
        asked = [str(SALE), *(value for ids in self.conditions.values() for value in ids)]
        more = {"aggs": counted} if counted else {}
        return {
            "values": {"terms": {"field": field, "size": VALUES}, **more},
            "asked": {"terms": {"field": field, "size": len(asked), "include": asked}, **more},
        }

    def _steps(self) -> list[Query]:
        """Where a range of prices may end."""
        ends = [int(step * self.unit) for step in STEPS]
        return [
            {"to": ends[0]},
            *({"from": a, "to": b} for a, b in pairwise(ends)),
            {"from": ends[-1]},
        ]

    # --- What is answered ----------------------------------------------------------------------------

    def _values(self, aggs: Mapping[str, Any], answer: _Answer) -> None:
        """How many goods each value has; of an attribute that is filtered by, without that filter."""
        if not self.is_filtered:
            buckets = _buckets(aggs)
            answer.values = {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
            return
        buckets = _buckets(aggs["offers"]["here"])
        answer.values = {int(bucket["key"]): _counted(bucket, None) for bucket in buckets}
        for key in self.conditions:
            answer.own[key] = {int(bucket["key"]): _counted(bucket, key) for bucket in buckets}

    def _prices(self, aggs: Mapping[str, Any], answer: _Answer) -> None:
        """The lowest and the highest price, and how many goods there are from each step on."""
        if not self.is_filtered:
            least, most = aggs["prices"]["min"], aggs["prices"]["max"]
            numbers = [int(bucket["doc_count"]) for bucket in aggs["steps"]["buckets"]]
        else:
            told = aggs["offers"]["prices"]
            least, total = told["least"]["value"], int(told["goods"]["doc_count"])
            hits = aggs["dearest"]["one"]["hits"]["hits"]
            most = hits[0]["sort"][0] if hits else None
            below = [int(bucket["goods"]["doc_count"]) for bucket in _by_end(told["steps"]["buckets"])]
            numbers = [b - a for a, b in zip([0, *below], [*below, total], strict=True)]
        answer.floor = None if least is None else Decimal(int(least)) / self.unit
        answer.ceiling = None if most is None else Decimal(int(most)) / self.unit
        answer.spread = [(step, number) for step, number in enumerate(numbers) if number]


def _has(offers: Query) -> Query:
    return {"nested": {"path": "offers", "query": offers}}


def _desc(how: Any) -> Any:
    return "desc" if isinstance(how, str) else how | {"order": "desc"}


def _goods(offers: Query) -> Query:
    """Goods with such an offer."""
    return {"filter": offers, "aggs": {"goods": {"reverse_nested": {}}}}


def _counted(bucket: Mapping[str, Any], own: int | None) -> int:
    """Goods at no more than the upper bound, less those below the lower one."""
    below = bucket.get(f"below{own}")
    less = int(below["goods"]["doc_count"]) if below else 0
    return int(bucket[f"upto{own}"]["goods"]["doc_count"]) - less


def _buckets(aggs: Mapping[str, Any]) -> list[Any]:
    """Of all values; some are there twice, and say the same."""
    return [*aggs["values"]["buckets"], *aggs["asked"]["buckets"]]


def _by_end(buckets: Sequence[Any]) -> list[Any]:
    return sorted(buckets, key=lambda bucket: bucket["to"])
