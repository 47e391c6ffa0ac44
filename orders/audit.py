"""found(): what is wrong with the invoices, each with what to do about it; nothing, if all is well."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from orders import invoices, sellers
from orders.models import Invoice, InvoiceFile
from orders.papers import filing
from orders.papers.content import Content
from shop import markets

AT_A_TIME = 500
MADE_WITHIN = timedelta(hours=1)  # by the job
GUARDS = {
    "orders_invoice": ("written_once", "never_emptied"),
    "orders_invoiceseries": ("counts_by_one", "never_forgotten"),
}
# By hand, or from a copy that was put back: no program that we know makes these.
ASK = "Ask whoever worked on the database; keep a copy as it is, and tell your accountant."


class Fault(NamedTuple):
    """What is wrong, and what to do."""

    text: str
    remedy: str


def found(*, has_files: bool = True) -> Iterator[Fault]:
    """Every fault; has_files: each file is read, too."""
    yield from _guards()
    yield from _numbers()
    yield from _contents()
    yield from _uninvoiced()
    if has_files:
        yield from _files()


def unfiled() -> Iterator[Invoice]:
    """Invoices whose file is not there, or is not what was made."""
    rows = Invoice.objects.select_related("file").order_by("pk")
    for invoice in rows.iterator(AT_A_TIME):
        stored = getattr(invoice, "file", None)
        if stored is None or filing.read(stored) is None:
            yield invoice


def _guards() -> Iterator[Fault]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname = ANY(%s) AND tgenabled IN ('O', 'A') AND NOT tgisinternal",
            [list(GUARDS)],
        )
        there = set(cursor.fetchall())
    for table, names in GUARDS.items():
        for name in names:
            if (table, f"pgtrigger_{name}_{table}") not in there:
                yield Fault(
                    f"The trigger {name} of {table} is missing or switched off: rows can be changed.",
                    "Run: manage.py pgtrigger install && manage.py pgtrigger enable",
                )


def _numbers() -> Iterator[Fault]:
    """Of each series 1 to n, each once, none dated before the one it follows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT code, last, coalesce(count, 0), coalesce(lowest, 0), coalesce(highest, 0),
                coalesce(kinds, 0)
            FROM orders_invoiceseries FULL JOIN (
                SELECT series_id, count(*) AS count, min(number) AS lowest, max(number) AS highest,
                    count(DISTINCT number) AS kinds
                FROM orders_invoice GROUP BY series_id
            ) numbers ON series_id = code ORDER BY code
            """
        )
        rows = cursor.fetchall()
    for code, last, count, lowest, highest, different in rows:
        if count != different:
            yield Fault(f"Series {code}: {count - different} numbers are there twice.", ASK)
        if different and (lowest, highest) != (1, different):
            missing = ", ".join(_missing(code, highest))
            yield Fault(f"Series {code}: {missing} are missing.", ASK)
        if last != highest:
            yield Fault(f"Series {code} counts {last}, its last number is {highest}.", ASK)
    yield from _dates()


def _missing(code: str, highest: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM generate_series(1, %s) n WHERE NOT EXISTS ("
            " SELECT FROM orders_invoice WHERE series_id = %s AND number = n) ORDER BY n LIMIT 21",
            [highest, code],
        )
        numbers = [f"{code}-{number:06d}" for (number,) in cursor.fetchall()]
    return [*numbers[:20], "…"] if len(numbers) > 20 else numbers


def _dates() -> Iterator[Fault]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT series_id, number FROM (
                SELECT series_id, number, issued_on,
                    lag(issued_on) OVER (PARTITION BY series_id ORDER BY number) AS before
                FROM orders_invoice
            ) dated WHERE issued_on < before ORDER BY 1, 2 LIMIT 100
            """
        )
        rows = cursor.fetchall()
    for code, number in rows:
        yield Fault(f"{code}-{number:06d} is dated before the number it follows.", ASK)


