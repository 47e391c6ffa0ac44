"""A promotion's form shows what its kind needs, without a script; what is wrong is never hidden."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browsers import phone
from tests.checkout.promoting import make_promotion
from tests.orders.test_admin import member

pytestmark = pytest.mark.django_db(transaction=True)
SHOWN = {
    "percent": {"percent"},
    "amount": {"amounts-0-amount"},
    "each": {"amounts-0-amount"},
    "bonus": {"buy", "free"},
    "delivery": set[str](),
}


@pytest.fixture
def merchant(browser: Browser, live_server: LiveServer, client) -> Page:
    """Logged in, and without JavaScript."""
    client.force_login(member("Merchant"))
    context = phone(browser, base_url=live_server.url, java_script_enabled=False)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    yield context.new_page()
    context.close()


def shown(page: Page) -> set[str]:
    names = ("percent", "buy", "free", "amounts-0-amount")
    return {name for name in names if page.locator(f"[name={name}]").is_visible()}


def test_each_kind_asks_for_its_own(merchant: Page) -> None:
    promotion = make_promotion("Spring", amount={"EUR": "5"})
    merchant.goto(f"/admin/checkout/promotion/{promotion.pk}/change/")
    for kind, wanted in SHOWN.items():
        merchant.select_option("[name=kind]", kind)
        assert shown(merchant) == wanted, kind
        expect(merchant.locator("[name=amounts-0-minimum]")).to_be_visible()
    goods = merchant.locator(".field-categories")
    expect(goods).to_be_hidden()
    merchant.select_option("[name=scope]", "chosen")
    expect(goods).to_be_visible()


def test_what_is_wrong_is_shown_whatever_the_kind(merchant: Page) -> None:
    promotion = make_promotion("Spring", amount={"EUR": "5"})
    merchant.goto(f"/admin/checkout/promotion/{promotion.pk}/change/")
    merchant.select_option("[name=kind]", "delivery")
    merchant.locator("[name=_save]").first.click()
    expect(merchant.locator("[name=amounts-0-amount]")).to_be_visible()
    expect(merchant.get_by_text("Leave it empty: this kind takes no amount off.").first).to_be_visible()
