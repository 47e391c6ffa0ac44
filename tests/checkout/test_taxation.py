"""What an address and a VAT number make of the tax, as the buyer sees it and as the order keeps it."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product, TaxRate, Variant
from checkout import quote
from checkout.models import Cart
from orders.models import Order
from tests.checkout.conftest import ADDRESS, go_to_review, put
from tests.checkout.markets import HOME, US, sell_in_the_us
from tests.factories import make_delivery, make_tax_class

pytestmark = pytest.mark.django_db

VIENNA = {
    "country": "AT",
    "postcode": "1010",
    "city": "Wien",
    "company": "Analytical Engines",
    "vat_number": "ATU12345675",
}


@pytest.fixture
def abroad(suns: Product) -> None:
    """The demo's neighbours: what is due in Austria differs from what is due here."""
    make_tax_class(rates={"AT": "0.20", "ES": "0.21", "GB": "0.20"})
    make_delivery(["AT", "ES", "GB", "CH"])


@pytest.fixture
def states(suns: Product, settings: Any) -> None:
    settings.MARKETS = (*settings.MARKETS, US)
    sell_in_the_us()


def rows(client: Client, path: str) -> dict[str, str]:
    """Label and amount of the sums on a page, as people read them."""
    html = client.get(path).content.decode()
    sums = html[html.rindex('<dl class="totals">') :]
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", sums, re.S)
    return {unescape(label): unescape(amount) for label, amount in found}


def place(client: Client, prefix: str = "", **address: str) -> Order:
    digest = go_to_review(client, **address)
    answer = client.post("/checkout/review/", {"digest": digest, "payment": "pays"})
    assert "/order/" in answer["Location"]
    return Order.objects.get()


# --- Prices that include tax ---------------------------------------------------------------------------


def test_an_address_changes_the_tax_within_the_price_and_never_the_price(
    client: Client, abroad: None, variant: Variant
) -> None:
    put(client, variant)
    placed = place(client, **{**VIENNA, "company": "", "vat_number": ""})
    assert (placed.subtotal, placed.total, placed.prices_include_tax) == (38, Decimal("42.90"), True)
    assert placed.taxes == [{"rate": "0.20000", "net": "35.75", "tax": "7.15"}]
    assert not placed.is_reverse_charged


def test_a_region_with_a_rate_of_its_own_is_taxed_by_it(
    client: Client, abroad: None, variant: Variant
) -> None:
    TaxRate.objects.create(tax_class=make_tax_class(), country="ES", region="TF", rate=0)
    put(client, variant)
    canaries = {"country": "ES", "region": "TF", "postcode": "38001", "city": "Santa Cruz"}
    placed = place(client, **canaries)
    assert (placed.total, placed.tax) == (Decimal("42.90"), 0)
    assert placed.taxes == [{"rate": "0.00000", "net": "42.90", "tax": "0.00"}]


def test_a_postcode_outside_of_the_countrys_vat_is_an_export(client: Client, variant: Variant) -> None:
    """Heligoland is Germany's, and outside of its VAT: the price stays, and no tax is within it."""
    put(client, variant)
    placed = place(client, postcode="27498", city="Helgoland")
    assert (placed.total, placed.tax) == (Decimal("42.90"), 0)
    assert placed.taxes == [{"rate": "0", "net": "42.90", "tax": "0.00"}]


def test_where_nobody_set_a_rate_nothing_is_due(client: Client, abroad: None, variant: Variant) -> None:
    put(client, variant)
    placed = place(client, country="CH", postcode="8001", city="Zürich")
    assert (placed.total, placed.tax) == (Decimal("42.90"), 0)


# --- Reverse charge ------------------------------------------------------------------------------------


def test_a_business_elsewhere_in_the_union_pays_without_tax(
    client: Client, abroad: None, variant: Variant
) -> None:
    put(client, variant)
    placed = place(client, **VIENNA)
    # 38.00 and 4.90 without the 19 % that are within the prices here.
    assert (placed.subtotal, placed.delivery, placed.tax, placed.total) == (
        Decimal("31.93"),
        Decimal("4.12"),
        0,
        Decimal("36.05"),
    )
    assert placed.is_reverse_charged
    assert not placed.prices_include_tax
    assert (placed.vat_number, placed.company) == ("ATU12345675", "Analytical Engines")
    line = placed.lines.get()
    assert (line.unit_price, line.tax_rate) == (Decimal("31.93"), 0)


