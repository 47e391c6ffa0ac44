"""rows(): orders as a table for a spreadsheet or the bookkeeping, a row for each line (docs/orders.md).

What is the order's own (its sums, who gets it, what was refunded) stands in the row of its first line only,
so that a column can be summed. Amounts are as they were charged, moments in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from orders import progress
from orders.models import Invoice, Order, OrderLine, Payment, Refund
from shop.money import Money

COLUMNS = (
    *("order", "line", "placed_at", "status", "market", "currency"),
    *("sku", "item", "options", "quantity", "unit_price", "line_total", "line_discount", "tax_rate"),
    *("shipped", "given_up", "returned"),
    *("goods", "discount", "delivery", "tax", "total", "refunded", "prices_include_tax"),
    *("paid_at", "shipped_at", "cancelled_at", "invoice"),
    *("email", "name", "company", "line1", "line2", "postcode", "city", "region", "country", "phone"),
    *("vat_number", "delivery_method"),
)
OWN = COLUMNS[COLUMNS.index("goods") :]  # of the order: in its first row
AT_ONCE = 500  # orders a statement reads


def rows(orders: QuerySet[Order]) -> Iterator[dict[str, str]]:
    """By the orders' numbers, some hundred at a time: each statement is short, whatever there is of them."""
    last = 0
    chosen = orders.order_by("pk").values_list("pk", flat=True)
    while ids := list(chosen.filter(pk__gt=last)[:AT_ONCE]):
        lines: dict[int, list[OrderLine]] = {}
        come = progress.of_many(ids)
        for line in OrderLine.objects.filter(order__in=ids).order_by("order_id", "pk"):
            lines.setdefault(line.order_id, []).append(line)
        for order in _read(ids):
            for number, line in enumerate(lines.get(order.pk, ()), 1):
                yield _row(order, line, number, come[line.pk])
        last = ids[-1]


def _read(ids: Iterable[int]) -> QuerySet[Order]:
    paying = Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED).order_by()
    sent = (
        Refund.objects.filter(payment__order=OuterRef("pk"), payment__status=Payment.Status.SUCCEEDED)
        .exclude(status=Refund.Status.FAILED)
        .order_by()
        .values("payment__order")
    )
    invoice = Invoice.objects.filter(order=OuterRef("pk"), kind=Invoice.Kind.INVOICE).order_by()
    return (
        Order.objects.filter(pk__in=ids)
        .order_by("pk")
        .annotate(
            came=Subquery(paying.values("amount")[:1]),
            sent=Coalesce(Subquery(sent.annotate(sum=Sum("amount")).values("sum")), Decimal(0)),
            series=Subquery(invoice.values("series")[:1]),
            paper=Subquery(invoice.values("number")[:1]),
        )
    )


def _row(order: Any, line: OrderLine, number: int, come: tuple[int, int, int]) -> dict[str, str]:
    shipped, given_up, returned = come
    told: dict[str, Any] = {
        "order": order.number,
        "line": number,
        "placed_at": order.placed_at,
        "status": order.status,
        "market": order.market,
        "currency": order.currency,
        "sku": line.sku,
        "item": line.name,
        "options": line.options,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "line_total": line.total,
        "line_discount": line.discount,
        "tax_rate": line.tax_rate,
        "shipped": shipped,
        "given_up": given_up,
        "returned": returned,
    }
    if number == 1:
        told |= _own(order)
    return {name: _text(told.get(name, "")) for name in COLUMNS}


def _own(order: Any) -> Mapping[str, Any]:
    # What came beyond the total, and went back, is no refund of the order's.
    beyond = order.came - order.total if order.came is not None else Decimal(0)
    told = {name: getattr(order, name) for name in OWN if hasattr(order, name)}
    return told | {
        "goods": order.subtotal,
        "refunded": Money(max(order.sent - beyond, Decimal(0)), order.currency).rounded().amount,
        "invoice": f"{order.series}-{order.paper:06d}" if order.paper else "",
        "delivery_method": order.delivery_name,
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
