"""An address in another country, and a company's: with JavaScript, without it, and with what was typed."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from orders.models import Order
from tests.factories import make_delivery, make_tax_class
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> None:
    make_shop()
    make_delivery(["US", "IT"])
    make_tax_class(rates={"AT": "0.20"})


def to_the_address(visitor: Page, live_server: LiveServer) -> None:
    visitor.goto(f"{live_server.url}/p/two-suns-over-cadiz/")
    visitor.get_by_role("button", name=re.compile("Add to cart")).click()
    visitor.goto(f"{live_server.url}/checkout/address/")


def choose(visitor: Page, country: str) -> None:
    """The country, and its fields: by themselves, or by the button."""
    visitor.get_by_label(re.compile("Country")).select_option(label=country)
    again = visitor.get_by_role("button", name="Show this country's fields")
    if again.is_visible():
        again.click()


def fill(visitor: Page, **entries: str) -> None:
    for name, text in entries.items():
        visitor.fill(f"[name={name}]", text)


def test_another_country_has_other_fields_and_nothing_typed_is_lost(
    shop: None, visitor: Page, live_server: LiveServer
) -> None:
    to_the_address(visitor, live_server)
    fill(
        visitor,
        email="ada@example.com",
        name="Ada Lovelace",
        line1="1 Main Street",
        postcode="48201",
        city="Detroit",
    )
    choose(visitor, "United States")
    state = visitor.get_by_label(re.compile("State"))
    expect(state).to_be_visible()
    expect(visitor.get_by_label(re.compile("ZIP code"))).to_have_value("48201")
    expect(visitor.get_by_label(re.compile("Full name"))).to_have_value("Ada Lovelace")
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    expect(visitor.locator("#errors")).to_contain_text("Please choose the state.")
    visitor.get_by_label(re.compile("State")).select_option(label="Michigan")
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    visitor.get_by_role("button", name=re.compile("Continue to review")).click()
    expect(visitor.get_by_text("Detroit, MI 48201")).to_be_visible()


def test_the_sum_follows_the_country(shop: None, visitor: Page, live_server: LiveServer) -> None:
    make_delivery(["FR"], eur="11.10", free_from=None)
    to_the_address(visitor, live_server)
    sums = visitor.locator("[data-fresh=sum]")
    expect(sums).not_to_contain_text("€11.10")
    choose(visitor, "France")  # with the same fields
    expect(sums).to_contain_text("€11.10")
    expect(visitor.locator("[data-fresh=fold] summary")).to_contain_text("€49.10")
    choose(visitor, "Germany")
    expect(sums).not_to_contain_text("€11.10")


def test_a_company_buys_without_tax(shop: None, visitor: Page, live_server: LiveServer) -> None:
    to_the_address(visitor, live_server)
    fill(visitor, email="ada@example.com", name="Ada Lovelace", line1="Ring 1", postcode="1010", city="Wien")
    choose(visitor, "Austria")
    visitor.get_by_text("Buying for a company?").click()
    expect(visitor.get_by_text("With it the price is without VAT")).to_be_visible()
    fill(visitor, company="Analytical Engines", vat_number="atu 1234 5675")
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    visitor.get_by_role("button", name=re.compile("Continue to review")).click()
    expect(visitor.get_by_text("VAT, reverse charge").locator("visible=true").first).to_be_visible()
    visitor.get_by_role("button", name=re.compile("Order and pay")).first.click()
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Thank you")
    order = Order.objects.get()
    assert (order.is_reverse_charged, order.vat_number, order.tax) == (True, "ATU12345675", 0)
