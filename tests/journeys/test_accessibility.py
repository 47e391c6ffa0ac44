"""axe finds nothing on the pages that everybody meets, light and dark, on a phone and on a desk."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from orders import jobs, states
from orders.models import Order
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


OF_PAGES = ("landmark-one-main", "region")  # a mail is no page: its program has the landmarks


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"]]


def mails() -> list[tuple[str, str]]:
    """Each mail about an order by its subject, in HTML."""
    order = Order.objects.get()
    jobs.send_tracking(order.pk)
    states.move(order, "shipped")
    jobs.send_shipped(order.pk)
    Order.objects.update(status="cancelled")
    jobs.send_cancelled(order.pk)
    Order.objects.update(status="placed")
    order.payments.update(status="declined")
    jobs.ask_for_payment(order.pk)
    jobs.send_confirmation(order.pk)
    assert len(mail.outbox) == 5
    return [(sent.subject, str(sent.alternatives[0][0])) for sent in mail.outbox]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_axe_finds_no_violation(
    transactional_db: None, browser: Browser, live_server: LiveServer, width: int, scheme: str
) -> None:
    make_shop()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found: dict[str, list[str]] = {}
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
        page.goto(live_server.url + path)
        found[name] = violations(page)
    page.goto(live_server.url + "/p/two-suns-over-cadiz/")
    page.get_by_role("button", name=re.compile("Add to cart")).click()
    found["cart"] = violations(page)
    page.goto(live_server.url + "/checkout/address/")
    found["address"] = violations(page)
    page.get_by_role("button", name=re.compile("Continue to delivery")).click()
    found["address with errors"] = violations(page)
    for label, text in {
        "E-mail": "ada@example.com",
        "Full name": "Ada Lovelace",
        "Street": "Unter den Linden 1",
        "Postcode": "10117",
        "Town|City": "Berlin",
    }.items():
        page.get_by_label(re.compile(label, re.I)).first.fill(text)
    page.get_by_role("button", name=re.compile("Continue to delivery")).click()
    found["delivery"] = violations(page)
    page.get_by_role("button", name=re.compile("Continue to review")).click()
    found["review"] = violations(page)
    page.get_by_label("Test card that is declined").check()
    page.get_by_role("button", name=re.compile("Place order")).first.click()
    found["declined"] = violations(page)
    page.get_by_role("button", name=re.compile("Pay")).click()
    found["confirmation"] = violations(page)
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label(re.compile("Password")).fill("a quiet hill")
    page.get_by_label(re.compile("Full name")).fill("Ada Lovelace")
    page.get_by_role("button", name="Create my account").click()
    for name, path in {"account": "/account/", "history": "/account/orders/"}.items():
        page.goto(live_server.url + path)
        found[name] = violations(page)
    for name, html in mails():
        page.set_content(html)
        found[name] = [told for told in violations(page) if not told.startswith(OF_PAGES)]
    context.close()
    assert {name: what for name, what in found.items() if what} == {}
