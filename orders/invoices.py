"""issue() and credit(): what was paid, or given back, becomes a paper with the next number of its series.

A number is taken from a row that everybody who wants one locks, in the same statement that writes the
invoice: the last of its transaction, so that the lock is held for as short as can be, and what rolls back
leaves no gap. A sequence would: 410 gaps in 2,000 with a fifth of them failing.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.utils import timezone
from psycopg.types.json import Jsonb

from orders import sellers, states
from orders.models import Invoice, Order, Seller
from orders.papers import content, shares
from orders.papers.content import Content
from orders.papers.shares import DELIVERY, Part
from shop.money import CurrencyMismatch, Money
from shop.outbox import outbox
from shop.postgresql.base import prepared_cursor
from shop.prepared import Param, Prepared, bound

Kind = Invoice.Kind


class NotInvoiced(Exception):
    """The order has no invoice that could be corrected."""


class Nameless(Exception):
    """Nobody has written who sells: a paper without it is no invoice, and could never be changed."""


class TooMuch(ValueError):
    """More would be credited than the invoice has left."""

    def __init__(self, left: Money) -> None:
        self.left = left
        super().__init__(f"{left} are left")


def issue(order: Order) -> Invoice:
    """The order's one invoice: a new one, or the one that is there. Call it last in your transaction.

    Whoever asks for a number meanwhile waits until that transaction has ended. Nameless.
    """
    found = issue_or_wait(order)
    if found is None:
        raise Nameless(order.pk)
    return found


def issue_or_wait(order: Order) -> Invoice | None:
    """The same; None while nobody has written who sells: a payment does not wait for that, its paper does.

    What waits is issued by orders.issue_waiting as soon as somebody has.
    """
    with transaction.atomic(savepoint=False):  # to release one would take time under the count's lock
        return issue_held(states.lock(order.pk))


def issue_held(held: Order) -> Invoice | None:
    """issue_or_wait() for whoever holds the order's lock."""
    found: Invoice | None = _ISSUED.first(order=held.pk)
    if found is not None:
        return found
    seller = sellers.of_market(held.market)
    if sellers.lacking(seller):
        return None
    said = content.of_order(held, seller)
    return _write(held, said, seller, Kind.INVOICE)


_ISSUED = Prepared(
    lambda: Invoice.objects.filter(order=Param("order", BigIntegerField()), kind=Kind.INVOICE).order_by("pk")
)


def waiting() -> QuerySet[Order]:
    """Orders that were paid and have no invoice, in the order of their payments."""
    there = Invoice.objects.filter(order=OuterRef("pk"), kind=Kind.INVOICE)
    return Order.objects.filter(~Exists(there), paid_at__isnull=False).order_by("paid_at", "pk")


def credit(
    order: Order,
    *,
    amount: Money,
    lines: Mapping[int, int] | None = None,
    delivery: Money | None = None,
    reason: str,
) -> Invoice:
    """A credit note over `amount`, tax included, on the order's invoice. Call it last in your transaction.

    lines: how many pieces of which order line come back; delivery: what of it is given back, tax included.
    An amount above what those cost goes over everything that is left, one below it over just those. Without
    either it goes over all that is left, so that each rate bears its share. NotInvoiced, TooMuch; ValueError
    for nothing, and for lines or pieces that were not sold.
    """
    with transaction.atomic():
        held = states.lock(order.pk)
        invoice = held.invoices.filter(kind=Kind.INVOICE).first()
        if invoice is None:
            raise NotInvoiced(held.number)
        ledger = Ledger(invoice)
        wanted = {str(line): pieces for line, pieces in (lines or {}).items() if pieces}
        chosen, is_by_line = ledger.choose(amount, wanted, delivery)
        if is_by_line and not wanted and delivery is None:
            wanted = {line["id"]: line["quantity"] for line in invoice.content["lines"]}
        said = content.of_credit(invoice, ledger.cut(chosen), wanted, is_by_line=is_by_line, reason=reason)
        seller = sellers.of_market(held.market)
        return _write(held, said, seller, Kind.CREDIT_NOTE, corrects=invoice)


