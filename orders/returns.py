"""take_back(): goods that were sent come back, some go to the shelf, and their money to the buyer."""

from collections.abc import Mapping

from django.db import transaction

from catalog import stock
from catalog.models import Stock, StockMovement
from orders import invoices, progress, refunds, states
from orders.models import Order, Return, ReturnLine
from orders.progress import Pieces
from orders.states import WrongMove
from shop.money import Money


class MoreThanSent(Exception):
    """More of a line was to come back than is out, or it is none of the order's; `out` says what is."""

    def __init__(self, order: Order, out: Pieces) -> None:
        self.out = out
        super().__init__(f"{order.number}: {out} are out")


def take_back(
    order: Order,
    pieces: Mapping[int, int],
    *,
    restock: Mapping[int, int] | None = None,
    has_refund: bool = True,
    amount: Money | None = None,
    delivery: bool = False,
    reason: str = "",
    actor_id: int | None = None,
) -> Return:
    """So many pieces of these order lines (by id) are here again.

    restock: how many of them go back to the shelf; None: all. has_refund: what they cost goes back with its
    credit note, and that of the delivery too if it is to; or less of it (amount), for what is worn. Pieces
    whose money went back before, while they were still out, cost nothing now.

    MoreThanSent; refunds.MoreThanPaid for an amount above what they cost; ValueError for nothing, and for
    more on the shelf than came back; WrongMove for an order of which nothing was sent.
    """
    back = {line: count for line, count in pieces.items() if count}
    shelf = back if restock is None else {line: count for line, count in restock.items() if count}
    if not back or any(count < 0 for count in (*back.values(), *shelf.values())):
        raise ValueError("something comes back")
    if any(count > back.get(line, 0) for line, count in shelf.items()):
        raise ValueError("no more goes to the shelf than came back")
    with transaction.atomic():
        held = states.lock(order.pk)
        if held.status not in progress.SENT:
            raise WrongMove(held, "returned")
        come = progress.of(held)
        out = come.out
        if any(count > out.get(line, 0) for line, count in back.items()):
            raise MoreThanSent(held, out)
        taken = Return.objects.create(order=held, reason=reason[:200], actor_id=actor_id)
        ReturnLine.objects.bulk_create(
            ReturnLine(back=taken, line_id=line, quantity=count, restocked=shelf.get(line, 0))
            for line, count in sorted(back.items())
        )
        states.note_event(held, "returned", note=reason, actor_id=actor_id)
        _restock(held, shelf, reason, actor_id)
        if has_refund:  # last, as its credit note takes a number
            due = invoices.ledger(held).due(back, come.gone)
            taken.refund = refunds.of_goods(
                held, due, delivery=delivery, amount=amount, reason=reason, actor_id=actor_id
            )
            taken.save(update_fields=["refund"])
    return taken


def _restock(order: Order, shelf: Mapping[int, int], reason: str, actor_id: int | None) -> None:
    """What was deleted since has no shelf, and nobody counts what was never counted. Locked in pk order."""
    wanted = progress.by_variant(order, shelf)
    counted = (
        Stock.objects.filter(pk__in=wanted, is_tracked=True).order_by("pk").select_for_update(of=("self",))
    )
    for row in list(counted):
        stock.adjust(
            row.pk,
            delta=wanted[row.pk],
            kind=StockMovement.Kind.RETURNED,
            reference=order.number,
            note=reason[:200],
            actor_id=actor_id,
        )
