"""The desk says where a market sells while its invoices cannot name who, and how many were issued so."""

import pytest
from django.test import Client
from django.urls import reverse

from orders import invoices, sellers
from orders.models import Seller
from tests.factories import follow_changes, make_product
from tests.orders.specimens import Sold, draft, paid
from tests.orders.test_admin import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_sells")]
SELLERS = "/admin/orders/seller/"


@pytest.fixture
def merchant(client: Client) -> Client:
    make_product("Two suns", gbp=None)
    follow_changes()
    client.force_login(member("Merchant"))
    return client


def said(client: Client, path: str = "/admin/") -> str:
    return client.get(path).content.decode()


def test_a_market_that_sells_without_a_seller_is_told_with_the_way_to_mend_it(merchant: Client) -> None:
    for page in (said(merchant), said(merchant, SELLERS), said(merchant, f"{SELLERS}add/")):
        assert "Europe sells, and its invoices wait until the seller’s street" in page
    assert f'href="{reverse("admin:orders_seller_add")}"' in said(merchant)
    # Nothing is on sale there.
    assert "United Kingdom sells" not in said(merchant)


def test_what_waits_is_counted(merchant: Client) -> None:
    for _ in range(2):
        assert invoices.issue_or_wait(paid(draft([Sold()]))) is None
    assert "2 orders are paid and have none yet." in said(merchant)


def test_a_part_that_is_blank_is_named_and_leads_to_its_seller(merchant: Client) -> None:
    seller = Seller.objects.create(**{**sellers.DEMO, "city": " "})
    page = said(merchant)
    assert "until the seller’s town or city can be named." in page
    assert f'href="{reverse("admin:orders_seller_change", args=[seller.pk])}"' in page


def test_where_all_is_told_nothing_is_said(merchant: Client) -> None:
    Seller.objects.create(**sellers.DEMO)
    for path in ("/admin/", SELLERS, f"{SELLERS}add/"):
        assert "its invoices wait" not in said(merchant, path)


def test_one_of_its_own_that_is_not_whole_counts_though_everybodys_is(merchant: Client) -> None:
    Seller.objects.create(**sellers.DEMO)
    Seller.objects.create(**{**sellers.DEMO, "market": "eu", "prefix": "EU", "line1": ""})
    assert "Europe sells" in said(merchant)


def test_who_cannot_mend_it_is_not_told(merchant: Client) -> None:
    merchant.force_login(member("Support"))
    assert "its invoices wait" not in said(merchant)