def test_the_pages_and_the_mail_say_that_the_buyer_accounts_for_it(
    client: Client, abroad: None, variant: Variant
) -> None:
    put(client, variant)
    go_to_review(client, **VIENNA)
    for path in ("/cart/", "/checkout/review/"):
        found = rows(client, path)
        assert found["VAT, reverse charge"] == "you account for it"
        assert found["Total"] == "€36.05"
        assert not [label for label in found if label.startswith("incl.")]
    assert "VAT number ATU12345675" in client.get("/checkout/review/").content.decode()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ({"vat_number": "DE136695976", "company": "Engines"}, "at home everybody pays"),
        ({**VIENNA, "vat_number": ""}, "no number"),
        (
            {"country": "GB", "postcode": "SW1Y 4JH", "vat_number": "GB980780684", "company": "E"},
            "not of the union",
        ),
        (
            {
                **{"country": "ES", "region": "TF", "postcode": "38001", "city": "Santa Cruz"},
                **{"vat_number": "ESB58378431", "company": "E"},
            },
            "of a member, and outside of its VAT",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nobody_else_does(
    client: Client, abroad: None, variant: Variant, address: dict[str, str], why: str
) -> None:
    put(client, variant)
    placed = place(client, **address)
    assert (placed.is_reverse_charged, placed.total, placed.prices_include_tax) == (
        False,
        Decimal("42.90"),
        True,
    )


def test_a_seller_outside_of_the_union_reverses_nothing(
    client: Client, abroad: None, variant: Variant, settings: Any
) -> None:
    settings.SELLER_COUNTRY = "GB"
    put(client, variant)
    assert not place(client, **VIENNA).is_reverse_charged


def test_a_number_given_up_since_the_review_is_reviewed_again(
    client: Client, abroad: None, variant: Variant
) -> None:
    put(client, variant)
    digest = go_to_review(client, **VIENNA)
    Cart.objects.update(vat_number="")
    answer = client.post("/checkout/review/", {"digest": digest, "payment": "pays"})
    assert answer["Location"] == "/checkout/review/"
    assert "Something has changed" in client.get("/checkout/review/").content.decode()
    assert not Order.objects.exists()


def test_free_delivery_is_what_the_shop_announced_whoever_buys(
    client: Client, abroad: None, variant: Variant
) -> None:
    """Free from 60: two of 38 are 76 on the pages, and 63.86 for who pays no tax on them."""
    put(client, variant, 2)
    assert place(client, **VIENNA).delivery == 0


@pytest.mark.parametrize(
    ("entries", "field", "words"),
    [
        ({"vat_number": "ATU12345676"}, "vat_number", "no VAT number of Austria"),
        ({"vat_number": "DE136695976"}, "vat_number", "begins with DE, and the address is in Austria"),
        ({"company": ""}, "company", "the company that the VAT number belongs to"),
    ],
)
def test_a_mistake_in_the_number_is_told_in_its_words(
    client: Client, abroad: None, variant: Variant, entries: dict[str, str], field: str, words: str
) -> None:
    put(client, variant)
    answer = client.post("/checkout/address/", {**ADDRESS, **VIENNA, **entries})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert words in page
    assert f'href="#id_{field}"' in page
    assert re.search(r'<details class="fields__more"\s+open', page)
    assert Cart.objects.get().line1 == ""


# --- Prices without tax --------------------------------------------------------------------------------


def to_the_states(client: Client, variant: Variant, quantity: int = 3) -> None:
    client.post("/us/cart/add/", {"variant": variant.pk, "quantity": quantity})


def test_before_anybody_knows_where_it_goes_the_tax_comes_at_the_next_step(
    client: Client, states: None, variant: Variant
) -> None:
    to_the_states(client, variant)
    assert rows(client, "/us/cart/") == {
        "Goods": "$30.00",
        "Delivery, estimated": "$5.00",
        "Total without tax": "$35.00",
        "plus tax": "by your address, at the next step",
    }
    assert "$35.00" in client.get("/us/checkout/address/").content.decode()


@pytest.mark.parametrize(
    ("state", "rate", "tax", "total"),
    [("MI", "6%", "2.10", "37.10"), ("NY", "8.875%", "3.11", "38.11"), ("OR", "0%", "0.00", "35.00")],
)
def test_tax_comes_on_top_by_the_state(
    client: Client, states: None, variant: Variant, state: str, rate: str, tax: str, total: str
) -> None:
    to_the_states(client, variant)
    placed = place(client, **{**HOME, "region": state})
    assert (placed.market, placed.currency, placed.prices_include_tax) == ("us", "USD", False)
    assert (placed.subtotal, placed.delivery) == (30, 5)
    assert (placed.tax, placed.total) == (Decimal(tax), Decimal(total))
    assert placed.lines.get().unit_price == 10


def test_the_order_says_what_the_review_said(client: Client, states: None, variant: Variant) -> None:
    to_the_states(client, variant)
    digest = go_to_review(client, **HOME)
    before = rows(client, "/us/checkout/review/")
    assert before == {"Goods": "$30.00", "Delivery": "$5.00", "Tax 6%": "$2.10", "Total": "$37.10"}
    answer = client.post("/us/checkout/review/", {"digest": digest, "payment": "pays"})
    assert rows(client, answer["Location"]) == before


def test_a_price_that_is_kept_with_tax_is_sold_without(
    client: Client, suns: Product, variant: Variant, settings: Any
) -> None:
    """A trade market beside one for everybody, with the same prices: by the home rate."""
    settings.MARKETS = (
        *settings.MARKETS,
        US.__class__("biz", "Trade", "biz", "en", "EUR", "DE", tax_shown=False),
    )
    client.post("/biz/cart/add/", {"variant": variant.pk, "quantity": 1})
    placed = place(client)
    assert (placed.subtotal, placed.delivery, placed.tax, placed.total) == (
        Decimal("31.93"),
        Decimal("4.12"),
        Decimal("6.85"),
        Decimal("42.90"),
    )


# --- Look-ups ------------------------------------------------------------------------------------------


def test_a_rate_that_changed_is_in_the_next_quote(client: Client, variant: Variant) -> None:
    put(client, variant)
    go_to_review(client)
    TaxRate.objects.filter(country="DE").update(rate=Decimal("0.16"))
    assert rows(client, "/checkout/review/")["incl. VAT 16%"] == "€5.92"


@pytest.mark.parametrize("lines", [1, 6])
def test_a_quote_takes_the_same_queries_whatever_is_in_the_cart(
    client: Client, variant: Variant, lines: int, django_assert_num_queries: Any
) -> None:
    put(client, variant)
    go_to_review(client)
    cart = Cart.objects.get()
    for number in range(lines - 1):
        other = Product.objects.create(name=f"P{number}", slug=f"p{number}", tax_class=make_tax_class())
        cart.lines.create(variant=Variant.objects.create(product=other), quantity=1)
    # Rates, lines with their variants, prices, options, pictures, ways to deliver.
    with django_assert_num_queries(7):
        quote.of(cart)
