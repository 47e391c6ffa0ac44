"""The merchant's desk in a browser: what is unsaved, what is wrong, and whether all fits and reads well."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Method, Pin, Product, QueryCount, SteeredQuery, Synonym, TaxClass, Zone
from orders import gateways, payments, refunds, returns, shipments, states
from orders.gateways import RefundResult
from orders.models import FeedDelivery, FeedEndpoint, Order
from orders.placement import place_order
from tests.browsers import on_a_desk, phone, violations
from tests.factories import add_variant, make_user
from tests.journeys.shop import make_shop
from tests.orders.conftest import eur, make_draft

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT_ENDS = """(name) => {
    const head = document.createRange();
    head.selectNodeContents(document.querySelector(`th.column-${name}`));
    const control = document.querySelector(`td.field-${name} input`);
    return [head.getBoundingClientRect().right, control.getBoundingClientRect().right];
}"""
PASSWORD = "correct horse"
# A list, a form with every kind of row, an order; the first page; a question and a refusal.
PAGES = (
    "",
    "catalog/product/",
    "catalog/product/{product}/change/",
    "catalog/product/add/",
    "catalog/category/",
    "catalog/stock/",
    "catalog/review/",
    "orders/order/",
    "orders/order/{order}/change/",
    "orders/order/{order}/cancel/",
    "orders/order/{order}/ship/",
    "orders/order/{parted}/change/",
    "orders/order/{parted}/give-up/",
    "orders/order/{parted}/refund/",
    "orders/order/{parted}/return/",
    "orders/order/{parted}/address/",
    "orders/order/{order}/mail/",
    "orders/sales/",
    "catalog/product/{product}/delete/",
    "catalog/page/?q=nothing",
    "accounts/user/add/",
    "catalog/querycount/",
    "catalog/synonym/?q=laptop",
    "catalog/steeredquery/{steered}/change/",
    "orders/feedendpoint/{feed}/change/",
    "orders/feedendpoint/{feed}/since/",
    "mails/",
    "mails/orders/confirmation/",
)

TOO_WIDE = """() =>
  [document.documentElement, ...document.querySelectorAll(".inline-scroll, .results, .sheet-scroll")]
  .filter((part) => part.scrollWidth > part.clientWidth + 1)
  .map((part) => [part.className, part.scrollWidth, part.clientWidth])"""


@pytest.fixture
def product(live_server: object) -> Product:
    made = make_shop()
    add_variant(made, price="1234.50", sku="A-RATHER-LONG-SKU-70100-OAK")
    return made


@pytest.fixture
def order(product: Product) -> Order:
    placed = place_order(make_draft((product.variants.order_by("pk")[0], 2)))
    payments.begin(placed, gateways.get().choices()[0].value)
    return placed


@pytest.fixture
def parted(product: Product) -> Order:
    """Sent in part, of which a piece came back, with a refund that failed and money that did not fit."""
    placed = place_order(make_draft((product.variants.order_by("pk")[0], 3)))
    payments.begin(placed, gateways.get().choices()[0].value)
    line = placed.lines.get()
    shipments.ship(placed, {line.pk: 2}, tracking_code="JD014600006281230704")
    back = returns.take_back(placed, {line.pk: 1}, reason="A corner was bent").refund
    assert back is not None
    refunds.settle(back.payment, RefundResult("re_1", "failed", back.money, "closed", back.idempotency_key))
    placed.payments.create(
        gateway="fake", idempotency_key="held-1", amount=24, currency="EUR", status="held", reason="24.00 EUR"
    )
    assert refunds.left(placed) == eur("35.00")
    return placed


def enter(page: Page) -> None:
    merchant = make_user("merchant@example.com", password=PASSWORD, is_staff=True)
    merchant.groups.add(Group.objects.get(name="Merchant"))
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(merchant.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Merchant desk")).to_be_visible()


@pytest.fixture
def desk(page: Page, product: Product) -> Page:
    enter(page)
    return page


def test_an_edit_that_nobody_saved_shows_a_bar_that_saves_or_discards(desk: Page, product: Product) -> None:
    desk.goto(f"/admin/catalog/product/{product.pk}/change/")
    name, bar = desk.get_by_label("Name", exact=True), desk.get_by_text("Unsaved product")
    discard = desk.get_by_role("link", name="Discard")
    expect(bar).to_be_hidden()
    name.fill("Three suns")
    expect(bar).to_be_visible()
    name.fill(product.name)
    expect(bar).to_be_hidden()
    name.fill("Three suns")
    discard.click()
    expect(name).to_have_value(product.name)
    expect(bar).to_be_hidden()
    name.fill("Three suns")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("Product updated")).to_be_visible()


def test_a_look_up_and_a_new_row_are_unsaved_edits_as_well(desk: Page, product: Product) -> None:
    desk.goto(f"/admin/catalog/product/{product.pk}/change/")
    bar = desk.get_by_text("Unsaved product")
    more = desk.get_by_role("button", name="Add another Variant")
    expect(more).to_be_hidden()
    desk.get_by_role("heading", name="Variants").click()
    more.click()
    expect(bar).to_be_visible()
    desk.goto(f"/admin/catalog/product/{product.pk}/change/")
    expect(bar).to_be_hidden()
    expect(more).to_be_visible()  # this tab has opened that part
    desk.get_by_role("heading", name="Categories").click()
    desk.locator("#listings-0 .select2-selection").click()
    # Nothing is typed: a field that is typed into would tell of a change by itself.
    desk.get_by_role("option", name="Notebooks").click()
    expect(bar).to_be_visible()


def test_the_focus_goes_to_the_banner_and_from_there_to_each_field(desk: Page) -> None:
    desk.goto("/admin/catalog/product/add/")
    desk.get_by_role("button", name="Save", exact=True).click()
    banner = desk.locator("#fixes")
    expect(banner).to_be_focused()
    expect(desk.get_by_text("Unsaved product")).to_be_visible()
    banner.get_by_role("link", name="Slug").click()
    expect(desk.locator("#id_slug")).to_be_focused()
    expect(banner.get_by_role("link", name="Tax class")).to_have_count(0)  # it is the last product's


def test_the_focus_goes_to_a_field_that_is_searched(desk: Page) -> None:
    Product.objects.all().delete()
    Zone.objects.all().delete()
    TaxClass.objects.all().delete()  # else the form begins with one
    desk.goto("/admin/catalog/product/add/")
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.locator("#fixes").get_by_role("link", name="Tax class").click()
    expect(desk.locator(".field-tax_class .select2-selection")).to_be_focused()


def test_a_columns_figures_end_where_its_head_does(desk: Page) -> None:
    """On a wide screen; on a narrow one each stands below its name, and begins where that does."""
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(f"/admin/catalog/method/{Method.objects.earliest('pk').pk}/change/")
    for name in ("up_to_grams", "goods_from", "amount", "free_from"):
        ends = desk.evaluate(RIGHT_ENDS, name)
        assert ends[0] == pytest.approx(ends[1], abs=1), name


def test_a_row_opens_what_it_shows_and_one_filter_is_open_at_a_time(desk: Page, order: Order) -> None:
    desk.goto("/admin/orders/order/")
    opened = desk.locator(".filter[open]")
    for name in ("Status", "Market"):
        desk.locator(".filter summary", has_text=name).click()
        expect(opened).to_have_count(1)
    desk.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    desk.get_by_role("cell", name="Paid").click()
    expect(desk.get_by_role("heading", name=order.number)).to_be_visible()


def test_everything_fits_and_axe_finds_no_violation(
    browser: Browser, live_server: LiveServer, product: Product, order: Order, parted: Order
) -> None:
    """On a phone in light, on a desk in dark."""
    context = phone(browser, base_url=live_server.url)
    window = context.new_page()

    def faults(path: str) -> list[tuple[object, ...]]:
        told: list[tuple[object, ...]] = [(path, *each) for each in violations(window)]
        return told + [(path, "wider than its room", *each) for each in window.evaluate(TOO_WIDE)]

    window.goto("/admin/login/")
    found = faults("login")
    enter(window)
    feed = FeedEndpoint.objects.create(name="ERP", url="https://erp.example/", topics=["order.*"])
    states.note_event(order, "confirmation_sent")
    FeedDelivery.objects.update(response_status=503, error="Service Unavailable", attempts=3)
    steered = SteeredQuery.objects.create(query="two suns", folded="two suns")
    Pin.objects.create(steered=steered, product=product)
    Synonym.objects.create(words="laptop, notebook", language="en")
    for query, zero in (("two suns", 0), ("an unreasonably long-winded word: Donaudampfschiff", 3)):
        QueryCount.objects.create(
            market="eu", query=query, shown=query, day=timezone.localdate(), searches=3, zero=zero
        )
    for path in PAGES:
        window.goto(
            "/admin/"
            + path.format(
                product=product.pk, order=order.pk, parted=parted.pk, feed=feed.pk, steered=steered.pk
            )
        )
        window.wait_for_timeout(150)  # the look-ups are named after they are made
        found += faults(path)
        with on_a_desk(window):
            found += faults(f"{path} on a desk")
    context.close()
    assert found == []
