"""What having it brought costs, and when it is there: the promise of a market, the choice at checkout."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import CharField, QuerySet
from django.utils import timezone

from catalog.models import MethodRate, Promised, Zone
from shop import markets
from shop.edge.recording import reading
from shop.markets import Market
from shop.money import Money
from shop.prepared import Param, Prepared

SATURDAY = 5


@dataclass(frozen=True)
class Promise:
    """The cheapest way. `cutoff` only while ordering before it matters now; all holds until `changes_at`."""

    method_name: str
    carrier: str
    price: Money
    free_from: Money | None
    earliest: date
    latest: date
    cutoff: time | None
    changes_at: datetime


@dataclass(frozen=True)
class Choice:
    """A way to deliver an order: `price` is 0 from `free_from` on, tax included."""

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
        amount, free_from, name, carrier, until, min_days, max_days = _promised(market)
    if amount is None:
        return None
    leaves, cutoff = _leaves_on(now, until)
    return Promise(
        method_name=name,
        carrier=carrier,
        price=Money(amount, market.currency),
        free_from=_money(free_from, market.currency),
        earliest=working_day(leaves, min_days),
        latest=working_day(leaves, max_days),
        cutoff=cutoff,
        changes_at=_changes_at(now, leaves, cutoff),
    )


def free_from(market: Market) -> Money | None:
    """What each page of the market says of it: from which amount on delivery is free; None if it never is."""
    with reading(f"promise/{market.code}:free"):
        return _money(_promised(market)[1], market.currency)


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


def methods(market: Market, country: str, subtotal: Money, now: datetime) -> list[Choice]:
    """The ways to have an order of that subtotal brought to that country, as the merchant ordered them."""
    choices = []
    rates = _offered(market.currency, [country])
    for rate in rates.order_by("method__position", "amount", "method_id"):
        method, free_from = rate.method, _money(rate.free_from, rate.currency)
        leaves, cutoff = _leaves_on(now, method.cutoff)
        is_free = free_from is not None and subtotal >= free_from
        choices.append(
            Choice(
                id=method.pk,
                name=method.name,
                carrier=method.carrier,
                price=Money.zero(rate.currency) if is_free else Money(rate.amount, rate.currency),
                free_from=free_from,
                earliest=working_day(leaves, method.min_days),
                latest=working_day(leaves, method.max_days),
                cutoff=cutoff,
                tax_class_id=method.tax_class_id,
            )
        )
    return choices


def countries(market: Market | None = None) -> list[str]:
    """Codes of the countries that a method with a price in the market's currency reaches."""
    currency = (market or markets.current()).currency
    served: Iterable[list[str]] = (
        Zone.objects.filter(methods__is_active=True, methods__rates__currency=currency)
        .distinct()
        .values_list("countries", flat=True)
    )
    return sorted({country for zone in served for country in zone})


def working_day(start: date, days: int) -> date:
    """The day that many working days (Monday to Friday) after `start`."""
    day = start
    while days or day.weekday() >= SATURDAY:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            days = max(days - 1, 0)
    return day


def _offered(currency: Any, country: Any) -> QuerySet[MethodRate]:
    """Rates of the active methods that reach the one country, the cheapest and then the quickest first."""
    return (
        MethodRate.objects.filter(
            currency=currency,
            method__is_active=True,
            method__zone__countries__contains=country,
        )
        .select_related("method")
        .order_by("amount", "method__max_days", "method__position", "method_id")
    )


def _promised(market: Market) -> tuple[Any, ...]:
    """The _FACTS; of a market that is new they are not written yet."""
    return _KEPT.first(market=market.code) or _cheapest(market)


def _cheapest(market: Market) -> tuple[Any, ...]:
    found = _CHEAPEST.first(currency=market.currency, country=[market.country])
    return found or (None, None, "", "", None, 0, 0)


_FACTS = ("amount", "free_from", "method_name", "carrier", "cutoff", "min_days", "max_days")
_KEPT = Prepared(lambda: Promised.objects.filter(market=Param("market")).values_list(*_FACTS))
_CHEAPEST = Prepared(
    lambda: _offered(Param("currency"), Param("country", ArrayField(CharField(max_length=2)))).values_list(
        "amount",
        "free_from",
        "method__name",
        "method__carrier",
        "method__cutoff",
        "method__min_days",
        "method__max_days",
    )[:1]
)


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
