"""ship() and give_up(): what of an order leaves, parcel by parcel, and what of it never comes."""

from collections.abc import Mapping

from django.db import transaction

from catalog import stock
from orders import invoices, parcels, progress, refunds, states
from orders.models import GivenUp, Order, Refund, Shipment
from orders.progress import Pieces
from orders.states import WrongMove

Status = Order.Status
TO_SHIP = (Status.PAID, Status.PART_SHIPPED)


class MoreThanLeft(Exception):
    """More of a line was to leave than is left of it, or it is none of the order's; `left` says what is."""

    def __init__(self, order: Order, left: Pieces) -> None:
        self.left = left
        super().__init__(f"{order.number}: {left} are left")


def ship(
    order: Order,
    pieces: Mapping[int, int] | None = None,
    *,
    carrier: str = "",
    tracking_code: str = "",
    is_told: bool = True,
    actor_id: int | None = None,
) -> Shipment:
    """A parcel with so many pieces of these order lines (by id); None: with all that is left.

    The order is shipped when nothing is left, else in part. carrier: "" is the order's own. is_told: whether
    the buyer gets a mail about it. MoreThanLeft; ValueError for an empty parcel; WrongMove if there is
    nothing to ship in its status; catalog.stock.NotReserved: then nothing has happened.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        if held.status not in TO_SHIP:
            raise WrongMove(held, Status.SHIPPED)
        left = progress.of(held).left
        packed = left if pieces is None else {line: count for line, count in pieces.items() if count}
        if not packed or any(count < 0 for count in packed.values()):
            raise ValueError("a parcel has something in it")
        if any(count > left.get(line, 0) for line, count in packed.items()):
            raise MoreThanLeft(held, left)
        to = Status.SHIPPED if packed == left else Status.PART_SHIPPED
        note = " ".join(filter(None, (carrier or held.delivery_carrier, tracking_code)))
        shipment = parcels.pack(
            held,
            packed,
            carrier=carrier,
            tracking_code=tracking_code,
            is_told=is_told,
            actor_id=actor_id,
        )
        if states.can_move(held, to):
            states.move(held, to, note=note, actor_id=actor_id)
        else:  # one more, and still not the last
            states.note_event(held, to, note=note, actor_id=actor_id)
    return shipment


def give_up(
    order: Order, *, has_refund: bool = True, reason: str = "", actor_id: int | None = None
) -> Refund | None:
    """What is left of a part-shipped order never comes: its goods are everybody's again, and it is shipped.

    What was paid for them goes back with a credit note, if it is to (has_refund) and has not gone back
    already. WrongMove unless it is shipped in part; an order of which nothing has left is cancelled instead.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        come = progress.of(held)
        left = come.left
        if held.status != Status.PART_SHIPPED or not left:
            raise WrongMove(held, Status.SHIPPED)
        GivenUp.objects.bulk_create(GivenUp(line_id=line, quantity=count) for line, count in left.items())
        states.note_event(held, "given_up", note=reason, actor_id=actor_id)
        states.move(held, Status.SHIPPED, actor_id=actor_id)
        stock.release(progress.by_variant(held, left), reference=held.number, actor_id=actor_id)
        # Last, as its credit note takes a number.
        if not has_refund:
            return None
        due = invoices.ledger(held).due(left, come.gone)
        return refunds.of_goods(held, due, reason=reason, actor_id=actor_id)
