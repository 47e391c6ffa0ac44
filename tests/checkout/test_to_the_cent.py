"""Generated carts, bought: every place that shows what they come to says the same, to the cent.

MONEY_CARTS says how many totals are computed (tests/checkout/test_totals.py); each hundredth is bought here.
"""

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from random import Random
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from catalog.models import MethodRate, Price, TaxRate, Variant
from checkout.models import Cart
from orders import jobs
from orders.models import Order
from shop import markets
from tests.checkout.conftest import ADDRESS, sealed
from tests.checkout.markets import HOME, US, sell_in_the_us
from tests.factories import add_variant, make_delivery, make_product, make_tax_class, make_user

BOUGHT = max(6, int(os.environ.get("MONEY_CARTS", "0")) // 100)
SEED = int(os.environ.get("MONEY_SEED", "1"))
TRADE = markets.Market("biz", "Trade", "biz", "en", "EUR", "DE", tax_shown=False)
COMPANY = {"company": "Analytical Engines"}
WHERE: dict[str, dict[str, str]] = {
    "at home": {},
    "to a company at home": {**COMPANY, "vat_number": "DE136695976"},
    "to a neighbour": {"country": "AT", "postcode": "1010", "city": "Wien"},
    "to a company there": {
        **{"country": "AT", "postcode": "1010", "city": "Wien", "vat_number": "ATU12345675"},
        **COMPANY,
    },
    "to an island": {"country": "ES", "postcode": "38001", "city": "Santa Cruz", "region": "TF"},
    "out of the union": {"country": "CH", "postcode": "8001", "city": "Zürich"},
}
AMOUNT = re.compile(r"[−-]?[€£$]?-?[\d,]+\.\d\d|\bfree\b|you account for it")


@pytest.fixture
def shelf(db: None, settings: Any) -> list[Variant]:
    """Eight things of two classes, priced with tax and without, sold in four markets."""
    settings.MARKETS = (*settings.MARKETS, US, TRADE)
    make_tax_class(rates={"DE": "0.19", "AT": "0.20", "ES": "0.21", "GB": "0.20"})
    make_tax_class("reduced", {"DE": "0.07", "AT": "0.10", "ES": "0.04", "GB": "0"})
    TaxRate.objects.create(tax_class=make_tax_class(), country="ES", region="TF", rate=0)
    make_delivery(["DE", "AT", "ES", "CH", "GB"])
    variants = []
    for number in range(8):
        product = make_product(f"Thing {number}", tax="reduced" if number % 3 else "standard", stock=None)
        Variant.objects.filter(product=product).delete()
        variants.append(add_variant(product, includes_tax=bool(number % 2), stock=None, sku=f"T{number}"))
    sell_in_the_us()
    return variants


def amounts(text: str) -> dict[str, str]:
    """Sums by their labels, of pages, mails and the desk: what stands in front of each amount."""
    found = {}
    for line in text.splitlines():
        label, _colon, amount = line.rpartition(": ")
        if AMOUNT.fullmatch(amount.strip()):
            found[label.strip()] = amount.strip()
    return found


def sums(html: str, begin: str, row: str) -> dict[str, str]:
    """Of a table in HTML whose rows match `row`."""
    part = html[html.rindex(begin) :]
    told = re.findall(row, part, re.S)
    return {plain(label): plain(amount) for label, amount in told if AMOUNT.fullmatch(plain(amount))}


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()


PAGE = ('<dl class="totals">', r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>")
DESK = ("<tfoot>", r'<th scope="row"[^>]*>(.*?)</th>\s*<td class="figure">(.*?)</td>')
MAIL = (
    'style="border-top:1px solid #e5ddcf;">\n    <tr>\n      <td colspan="2"',
    r"<tr>\s*<td class=\"m-(?:soft|ink)[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>\s*</tr>",
)


def cases() -> Iterator[Any]:
    for number in range(BOUGHT):
        random = Random(f"{SEED} {number}")
        market = ["eu", "us", "biz", "gb", "eu", "us"][number % 6]
        where = random.choice(list(WHERE)) if market != "us" else random.choice(["MI", "NY", "OR"])
        yield pytest.param(market, where, number, id=f"{market} {where} {number}")


@pytest.mark.parametrize(("market", "where", "number"), list(cases()))
def test_whoever_says_what_it_comes_to_says_the_same(
    client: Client, shelf: list[Variant], market: str, where: str, number: int
) -> None:
    buy_and_compare(client, shelf, market, where, number)


def test_a_mail_that_says_it_otherwise_is_found(
    client: Client, shelf: list[Variant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant: as if every order's tax were within its prices."""
    monkeypatch.setattr("orders.queries.taxed", lambda order: "included")
    with pytest.raises(AssertionError):
        buy_and_compare(client, shelf, "us", "MI", 0)


def buy_and_compare(client: Client, shelf: list[Variant], market: str, where: str, number: int) -> None:
    """Random goods of the shelf, at random prices; AssertionError if two places differ."""
    desk = Client()
    desk.force_login(make_user(is_staff=True, is_superuser=True))
    random = Random(f"{SEED} {number} goods")
    for price in Price.objects.all():
        price.amount = Decimal(random.randint(1, 20_000)) / 100
        price.save()
    MethodRate.objects.update(amount=Decimal(random.randint(0, 2_000)) / 100, free_from=None)
    prefix = "" if market == "eu" else f"/{market}"
    bought = random.sample(shelf, random.randint(1, 8))
    client.post(f"{prefix}/cart/add/", {"variant": bought[0].pk, "quantity": random.randint(1, 30)})
    cart = Cart.objects.get()
    for variant in bought[1:]:
        cart.lines.create(variant=variant, quantity=random.randint(1, 30))
    address = {**HOME, "region": where} if market == "us" else {**ADDRESS, **WHERE[where]}
    answer = client.post("/checkout/address/", address)
    assert answer.status_code == 302, answer.content.decode()
    method = re.search(r'name="method"\s+value="(\d+)"', client.get("/checkout/delivery/").content.decode())
    assert method
    client.post("/checkout/delivery/", {"method": method[1]})

    on_cart = sums(client.get(f"{prefix}/cart/").content.decode(), *PAGE)
    review = client.get(f"{prefix}/checkout/review/").content.decode()
    on_review = sums(review, *PAGE)
    answer = client.post(f"{prefix}/checkout/review/", {"digest": sealed(client), "payment": "pays"})
    order = Order.objects.get()
    assert_sums(order)
    on_order = sums(client.get(answer["Location"]).content.decode(), *PAGE)
    assert on_cart == on_review == on_order
    assert on_order["Total"] == order.money("total").format("en")
    assert f"Order and pay · {on_order['Total']}" in plain(review)

    jobs.send_confirmation(order.pk)
    sent = mail.outbox[-1]
    assert amounts(sent.body).items() >= on_order.items()
    assert sums(str(sent.alternatives[0][0]), *MAIL) == on_order
    page = desk.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    on_desk = sums(page, *DESK)
    renamed = {re.sub("^of it (.*) tax$", r"incl. VAT \1", label): sum for label, sum in on_desk.items()}
    renamed["Delivery"] = on_order["Delivery"] if not order.delivery else renamed["Delivery"]  # "free"
    assert renamed == {label: sum for label, sum in on_order.items() if sum != "you account for it"}


def assert_sums(order: Order) -> None:
    """The order's rows sum to what it comes to, per rate, with everything in it."""
    lines = list(order.lines.all())
    assert sum(line.total for line in lines) == order.subtotal
    net = sum(Decimal(row["net"]) for row in order.taxes)
    tax = sum(Decimal(row["tax"]) for row in order.taxes)
    assert (net + tax, tax) == (order.total, order.tax)
    by_rate: dict[Decimal, Decimal] = {}
    for rate, amount in [
        *((line.tax_rate, line.total - line.discount) for line in lines),
        (order.delivery_tax_rate, order.delivery),
    ]:
        by_rate[rate] = by_rate.get(rate, Decimal(0)) + amount
    for row in order.taxes:
        held = by_rate.pop(Decimal(row["rate"]))
        assert held == Decimal(row["net"]) + (Decimal(row["tax"]) if order.prices_include_tax else 0)
    assert not any(by_rate.values())
