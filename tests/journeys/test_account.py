"""A guest becomes a customer, with JavaScript and without; and everybody can use the account's pages."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import addresses, emails
from accounts.models import User
from catalog.models import Variant
from orders import payments
from orders.models import Order
from orders.placement import place_order
from shop import markets
from shop.outbox import drain
from tests.browsers import faults, phone
from tests.factories import make_user
from tests.journeys.shop import make_shop
from tests.journeys.test_accessibility import OF_PAGES, press
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db(transaction=True)

HOME = {
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
}


def mailed(subject: str) -> str:
    """The path of the link in the newest mail of that subject."""
    drain.drain("normal")
    message = next(sent for sent in reversed(mail.outbox) if sent.subject == subject)
    found = re.search(r"https?://[^/\s]+(/\S+)", str(message.body))
    assert found
    return found[1]


def test_a_guest_becomes_a_customer(transactional_db: None, visitor: Page, live_server: LiveServer) -> None:
    variant = Variant.objects.filter(product=make_shop()).order_by("position")[0]
    payments.begin(place_order(make_draft((variant, 1), email="Ada@example.com")), "pays")
    address = live_server.url

    # An account, and the orders that were a guest's: once the address is confirmed.
    visitor.goto(address + "/account/register/")
    visitor.get_by_label(re.compile("E-mail")).fill("ada@example.com")
    visitor.get_by_label(re.compile("Full name")).fill("Ada Lovelace")
    visitor.get_by_label(re.compile("Password")).fill("a quiet hill")
    press(visitor, "Create my account")
    visitor.goto(address + "/account/orders/")
    expect(visitor.get_by_text("No orders yet")).to_be_visible()
    visitor.goto(address + mailed("Welcome to Deckle: please confirm your e-mail address"))
    press(visitor, "Yes, it is mine")
    expect(visitor.get_by_text("your address is confirmed")).to_be_visible()

    # Once more, to an address that is kept.
    visitor.goto(address + "/account/addresses/")
    visitor.get_by_role("link", name="Add an address").click()
    visitor.get_by_label(re.compile("Street")).fill(HOME["line1"])
    visitor.get_by_label(re.compile("Postcode")).fill(HOME["postcode"])
    visitor.get_by_label(re.compile("Town")).fill(HOME["city"])
    press(visitor, "Save the address")
    visitor.goto(address + "/account/orders/")
    press(visitor, "Order again")
    expect(visitor.get_by_text("In your cart again: Two suns over Cadiz")).to_be_visible()
    visitor.goto(address + "/checkout/")
    expect(visitor.get_by_label("Unter den Linden 1")).to_be_checked()
    # What is not asked is not shown, unless another address is wanted: no script does that.
    street = visitor.get_by_label(re.compile("Street"))
    expect(street).to_be_hidden()
    visitor.get_by_label("Another address").check()
    expect(street).to_be_visible()
    visitor.get_by_label("Unter den Linden 1").check()
    press(visitor, "Continue to delivery")
    press(visitor, "Continue to review")
    press(visitor, "Order and pay")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert (
        list(Order.objects.values_list("customer__email", "line1"))
        == [("ada@example.com", "Unter den Linden 1")] * 2
    )

    # The password is forgotten.
    visitor.goto(address + "/account/")
    visitor.get_by_role("button", name="Log out").locator("visible=true").click()
    visitor.goto(address + "/account/login/")
    visitor.get_by_role("link", name="Forgotten your password?").click()
    visitor.get_by_label(re.compile("E-mail")).fill("ada@example.com")
    press(visitor, "Send me the link")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    visitor.goto(address + mailed("Choose a new password at Deckle"))
    visitor.get_by_label(re.compile("New password")).fill("another hill")
    press(visitor, "Save and log in")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Hello, Ada")
    assert User.objects.get().check_password("another hill")


def walk(page: Page, address: str, ada: User) -> Iterator[str]:
    """The account's pages, empty and full; tells the name of each."""
    for name in ("reset", "reset/1.x"):
        page.goto(f"{address}/account/{name}/")
        yield name
    page.goto(address + "/account/login/")
    page.get_by_label(re.compile("E-mail")).fill(ada.email)
    page.get_by_label(re.compile("Password")).fill("correct horse")
    press(page, "Log in")
    page.wait_for_url("**/account/")
    empty = (
        "",
        "orders/",
        "addresses/",
        "addresses/new/",
        "details/",
        "name/",
        "email/",
        "password/",
        "logins/",
    )
    for name in empty:
        page.goto(f"{address}/account/{name}")
        yield f"empty {name}"
    page.goto(f"{address}/account/password/")
    press(page, "Change the password")
    yield "password with errors"
    addresses.keep(ada, HOME)
    addresses.keep(
        ada, {**HOME, "name": "Augusta Ada, Countess of Lovelace", "line1": "Donaudampfschifffahrt 1234"}
    )
    variant = Variant.objects.filter(product__name="Two suns over Cadiz").order_by("position")[0]
    payments.begin(place_order(make_draft((variant, 2), customer_id=ada.pk)), "pays")
    ada.logins.create(agent="iPhone Safari/", seen_at=ada.created_at)
    for name in ("addresses/", "orders/", "logins/"):
        page.goto(f"{address}/account/{name}")
        yield name
    page.goto(f"{address}/account/orders/")
    press(page, "Order again")
    page.goto(address + "/checkout/address/")
    yield "checkout"
    page.get_by_label("Another address").check()
    yield "checkout, another address"


def mails(ada: User) -> list[EmailMultiAlternatives]:
    mail.outbox.clear()
    with markets.use(markets.default()):
        emails.welcome(ada)
        emails.taken(ada.email, "now")
        emails.change(ada, "new@example.com", "now")
        emails.changed(ada, "old@example.com", "now")
        for send in (emails.confirm, emails.reset, emails.password_changed):
            send(ada, "now")
    return list(mail.outbox)


def test_everybody_can_use_the_account(
    transactional_db: None, browser: Browser, live_server: LiveServer
) -> None:
    make_shop()
    ada = make_user("augusta-ada-countess-of-lovelace@analytical-engines.example.com", name="Ada Lovelace")
    context = phone(browser)
    context.set_default_timeout(10_000)
    page = context.new_page()
    found = {name: faults(page) for name in walk(page, live_server.url, ada)}
    for message in mails(ada):
        page.set_content(str(message.alternatives[0][0]))
        found[message.subject] = faults(page, but=OF_PAGES)
    context.close()
    assert len(found) == 17 + 7
    assert {name: what for name, what in found.items() if what} == {}
