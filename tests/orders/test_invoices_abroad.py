"""Goods for a business in another member state: what their invoice says, and when it says they come."""

import re
from datetime import date

import pytest
from django.utils.timezone import localdate

from orders import invoices, sellers
from orders.models import Seller
from orders.papers import crossindustry
from tests.orders.specimens import paid
from tests.orders.test_invoices_electronic import KINDS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seller(db: None) -> None:
    Seller.objects.create(**sellers.DEMO)


def test_goods_for_a_business_in_another_member_state_are_an_intra_community_supply() -> None:
    order = paid(KINDS["reverse charge"])
    xml = crossindustry.xml(invoices.issue(order)) or ""
    assert set(re.findall("<ram:CategoryCode>(.*?)<", xml)) == {"K"}
    assert "VATEX-EU-IC" in xml
    assert "Tax-free intra-Community supply" in xml
    assert "Reverse charge" not in xml
    assert "ATU12345675" in xml
    begins, ends = re.findall(r"BillingSpecifiedPeriod>.*?>(\d{8})<.*?>(\d{8})<", xml)[0]
    assert (order.promised_from, order.promised_until) == (day(begins), day(ends))
    # Nothing has been sent when it is issued: no day of delivery is made up.
    assert "ActualDelivery" not in xml


def test_where_no_day_was_promised_nothing_is_brought_before_it_was_paid() -> None:
    order = paid(KINDS["reverse charge without a promise"])
    xml = crossindustry.xml(invoices.issue(order)) or ""
    told = re.findall(r"BillingSpecifiedPeriod>(.*?)</ram:BillingSpecifiedPeriod", xml)[0]
    assert order.paid_at is not None
    assert [day(text) for text in re.findall(r">(\d{8})<", told)] == [localdate(order.paid_at)]


def day(text: str) -> date:
    return date.fromisoformat(text)
