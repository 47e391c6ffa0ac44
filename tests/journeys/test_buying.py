"""From the home page to the confirmation, in a real browser, with JavaScript and without."""

import re

import pytest
from django.core import mail
from django.db.models.functions import Now
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Stock
from orders.models import Order
from shop.outbox import drain
from shop.outbox.models import Message
from tests.factories import add_variant, follow_changes, make_product
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> None:
    make_shop()


def test_a_guest_buys_a_print(shop: None, visitor: Page, live_server: LiveServer) -> None:
    visitor.goto(live_server.url)
    visitor.get_by_role("navigation").get_by_role("link", name="Posters").first.click()
    visitor.get_by_role("link", name=re.compile("Two suns over Cadiz")).first.click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Two suns over Cadiz")
    visitor.get_by_role("button", name=re.compile("Add to cart")).click()
    expect(visitor).to_have_url(re.compile("/cart/$"))
    expect(visitor.get_by_text("Two suns over Cadiz").first).to_be_visible()

    visitor.get_by_role("link", name=re.compile("Check out as guest")).or_(
        visitor.get_by_role("button", name=re.compile("Check out as guest"))
    ).first.click()
    visitor.get_by_label(re.compile("E-mail", re.I)).first.fill("ada@example.com")
    visitor.get_by_label(re.compile("Full name", re.I)).fill("Ada Lovelace")
    visitor.get_by_label(re.compile("Street", re.I)).fill("Unter den Linden 1")
    visitor.get_by_label(re.compile("Postcode", re.I)).fill("10117")
    visitor.get_by_label(re.compile("Town|City", re.I)).fill("Berlin")
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    visitor.get_by_role("button", name=re.compile("Continue to review")).click()
    expect(visitor.get_by_text("Unter den Linden 1")).to_be_visible()
    told_on_a_phone(visitor)
    visitor.get_by_role("button", name=re.compile("Order and pay")).first.click()

    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Thank you")
    order = Order.objects.get()
    expect(visitor.get_by_text(order.number).first).to_be_visible()
    assert order.status == Order.Status.PAID
    assert order.email == "ada@example.com"
    assert Stock.objects.get(variant_id=order.lines.get().variant_id).reserved == 1
    drain.drain("normal")
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]
    assert order.number in mail.outbox[0].body
    assert "/order/" in mail.outbox[0].body


def told_on_a_phone(review: Page) -> None:
    """The total and the way to the payment are in the first screen; the button follows what is bought."""
    bar = review.get_by_role("link", name=re.compile("1 thing.*To the payment"))
    expect(bar).to_be_hidden()  # on a desk all of it stands beside
    review.set_viewport_size({"width": 390, "height": 844})
    button = review.get_by_role("button", name=re.compile("Order and pay")).first
    address = review.get_by_role("heading", name="Where it goes")
    boxes = [one.bounding_box() for one in (review.locator("#sum"), address, button, bar)]
    sum_, place, below, foot = (box["y"] for box in boxes if box)
    assert sum_ < place < below
    assert foot < 844
    bar.click()
    expect(button).to_be_in_viewport()
    review.set_viewport_size({"width": 1280, "height": 900})


def test_a_declined_guest_finds_back_by_mail_and_pays(
    shop: None, visitor: Page, browser: Browser, live_server: LiveServer
) -> None:
    visitor.goto(f"{live_server.url}/p/two-suns-over-cadiz/")
    visitor.get_by_role("button", name=re.compile("Add to cart")).click()
    visitor.goto(f"{live_server.url}/checkout/")
    for label, text in {
        "E-mail": "ada@example.com",
        "Full name": "Ada Lovelace",
        "Street": "Unter den Linden 1",
        "Postcode": "10117",
        "Town": "Berlin",
    }.items():
        visitor.get_by_label(re.compile(label)).fill(text)
    visitor.get_by_role("button", name=re.compile("Continue to delivery")).click()
    visitor.get_by_role("button", name=re.compile("Continue to review")).click()
    visitor.get_by_label("Test card that is declined").check()
    visitor.get_by_role("button", name=re.compile("Order and pay")).click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("The payment was declined")
    visitor.close()

    Message.objects.filter(job="orders.ask_for_payment").update(due_at=Now())
    drain.drain("normal")
    (asked,) = mail.outbox
    link = re.search(r"/order/\S+/", str(asked.body))
    assert link
    phone = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800}).new_page()
    phone.goto(live_server.url + link[0])
    phone.get_by_role("button", name=re.compile("Pay €")).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    phone.context.close()
    drain.drain("normal")
    number = Order.objects.get().number
    assert [sent.subject for sent in mail.outbox] == [
        f"Your order {number} waits for its payment",
        f"Your order {number} at Deckle is placed",
    ]


def test_a_variant_without_the_option_is_chosen_and_left_again(
    transactional_db: None, page: Page, live_server: LiveServer
) -> None:
    goods = make_product("Low hills", price="30.00", options={"size": ["A4"]})
    add_variant(goods, price="20.00", position=2)
    follow_changes()
    page.goto(f"{live_server.url}/p/low-hills/")
    button = page.locator("[data-buy-button]")
    expect(button).to_contain_text("€20")
    for label, price in (("A4", "€30"), ("Without", "€20")):
        page.locator(".option__value", has_text=label).click()
        expect(button).to_contain_text(price)
    button.click()
    expect(page).to_have_url(re.compile("/cart/$"))
    expect(page.get_by_text("€20").first).to_be_visible()
