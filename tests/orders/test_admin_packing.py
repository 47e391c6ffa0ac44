"""Packing slips: who gets it and what is in it, for what is to be packed and for each parcel; no price."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from catalog.models import Variant
from orders import payments, shipments
from orders.drafts import DraftLine
from orders.models import Order
from orders.papers import printing
from orders.papers.printing import NotRendered
from orders.placement import place_order
from tests.factories import make_user
from tests.orders.conftest import RATE, eur, make_draft
from tests.orders.test_admin import page
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper(client: Client) -> Client:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    client.force_login(user)
    return client


@pytest.fixture
def paid(variant: Variant) -> Order:
    line = DraftLine(
        variant.pk, "Two suns over Cadiz", 3, eur("10.00"), RATE, options="30 × 40 cm", sku="TSC-1"
    )
    order = place_order(make_draft((variant, 3), lines=(line,)))
    payments.begin(order, "pays")
    order.refresh_from_db()
    return order


def slip(order: Order, number: int | None = None) -> str:
    if number is None:
        return reverse("admin:orders_order_slip", args=[order.pk])
    return reverse("admin:orders_order_slip_of", args=[order.pk, number])


def read(client: Client, url: str) -> tuple[int, str]:
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("inline")
    pages = PdfReader(BytesIO(answer.content)).pages
    return len(pages), "\n".join(found.extract_text() for found in pages)


def test_what_is_to_be_packed_has_a_slip_of_one_page_without_a_price(helper: Client, paid: Order) -> None:
    assert slip(paid) in helper.get(page(paid)).content.decode()
    count, text = read(helper, slip(paid))
    assert count == 1
    for words in ("Packing slip", paid.number, "Ada Lovelace", "Unter den Linden 1", "TSC-1", "30 × 40 cm"):
        assert words in text
    assert "€" not in text
    assert "10.00" not in text


def test_a_parcel_has_its_own_and_says_what_follows(helper: Client, paid: Order) -> None:
    shipments.ship(paid, {paid.lines.get().pk: 1}, carrier="UPS", tracking_code="1Z9")
    assert slip(paid, 1) in helper.get(page(paid)).content.decode()
    _count, text = read(helper, slip(paid, 1))
    for words in ("UPS", "1Z9", "This follows in another parcel", "2 × Two suns over Cadiz"):
        assert words in text
    _count, text = read(helper, slip(paid))
    assert "This follows" not in text
    shipments.ship(paid)
    assert "stays as it is" in said(helper, slip(paid), {})[0]
    assert slip(paid) + '"' not in helper.get(page(paid)).content.decode()
    assert helper.get(slip(paid, 3)).status_code == 404


def test_it_is_written_in_the_orders_language(helper: Client, paid: Order) -> None:
    Order.objects.update(name="Ada\u202e <Lovelace> 漢字 \U0001f984 #set", language="de")
    _count, text = read(helper, slip(paid))
    assert "<Lovelace>" in text
    assert "#set" in text


def test_one_that_cannot_be_set_is_told(helper: Client, paid: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> bytes:
        raise NotRendered("no font")

    monkeypatch.setattr(printing, "printed", refuse)
    assert said(helper, slip(paid), {}) == ["The packing slip cannot be made: no font"]


def test_who_may_not_see_orders_gets_none(client: Client, paid: Order) -> None:
    client.force_login(make_user(is_staff=True))
    assert client.get(slip(paid)).status_code == 403
    assert helper_is_needed(client, paid)


def helper_is_needed(client: Client, order: Order) -> bool:
    client.logout()
    return client.get(slip(order)).status_code == 302
