"""From the cart to the order: once, as it was reviewed, or not at all."""

import pytest
from django.core import mail
from django.test import Client

from catalog.models import Price, Product, Stock, Variant
from checkout.models import Cart
from orders.models import Order, Payment
from shop.outbox import drain
from shop.outbox.models import Message
from tests.checkout.conftest import go_to_review, put, sealed
from tests.factories import make_delivery, make_user


def order(client: Client, digest: str, payment: str = "pays") -> str:
    """Where the button "Order and pay" led."""
    answer = client.post("/checkout/review/", {"digest": digest, "payment": payment})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


@pytest.mark.django_db(transaction=True)
def test_a_guest_buys(client: Client, variant: Variant) -> None:
    put(client, variant, 2)
    path = order(client, go_to_review(client))
    placed = Order.objects.get()
    page = client.get(path).content.decode()
    assert "Thank you" in page
    assert placed.number in page
    assert placed.status == Order.Status.PAID
    assert (placed.subtotal, placed.delivery, placed.total) == (76, 0, 76)
    assert (placed.email, placed.city, placed.country) == ("ada@example.com", "Berlin", "DE")
    assert Stock.objects.get(variant=variant).reserved == 2
    assert client.cookies["cart"].value == client.cookies["cart_size"].value == ""
    drain.drain("normal")
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]
    assert placed.number in mail.outbox[0].subject
    assert path in mail.outbox[0].body


def test_the_order_copies_what_it_sold(client: Client, suns: Product, variant: Variant) -> None:
    put(client, variant)
    order(client, go_to_review(client))
    suns.name = "Renamed"
    suns.save()
    Price.objects.update(amount=99)
    line = Order.objects.get().lines.get()
    assert (line.name, line.options, line.unit_price) == ("Two suns over Cadiz", "30 × 40 cm", 38)
    assert (line.sku, line.slug, str(line.tax_rate)) == (variant.sku, suns.slug, "0.19000")
    assert Order.objects.get().taxes == [
        {"rate": "0.19000", "net": "36.05", "tax": "6.85"}  # 38.00 and 4.90 for delivery
    ]


def test_a_customer_finds_the_order_in_the_account(client: Client, variant: Variant) -> None:
    ada = make_user()
    client.force_login(ada)
    put(client, variant)
    order(client, go_to_review(client))
    assert Order.objects.get().customer == ada
    assert Order.objects.get().number in client.get("/account/orders/").content.decode()


