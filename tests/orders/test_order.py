"""The order's page: whoever has its link may read it, and nobody can make one."""

import pytest
from django.core.signing import Signer
from django.test import Client, override_settings

from orders import gateways, links, payments
from orders.models import Order
from orders.placement import place_order
from tests.factories import make_user
from tests.orders.conftest import make_draft

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
    token = links.token(order.pk)
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
    assert client.get(f"/order/{links.token(order.pk + 1)}/").status_code == 404


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
    assert "Create an account" not in client.get(path).content.decode()
    session = client.session
    session["placed_order"] = order.pk
    session.save()
    assert f"/account/register/?next={path}" in client.get(path).content.decode()
    client.force_login(make_user())
    assert "Create an account" not in client.get(path).content.decode()


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
