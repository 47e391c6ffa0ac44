"""What having it brought costs, and when it is there: the promise of a market, the choice at checkout."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import CharField, Exists, Q, QuerySet
from django.utils import timezone

from catalog import taxes, thresholds
from catalog.models import Method, MethodRate, Promised, Zone
from shop import markets
from shop.edge.recording import reading
from shop.markets import Market
from shop.money import Money
from shop.prepared import Param, Prepared

SATURDAY = 5


@dataclass(frozen=True)
class Promise:
    """The cheapest way. `cutoff` only while ordering before it matters now; all holds until `changes_at`.

    is_from: what is heavier costs more. `free_from` holds for whatever weight, and in the country named by
    `free_in` only; "": wherever the market delivers.
    """

    method_name: str
    carrier: str
    price: Money
    is_from: bool
    free_from: Money | None
    free_in: str
    earliest: date
    latest: date
    cutoff: time | None
    changes_at: datetime


@dataclass(frozen=True)
class Choice:
    """A way to deliver an order: `price` is 0 from `free_from` on; it includes the home rate of tax."""

    id: int
    name: str
    carrier: str
    price: Money
    free_from: Money | None
    earliest: date
    latest: date
    cutoff: time | None
    tax_class_id: int


def promise(market: Market, now: datetime) -> Promise | None:
    """What product and cart pages of the market say; None where nothing is delivered."""
    with reading(f"promise/{market.code}"):
        amount, free_from, everywhere, is_from, name, carrier, until, min_days, max_days = _promised(market)
    if amount is None:
        return None
    leaves, cutoff = _leaves_on(now, until)
    return Promise(
        method_name=name,
        carrier=carrier,
        price=Money(amount, market.currency),
        is_from=is_from,
        **thresholds.told(market, free_from, everywhere)._asdict(),
        earliest=working_day(leaves, min_days),
        latest=working_day(leaves, max_days),
        cutoff=cutoff,
        changes_at=_changes_at(now, leaves, cutoff),
    )


def free(market: Market) -> thresholds.Free:
    """What each page of the market says of it."""
    with reading(f"promise/{market.code}:free"):
        return thresholds.told(market, *_promised(market)[1:3])


def keep(_ids: Iterable[int] = ()) -> None:
    """Writes what each market promises now. Who waited for another's writing reads what that one has seen."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE catalog_promised IN SHARE ROW EXCLUSIVE MODE")
        there = {row[0]: row[1:] for row in Promised.objects.values_list("market", *_FACTS)}
        for market in markets.all():
            facts = _cheapest(market)
            if there.pop(market.code, None) != facts:
                Promised(market=market.code, **dict(zip(_FACTS, facts, strict=True))).save()
        Promised.objects.filter(market__in=there).delete()


def methods(
    market: Market, country: str, worth: Money, now: datetime, *, region: str = "", grams: int = 0
) -> list[Choice]:
    """The ways to have goods of that worth and weight brought there, as the merchant ordered them."""
    own: dict[int, list[_Rate]] = {}
    for offered in map(_Rate._make, _RATES.rows(currency=market.currency, **_place(country, region))):
        own.setdefault(offered.method_id, []).append(offered)
    found = [rate for rates in own.values() if (rate := _of_class(rates, worth, grams))]
    found.sort(key=lambda rate: (rate.position, rate.amount, rate.method_id))
    return [_choice(rate, worth, now) for rate in found]


def _of_class(rates: Sequence["_Rate"], worth: Money, grams: int) -> "_Rate | None":
    """The one of a method's rates that counts; None if none bears the weight."""
    fit = (
        rate
        for rate in rates
        if (rate.up_to_grams is None or grams <= rate.up_to_grams) and worth.amount >= rate.goods_from
    )
    heaviest = 2**32  # above all columns
    return min(fit, key=lambda rate: (rate.up_to_grams or heaviest, -rate.goods_from), default=None)


def _choice(rate: "_Rate", worth: Money, now: datetime) -> Choice:
    free_from = _money(rate.free_from, worth.currency)
    leaves, cutoff = _leaves_on(now, rate.cutoff)
    is_free = free_from is not None and worth >= free_from
    return Choice(
        id=rate.method_id,
        name=rate.name,
        carrier=rate.carrier,
        price=Money.zero(worth.currency) if is_free else Money(rate.amount, worth.currency).rounded(),
        free_from=free_from,
        earliest=working_day(leaves, rate.min_days),
        latest=working_day(leaves, rate.max_days),
        cutoff=cutoff,
        tax_class_id=rate.tax_class_id,
    )


def goes_to(method_id: int | None, country: str, region: str = "") -> bool:
    """Whether that method is offered and goes there, for goods of some weight."""
    there = _reaches("zone__", **_place(country, region))
    return method_id is not None and Method.objects.filter(there, pk=method_id, is_active=True).exists()