def left(order: Order) -> Money:
    """What may still be credited of the order's invoice; nothing without one."""
    return balance(order)[1]


def ledger(order: Order) -> "Ledger":
    """What the order's parts cost, and what of them is credited; without an invoice as one would say it."""
    invoice = order.invoices.filter(kind=Kind.INVOICE).first()
    if invoice is None:
        said = content.of_order(order, sellers.of_market(order.market))
        invoice = Invoice(content=said, currency=order.currency)
    return Ledger(invoice)


def balance(order: Order) -> tuple[Money, Money]:
    """What credit notes have taken of the order's invoice, and what they have left of it."""
    invoice = order.invoices.filter(kind=Kind.INVOICE).first()
    if invoice is None:
        return Money.zero(order.currency), Money.zero(order.currency)
    rest = Ledger(invoice).left
    return Money(invoice.total, invoice.currency) - rest, rest


class Ledger:
    """What an invoice's credit notes have taken of each of its parts. Read it under the order's lock."""

    def __init__(self, invoice: Invoice) -> None:
        self.currency = invoice.currency
        self.quantum = Money.zero(self.currency).quantum
        self.parts = {part.key: part for part in content.parts_of(invoice.content)}
        self.pieces = {line["id"]: int(line["quantity"]) for line in invoice.content["lines"]}
        self.taken = dict.fromkeys(self.parts, Decimal(0))
        self.returned = dict.fromkeys(self.pieces, 0)
        for note in invoice.credit_notes.all() if invoice.pk else ():
            for row in note.content["parts"]:
                self.taken[row["key"]] += Decimal(row["net"]) + Decimal(row["tax"])
                if row["key"] in self.returned:
                    self.returned[row["key"]] += row["quantity"]

    @property
    def left(self) -> Money:
        """Of all parts."""
        return Money(sum(map(self.rest, self.parts), Decimal(0)), self.currency)

    def creditable(self, lines: Mapping[int, int]) -> dict[int, int]:
        """Of so many pieces of those order lines, how many have not been credited yet."""
        free = {line: self.pieces.get(str(line), 0) - self.returned.get(str(line), 0) for line in lines}
        return {line: least for line, count in lines.items() if (least := min(count, free[line])) > 0}

    def refunded(self, line: int) -> int:
        """How many pieces of an order line are credited."""
        return self.returned.get(str(line), 0)

    def due(self, lines: Mapping[int, int], gone: Mapping[int, int]) -> dict[int, int]:
        """Of so many pieces that come back now, or never come, those whose money has not gone before.

        gone: how many of each line came back, or were given up, ahead of these. What was credited beyond
        those was credited for these: a piece refunded in advance is not paid for once more when it is here.
        """
        ahead = {line: max(self.returned.get(str(line), 0) - gone.get(line, 0), 0) for line in lines}
        return self.creditable({line: count - ahead[line] for line, count in lines.items()})

    def worth(self, lines: Mapping[int, int], *, delivery: bool = False) -> tuple[Money, Money]:
        """What so many pieces of those order lines cost, tax included; and what is left of the delivery.

        As a credit note over them says it. ValueError for pieces that were not sold, or are credited already.
        """
        goods = sum((self._worth(str(line), pieces) for line, pieces in lines.items() if pieces), Decimal(0))
        brought = self.rest(DELIVERY) if delivery else Decimal(0)
        return Money(goods, self.currency), Money(brought, self.currency)

    def rest(self, key: str) -> Decimal:
        """What is left of one part, tax included."""
        return self.parts[key].gross - self.taken[key]

    def choose(
        self, amount: Money, wanted: Mapping[str, int], delivery: Money | None
    ) -> tuple[dict[str, Decimal], bool]:
        """How much of which part the amount takes, tax included; whether it tells of lines."""
        if amount.currency != self.currency or (delivery and delivery.currency != self.currency):
            raise CurrencyMismatch(f"{amount.currency}, not {self.currency}")
        if amount.amount <= 0 or amount != amount.rounded():
            raise ValueError("a credit note is over more than nothing, rounded")
        if amount > self.left:
            raise TooMuch(self.left)
        worth = {key: self._worth(key, pieces) for key, pieces in wanted.items()}
        if delivery is not None:
            worth[DELIVERY] = min(delivery.amount, self.rest(DELIVERY))
        worth = {key: value for key, value in worth.items() if value > 0}
        total = sum(worth.values(), Decimal(0))
        if amount.amount <= total:
            return shares.spread(amount, worth), True
        rests = {key: rest for key in self.parts if (rest := self.rest(key) - worth.get(key, Decimal(0))) > 0}
        more = shares.spread(amount - Money(total, self.currency), rests)
        taken = {key: worth.get(key, Decimal(0)) + more.get(key, Decimal(0)) for key in self.parts}
        is_everything = amount == self.left and not any(self.taken.values())
        return taken, bool(worth) or is_everything

    def cut(self, chosen: Mapping[str, Decimal]) -> list[Part]:
        """The parts of a credit note."""
        return [
            shares.credited(part, self.taken[key], chosen[key], self.quantum)
            for key, part in self.parts.items()
            if chosen.get(key)
        ]

    def _worth(self, key: str, pieces: int) -> Decimal:
        """What so many more pieces of a line cost, as far as that has not been credited."""
        if key not in self.pieces or not 0 < pieces <= self.pieces[key] - self.returned[key]:
            raise ValueError(f"line {key}: {pieces} pieces cannot come back")
        part, of, before = self.parts[key], self.pieces[key], self.returned[key]
        first, all_of_them = (
            shares.of_pieces(part, count, of, self.quantum) for count in (before, before + pieces)
        )
        return min(all_of_them - first, self.rest(key))


