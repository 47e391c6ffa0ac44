"""The status machine: one table of moves, and one function that makes them."""

from collections import Counter
from collections.abc import Mapping

from django.db import transaction
from django.db.models import BigIntegerField
from django.utils import timezone

from catalog import stock
from orders import marking, parcels, progress, texts
from orders.balance import GIVEN_UP
from orders.models import Order, OrderEvent
from shop import rows
from shop.outbox import outbox
from shop.prepared import Param, Prepared

Status = Order.Status

MOVES: Mapping[str, frozenset[str]] = {
    Status.PLACED: frozenset({Status.AUTHORIZED, Status.PAID, Status.EXPIRED, Status.CANCELLED}),
    Status.AUTHORIZED: frozenset({Status.PAID, Status.CANCELLED}),
    Status.PAID: frozenset({Status.PART_SHIPPED, Status.SHIPPED, Status.CANCELLED}),
    Status.PART_SHIPPED: frozenset({Status.SHIPPED}),
    Status.EXPIRED: frozenset({Status.PAID}),  # the money came late, and all of it is still there
    Status.SHIPPED: frozenset({Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.CANCELLED: frozenset(),
}

# What the buyer is told by mail, in the transaction that makes it true. An expired order is told by its page:
# whoever left it has had the link to pay, and a mail that nothing was bought is one too many.
# Of what is shipped each parcel tells: orders.parcels.
MAILS = {Status.CANCELLED: "orders.send_cancelled"}

# The moment that a status is known by on the order itself.
MOMENTS = {Status.PAID: "paid_at", Status.SHIPPED: "shipped_at", Status.CANCELLED: "cancelled_at"}


# Jobs of apps above that follow when an order is given up, or comes back from that: they take its id.
releases: list[str] = []


def on_release(job: str) -> None:
    """That job is written whenever an order is cancelled, expires, or is paid after all, in its transaction.

    It looks at the order's status as it is then: of two such jobs either may run first.
    """
    if job not in releases:
        releases.append(job)


_LOCKED = Prepared(
    lambda: Order.objects.select_for_update(of=("self",)).filter(pk=Param("pk", BigIntegerField())).order_by()
)


class WrongMove(Exception):
    """The order cannot go from where it is to there."""

    def __init__(self, order: Order, to: str) -> None:
        self.order, self.to = order, to
        super().__init__(f"{order.number}: {order.status} → {to}")


def lock(order_id: int) -> Order:
    """The order's row, locked until the transaction ends."""
    held: Order | None = _LOCKED.first(pk=order_id)
    if held is None:
        raise Order.DoesNotExist(order_id)
    return held


def can_move(order: Order, to: str) -> bool:
    """Whether the table allows it."""
    return to in MOVES[order.status]


def move(
    order: Order, to: str, *, note: str = "", actor_id: int | None = None, is_told: bool = True
) -> Order:
    """The order in its new status, with its event; what is not sold any more goes back to the shelf.

    WrongMove if the table does not allow it, judged under the order's lock; catalog.stock.OutOfStock if an
    expired order is paid and not all of it is there any more; catalog.stock.NotReserved. Who ships an order
    ships all that is left of it, in a parcel without a code: orders.shipments has the other ones. Returns the
    row as it is now.
    is_told: whether the buyer hears of it, if they hear of that move at all.
    """
    with transaction.atomic():
        return move_held(lock(order.pk), to, note=note, actor_id=actor_id, is_told=is_told)


def move_held(
    held: Order, to: str, *, note: str = "", actor_id: int | None = None, is_told: bool = True
) -> Order:
    """move() for whoever holds the order's lock: of what raises, but WrongMove, half may have happened."""
    if not can_move(held, to):
        raise WrongMove(held, to)
    if GIVEN_UP & {held.status, to}:
        for job in releases:
            outbox.enqueue(job, held.pk)
    was, held.status = held.status, to
    fields = ["status"]
    if to in MOMENTS:
        setattr(held, MOMENTS[Status(to)], timezone.now())
        fields.append(MOMENTS[Status(to)])
    rows.update(held, fields)
    note_event(held, to, note=note, actor_id=actor_id)
    if to in MAILS and is_told:
        outbox.enqueue(MAILS[Status(to)], held.pk)
    if is_told:
        texts.ask(held, to)
    if to in {Status.CANCELLED, Status.EXPIRED}:
        stock.release(_quantities(held), reference=held.number, actor_id=actor_id)
        outbox.enqueue("orders.withdraw_payments", held.pk, queue="high")
    elif was == Status.EXPIRED:
        stock.reserve(_quantities(held), reference=held.number, actor_id=actor_id)
    elif to == Status.SHIPPED and (left := progress.of(held).left):
        parcels.pack(held, left, is_told=is_told, actor_id=actor_id)
    return held


def note_event(order: Order, kind: str, *, note: str = "", actor_id: int | None = None) -> OrderEvent:
    """Something happened to it, in whatever status."""
    event = OrderEvent(order=order, kind=kind, note=note[:300], actor_id=actor_id)
    rows.insert(event)
    marking.after_commit(order.customer_id)
    return event


def _quantities(order: Order) -> Counter[int]:
    wanted = Counter[int]()
    for variant_id, quantity in order.lines.values_list("variant_id", "quantity"):
        wanted[variant_id] += quantity
    return wanted
