"""verify_invoices finds what is wrong, says what to do, and is quiet about what is right."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from orders import invoices, sellers
from orders.models import Order, Seller
from orders.papers import filing
from tests.orders.conftest import eur
from tests.orders.specimens import REDUCED, Sold, draft, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders(settings: object, tmp_path: Path) -> list[Order]:
    """Three with an invoice and its file, the first with a credit note."""
    storages = settings.STORAGES  # type: ignore[attr-defined]
    private = {**storages["private"], "OPTIONS": {**storages["private"]["OPTIONS"], "location": tmp_path}}
    settings.STORAGES = {**storages, "private": private}  # type: ignore[attr-defined]
    Seller.objects.create(**sellers.DEMO)
    made = [paid(draft([Sold(), Sold("Book", "24.90", 3, REDUCED)])) for _ in range(3)]
    papers = [invoices.issue(order) for order in made]
    papers.append(invoices.credit(made[0], amount=eur("20.00"), reason="A dent"))
    for paper in papers:
        filing.pdf(paper)
    return made


def verify(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_invoices", *options, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def by_hand(statement: str) -> None:
    """As somebody would who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_all_is_well(orders: list[Order]) -> None:
    assert verify() == (0, "4 invoices and credit notes: all numbers, sums and files are right.\n")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM orders_invoice WHERE number = 2", "-000002 are missing"),
        ("UPDATE orders_invoiceseries SET last = 9", "counts 9, its last number is 4"),
        ("DELETE FROM orders_invoiceseries", "counts None"),
        ("UPDATE orders_invoice SET issued_on = '2020-01-01' WHERE number = 3", "is dated before"),
        ("UPDATE orders_invoice SET total = total + 1 WHERE number = 3", "not what its row says"),
        (
            "UPDATE orders_invoice SET content = jsonb_set(content, '{lines,0,net}', '\"1.00\"')"
            " WHERE number = 1",
            "the net of its lines, of its rates and of it all differ",
        ),
        (
            "UPDATE orders_invoice SET content = jsonb_set(content, '{taxes,0,net}', '\"999.00\"')"
            " WHERE number = 4",
            "its credit notes come to more",
        ),
        ("UPDATE orders_order SET total = total + 1, subtotal = subtotal + 1", "not what order"),
        (
            "UPDATE orders_invoice SET content = jsonb_set(content, '{seller,line1}', '\"\"')",
            "does not name its seller",
        ),
        ("UPDATE orders_invoicefile SET sha256 = 'x'", "lost or damaged"),
        (
            "DELETE FROM orders_invoicefile;"
            " UPDATE orders_invoice SET issued_at = issued_at - interval '1 day'",
            "its file was never made",
        ),
        ("ALTER TABLE orders_invoice DISABLE TRIGGER ALL", "is missing or switched off"),
    ],
)
def test_each_fault_is_found(orders: list[Order], statement: str, said: str) -> None:
    by_hand(statement)
    status, out = verify()
    assert status == 1
    assert said in out
    assert out.rstrip().endswith("faults.")


def test_a_paid_order_without_an_invoice_is_found_and_given_one(orders: list[Order]) -> None:
    lacking = paid(draft([Sold()]))
    status, out = verify()
    assert status == 1
    assert (
        f"Order {lacking.number} was paid and has no invoice.\n  Run: manage.py verify_invoices --issue"
        in out
    )
    assert verify("--issue", "--render")[0] == 0
    assert lacking.invoices.get().number == 5


def test_a_lost_file_is_made_again_where_that_is_asked_for(orders: list[Order], tmp_path: Path) -> None:
    (next(tmp_path.rglob("*.pdf"))).unlink()
    assert verify()[0] == 1
    assert verify("--skip-files")[0] == 0
    assert verify("--render")[0] == 0
    assert verify()[0] == 0
