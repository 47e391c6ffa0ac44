"""Paying at Stripe, as the double plays it: in the review page's fields, or on Stripe's own page."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Stock
from orders.models import Order, Payment
from tests.journeys.shop import make_shop
from tests.stripe.double import Double

pytestmark = pytest.mark.django_db(transaction=True)
PAYS, DECLINED, SECURE = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0027 6000 3184"
ADDRESS = {
    "E-mail": "ada@example.com",
    "Full name": "Ada Lovelace",
    "Street": "Unter den Linden 1",
    "Postcode": "10117",
    "Town": "Berlin",
}


@pytest.fixture
def shop(transactional_db: None, double: Double, live_server: LiveServer, settings: Any) -> Double:
    settings.SITE_URL = live_server.url
    make_shop()
    double.webhook(f"{live_server.url}/payments/stripe/")
    return double


def go_to_review(page: Page, home: str) -> None:
    page.goto(f"{home}/p/two-suns-over-cadiz/")
    page.get_by_role("button", name=re.compile("Add to cart")).click()
    page.goto(f"{home}/checkout/")
    for label, text in ADDRESS.items():
        page.get_by_label(re.compile(label)).fill(text)
    page.get_by_role("button", name=re.compile("Continue to delivery")).click()
    page.get_by_role("button", name=re.compile("Continue to review")).click()


def pay(page: Page, number: str) -> None:
    """Whichever way the page offers."""
    button = page.get_by_role("button", name=re.compile("Order and pay"))
    if page.has_script:  # type: ignore[attr-defined]
        page.frame_locator("iframe[title='Secure payment input frame']").get_by_label("Card number").fill(
            number
        )
        button.click()
    else:
        button.click()
        pay_hosted(page, number)


def pay_hosted(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay", exact=True).click()


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def test_a_card_pays(shop: Double, visitor: Page, live_server: LiveServer) -> None:
    go_to_review(visitor, live_server.url)
    pay(visitor, PAYS)
    heading(visitor).to_have_text("Thank you")
    order = Order.objects.get()
    (charged,) = shop.state["intents"]
    assert (order.status, charged["status"], charged["amount"]) == (
        "paid",
        "succeeded",
        int(order.total * 100),
    )


def test_a_decline_can_be_paid_after_all(shop: Double, visitor: Page, live_server: LiveServer) -> None:
    go_to_review(visitor, live_server.url)
    pay(visitor, DECLINED)
    if visitor.has_script:  # type: ignore[attr-defined]
        heading(visitor).to_have_text("The payment was declined")
        visitor.get_by_role("button", name=re.compile("Pay €")).click()
    else:
        expect(visitor.get_by_role("alert")).to_have_text("Your card was declined.")
    pay_hosted(visitor, PAYS)
    heading(visitor).to_have_text("Thank you")
    assert Order.objects.get().status == "paid"
    assert (
        sum(intent["amount_received"] for intent in shop.state["intents"]) == Order.objects.get().total * 100
    )


def test_the_bank_asks(shop: Double, visitor: Page, live_server: LiveServer) -> None:
    go_to_review(visitor, live_server.url)
    pay(visitor, SECURE)
    heading(visitor).to_have_text("3-D Secure")
    assert Order.objects.get().status == "placed"
    visitor.get_by_role("button", name="Complete").click()
    heading(visitor).to_have_text("Thank you")
    assert Order.objects.get().status == "paid"


def test_the_bank_says_no_and_another_card_pays(shop: Double, visitor: Page, live_server: LiveServer) -> None:
    go_to_review(visitor, live_server.url)
    pay(visitor, SECURE)
    visitor.get_by_role("button", name="Fail").click()
    if visitor.has_script:  # type: ignore[attr-defined]
        heading(visitor).to_have_text("The payment was declined")
        visitor.get_by_role("button", name=re.compile("Pay €")).click()
    pay_hosted(visitor, PAYS)
    heading(visitor).to_have_text("Thank you")
    assert Order.objects.get().status == "paid"


def test_a_window_that_was_closed_is_paid_by_the_webhook(
    shop: Double, visitor: Page, live_server: LiveServer
) -> None:
    go_to_review(visitor, live_server.url)
    pay(visitor, SECURE)
    heading(visitor).to_have_text("3-D Secure")
    there = visitor.url
    visitor.close()
    shop.visit(there, said="yes")  # the bank's app says yes; nobody comes back
    for _ in range(100):
        if Order.objects.get().status == "paid":
            break
        time.sleep(0.05)
    assert Order.objects.get().status == "paid"
    assert Payment.objects.get().status == "succeeded"
    assert Stock.objects.get(variant_id=Order.objects.get().lines.get().variant_id).reserved == 1


def test_a_card_that_was_not_typed_is_asked_for(shop: Double, page: Page, live_server: LiveServer) -> None:
    go_to_review(page, live_server.url)
    expect(page.locator("[data-pay]")).to_have_attribute("data-pay", "ready")
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    expect(page.get_by_role("alert")).to_contain_text("Your card number is incomplete.")
    assert not Order.objects.exists()
    pay_in_fields(page, PAYS)
    heading(page).to_have_text("Thank you")


def pay_in_fields(page: Page, number: str) -> None:
    page.has_script = True  # type: ignore[attr-defined]
    pay(page, number)


def test_a_script_that_does_not_come_leads_to_the_providers_page(
    shop: Double, page: Page, live_server: LiveServer
) -> None:
    page.route("**/v3/", lambda route: route.abort())
    go_to_review(page, live_server.url)
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    pay_hosted(page, PAYS)
    heading(page).to_have_text("Thank you")


def test_the_back_button_after_paying_orders_nothing_more(
    shop: Double, page: Page, live_server: LiveServer
) -> None:
    go_to_review(page, live_server.url)
    pay_in_fields(page, PAYS)
    heading(page).to_have_text("Thank you")
    page.go_back()
    button = page.get_by_role("button", name=re.compile("Order and pay"))
    if button.count():
        pay_in_fields(page, PAYS)
        heading(page).to_have_text("Thank you")
    assert Order.objects.count() == len(shop.state["intents"]) == 1


def test_the_script_of_the_provider_is_let_in_on_the_review_page_only(
    shop: Double, page: Page, live_server: LiveServer
) -> None:
    policies: dict[str, str] = {}
    page.on(
        "response",
        lambda answer: policies.update(
            {answer.url: answer.headers.get("content-security-policy", "")} if answer.ok else {}
        ),
    )
    go_to_review(page, live_server.url)
    pay_in_fields(page, DECLINED)
    heading(page).to_have_text("The payment was declined")
    review = policies[f"{live_server.url}/checkout/review/"]
    assert f"script-src 'self' {shop.address}" in review
    assert "unsafe" not in review
    order = policies[page.url]
    assert "script-src 'self';" in order
    assert shop.address not in order.partition("script-src")[2]
    for url, policy in policies.items():
        if not url.startswith(shop.address) and url not in {page.url, f"{live_server.url}/checkout/review/"}:
            assert shop.address not in policy


@pytest.mark.skipif("PICTURES" not in os.environ, reason="PICTURES names no folder for them")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(shop: Double, browser: Browser, live_server: LiveServer, width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    go_to_review(page, live_server.url)
    expect(page.locator("[data-pay]")).to_have_attribute("data-pay", "ready")
    place = Path(os.environ["PICTURES"])
    page.screenshot(path=place / f"review-{width}-{scheme}.png", full_page=True)
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.wait_for_timeout(300)
    page.screenshot(path=place / f"review-error-{width}-{scheme}.png", full_page=True)
    pay_in_fields(page, DECLINED)
    heading(page).to_have_text("The payment was declined")
    page.screenshot(path=place / f"declined-{width}-{scheme}.png", full_page=True)
    Order.objects.update(status="expired")
    page.reload()
    page.screenshot(path=place / f"expired-{width}-{scheme}.png", full_page=True)
    context.close()