def countries(market: Market | None = None) -> list[str]:
    """Codes of the countries that a method with a price in the market's currency reaches, or a part of."""
    currency = (market or markets.current()).currency
    served: Iterable[tuple[list[str], list[str]]] = (
        Zone.objects.filter(methods__is_active=True, methods__rates__currency=currency)
        .distinct()
        .values_list("countries", "regions")
    )
    return sorted({code for zone, regions in served for code in (*zone, *(place[:2] for place in regions))})


def working_day(start: date, days: int) -> date:
    """The day that many working days (Monday to Friday) after `start`."""
    day = start
    while days or day.weekday() >= SATURDAY:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            days = max(days - 1, 0)
    return day


def _place(country: str, region: str) -> dict[str, list[str]]:
    """Where it goes, as zones are asked for it."""
    return {"country": [country], "region": [f"{country}-{region}"]}


def _reaches(zone: str, *, country: Any, region: Any) -> Q:
    """Methods that go there: those of the region's own zones, else those of its country's."""
    is_own = Q(Exists(Zone.objects.filter(regions__contains=region)))
    return Q(**{f"{zone}regions__contains": region}) | (
        Q(**{f"{zone}countries__contains": country}) & ~is_own
    )


class _Rate(NamedTuple):
    """A rate with what its method says."""

    method_id: int
    amount: Decimal
    up_to_grams: int | None
    goods_from: Decimal
    free_from: Decimal | None
    position: int
    name: str
    carrier: str
    cutoff: time | None
    min_days: int
    max_days: int
    tax_class_id: int


@Prepared
def _RATES() -> "QuerySet[MethodRate, Any]":
    """The rates in a currency of all methods that go there."""
    there = _reaches("method__zone__", country=Param("country", _CODES), region=Param("region", _CODES))
    offered = MethodRate.objects.filter(there, currency=Param("currency"), method__is_active=True)
    return offered.order_by().values_list(
        "method_id",
        "amount",
        "up_to_grams",
        "goods_from",
        "free_from",
        "method__position",
        "method__name",
        "method__carrier",
        "method__cutoff",
        "method__min_days",
        "method__max_days",
        "method__tax_class_id",
    )


def _promised(market: Market) -> tuple[Any, ...]:
    """The _FACTS; of a market that is new they are not written yet."""
    return _KEPT.first(market=market.code) or _cheapest(market)


def _cheapest(market: Market) -> tuple[Any, ...]:
    """The _FACTS as rates and methods have them: for something light that costs little.

    An offer for dearer goods is not promised to all; "free from" is, so it must hold whatever is bought.
    """
    rows = _RATES.rows(currency=market.currency, **_place(market.country, ""))
    rates = [_Rate._make(row) for row in rows]
    base = [rate for rate in rates if not rate.goods_from]
    lightest: dict[int, _Rate] = {}
    for rate in sorted(base, key=lambda rate: rate.up_to_grams or 2**32):
        lightest.setdefault(rate.method_id, rate)
    cheapest = min(
        lightest.values(),
        key=lambda rate: (rate.amount, rate.max_days, rate.position, rate.method_id),
        default=None,
    )
    if cheapest is None:
        return None, None, False, False, "", "", None, 0, 0
    own = [rate for rate in rates if rate.method_id == cheapest.method_id]
    classes = [thresholds.Rate(rate.method_id, rate.amount, rate.goods_from, rate.free_from) for rate in own]
    free_from = thresholds.of_method(classes) if any(rate.amount for rate in own) else None
    amount = Money(cheapest.amount, market.currency).rounded()
    if not market.tax_shown:
        amount = taxes.net(amount, taxes.rate_for(cheapest.tax_class_id, market.country))
    return (
        amount.amount,
        free_from,
        free_from is not None and thresholds.hold_everywhere(market.currency, free_from),
        any(rate.amount > cheapest.amount for rate in own),
        cheapest.name,
        cheapest.carrier,
        cheapest.cutoff,
        cheapest.min_days,
        cheapest.max_days,
    )


_CODES: "ArrayField[Any, Any]" = ArrayField(CharField(max_length=43))
_FACTS = (
    "amount",
    "free_from",
    "is_free_everywhere",
    "is_from",
    "method_name",
    "carrier",
    "cutoff",
    "min_days",
    "max_days",
)
_KEPT = Prepared(lambda: Promised.objects.filter(market=Param("market")).values_list(*_FACTS))


def _leaves_on(now: datetime, cutoff: time | None) -> tuple[date, time | None]:
    """The day an order of this moment leaves, and the cut-off if that day still hangs on it."""
    here = timezone.localtime(now)
    today = here.date()
    if today.weekday() >= SATURDAY:
        return working_day(today, 0), None
    if cutoff is None:
        return today, None
    if here.time() < cutoff:
        return today, cutoff
    return working_day(today, 1), None


def _changes_at(now: datetime, leaves: date, cutoff: time | None) -> datetime:
    """When the promise would read differently: at the cut-off, else as the next day that counts begins."""
    today = timezone.localtime(now).date()
    if cutoff is not None:
        return timezone.make_aware(datetime.combine(today, cutoff))
    day = leaves if leaves > today else today + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time.min))


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)
