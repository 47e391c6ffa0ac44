"""How far an order has come: what of it has left, is to come, never comes, came back. Read, never decided."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from orders.models import Order, OrderLine, ReturnLine, ShipmentLine

SENT = frozenset({Order.Status.PART_SHIPPED, Order.Status.SHIPPED, Order.Status.DELIVERED})  # something of it
Pieces = dict[int, int]  # of an order line, by its id


@dataclass(frozen=True)
class Progress:
    """Pieces of each line, by its id; a line of which there are none is left out."""

    bought: Pieces
    shipped: Pieces
    given_up: Pieces
    returned: Pieces

    @property
    def left(self) -> Pieces:
        """What is to come."""
        return _less(_less(self.bought, self.shipped), self.given_up)

    @property
    def out(self) -> Pieces:
        """What left and did not come back."""
        return _less(self.shipped, self.returned)

    @property
    def gone(self) -> Pieces:
        """What the buyer does not have and will not get: it came back, or never comes."""
        return dict(Counter(self.returned) + Counter(self.given_up))


def of(order: Order) -> Progress:
    """As the database has it now; whoever decides by it holds the order's lock."""
    columns: tuple[Pieces, ...] = ({}, {}, {}, {})
    for pk, *counts in _counted(OrderLine.objects.filter(order=order)):
        for column, count in zip(columns, counts, strict=True):
            if count:
                column[pk] = count
    return Progress(*columns)


def of_many(orders: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """Of each line of these orders, by its id: pieces shipped, given up, returned."""
    found = _counted(OrderLine.objects.filter(order__in=list(orders)))
    return {pk: (shipped, given_up, back) for pk, _bought, shipped, given_up, back in found}


def _counted(lines: QuerySet[OrderLine]) -> Iterable[tuple[int, int, int, int, int]]:
    moved = (_sum(ShipmentLine), Coalesce("given_up__quantity", 0), _sum(ReturnLine))
    return lines.order_by("pk").values_list("pk", "quantity", *moved)


def by_variant(order: Order, pieces: Mapping[int, int]) -> Counter[int]:
    """Pieces of lines as the stock counts them."""
    wanted = Counter[int]()
    for pk, variant_id in OrderLine.objects.filter(order=order, pk__in=pieces).values_list(
        "pk", "variant_id"
    ):
        wanted[variant_id] += pieces[pk]
    return wanted


def _sum(model: type[ShipmentLine] | type[ReturnLine]) -> Coalesce:
    mine = model.objects.filter(line=OuterRef("pk")).order_by().values("line")
    return Coalesce(Subquery(mine.annotate(sum=Sum("quantity")).values("sum")), 0)


def _less(more: Mapping[int, int], less: Mapping[int, int]) -> Pieces:
    return {pk: count - less.get(pk, 0) for pk, count in more.items() if count > less.get(pk, 0)}
