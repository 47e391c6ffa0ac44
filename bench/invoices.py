"""make bench-invoices: how many invoices a second a core sets as PDF, the electronic invoice inside.

By the processor's time, so that other work on the machine does not count.
"""

import json
import os
import resource
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import django

FLOOR = 5.0  # one-page invoices a second per core
KINDS = {1: 300, 12: 150, 1_000: 6}  # lines → how many are set
ENVIRONMENT = {
    "SECRET_KEY": "bench",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",  # nothing here asks it
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "DEMO": "true",
    "DJANGO_SETTINGS_MODULE": "shop.settings",
}
RATES = (Decimal("0.1900"), Decimal("0.0700"))


def main() -> None:
    os.environ.update(ENVIRONMENT)
    django.setup()
    # Only now are there models to import.
    from orders.papers import printing  # noqa: PLC0415

    begun = _spent()
    printing.pdf(_invoice(1, 0))
    figures: dict[str, float] = {"first_ms": _rounded((_spent() - begun) * 1000)}
    for lines, number in KINDS.items():
        papers = [_invoice(lines, place) for place in range(1, number + 1)]
        begun, wall = _spent(), time.perf_counter()
        size = max(len(printing.pdf(paper)) for paper in papers)
        spent, waited = _spent() - begun, time.perf_counter() - wall
        name = f"lines_{lines}"
        figures |= {
            f"{name}_per_core_second": _rounded(number / spent),
            f"{name}_wall_ms": _rounded(waited * 1000 / number),
            f"{name}_kB": _rounded(size / 1000),
        }
        sys.stderr.write(
            f"{lines:5} lines: {number / spent:7.1f} a second and core,"
            f" {waited * 1000 / number:6.1f} ms each, {size / 1000:.0f} kB\n"
        )
    figures["peak_MB"] = _rounded(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write(json.dumps({"bench": "invoices", **figures}) + "\n")
    if figures["lines_1_per_core_second"] < FLOOR:
        raise SystemExit(f"Fewer than {FLOOR} one-page invoices a second and core.")


def _spent() -> float:
    """Seconds of the processor, of the processes too that set long papers."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _rounded(figure: float) -> float:
    return round(figure, 1)


def _invoice(lines: int, number: int) -> "Invoice":  # type: ignore[name-defined] # noqa: F821
    """An invoice that no database knows, each with words of its own."""
    from orders import sellers  # noqa: PLC0415
    from orders.models import Invoice, Order, OrderLine, Seller  # noqa: PLC0415
    from orders.papers import content  # noqa: PLC0415

    order = Order(pk=number + 1, market="eu", language="en", currency="EUR", email="ada@example.com")
    order.name, order.line1 = f"Ada {number}", "Unter den Linden 1"
    order.postcode, order.city, order.country = "10117", "Berlin", "DE"
    order.placed_at = order.paid_at = datetime.now(UTC)
    sold = [
        OrderLine(
            pk=place,
            name=f"Two suns over Cadiz {number}.{place}",
            options="30 × 40 cm, black ash",
            sku=f"TSC-{place:05d}",
            quantity=1 + place % 3,
            unit_price=Decimal("38.00"),
            total=Decimal("38.00") * (1 + place % 3),
            discount=Decimal(place % 2),
            tax_rate=RATES[place % 2],
        )
        for place in range(1, lines + 1)
    ]
    order._prefetched_objects_cache = {"lines": sold}  # type: ignore[attr-defined]
    order.delivery, order.delivery_tax_rate, order.delivery_name = Decimal("4.90"), RATES[0], "Standard"
    order.subtotal = sum((line.total for line in sold), Decimal(0))
    order.discount = sum((line.discount for line in sold), Decimal(0))
    order.total = order.subtotal - order.discount + order.delivery
    order.taxes = [_tax(order, sold, rate) for rate in RATES]
    order.tax = sum((Decimal(row["tax"]) for row in order.taxes), Decimal(0))
    said = content.of_order(order, Seller(**sellers.DEMO))
    return Invoice(
        pk=number + 1,
        series_id="2027",
        number=number + 1,
        kind="invoice",
        order=order,
        content=said,
        total=order.total,
        currency="EUR",
        issued_on=date(2027, 1, 31),
    )


def _tax(order: "Order", sold: list["OrderLine"], rate: Decimal) -> dict[str, str]:  # type: ignore[name-defined] # noqa: F821
    gross = sum((line.total - line.discount for line in sold if line.tax_rate == rate), Decimal(0))
    gross += order.delivery if rate == RATES[0] else Decimal(0)
    tax = (gross * rate / (1 + rate)).quantize(Decimal("0.01"))
    return {"rate": str(rate), "net": str(gross - tax), "tax": str(tax)}


if __name__ == "__main__":
    main()
