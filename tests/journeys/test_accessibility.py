"""axe finds nothing on the pages that everybody meets, light and dark, and no screen scrolls sideways."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from django.core import mail
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from catalog.models import Product
from orders import jobs, refunds, states
from orders.models import Order
from tests.browsers import faults, phone
from tests.factories import follow_changes
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)

OF_PAGES = ("landmark-one-main", "region")  # a mail is no page: its program has the landmarks


def mails() -> list[tuple[str, str]]:
    """Each mail about an order by its subject, in HTML."""
    order = Order.objects.get()
    jobs.send_tracking(order.pk)
    states.move(order, "shipped")
    jobs.send_shipped(order.pk)
    refund = refunds.refund(
        order, order.money("total"), lines={order.lines.get().pk: 1}, reason="It was bent"
    )
    refunds.send(refund.pk)
    jobs.send_refunded(refund.pk)
    Order.objects.update(status="cancelled")
    jobs.send_cancelled(order.pk)
    Order.objects.update(status="placed")
    order.payments.update(status="declined")
    jobs.ask_for_payment(order.pk)
    jobs.send_confirmation(order.pk)
    assert len(mail.outbox) == 6
    return [(sent.subject, str(sent.alternatives[0][0])) for sent in mail.outbox]


def press(page: Page, name: str, role: Literal["button", "link"] = "button") -> None:
    """Ends at the page that it leads to: a click alone returns while the one before is still there."""
    with page.expect_navigation():
        page.get_by_role(role, name=re.compile(name)).first.click()


def walk(page: Page, address: str, email: str) -> Iterator[str]:
    """Leads a guest through the shop and to an account; tells the name of each page it stops at."""
    for name, path in {
        "home": "/",
        "category": "/c/posters/",
        "search": "/search/?q=suns",
        "nothing found": "/search/?q=zebra",
        "product": "/p/two-suns-over-cadiz/",
        "text": "/info/delivery/",
        "login": "/account/login/",
        "register": "/account/register/",
        "track": "/track/",
        "not found": "/p/nothing/",
        "empty cart": "/cart/",
    }.items():
        page.goto(address + path)
        yield name
    page.goto(address + "/p/two-suns-over-cadiz/")
    press(page, "Add to cart")
    yield "cart"
    page.goto(address + "/checkout/address/")
    yield "address"
    press(page, "Continue to delivery")
    yield "address with errors"
    for label, text in {
        "E-mail": email,
        "Full name": "Ada Lovelace",
        "Street": "Unter den Linden 1",
        "Postcode": "10117",
        "Town|City": "Berlin",
    }.items():
        page.get_by_label(re.compile(label, re.I)).first.fill(text)
    press(page, "Continue to delivery")
    yield "delivery"
    press(page, "Continue to review")
    yield "review"
    page.get_by_label("Test card that is declined").check()
    press(page, "Order and pay")
    yield "declined"
    press(page, "Pay")
    yield "confirmation"
    press(page, "Create an account", "link")
    page.get_by_label(re.compile("Password")).fill("a quiet hill")
    page.get_by_label(re.compile("Full name")).fill("Ada Lovelace")
    press(page, "Create my account")
    for name, path in {"account": "/account/", "history": "/account/orders/"}.items():
        page.goto(address + path)
        yield name


def test_axe_finds_no_violation_and_nothing_scrolls_sideways(
    transactional_db: None, browser: Browser, live_server: LiveServer
) -> None:
    """With words as long as they come: where they fit, short ones do."""
    goods, email = make_shop(), "augusta-ada-countess-of-lovelace@analytical-engines.example.com"
    Product.objects.filter(pk=goods.pk).update(name="Donaudampfschifffahrtsgesellschaft über Cadiz")
    follow_changes()
    context = phone(browser)
    page = context.new_page()
    found = {name: faults(page) for name in walk(page, live_server.url, email)}
    for name, html in mails():
        page.set_content(html)
        found[name] = faults(page, but=OF_PAGES)
    context.close()
    assert len(found) == 26
    assert {name: what for name, what in found.items() if what} == {}
