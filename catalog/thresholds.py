"""From which worth of goods on delivery is free: of one method, and whether that holds wherever it goes."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from catalog.models import MethodRate, Zone
from shop import places
from shop.markets import Market
from shop.money import Money


class Rate(NamedTuple):
    """What a method costs in one of its classes."""

    method_id: int
    amount: Decimal
    goods_from: Decimal
    free_from: Decimal | None


class Free(NamedTuple):
    """What is told of it; `free_in` names the only country where that holds, "" if it does everywhere."""

    free_from: Money | None = None
    free_in: str = ""


def told(market: Market, free_from: Decimal | None, everywhere: bool) -> Free:
    """In the visitor's language."""
    if free_from is None:
        return Free()
    return Free(Money(free_from, market.currency), "" if everywhere else places.country_name(market.country))


def of_method(rates: Sequence[Rate]) -> Decimal | None:
    """The one that holds whatever is sent; 0 where it costs nothing anyway, None where it always may cost."""
    paid = [rate.free_from for rate in rates if rate.amount]
    free = [amount for amount in paid if amount is not None]
    return max(free, default=Decimal(0)) if len(free) == len(paid) else None


def hold_everywhere(currency: str, threshold: Decimal) -> bool:
    """Whether in each country, and in each region that is served otherwise, some way is free by then."""
    served: dict[int, dict[int, list[Rate]]] = {}
    rates = MethodRate.objects.filter(currency=currency, method__is_active=True).order_by()
    for zone_id, *rate in rates.values_list("method__zone_id", *Rate._fields):
        found = Rate(*rate)
        served.setdefault(zone_id, {}).setdefault(found.method_id, []).append(found)
    free = {zone_id for zone_id, methods in served.items() if _is_free(methods.values(), threshold)}
    there: dict[str, set[int]] = {}
    zones = Zone.objects.filter(pk__in=served).values_list("pk", "countries", "regions")
    for zone_id, countries, regions in zones:
        for place in (*countries, *regions):
            there.setdefault(place, set()).add(zone_id)
    return all(zone_ids & free for zone_ids in there.values())


def _is_free(methods: Iterable[Sequence[Rate]], threshold: Decimal) -> bool:
    """Whether one of them, which takes cheaper goods as well, costs nothing from there on."""
    base = (rates for rates in methods if any(not rate.goods_from for rate in rates))
    return any((own := of_method(rates)) is not None and own <= threshold for rates in base)
