"""What a buyer follows of an order: its steps, its parcels, what came back and what was sent back for it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from orders import carriers
from orders.models import GivenUp, Order, OrderEvent, Payment, Refund, ReturnLine, Shipment
from orders.progress import SENT
from shop.money import Money

Shape = dict[str, Any]
Status = Order.Status


def parcel(shipment: Shipment) -> Shape:
    """Who brings it, and where that is told; no address if we do not know the carrier's."""
    return {
        "number": shipment.number,
        "carrier": shipment.carrier,
        "tracking_code": shipment.tracking_code,
        "tracking_url": carriers.tracking_url(shipment.carrier, shipment.tracking_code),
        "shipped_at": shipment.shipped_at,
    }


def of(order: Order, lines: Mapping[int, Shape]) -> Shape:
    """Its goods by where they are, its parcels and its refunds. lines: how each line is shown, by its id.

    Asks nothing about an order that nobody has paid, and little about one of which nothing was sent.
    """
    parcels: list[Shape] = []
    to_come = {pk: int(line["quantity"]) for pk, line in lines.items()}
    given_up: dict[int, int] = {}
    returned: dict[int, int] = {}
    if order.status in SENT:
        prefetch_related_objects([order], "shipments__lines")
        for shipment in order.shipments.all():
            pieces = {row.line_id: row.quantity for row in shipment.lines.all()}
            parcels.append(parcel(shipment) | {"lines": _some(lines, pieces)})
            to_come = {pk: count - pieces.get(pk, 0) for pk, count in to_come.items()}
        given_up = dict(GivenUp.objects.filter(line__order=order).values_list("line_id", "quantity"))
        to_come = {pk: count - given_up.get(pk, 0) for pk, count in to_come.items()}
        for pk, count in ReturnLine.objects.filter(back__order=order).values_list("line_id", "quantity"):
            returned[pk] = returned.get(pk, 0) + count
    refunds = _refunds(order) if order.paid_at else []
    return {
        "parcels": parcels,
        "to_come": _some(lines, to_come) if parcels else [],
        "given_up": _some(lines, given_up),
        "returned": _some(lines, returned),
        "refunds": refunds,
        "refunded": Money.sum((row["amount"] for row in refunds), order.currency),
    }


def _some(lines: Mapping[int, Shape], pieces: Mapping[int, int]) -> list[Shape]:
    return [
        {**line, "quantity": pieces[pk], "total": line["unit_price"] * pieces[pk]}
        for pk, line in lines.items()
        if pieces.get(pk)
    ]


def _refunds(order: Order) -> list[Shape]:
    """Of what paid it; money that came for nothing is told of where that is."""
    found = Refund.objects.filter(payment__order=order, payment__status=Payment.Status.SUCCEEDED)
    return [
        {"amount": refund.money, "is_sent": refund.status == Refund.Status.SUCCEEDED, "at": refund.settled_at}
        for refund in found.exclude(status=Refund.Status.FAILED).order_by("pk")
    ]


def steps(order: Order, state: str, events: Iterable[OrderEvent], parcels: Sequence[Shape]) -> list[Shape]:
    """Placed, paid, on its way, delivered; an order that was given up ends there. state: of its money.

    "done" and "current" are so: current is the newest of what is so. "todo" is to come, and looks like it.
    """
    delivered = {event.kind: event.at for event in events}.get("delivered")
    found = [_step(_("Ordered"), "done", order.placed_at)]
    if order.paid_at is not None:
        found.append(_step(_("Paid"), "current" if order.status == Status.PAID else "done", order.paid_at))
    if order.status in {Status.CANCELLED, Status.EXPIRED}:
        label = _("Cancelled") if order.status == Status.CANCELLED else _("Not paid in time")
        return [*found, _step(label, "current", order.cancelled_at or order.reserved_until)]
    if order.paid_at is None:
        notes = {"begun": _("being checked"), "pending": _("on its way"), "declined": _("declined")}
        notes |= {"none": _("not yet"), "succeeded": _("approved")}
        # What costs nothing waits for no money, but for the press that ends it.
        label = _("Payment") if order.total else _("Your last press")
        found.append(_step(label, "current", note=notes.get(state, "")))
    if order.status == Status.PART_SHIPPED:
        at = parcels[0]["shipped_at"] if parcels else None
        found.append(_step(_("Partly on its way"), "current", at, _("the rest follows")))
    else:
        sent = "todo" if not order.shipped_at else "current" if order.status == Status.SHIPPED else "done"
        found.append(_step(_("Packed"), "done" if order.status in SENT else "todo"))
        found.append(_step(_("On its way"), sent, order.shipped_at))
    is_there = order.status == Status.DELIVERED
    found.append(_step(_("Delivered"), "current" if is_there else "todo", delivered))
    return found


def _step(label: str, state: str, at: Any = None, note: str = "") -> Shape:
    return {"label": label, "at": at, "state": state, "note": note}
