"""The order's page: whoever has its link may read it, and nobody can make one."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client, override_settings
from django.utils import timezone

from catalog.models import Variant
from orders import gateways, links, payments, states
from orders.models import Order
from orders.placement import place_order
from tests.factories import make_user
from tests.orders.conftest import Clock, make_draft

pytestmark = pytest.mark.django_db


def test_the_link_shows_the_order(client: Client, order: Order) -> None:
    payments.begin(order, "pays")
    answer = client.get(links.path(order))
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "Thank you",
        order.number,
        "Two suns over Cadiz",
        "Unter den Linden 1",
        "Germany",
        "€25.00",
    ):
        assert words in page
    assert "no-store" in answer["Cache-Control"]


def test_a_forged_or_changed_token_is_not_found(client: Client, order: Order) -> None:
    token = links.token(order)
    number, signature = token.split(".")
    forged = [
        str(order.pk),
        f"{order.pk + 1}.{signature}",
        f"{number}.{signature[:-1]}",
        f"{number}.{signature.lower()}",
        Signer(key="another key", salt="orders.link", sep=".").sign(number),
        Signer(salt="another.salt", sep=".").sign(number),
        "x",
        "%00",
        "é" * 20,
        "1" * 400,
    ]
    for token in forged:
        assert client.get(f"/order/{token}/").status_code == 404, token
        assert client.post(f"/order/{token}/pay/", {"payment": "pays"}).status_code == 404, token


def test_a_good_token_of_an_order_that_is_gone_is_not_found(client: Client, order: Order) -> None:
    order.pk += 1
    assert client.get(links.path(order)).status_code == 404


def test_mailed_links_outlive_a_new_secret_key(client: Client, order: Order) -> None:
    old = Signer(key="the old key", salt="orders.link", sep=".").sign(str(order.pk))
    path = f"/order/{old}/"
    assert client.get(path).status_code == 404
    with override_settings(SECRET_KEY_FALLBACKS=["the old key"]):
        assert client.get(path).status_code == 200


def test_an_order_that_waits_for_its_payment_can_be_paid(client: Client, order: Order) -> None:
    path = links.path(order)
    page = client.get(path).content.decode()
    assert f"{path}pay/?attempt=1" in page
    assert client.post(f"{path}pay/?attempt=1", {"payment": "pays"})["Location"] == path
    order.refresh_from_db()
    assert order.status == "paid"
    assert "pay/?attempt" not in client.get(path).content.decode()


def test_after_a_gateway_that_did_not_answer_nobody_says_that_nothing_was_charged(
    client: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = links.path(order)
    assert "Nothing was charged" in client.get(path).content.decode()

    def down(**asked: object) -> None:
        raise gateways.GatewayDown

    monkeypatch.setattr(gateways.get(), "create", down)
    client.post(f"{path}pay/?attempt=1", {"payment": "pays"})
    page = client.get(path).content.decode()
    assert "We are checking your payment" in page
    assert "Nothing was charged" not in page
    assert f"{path}pay/?attempt=1" in page


def test_the_form_that_pays_carries_its_token(order: Order) -> None:
    client, path = Client(enforce_csrf_checks=True), links.path(order)
    page = client.get(path).content.decode()
    assert client.post(f"{path}pay/", {"payment": "pays"}).status_code == 403
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"payment": "pays", "csrfmiddlewaretoken": token}
    assert client.post(f"{path}pay/", form)["Location"] == path


@pytest.mark.parametrize("attempt", ["", "1_0", "٣", "-1", "9999999999", "x"])
def test_a_tampered_attempt_pays_once_and_breaks_nothing(client: Client, order: Order, attempt: str) -> None:
    path = f"{links.path(order)}pay/?attempt={attempt}"
    for _ in range(2):
        assert client.post(path, {"payment": "pays", "amount": "0.01"}).status_code == 302
    payment = order.payments.get()
    assert (payment.status, payment.amount) == ("succeeded", 25)


def test_an_unknown_way_to_pay_is_told(client: Client, order: Order) -> None:
    path = links.path(order)
    client.post(f"{path}pay/", {"payment": "gold"})
    assert "Please choose one of the ways to pay." in client.get(path).content.decode()


def test_the_link_works_in_every_market(client: Client, order: Order) -> None:
    assert client.get(f"/gb{links.path(order)}").status_code == 200


def test_an_account_is_offered_to_the_browser_that_ordered_only(client: Client, order: Order) -> None:
    path = links.path(order)
    payments.begin(order, "pays")
    assert "Create an account" not in client.get(path).content.decode()
    session = client.session
    session["placed_order"] = order.pk
    session.save()
    register = f"/account/register/?next={path}"
    assert order.name not in client.get(register).content.decode()
    assert register in client.get(path).content.decode()
    assert f'value="{order.name}"' in client.get(register).content.decode()  # a password is all it takes
    client.force_login(make_user())
    assert "Create an account" not in client.get(path).content.decode()


@pytest.mark.parametrize("choice", [None, "declines"])
def test_nothing_stands_between_the_shopper_and_paying(
    client: Client, order: Order, choice: str | None
) -> None:
    session = client.session
    session["placed_order"] = order.pk
    session.save()
    if choice:
        payments.begin(order, choice)
    page = client.get(links.path(order)).content.decode()
    assert "Pay €25.00" in page
    assert "Create an account" not in page
    payments.begin(order, "pending")
    page = client.get(links.path(order)).content.decode()
    assert "Pay €25.00" not in page
    assert "Create an account" in page


def test_the_link_is_announced_to_who_has_just_ordered_and_to_nobody_who_came_by_it(
    client: Client, clock: Clock, variant: Variant
) -> None:
    def says_so() -> bool:
        page = client.get(path).content.decode()
        assert "Pay €15.00" in page
        return "The link to this page also goes to" in page

    order = place_order(make_draft((variant, 1)))
    path = links.path(order)
    payments.begin(order, "declines")
    assert not says_so()
    session = client.session
    session["placed_order"] = order.pk
    session.save()
    assert says_so()
    clock.later(2)  # it has gone
    assert not says_so()
    order.events.filter(kind="payment_asked").delete()
    assert says_so()
    clock.later(60)
    assert not says_so()


def heading(client: Client, order: Order) -> str:
    page = client.get(links.path(order)).content.decode()
    return " ".join(page.partition("<h1")[2].partition(">")[2].partition("</h1>")[0].split())


def test_the_page_leads_with_what_happened(client: Client, order: Order) -> None:
    assert heading(client, order) == "Your order waits for its payment"
    payments.begin(order, "declines")
    assert heading(client, order) == "The payment was declined"
    page = client.get(links.path(order)).content.decode()
    # What happened, then how to pay, then all the rest.
    places = [page.index(words) for words in ("The payment was declined", "Pay €25.00", "What you ordered")]
    assert places == sorted(places)
    payments.begin(order, "pays")
    assert heading(client, order) == "Thank you"


def test_who_was_declined_five_times_is_told_whom_to_write_to(client: Client, order: Order) -> None:
    for attempt in range(1, 6):
        payments.begin(order, "declines", attempt=attempt)
    page = client.get(links.path(order)).content.decode()
    assert heading(client, order) == "Declined again: 5 tries so far"
    assert "last try here" in page
    assert '/info/contact/">write to us</a>' in page
    assert "Pay €25.00" not in page


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("pays", "You have paid €25.00. We send it back the way it came"),
        ("pending", "Should it arrive, we send all of it back."),
        ("declines", "Nothing was charged, so there is nothing to send back."),
        (None, "Nothing was charged, so there is nothing to send back."),
    ],
)
def test_a_cancelled_order_says_what_becomes_of_the_money(
    client: Client, order: Order, choice: str | None, told: str
) -> None:
    if choice:
        payments.begin(order, choice)
    states.move(order, "cancelled")
    page = client.get(links.path(order)).content.decode()
    assert told in page
    assert "The payment is still" not in page
    assert "Pay €25.00" not in page


def test_a_promise_is_made_while_it_holds(client: Client, order: Order) -> None:
    def promised() -> bool:
        return "At your door" in client.get(links.path(order)).content.decode()

    today = timezone.localdate()
    Order.objects.update(promised_from=today, promised_until=today + timedelta(days=2))
    assert not promised()  # nothing is sent before it is paid
    payments.begin(order, "pays")
    assert promised()
    Order.objects.update(promised_from=today - timedelta(days=2), promised_until=today - timedelta(days=1))
    assert not promised()


def test_history_lists_the_customers_own_orders(client: Client, order: Order) -> None:
    ada, eve = make_user(), make_user()
    Order.objects.filter(pk=order.pk).update(customer=ada)
    assert client.get("/account/orders/")["Location"].startswith("/account/login/")
    client.force_login(eve)
    assert order.number not in client.get("/account/orders/").content.decode()
    client.force_login(ada)
    page = client.get("/account/orders/").content.decode()
    assert order.number in page
    assert links.path(order) in page
    assert "waiting for payment" in page


def test_a_long_history_asks_no_more_than_a_short_one(
    client: Client, order: Order, variant: Variant, django_assert_max_num_queries: Any
) -> None:
    ada = make_user()
    client.force_login(ada)
    for _number in range(4):
        payments.begin(place_order(make_draft((variant, 1))), "pays")
    Order.objects.update(customer=ada)
    client.get("/account/orders/")
    with django_assert_max_num_queries(10):
        page = client.get("/account/orders/").content.decode()
    assert page.count('class="orders__row"') == 5


def test_the_page_takes_the_same_number_of_queries_whatever_was_bought(
    client: Client, order: Order, django_assert_max_num_queries: object
) -> None:
    line = order.lines.get()
    for _ in range(10):
        line.pk = None
        line.save()
    client.get(links.path(order))
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        client.get(links.path(order))


def test_an_order_page_reads_no_product(client: Client, variant: object) -> None:
    order = place_order(make_draft((variant, 1)))  # type: ignore[arg-type]
    variant.product.delete()  # type: ignore[attr-defined]
    assert "Two suns over Cadiz" in client.get(links.path(order)).content.decode()
