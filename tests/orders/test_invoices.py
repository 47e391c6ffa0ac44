"""An order that is paid has one invoice: numbered, frozen, mailed, and downloaded by whom it concerns."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Variant
from orders import invoices, jobs, links, payments, sellers
from orders.models import Invoice, InvoiceSeries, Order, Seller
from orders.papers import press, printing
from orders.placement import place_order
from shop.outbox.models import Message
from tests.factories import make_user
from tests.orders.conftest import eur, make_draft
from tests.orders.specimens import Sold, draft, paid
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings: object, tmp_path: object) -> None:
    storages = settings.STORAGES  # type: ignore[attr-defined]
    private = {**storages["private"], "OPTIONS": {**storages["private"]["OPTIONS"], "location": tmp_path}}
    settings.STORAGES = {**storages, "private": private}  # type: ignore[attr-defined]


@pytest.fixture
def invoice(order: Order) -> Invoice:
    payments.begin(order, "pays")
    return order.invoices.get()


def url(invoice: Invoice) -> str:
    return f"{links.path(invoice.order)}{invoice.label}.pdf"


# --- Issued ----------------------------------------------------------------------------------------------


def test_an_order_that_is_paid_has_its_invoice(order: Order, invoice: Invoice) -> None:
    year = invoice.issued_on.year
    assert (invoice.kind, invoice.label, invoice.amount) == ("invoice", f"{year}-000001", eur("25.00"))
    assert [(line["name"], line["quantity"]) for line in invoice.content["lines"]] == [
        ("Two suns over Cadiz", 2)
    ]
    assert invoice.content["order"] == order.number
    assert Message.objects.filter(job="orders.render_invoice", args=[order.pk]).count() == 1


@pytest.mark.parametrize("choice", ["declines", "pending"])
def test_an_order_that_is_not_paid_has_none(order: Order, choice: str) -> None:
    payments.begin(order, choice)
    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()


def test_who_asks_twice_gets_the_same(order: Order, invoice: Invoice) -> None:
    assert invoices.issue(order) == invoice
    assert invoices.issue(order).content == invoice.content
    assert Invoice.objects.count() == 1


def test_the_number_is_taken_by_the_last_statement() -> None:
    """Whoever comes next waits for what follows it; a savepoint's end would be another round trip."""
    order = paid(draft([Sold()]))
    with CaptureQueriesContext(
        connection,
    ) as caught:
        invoices.issue(order)
    assert "orders_invoiceseries" in caught.captured_queries[-1]["sql"]
    assert sum("orders_invoiceseries" in query["sql"] for query in caught.captured_queries) == 1


def test_a_payment_that_fails_later_leaves_no_gap(variant: Variant) -> None:
    order, other = (place_order(make_draft((variant, 1))) for _ in range(2))

    def fails() -> None:
        with transaction.atomic():
            payments.begin(order, "pays")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    payments.begin(other, "pays")
    assert [paper.number for paper in Invoice.objects.all()] == [1]


def test_each_seller_and_each_year_counts_for_itself() -> None:
    Seller.objects.create(**sellers.DEMO)
    Seller.objects.create(**{**sellers.DEMO, "market": "gb", "prefix": "GB", "name": "Deckle Ltd"})
    labels = []
    for moment in (datetime(2027, 12, 31, 12, tzinfo=UTC), datetime(2028, 1, 1, 12, tzinfo=UTC)):
        with time_machine.travel(moment, tick=False):
            for market in ("eu", "gb", "eu"):
                labels.append(invoices.issue(paid(draft([Sold()], market=market))).label)
    assert labels == [
        *("2027-000001", "GB-2027-000001", "2027-000002"),
        *("2028-000001", "GB-2028-000001", "2028-000002"),
    ]


def test_a_later_number_is_never_dated_earlier() -> None:
    """Two at midnight: who waited for the number had looked at the calendar before."""
    with time_machine.travel(datetime(2027, 5, 2, 12, tzinfo=UTC), tick=False):
        invoices.issue(paid(draft([Sold()])))
    with time_machine.travel(datetime(2027, 5, 1, 12, tzinfo=UTC), tick=False):
        late = invoices.issue(paid(draft([Sold()])))
    assert late.issued_on.isoformat() == "2027-05-02"


def test_what_changes_later_changes_no_invoice(order: Order, variant: Variant, invoice: Invoice) -> None:
    before = printing.pdf(invoice)
    variant.product.name = "Another name"
    variant.product.save()
    order.lines.update(name="Another name")
    Order.objects.filter(pk=order.pk).update(name="Another buyer", city="Elsewhere")
    Seller.objects.create(**sellers.DEMO)
    invoice.refresh_from_db()
    assert printing.pdf(invoice) == before


def test_who_has_said_nothing_of_themselves_sells_under_the_shops_name(invoice: Invoice) -> None:
    assert invoice.content["seller"]["name"] == "Deckle"
    assert invoice.content["seller"]["email"] == "hello@deckle.test"


# --- Immutable -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders_invoice SET total = 0",
        "UPDATE orders_invoice SET content = '{}'",
        "DELETE FROM orders_invoice",
        "TRUNCATE orders_invoice CASCADE",
        "UPDATE orders_invoiceseries SET last = 0",
        "UPDATE orders_invoiceseries SET last = last + 2",
        "DELETE FROM orders_invoiceseries",
    ],
)
def test_the_database_refuses_every_change(invoice: Invoice, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=r"written once|goes up by one"), transaction.atomic():
            cursor.execute(statement)
    invoice.refresh_from_db()
    assert invoice.total == Decimal("25.00")


