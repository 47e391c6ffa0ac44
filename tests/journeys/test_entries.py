"""What the browser says when a field is left is what the server says, and no press is lost to it."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.forms import EmailLine
from checkout.forms import AddressForm
from tests.journeys.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)

EMAILS = [
    "ada@example.com",
    "ada.king+shop_1@mail.example.co.uk",
    "ada@münchen.de",
    "ada",
    "ada@",
    "@example.com",
    "ada@nowhere",
    "ada@example.",
    "ada@example.c",
    "ada@@example.com",
    "ada@home@example.com",
    "ada king@example.com",
    "ada..king@example.com",
    ".ada@example.com",
    "ada.@example.com",
    "ada@.example.com",
    "ada@-example.com",
    "ada@example..com",
    "ada@example.com-",
    "äda@example.com",
    "ada(king)@example.com",
    "ada@exam_ple.com",
    "ada@exa/mple.com",
]
POSTCODES = [
    ("DE", "10117"),
    ("DE", "10 117"),
    ("DE", "1011"),
    ("DE", "1011a"),
    ("AT", "1010"),
    ("AT", "0101"),
    ("AT", "10101"),
    ("GB", "sw1a1aa"),
    ("GB", "SW1A 1AA"),
    ("GB", "10117"),
]
PHONES = ["", "+49 30 1234567", "030/123 45", "12", "call me", "12+34567"]
COUNTRIES = [("DE", "Germany"), ("AT", "Austria"), ("GB", "United Kingdom")]


def by_server(email: str) -> str:
    form = EmailLine()
    try:
        form.clean(email)
    except Exception as error:
        return " ".join(error.messages)  # type: ignore[attr-defined]
    return ""


def of_address(name: str, **entries: str) -> str:
    data = {
        "email": "ada@example.com",
        "name": "Ada",
        "line1": "Street 1",
        "city": "Town",
        "postcode": "10117",
    }
    form = AddressForm({**data, "country": "DE", **entries}, countries=COUNTRIES)
    return " ".join(form.errors.get(name, []))


@pytest.fixture
def step(page: Page, live_server: LiveServer) -> Page:
    """The address step with a print in the cart."""
    make_shop()
    page.goto("/p/two-suns-over-cadiz/")
    page.get_by_role("button", name=re.compile("Add to cart")).click()
    page.goto("/checkout/address/")
    return page


def leave(page: Page, name: str, text: str) -> str:
    """What stands below the field once it was filled and left."""
    page.fill(f"[name={name}]", text)
    page.locator(f"[name={name}]").blur()
    note = page.locator(f"#id_{name}_error")
    return note.inner_text() if note.count() else ""


def test_the_browser_and_the_server_find_the_same_mistakes(step: Page) -> None:
    assert {text: leave(step, "email", text) for text in EMAILS} == {text: by_server(text) for text in EMAILS}
    assert {text: leave(step, "phone", text) for text in PHONES} == {
        text: of_address("phone", phone=text) for text in PHONES
    }
    step.evaluate(
        "document.querySelector('[name=country]').insertAdjacentHTML('beforeend',"
        " '<option value=GB>United Kingdom</option>')"
    )
    field = AddressForm(countries=COUNTRIES).postcodes
    step.locator("[name=postcode]").evaluate(
        "(field, table) => field.dataset.mistakes = table", field.mistakes_json
    )
    # That country's fields, which the server sends a moment later, would bring a table of their own.
    step.route("**/checkout/address/", lambda route: None)
    for country, text in POSTCODES:
        step.select_option("[name=country]", country)
        wanted = of_address("postcode", country=country, postcode=text)
        assert leave(step, "postcode", text) == wanted, (country, text)
    step.unroute_all(behavior="ignoreErrors")


def test_another_country_judges_the_postcode_anew(step: Page) -> None:
    assert "has 5 digits" in leave(step, "postcode", "1010")
    step.select_option("[name=country]", "AT")
    assert step.locator("#id_postcode_error").count() == 0
    step.select_option("[name=country]", "DE")
    assert "has 5 digits, this one has 4" in step.locator("#id_postcode_error").inner_text()


def test_a_mistake_is_forgotten_once_it_is_mended(step: Page) -> None:
    assert leave(step, "email", "ada@nowhere")
    step.fill("[name=email]", "ada@nowhere.example")
    assert step.locator("#id_email_error").count() == 0
    assert leave(step, "city", "") == ""  # passed by: nobody is nagged


def test_the_button_is_where_it_was_pressed(step: Page) -> None:
    """Words that appear when a field is left would push the button away from under the pointer."""
    step.set_viewport_size({"width": 1280, "height": 1200})
    step.fill("[name=email]", "ada@nowhere")
    step.fill("[name=phone]", "call me")
    button = step.get_by_role("button", name=re.compile("Continue to delivery")).bounding_box()
    assert button
    step.mouse.move(button["x"] + 60, button["y"] + 8)
    step.mouse.down()
    step.wait_for_timeout(120)
    step.mouse.up()
    expect(step.locator("#errors")).to_be_visible()
    expect(step.locator("#errors")).to_contain_text("A phone number has digits")
