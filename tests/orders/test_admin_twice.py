"""A button pressed twice acts once: the page says what it saw, and that is compared under the lock."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog.models import Variant
from orders import payments, refunds
from orders.admin.asking import Asking
from orders.models import Order, Refund, Return, Shipment
from orders.placement import place_order
from tests.orders.conftest import eur, make_draft
from tests.orders.test_admin import filled, shipping
from tests.orders.test_admin_giving import address, fields, sent, shelved
from tests.orders.test_admin_moving import said

pytestmark = pytest.mark.django_db
__all__ = ["sent"]
TOLD = "this may be done already"


def shown(client: Client, url: str) -> dict[str, str]:
    """What the page sends along of what it saw, as a browser reads it."""
    found = re.search(r'name="seen" value="([^"]+)"', client.get(url).content.decode())
    assert found
    return {"seen": found[1]}


def twice(client: Client, url: str, form: dict[str, Any]) -> list[list[str]]:
    form |= shown(client, url)
    return [said(client, url, form) for _time in range(2)]


def test_an_amount_goes_back_once(merchant: Client, sent: Order) -> None:
    url = address("refund", sent)
    first, second = twice(merchant, url, fields(sent, amount="5.00", agreed="5.00"))
    assert first == ["€5.00 goes back"]
    assert TOLD in second[0]
    assert refunds.left(sent) == eur("25.00")
    assert said(merchant, url, fields(sent, amount="5.00", agreed="5.00") | shown(merchant, url)) == first


def test_the_page_that_shows_the_sum_still_says_what_the_first_one_saw(merchant: Client, sent: Order) -> None:
    url = address("refund", sent)
    form = fields(sent, amount="5.00") | shown(merchant, url)
    assert f'name="seen" value="{form["seen"]}"' in merchant.post(url, form).content.decode()


def test_a_piece_is_taken_back_once(merchant: Client, sent: Order) -> None:
    form = fields(sent, 1, has_refund="on", amount="5.00", agreed="5.00") | shelved(sent, 1)
    first, second = twice(merchant, address("return", sent), form)
    assert first == ["Goods taken back: €5.00 goes back"]
    assert TOLD in second[0]
    assert (Return.objects.count(), Refund.objects.count()) == (1, 1)


def test_a_parcel_leaves_once(merchant: Client, variant: Variant) -> None:
    placed = place_order(make_draft((variant, 3)))
    payments.begin(placed, "pays")
    first, second = twice(merchant, shipping(placed), filled(placed, 1, tracking_code="X1"))
    assert first == ["Parcel 1 shipped"]
    assert TOLD in second[0]
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize("name", ["refund", "return"])
def test_a_press_that_was_overtaken_after_it_had_looked_does_nothing(
    merchant: Client, sent: Order, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked at the order before either acts: only what is compared under the lock holds."""
    url, once, faster = address(name, sent), Asking.once, []
    more = {"has_refund": "on", **shelved(sent, 1)} if name == "return" else {}
    form = fields(sent, int(name == "return"), amount="5.00", agreed="5.00", **more) | shown(merchant, url)

    def overtaken(desk: Asking, order: Order, seen: str) -> Any:
        if not faster:
            faster.append(order)
            merchant.post(url, form)
        return once(desk, order, seen)

    monkeypatch.setattr(Asking, "once", overtaken)
    assert TOLD in said(merchant, url, form)[0]
    assert Refund.objects.count() == 1