# --- Numbers ---------------------------------------------------------------------------------------------


def series_of(seller: Seller, today: date) -> str:
    """A seller counts from 1 each year, invoices and credit notes in one: a number never names two papers."""
    return f"{seller.prefix}-{today.year}" if seller.prefix else str(today.year)


_WRITE = """
    WITH counted AS (
        INSERT INTO orders_invoiceseries AS series (code, last, last_on)
        VALUES (%(series)s::text, 1, %(today)s::date)
        ON CONFLICT (code) DO UPDATE
            SET last = series.last + 1, last_on = greatest(series.last_on, EXCLUDED.last_on)
        RETURNING last, last_on
    )
    INSERT INTO orders_invoice (series_id, number, kind, order_id, corrects_id, content, total, currency,
        issued_on, issued_at)
    SELECT %(series)s::text, last, %(kind)s::text, %(order)s::bigint, %(corrects)s::bigint,
        %(content)s::jsonb, %(total)s::numeric, %(currency)s::text, last_on, clock_timestamp()
    FROM counted
    RETURNING id, number, issued_on, issued_at
"""


def _write(
    order: Order, said: Content, seller: Seller, kind: Kind, corrects: Invoice | None = None
) -> Invoice:
    """The row and its number, in one statement; the job that makes its PDF was asked for before."""
    outbox.enqueue("orders.render_invoice", order.pk)
    today = timezone.localdate()
    series, total = series_of(seller, today), Decimal(said["total"])
    values: dict[str, Any] = {
        "series": series,
        "today": today,
        "kind": kind.value,
        "order": bound(order.pk),
        "corrects": bound(corrects.pk) if corrects else None,
        "content": Jsonb(said),
        "total": total,
        "currency": order.currency,
    }
    with prepared_cursor(connection) as cursor:
        cursor.execute(_WRITE, values)
        pk, number, issued_on, issued_at = cursor.fetchone()
    invoice = Invoice(
        pk=pk,
        series_id=series,
        number=number,
        kind=kind,
        order=order,
        corrects=corrects,
        content=said,
        total=total,
        currency=order.currency,
        issued_on=issued_on,
        issued_at=issued_at,
    )
    invoice._state.adding, invoice._state.db = False, connection.alias
    return invoice