def _contents() -> Iterator[Fault]:
    credited: dict[int, dict[Decimal, list[Decimal]]] = {}
    for note in Invoice.objects.filter(kind=Invoice.Kind.CREDIT_NOTE).iterator(AT_A_TIME):
        sums = credited.setdefault(note.corrects_id or 0, defaultdict(lambda: [Decimal(0), Decimal(0)]))
        for row in note.content["taxes"]:
            sums[Decimal(row["rate"])][0] += Decimal(row["net"])
            sums[Decimal(row["rate"])][1] += Decimal(row["tax"])
    for paper in Invoice.objects.select_related("order").order_by("pk").iterator(AT_A_TIME):
        for text in _sums(paper):
            yield Fault(f"{paper}: {text}", "Credit it in full, and tell us: this should not be.")
        if paper.kind == Invoice.Kind.INVOICE and _exceeds(paper.content, credited.get(paper.pk, {})):
            yield Fault(f"{paper}: its credit notes come to more than the invoice.", ASK)
        seller = paper.content["seller"]
        if not (seller["name"] and seller["line1"] and seller["city"]):
            yield Fault(
                f"{paper} does not name its seller's address.",
                "Write who sells, on the desk under Sellers: those that come will name it.",
            )


def _sums(paper: Invoice) -> Iterator[str]:
    """What does not add up."""
    told = paper.content
    total, net, tax = (Decimal(told[name]) for name in ("total", "net", "tax"))
    rows = [*told["lines"], *([told["delivery"]] if told["delivery"] else [])]
    if (total, told["currency"]) != (paper.total, paper.currency):
        yield "what it says is not what its row says"
    if net + tax != total:
        yield "net and tax do not come to its total"
    for name, whole in (("net", net), ("tax", tax)):
        if (
            not sum(Decimal(row[name]) for row in rows)
            == sum(Decimal(row[name]) for row in told["taxes"])
            == whole
        ):
            yield f"the {name} of its lines, of its rates and of it all differ"
    goods = sum(Decimal(line["charged"]) for line in told["lines"])
    bringing = Decimal(told["delivery"]["charged"]) if told["delivery"] else Decimal(0)
    if goods + bringing + (0 if told["prices_include_tax"] else tax) != total:
        yield "its amounts do not come to its total"
    if paper.kind == Invoice.Kind.INVOICE and (total, tax) != (paper.order.total, paper.order.tax):
        yield f"it is not what order {paper.order} cost"


def _exceeds(told: Content, credited: dict[Decimal, list[Decimal]]) -> bool:
    own = {Decimal(row["rate"]): (Decimal(row["net"]), Decimal(row["tax"])) for row in told["taxes"]}
    none = (Decimal(0), Decimal(0))
    return any(
        net > own.get(rate, none)[0] or tax > own.get(rate, none)[1] for rate, (net, tax) in credited.items()
    )


def _uninvoiced() -> Iterator[Fault]:
    names = sellers.of_markets(market.code for market in markets.all())
    for order in invoices.waiting().iterator(AT_A_TIME):
        seller = names.get(order.market) or sellers.of_market(order.market)
        remedy = "Write who sells, on the desk under Sellers: it is issued then."
        if not sellers.lacking(seller):
            remedy = "Run: manage.py verify_invoices --issue"
        yield Fault(f"Order {order} was paid and has no invoice.", remedy)


def _files() -> Iterator[Fault]:
    remedy = "Run: manage.py verify_invoices --render (it is also made when somebody asks for it)"
    for stored in InvoiceFile.objects.select_related("invoice").order_by("pk").iterator(AT_A_TIME):
        if filing.read(stored) is None:
            yield Fault(f"{stored.invoice}: its file is lost or damaged.", remedy)
    late = Q(file=None, issued_at__lt=timezone.now() - MADE_WITHIN)
    for invoice in Invoice.objects.filter(late).order_by("pk").iterator(AT_A_TIME):
        yield Fault(f"{invoice}: its file was never made.", remedy)
