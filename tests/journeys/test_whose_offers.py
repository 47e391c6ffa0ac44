"""A code that somebody has used is told of beside the e-mail field as it is left, and the sum follows."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Method, Variant
from checkout import completion, quote
from checkout.models import Cart
from tests.checkout.promoting import make_voucher
from tests.checkout.test_together import ready_cart
from tests.journeys.shop import make_shop
from tests.journeys.test_addresses import fill, to_the_address

pytestmark = pytest.mark.django_db(transaction=True)
USED = "You have used this code already"


@pytest.fixture
def shop(transactional_db: None) -> None:
    make_shop()
    make_voucher(limit_each=1)
    variant = Variant.objects.get(product__slug="dune-road")
    cart = ready_cart(1, (variant, 1), method=Method.objects.earliest("pk").pk)
    Cart.objects.filter(pk=cart.pk).update(voucher_code="SPRING")
    cart.refresh_from_db()
    completion.complete(cart, quote.of(cart).totals.digest)


def test_it_is_told_where_it_is_given_and_nothing_is_lost(
    shop: None, visitor: Page, live_server: LiveServer
) -> None:
    to_the_address(visitor, live_server)
    Cart.objects.filter(closed_at=None).update(voucher_code="SPRING")
    visitor.reload()
    fill(visitor, name="Ada Lovelace", line1="Unter den Linden 1", postcode="10117", city="Berlin")
    fill(visitor, email="ada@example.com")
    visitor.locator("[name=name]").focus()
    if visitor.has_script:  # type: ignore[attr-defined]
        note = visitor.locator(".field__note")
        expect(note).to_contain_text(f"SPRING: {USED}")
        expect(visitor.locator(".totals__row--good:visible")).to_have_count(0)
        expect(visitor.locator("[name=city]")).to_have_value("Berlin")
        fill(visitor, email="grace@example.com")
        visitor.locator("[name=name]").focus()
        expect(note).to_have_count(0)
        fill(visitor, email="ada@example.com")
        visitor.locator("[name=name]").focus()
        expect(note).to_have_count(1)
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    expect(visitor).to_have_url(re.compile("/delivery/"))
    expect(visitor.locator(".message--warning")).to_contain_text(USED)
