"""What a message says: docs/feed.md tells receivers the same. Fields are added, never renamed or taken away.

An order and a stock are told as they are when the message is sent; what happened, and when, stands beside.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import PostalFields
from catalog.models import Stock, StockMovement, Variant
from orders.models import FeedDelivery, GivenUp, Order, OrderEvent, OrderLine, Payment, Refund
from shop.money import Money

Shape = dict[str, Any]
Stream = FeedDelivery.Stream


def payload(delivery: FeedDelivery) -> Shape | None:
    """The whole body; None if what it was about has been deleted."""
    told = _TOLD[Stream(delivery.stream)](delivery.source_id)
    if told is None:
        return None
    at, data = told
    return {
        "type": delivery.topic,
        "timestamp": moment(at),
        "sequence": delivery.sequence,
        "data": data,
    }


def _of_order(event_id: int) -> tuple[datetime, Shape] | None:
    event = OrderEvent.objects.select_related("order").filter(pk=event_id).first()
    if event is None:
        return None
    happened = {"id": event.pk, "kind": event.kind, "note": event.note, "at": moment(event.at)}
    return event.at, {"event": happened, "order": order(event.order)}


def _of_stock(movement_id: int) -> tuple[datetime, Shape] | None:
    movement = StockMovement.objects.filter(pk=movement_id).first()
    if movement is None:
        return None
    variant = Variant.objects.select_related("product").filter(pk=movement.variant_id).first()
    held = Stock.objects.filter(pk=movement.variant_id).first()
    if variant is None or held is None:
        return None
    return movement.at, {
        "movement": {
            "id": movement.pk,
            "kind": movement.kind,
            "on_hand_change": movement.on_hand_change,
            "reserved_change": movement.reserved_change,
            "reference": movement.reference,
            "note": movement.note,
            "at": moment(movement.at),
        },
        "stock": {
            "sku": variant.sku or "",
            "variant_id": variant.pk,
            "name": variant.product.name,
            "is_counted": held.is_tracked,
            "on_hand": held.on_hand,
            "reserved": held.promised,
            "available": max(held.free, 0),
        },
    }


def _of_test(number: int) -> tuple[datetime, Shape]:
    return timezone.now(), {"message": "Hello from the shop: this is a test.", "number": number}


_TOLD = {Stream.ORDER: _of_order, Stream.STOCK: _of_stock, Stream.TEST: _of_test}


def order(of: Order) -> Shape:
    """An order with all that an ERP books and a warehouse packs."""
    return {
        "id": of.pk,
        "number": of.number,
        "status": of.status,
        "market": of.market,
        "language": of.language,
        "currency": of.currency,
        "placed_at": moment(of.placed_at),
        "paid_at": moment(of.paid_at),
        "shipped_at": moment(of.shipped_at),
        "cancelled_at": moment(of.cancelled_at),
        "customer": {"id": of.customer_id, "email": of.email, "vat_number": of.vat_number},
        "address": {part.name: getattr(of, part.name) for part in PostalFields._meta.fields},
        "delivery": {
            "name": of.delivery_name,
            "carrier": of.delivery_carrier,
            "promised_from": of.promised_from and of.promised_from.isoformat(),
            "promised_until": of.promised_until and of.promised_until.isoformat(),
            "tax_rate": str(of.delivery_tax_rate),
        },
        "prices_include_tax": of.prices_include_tax,
        "is_reverse_charged": of.is_reverse_charged,
        "totals": {
            name: amount(of.money(name)) for name in ("subtotal", "discount", "delivery", "tax", "total")
        },
        "discounts": [
            {"name": row["name"], "code": row["code"], "amount": _amount(row["amount"], of)}
            for row in of.discounts
        ],
        "taxes": [
            {"rate": row["rate"], "net": _amount(row["net"], of), "tax": _amount(row["tax"], of)}
            for row in of.taxes
        ],
        "lines": [_line(of, line) for line in of.lines.order_by("id")],
        "payments": [_payment(payment) for payment in of.payments.order_by("id")],
        **_after_the_sale(of),
    }


def _after_the_sale(of: Order) -> Shape:
    """Parcels, what never comes, what came back, and the money that went back."""
    return {
        "shipments": [
            {
                "number": shipment.number,
                "carrier": shipment.carrier,
                "tracking_code": shipment.tracking_code,
                "shipped_at": moment(shipment.shipped_at),
                "lines": [{"line": row.line_id, "quantity": row.quantity} for row in shipment.lines.all()],
            }
            for shipment in of.shipments.order_by("number").prefetch_related("lines")
        ],
        "given_up": [
            {"line": row.line_id, "quantity": row.quantity}
            for row in GivenUp.objects.filter(line__order=of).order_by("line")
        ],
        "returns": [
            {
                "id": back.pk,
                "reason": back.reason,
                "received_at": moment(back.received_at),
                "lines": [
                    {"line": row.line_id, "quantity": row.quantity, "restocked": row.restocked}
                    for row in back.lines.all()
                ],
            }
            for back in of.returns.order_by("id").prefetch_related("lines")
        ],
        "refunds": [
            {
                "id": refund.pk,
                "payment": refund.payment_id,
                "status": refund.status,
                "amount": amount(refund.money),
                "reason": refund.reason,
                "lines": [{"line": int(pk), "quantity": count} for pk, count in refund.pieces.items()],
                "delivery": None if refund.delivery is None else _amount(refund.delivery, of),
            }
            for refund in Refund.objects.filter(payment__order=of).order_by("id")
        ],
    }


def _line(of: Order, line: OrderLine) -> Shape:
    return {
        "id": line.pk,
        "sku": line.sku,
        "variant_id": line.variant_id,
        "name": line.name,
        "options": line.options,
        "quantity": line.quantity,
        "unit_price": _amount(line.unit_price, of),
        "total": _amount(line.total, of),
        "discount": _amount(line.discount, of),
        "tax_rate": str(line.tax_rate),
    }


def _payment(payment: Payment) -> Shape:
    return {
        "id": payment.pk,
        "gateway": payment.gateway,
        "reference": payment.reference or "",
        "status": payment.status,
        "amount": amount(payment.money),
    }


def amount(money: Money) -> Mapping[str, str]:
    """Text, as no receiver may read it as a float: {"amount": "38.00", "currency": "EUR"}."""
    return {"amount": str(money.rounded().amount), "currency": money.currency}


def _amount(value: str | Decimal, of: Order) -> Mapping[str, str]:
    return amount(Money(Decimal(value), of.currency))


def moment(at: datetime | None) -> str | None:
    """In UTC, to the microsecond."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
