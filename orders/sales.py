"""of(): what was sold of late, by day or week, and in each currency: orders, revenue, what an order brings.

An order counts on the day on which it was placed, once it is paid and unless it is cancelled; what went back
of its money, whenever it did, is taken off that day. Amounts are as charged, with tax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Greatest, TruncDate
from django.utils import timezone

from orders.models import Order, Payment, Refund
from shop.money import Money

DAYS = 30
Status = Order.Status


@dataclass
class Span:
    """A day or a week; `until` is its last day."""

    since: date
    until: date
    orders: int
    revenue: Money

    @property
    def average(self) -> Money | None:
        """What an order brings; None without one."""
        if not self.orders:
            return None
        return Money(self.revenue.amount / self.orders, self.revenue.currency).rounded()


@dataclass
class Sales:
    """Of one currency, the newest first; `whole` is all of it."""

    currency: str
    spans: Sequence[Span]
    whole: Span

    @property
    def most(self) -> Money:
        """The best one's revenue."""
        return max((span.revenue for span in self.spans), default=Money.zero(self.currency))


def of(today: date, *, by_week: bool = False, days: int = DAYS) -> list[Sales]:
    """So many days up to that one, the currency with the most orders first. Two statements."""
    first = today - timedelta(days=days - 1)
    sums, sent_back = _taken(first, today), _sent_back(first, today)
    found = []
    for currency in {currency for currency, _day in sums}:
        spans: dict[date, Span] = {}
        for number in range(days):
            day = today - timedelta(days=number)
            count, gross = sums.get((currency, day), (0, Decimal(0)))
            begun = day - timedelta(days=day.weekday()) if by_week else day
            span = spans.setdefault(begun, Span(day, day, 0, Money.zero(currency)))
            span.since, span.orders = day, span.orders + count
            span.revenue += Money(gross - sent_back.get((currency, day), Decimal(0)), currency)
        every = list(spans.values())
        whole = Span(
            first,
            today,
            sum(span.orders for span in every),
            Money.sum((span.revenue for span in every), currency),
        )
        found.append(Sales(currency, every, whole))
    return sorted(found, key=lambda sales: (-sales.whole.orders, sales.currency))


def _sold(first: date, last: date, of: str = "") -> Q:
    """Orders of those days; of: how they are reached."""
    zone = timezone.get_current_timezone()
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    is_sold = Q(**{f"{of}placed_at__gte": since, f"{of}placed_at__lt": until, f"{of}paid_at__isnull": False})
    return is_sold & ~Q(**{f"{of}status": Status.CANCELLED})


def _taken(first: date, last: date) -> dict[tuple[str, date], tuple[int, Decimal]]:
    rows: QuerySet[Any, Any] = Order.objects.filter(_sold(first, last)).annotate(day=TruncDate("placed_at"))
    by_day = rows.order_by().values_list("currency", "day").annotate(Count("pk"), Sum("total"))
    return {(currency, day): (count, total) for currency, day, count, total in by_day}


def _sent_back(first: date, last: date) -> dict[tuple[str, date], Decimal]:
    """What of the orders' totals went back, or is on its way; not what had come beyond them."""
    sent = Sum("refunds__amount", filter=~Q(refunds__status=Refund.Status.FAILED))
    rows = (
        Payment.objects.filter(_sold(first, last, "order__"), status=Payment.Status.SUCCEEDED)
        .order_by()
        .annotate(day=TruncDate("order__placed_at"), sent=sent)
        .filter(sent__gt=0)
        .annotate(back=Greatest(F("sent") - F("amount") + F("order__total"), Decimal(0)))
    )
    found: dict[tuple[str, date], Decimal] = {}
    for currency, day, back in rows.values_list("order__currency", "day", "back"):
        found[currency, day] = found.get((currency, day), Decimal(0)) + back
    return found