def test_no_order_has_two_invoices_and_no_number_two_papers(order: Order, invoice: Invoice) -> None:
    values = {
        "series": invoice.series,
        "kind": "invoice",
        "content": {},
        "total": 1,
        "currency": "EUR",
        "issued_on": invoice.issued_on,
        "issued_at": invoice.issued_at,
    }
    with pytest.raises(IntegrityError, match="invoice_one_an_order"), transaction.atomic():
        Invoice.objects.create(**values, order=order, number=2)
    with pytest.raises(IntegrityError, match="invoice_number_once"), transaction.atomic():
        Invoice.objects.create(**values, order=paid(draft([Sold()])), number=1)


# --- Mailed ----------------------------------------------------------------------------------------------


def test_the_confirmation_of_a_paid_order_brings_the_invoice(order: Order, invoice: Invoice) -> None:
    jobs.send_confirmation(order.pk)
    jobs.send_confirmation(order.pk)
    (sent,) = mail.outbox
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == (f"invoice-{invoice.label}.pdf", "application/pdf")
    assert content == printing.pdf(invoice)
    assert "The invoice is attached." in sent.body
    assert {"confirmation_sent", "invoice_sent"} <= {event.kind for event in order.events.all()}


def test_money_that_comes_after_the_confirmation_brings_a_mail_of_its_own(order: Order) -> None:
    payment = payments.begin(order, "pending").payment
    jobs.send_confirmation(order.pk)
    assert [len(sent.attachments) for sent in mail.outbox] == [0]
    jobs.settle_pending_fake(payment.idempotency_key)
    for _ in range(2):
        jobs.send_confirmation(order.pk)
    assert [len(sent.attachments) for sent in mail.outbox] == [0, 1]
    assert "Your payment has arrived" in mail.outbox[1].body


def test_a_mail_waits_for_an_invoice_that_cannot_be_set(
    order: Order, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(press, "compiler", lambda *_args: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            jobs.send_confirmation(order.pk)
    assert mail.outbox == []
    jobs.send_confirmation(order.pk)
    assert [len(sent.attachments) for sent in mail.outbox] == [1]


# --- Downloaded ------------------------------------------------------------------------------------------


def test_whoever_has_the_orders_link_downloads_it(client: Client, order: Order, invoice: Invoice) -> None:
    page = client.get(links.path(order)).content.decode()
    assert url(invoice) in page
    answer = client.get(url(invoice))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="invoice-{invoice.label}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"%PDF-1.7")


def test_credit_notes_are_there_too(client: Client, order: Order, invoice: Invoice) -> None:
    note = invoices.credit(order, amount=eur("5.00"), delivery=eur("5.00"), reason="Late")
    page = client.get(links.path(order)).content.decode()
    assert f"Credit note {note.label}" in page
    answer = client.get(url(note))
    assert f"credit-note-{note.label}.pdf" in answer["Content-Disposition"]


def test_nobody_downloads_what_is_not_of_that_order(
    client: Client, variant: Variant, invoice: Invoice
) -> None:
    other = place_order(make_draft((variant, 1)))
    for path in (
        f"{links.path(other)}{invoice.label}.pdf",
        f"{links.path(invoice.order)}2026-999999.pdf",
        f"/order/{invoice.order_id}/{invoice.label}.pdf",
        f"/order/{links.token(invoice.order)[:-1]}x/{invoice.label}.pdf",
    ):
        assert client.get(path).status_code == 404, path


def test_an_invoice_that_cannot_be_set_is_told_and_nothing_is_lost(
    client: Client, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_invoice: Invoice) -> bytes:
        raise printing.NotRendered

    with monkeypatch.context() as broken:
        broken.setattr(printing, "pdf", refuses)
        answer = client.get(url(invoice), follow=True)
    assert "cannot be made just now" in answer.content.decode()
    assert client.get(url(invoice)).status_code == 200


# --- On the desk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["{label}", "{number}", "ada@example.com"])
def test_the_desk_finds_it_and_hands_it_over(client: Client, invoice: Invoice, words: str) -> None:
    client.force_login(member("Merchant"))
    words = words.format(label=invoice.label, number=invoice.order.number)
    answer = client.get(reverse("admin:orders_invoice_changelist"), {"q": words})
    assert [paper.pk for paper in answer.context["cl"].result_list] == [invoice.pk]
    path = reverse("admin:orders_invoice_pdf", args=[invoice.pk])
    assert path in answer.content.decode()
    assert path in client.get(reverse("admin:orders_order_change", args=[invoice.order_id])).content.decode()
    assert client.get(path).content.startswith(b"%PDF")
    shown = client.get(reverse("admin:orders_invoice_change", args=[invoice.pk]))
    assert invoice.label in shown.content.decode()


def test_the_desk_shows_it_to_nobody_else(client: Client, invoice: Invoice) -> None:
    path = reverse("admin:orders_invoice_pdf", args=[invoice.pk])
    assert client.get(path).status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get(path).status_code == 403


def test_a_merchant_writes_who_sells(client: Client) -> None:
    client.force_login(member("Merchant"))
    told = {**sellers.DEMO, "market": "gb", "prefix": "GB", "line2": "", "tax_number": ""}
    answer = client.post(reverse("admin:orders_seller_add"), told)
    assert answer.status_code == 302
    invoice = invoices.issue(paid(draft([Sold()], market="gb")))
    assert invoice.label.startswith("GB-")
    assert invoice.content["seller"]["name"] == sellers.DEMO["name"]
