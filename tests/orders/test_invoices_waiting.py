"""Until a merchant has written who sells, payments come in and their invoices wait: nothing is lost by it."""

from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from orders import audit, invoices, payments, refunds, sellers
from orders.invoices import Nameless
from orders.jobs import issue_waiting
from orders.models import Invoice, Order, Seller
from orders.placement import place_order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import make_product
from tests.orders.conftest import make_draft
from tests.orders.test_admin import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_sells")]
FORM = {**sellers.DEMO, "market": "", "line2": "", "tax_number": "", "prefix": ""}


def bought() -> Order:
    """Placed and paid."""
    order = place_order(make_draft((make_product().variants.get(), 2)))
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def test_a_payment_comes_in_and_its_invoice_waits() -> None:
    order = bought()
    assert (order.status, order.invoices.count()) == ("paid", 0)
    with pytest.raises(Nameless):
        invoices.issue(order)
    fault = next(audit.found(has_files=False))
    assert fault.remedy == "Write who sells, on the desk under Sellers: it is issued then."


def test_the_mail_says_that_it_follows_and_then_it_does(client: Client) -> None:
    bought()
    drain.drain("normal")
    (confirmed,) = mail.outbox
    assert "The invoice follows in a mail of its own." in confirmed.body
    assert not confirmed.attachments
    client.force_login(member("Merchant"))
    answer = client.post("/admin/orders/seller/add/", FORM)
    assert answer.status_code == 302, answer.content.decode()
    drain.drain("normal")
    followed = mail.outbox[-1]
    assert [kind for _name, _content, kind in followed.attachments] == ["application/pdf"]
    assert len(mail.outbox) == 2
    assert [row.job for row in Message.objects.filter(done_at=None)] == ["orders.issue_waiting"]  # once more


def test_what_waited_is_numbered_in_the_order_of_the_payments_once() -> None:
    orders = [bought() for _ in range(3)]
    Seller.objects.create(**sellers.DEMO)
    late = bought()
    for _ in range(2):
        issue_waiting()
    numbers = {paper.order_id: paper.number for paper in Invoice.objects.all()}
    assert [numbers[order.pk] for order in (late, *orders)] == [1, 2, 3, 4]


def test_money_that_went_back_meanwhile_has_its_credit_note() -> None:
    order = bought()
    refunds.refund(order, order.money("total"))
    drain.drain("high")
    assert not order.invoices.exists()
    Seller.objects.create(**sellers.DEMO)
    issue_waiting()
    assert list(order.invoices.order_by("pk").values_list("kind", "total")) == [
        ("invoice", order.total),
        ("credit_note", order.total),
    ]
    assert order.payments.get().refunds.get().credit_note is not None


def test_by_hand_nothing_is_issued_that_names_nobody() -> None:
    order, said = bought(), StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_invoices", issue=True, stdout=said)
    assert "Write who sells" in said.getvalue()
    Seller.objects.create(**sellers.DEMO)
    call_command("verify_invoices", issue=True, skip_files=True, stdout=said)
    assert f"Order {order}: invoice {order.invoices.get()} is issued." in said.getvalue()


@pytest.mark.parametrize(
    ("told", "lacking"),
    [
        ({}, []),
        ({"vat_number": ""}, ["vat_number"]),
        ({"vat_number": "", "tax_number": "37/123/45678"}, []),
        ({"country": "US", "vat_number": ""}, []),
        ({"line1": " ", "city": ""}, ["line1", "city"]),
    ],
)
def test_an_invoice_must_name_an_address_and_in_the_union_a_number(
    told: dict[str, Any], lacking: list[str]
) -> None:
    assert sellers.lacking(Seller(**{**sellers.DEMO, **told})) == lacking