def test_a_price_that_changed_since_the_review_is_not_charged(client: Client, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    Price.objects.update(amount=39)
    assert order(client, digest) == "/checkout/review/"
    page = client.get("/checkout/review/").content.decode()
    assert "Something has changed" in page
    assert "€39" in page
    assert not Order.objects.exists()
    assert order(client, sealed(client)).startswith("/order/")


def test_a_cart_edited_in_another_tab_is_reviewed_again(client: Client, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    put(client, variant)
    assert order(client, digest) == "/checkout/review/"
    assert not Order.objects.exists()


def test_an_address_edited_in_another_tab_is_reviewed_again(client: Client, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    go_to_review(client, line1="Elsewhere 2")
    assert order(client, digest) == "/checkout/review/"
    assert not Order.objects.exists()


@pytest.mark.parametrize("tampered", ["", "0" * 64, "cart-1-1:" + "0" * 64, "é.é"])
def test_a_forged_digest_orders_nothing(client: Client, variant: Variant, tampered: str) -> None:
    put(client, variant)
    go_to_review(client)
    assert order(client, tampered) == "/checkout/review/"
    assert not Order.objects.exists()


def test_the_form_sent_twice_leads_to_the_same_order(client: Client, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    assert order(client, digest) == order(client, digest)
    assert Order.objects.count() == Payment.objects.count() == 1


def test_the_form_sent_again_beside_a_new_cart_leads_to_its_old_order(
    client: Client, variant: Variant
) -> None:
    put(client, variant)
    digest = go_to_review(client)
    first = order(client, digest)
    put(client, variant)
    assert order(client, digest) == first
    assert Order.objects.count() == 1
    assert Cart.objects.filter(closed_at=None).get().lines.count() == 1


def test_the_second_click_for_the_last_unit_does_not_read_sold_out(client: Client, variant: Variant) -> None:
    Stock.objects.filter(variant=variant).update(on_hand=1)
    put(client, variant)
    digest = go_to_review(client)
    assert order(client, digest).startswith("/order/")
    assert order(client, digest).startswith("/order/")


def test_somebody_elses_review_form_orders_nothing_of_mine(client: Client, variant: Variant) -> None:
    other = Client()
    put(other, variant)
    theirs = go_to_review(other)
    put(client, variant)
    go_to_review(client)
    assert order(client, theirs) == "/checkout/review/"
    assert not Order.objects.exists()


def test_sold_out_at_the_last_moment_loses_nothing(client: Client, variant: Variant) -> None:
    put(client, variant, 3)
    digest = go_to_review(client)
    Stock.objects.filter(variant=variant).update(on_hand=2)
    assert order(client, digest) == "/cart/"
    page = client.get("/cart/").content.decode()
    assert "This click has ordered nothing" in page
    assert "Only 2 left" in page
    cart = Cart.objects.get()
    assert (cart.closed_at, cart.lines.get().quantity, cart.line1) == (None, 3, "Unter den Linden 1")
    assert not Order.objects.exists()


def test_what_is_taken_from_sale_cannot_be_ordered(client: Client, suns: Product, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    suns.is_published = False
    suns.save()
    assert order(client, digest) == "/cart/"
    assert "No longer for sale" in client.get("/cart/").content.decode()
    assert not Order.objects.exists()


def test_an_unknown_way_to_pay_orders_nothing(client: Client, variant: Variant) -> None:
    put(client, variant)
    digest = go_to_review(client)
    answer = client.post("/checkout/review/", {"digest": digest, "payment": "gold"})
    assert answer.status_code == 422
    assert "choose" in answer.content.decode()
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_declined_then_paid_in_another_way(client: Client, variant: Variant) -> None:
    put(client, variant)
    path = order(client, go_to_review(client), "declines")
    page = client.get(path).content.decode()
    assert "declined" in page
    placed = Order.objects.get()
    assert placed.status == Order.Status.PLACED
    assert not Message.objects.filter(job="orders.send_confirmation").exists()
    assert Stock.objects.get(variant=variant).reserved == 1
    assert client.post(f"{path}pay/?attempt=2", {"payment": "pays"})["Location"] == path
    placed.refresh_from_db()
    assert placed.status == Order.Status.PAID
    assert [payment.status for payment in placed.payments.all()] == ["declined", "succeeded"]
    assert "Thank you" in client.get(path).content.decode()


@pytest.mark.django_db(transaction=True)
def test_money_on_its_way_arrives_later(client: Client, variant: Variant) -> None:
    put(client, variant)
    path = order(client, go_to_review(client), "pending")
    assert "still on its way" in client.get(path).content.decode()
    drain.drain("normal")
    assert len(mail.outbox) == 1
    assert drain.drain("high") == 0  # it takes a minute
    Message.objects.filter(job="orders.settle_pending_fake").update(due_at="2020-01-01T00:00:00Z")
    drain.drain("high")
    assert Order.objects.get().status == Order.Status.PAID
    drain.drain("normal")
    confirmed, invoiced = mail.outbox  # the invoice follows once there is one
    assert not confirmed.attachments
    assert [kind for _name, _content, kind in invoiced.attachments] == ["application/pdf"]


def test_a_pound_order_is_in_pounds_with_british_tax(client: Client, suns: Product, variant: Variant) -> None:
    make_delivery(["GB"])
    client.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 1})
    client.post(
        "/gb/checkout/address/",
        {
            "email": "ada@example.com",
            "name": "Ada",
            "line1": "1 St James's Square",
            "postcode": "sw1y 4jh",
            "city": "London",
            "country": "GB",
        },
    )
    cart = Cart.objects.get()
    assert cart.postcode == "SW1Y 4JH"
    page = client.get("/gb/checkout/delivery/").content.decode()
    method = page.split('name="method" value="')[1].split('"')[0]
    client.post("/gb/checkout/delivery/", {"method": method})
    page = client.get("/gb/checkout/review/").content.decode()
    digest = page.split('name="digest" value="')[1].split('"')[0]
    answer = client.post("/gb/checkout/review/", {"digest": digest, "payment": "pays"})
    assert answer["Location"].startswith("/gb/order/")
    placed = Order.objects.get()
    assert (placed.currency, placed.language, placed.market) == ("GBP", "en-gb", "gb")
    assert placed.taxes[0]["rate"] == "0.20000"
