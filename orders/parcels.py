"""pack(): a parcel's rows, its mail, and its goods off the shelf. Who calls it has decided what is in it."""

from collections.abc import Mapping

from catalog import stock
from orders import progress
from orders.models import Order, Shipment, ShipmentLine
from shop.outbox import outbox


def pack(
    order: Order,
    pieces: Mapping[int, int],
    *,
    carrier: str = "",
    tracking_code: str = "",
    is_told: bool = True,
    actor_id: int | None = None,
) -> Shipment:
    """Call it under the order's lock; catalog.stock.NotReserved. carrier: "" is the order's own."""
    shipment = Shipment.objects.create(
        order=order,
        number=order.shipments.count() + 1,
        carrier=carrier or order.delivery_carrier,
        tracking_code=tracking_code,
        is_told=is_told,
        actor_id=actor_id,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=line, quantity=quantity)
        for line, quantity in sorted(pieces.items())
    )
    if is_told:
        outbox.enqueue("orders.send_shipped", order.pk)
    stock.ship(progress.by_variant(order, pieces), reference=order.number, actor_id=actor_id)
    return shipment
