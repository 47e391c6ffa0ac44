"""cover(): the credit note of money that went back; issue_waiting(): all papers of an order that waited."""

from collections.abc import Mapping

from django.db import transaction

from orders import invoices, sellers, states
from orders.balance import refunded
from orders.models import Order, Payment, Refund
from shop.money import Money
from shop.outbox import outbox


def issue_waiting(order_id: int) -> bool:
    """The invoice that waited for somebody to write who sells, its credit notes and its mail. May run twice.

    False: nobody has.
    """
    with transaction.atomic():
        order = states.lock(order_id)
        if sellers.lacking(sellers.of_market(order.market)):
            return False
        outbox.enqueue("orders.send_confirmation", order.pk)
        invoices.issue(order)
        for refund in Refund.objects.filter(payment__order=order).order_by("pk"):
            cover(order, refund)
    return True


def cover(order: Order, refund: Refund) -> None:
    """The credit note over what has gone back and has none: a refund that fails, and is made again, gets no
    second one. Call it under the order's lock, and last, as it takes a number; money that came by hand has
    its invoice first."""
    credited, rest = invoices.balance(order)
    missing = refunded(order) - credited
    if missing.amount <= 0:
        return
    if rest < missing and refund.payment.gateway == Payment.BY_HAND and not order.invoices.exists():
        invoices.issue_or_wait(order)
        rest = invoices.left(order)
    if rest < missing:
        return
    lines: Mapping[int, int] = {}
    if refund.credit_note is None:
        lines = invoices.ledger(order).creditable({int(pk): count for pk, count in refund.pieces.items()})
    delivery = None if refund.delivery is None else Money(refund.delivery, refund.currency)
    note = invoices.credit(order, amount=missing, lines=lines, delivery=delivery, reason=refund.reason)
    if refund.credit_note is None:
        refund.credit_note = note
        refund.save(update_fields=["credit_note"])
