"""A code is typed in the cart or at the review: used, kept for later, refused with a reason, removed."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from catalog.models import Price, Product, Variant
from checkout.models import Cart, Promotion, Voucher
from orders.models import Order
from orders.queries import order_page
from shop.outbox import drain
from tests.checkout.conftest import go_to_review, put, sealed, sealed_in
from tests.checkout.promoting import enter, make_promotion, make_voucher
from tests.factories import make_category, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["SPRING-20", "spring 20", "  Spring20 ", "spr1ng-2o", "ＳＰＲＩＮＧ２０"])
def test_a_code_counts_however_it_is_typed(client: Client, variant: Variant, typed: str) -> None:
    put(client, variant)
    make_voucher("SPRING-20")
    page = enter(client, typed).content.decode()
    assert "The code SPRING-20 counts." in page
    assert "−€3.80" in page
    assert "€39.10" in page  # 38.00 − 3.80 and 4.90 for delivery
    assert Cart.objects.get().voucher_code == "SPRING-20"


def test_it_is_taken_out_again(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher()
    enter(client, "SPRING")
    page = client.post("/cart/voucher/", {"remove": "1", "next": "cart"}, follow=True).content.decode()
    assert "−€" not in page
    assert Cart.objects.get().voucher_code == ""


def test_the_field_stands_at_the_review_too(client: Client, variant: Variant) -> None:
    put(client, variant)
    go_to_review(client)
    make_voucher()
    page = enter(client, "SPRING", "review")
    assert page.redirect_chain[-1][0] == "/checkout/review/"
    assert "−€3.80" in page.content.decode()
    page = enter(client, "FALL", "review")
    assert page.status_code == 422
    text = page.content.decode()
    assert "We know no such code." in text
    # What is pressed there orders, though the page stands at the code's address.
    form = re.search(r'<form class="checkout__pay[^>]*action="([^"]+)"', text)
    assert form
    client.post(form[1], {"digest": sealed_in(text), "payment": "pays"})
    assert Order.objects.get().status == "paid"


def refused(client: Client, code: str = "SPRING") -> str:
    """The page that refuses a code: the cart has none, and the code stays in its field."""
    answer = enter(client, code)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert Cart.objects.get().voucher_code == ""
    assert f'value="{code}"' in page
    assert "−€" not in page
    return page


def test_each_refusal_says_why(client: Client, variant: Variant) -> None:
    put(client, variant)
    assert "We know no such code." in refused(client)
    voucher = make_voucher()
    promotion = voucher.promotion
    promotion.ends_at = timezone.now() - timedelta(seconds=1)
    promotion.save()
    assert "This code was good until" in refused(client)
    promotion.ends_at = None
    promotion.save()
    Voucher.objects.update(limit=3)
    Voucher.objects.update(used=3)
    assert "This code has been used up." in refused(client)
    Voucher.objects.update(limit=None, is_active=False)
    assert "We know no such code." in refused(client)
    Voucher.objects.update(is_active=True)
    Promotion.objects.update(is_active=False)
    assert "We know no such code." in refused(client)
    Promotion.objects.update(is_active=True)
    assert "The code SPRING counts." in enter(client, "SPRING").content.decode()


def test_an_empty_field_and_an_endless_one_are_told(client: Client, variant: Variant) -> None:
    put(client, variant)
    assert "Please enter the code." in enter(client, "").content.decode()
    assert "We know no such code." in enter(client, "---").content.decode()
    assert "No code is as long as that." in enter(client, "A" * 61).content.decode()


def waits(client: Client, text: str) -> None:
    """The cart keeps the code and says what it waits for."""
    page = enter(client, "SPRING").content.decode()
    assert f"SPRING is in your cart, and waits: {text}" in page
    assert "−€" not in page
    assert Cart.objects.get().voucher_code == "SPRING"


def test_a_code_waits_for_its_minimum_and_counts_when_that_is_there(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher(promotion=make_promotion(needs_code=True, minimum={"EUR": "50"}))
    waits(client, "€12.00 more and this code counts.")
    put(client, variant)
    assert "−€7.60" in client.get("/cart/").content.decode()


def test_a_code_waits_for_its_day(client: Client, variant: Variant) -> None:
    put(client, variant)
    begins = timezone.now() + timedelta(days=2)
    make_voucher(promotion=make_promotion(needs_code=True, starts_at=begins))
    waits(client, "This code counts from")


def test_a_code_for_other_goods_waits_for_them(client: Client, variant: Variant) -> None:
    put(client, variant)
    book = make_product("Field notes", category="Notebooks")
    make_voucher(promotion=make_promotion(needs_code=True, categories=[make_category("Notebooks")]))
    waits(client, "This code is for other goods than those in your cart.")
    put(client, book.variants.get())
    assert "−€3.80" in client.get("/cart/").content.decode()


def test_a_code_that_leaves_reduced_goods_says_so(client: Client, variant: Variant) -> None:
    Price.objects.update(sale_amount=30)
    put(client, variant)
    make_voucher(promotion=make_promotion(needs_code=True, takes_reduced=False))
    waits(client, "This code is not for goods that are reduced already.")


def test_a_code_of_another_currency_says_so(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher(promotion=make_promotion(needs_code=True, amount={"GBP": "5"}))
    waits(client, "This code is not for this market.")


def test_a_code_beside_a_promotion_that_stands_alone_says_which(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_promotion("Summer", percent="20", stacking="alone", priority=1)
    make_voucher()
    page = enter(client, "SPRING").content.decode()
    assert "This code does not go together with “Summer”." in page
    assert "−€7.60" in page


def test_who_guesses_is_stopped_and_who_mistypes_is_not(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher()
    for number in range(20):
        assert enter(client, f"GUESS{number}").status_code == 422
    answer = enter(client, "SPRING")
    assert answer.status_code == 429
    assert "Please wait ten minutes." in answer.content.decode()
    other = Client(REMOTE_ADDR="203.0.113.9")
    put(other, variant)
    assert enter(other, "SPRING").status_code == 200


def test_a_right_code_is_never_counted_as_a_guess(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher()
    for _number in range(25):
        assert enter(client, "SPRING").status_code == 200


def test_without_a_cart_there_is_nothing_to_reduce(client: Client) -> None:
    assert enter(client, "SPRING").redirect_chain == [("/cart/", 302)]
    assert client.get("/cart/voucher/").status_code == 302


def test_a_promotion_without_a_code_counts_by_itself_and_says_what_is_missing(
    client: Client, variant: Variant
) -> None:
    make_promotion("A fifth off the large ones", percent="20", minimum={"EUR": "70"})
    put(client, variant)
    page = client.get("/cart/").content.decode()
    assert "€32.00 more for “A fifth off the large ones”." in page
    put(client, variant)
    page = client.get("/cart/").content.decode()
    assert "more for" not in page
    assert "A fifth off the large ones" in page
    assert "−€15.20" in page


def test_what_is_missing_is_told_only_when_half_of_it_is_there(client: Client, variant: Variant) -> None:
    promotion = make_promotion("Ten off", percent="10", minimum={"EUR": "76.02"})
    put(client, variant)
    assert "more for" not in client.get("/cart/").content.decode()
    promotion.delete()
    make_promotion("Ten off", percent="10", minimum={"EUR": "76"})
    assert "€38.00 more for “Ten off”." in client.get("/cart/").content.decode()


def test_free_delivery_says_why_and_how_much_is_missing(client: Client, variant: Variant) -> None:
    make_promotion("Free from 40", kind="delivery", minimum={"EUR": "40"})
    put(client, variant)
    assert "€2.00 more and delivery is free." in client.get("/cart/").content.decode()
    put(client, variant)
    page = client.get("/cart/").content.decode()
    assert "more and delivery" not in page


def test_a_rule_edited_since_the_review_is_not_charged_silently(client: Client, variant: Variant) -> None:
    promotion = make_promotion(percent="10")
    put(client, variant)
    digest = go_to_review(client)
    for change in ({"percent": 5}, {"percent": 10, "is_active": False}):
        Promotion.objects.filter(pk=promotion.pk).update(**change)
        answer = client.post("/checkout/review/", {"digest": digest, "payment": "pays"})
        assert answer["Location"] == "/checkout/review/"
        assert not Order.objects.exists()
    assert client.post("/checkout/review/", {"digest": sealed(client), "payment": "pays"})[
        "Location"
    ].startswith("/order/")
    assert Order.objects.get().discounts == []


def test_a_code_that_stands_in_the_cart_and_ends_is_told_and_the_order_costs_more_only_then(
    client: Client, variant: Variant
) -> None:
    voucher = make_voucher()
    put(client, variant)
    enter(client, "SPRING")
    digest = go_to_review(client)
    Promotion.objects.filter(pk=voucher.promotion_id).update(ends_at=timezone.now() - timedelta(hours=1))
    answer = client.post("/checkout/review/", {"digest": digest, "payment": "pays"}, follow=True)
    page = answer.content.decode()
    assert "Something has changed" in page
    assert "This code was good until" in page
    assert "−€" not in page


@pytest.mark.django_db(transaction=True)
def test_totals_agree_from_the_cart_to_the_mail_and_the_desk(
    client: Client, admin_client: Client, suns: Product
) -> None:
    first, second = suns.variants.order_by("position")
    make_promotion("Three of them, one free", kind="bonus", buy=2, free=1, priority=1)
    make_voucher(promotion=make_promotion("Spring", percent="7.5", needs_code=True))
    make_promotion("On us", kind="delivery", minimum={"EUR": "50"}, priority=20)
    put(client, first, 2)
    put(client, second, 1)
    enter(client, "SPRING")
    # 2 × 38 + 58 = 134; 38 are free; 7.20 off the other 96; delivery is free from 60 on anyway.
    go_to_review(client)
    texts = ["€134.00", "−€38.00", "−€7.20", "€88.80"]
    for path in ("/cart/", "/checkout/review/"):
        page = client.get(path).content.decode()
        assert [text for text in texts if text not in page] == [], path
    answer = client.post("/checkout/review/", {"digest": sealed(client), "payment": "pays"}, follow=True)
    order = Order.objects.get()
    assert [str(sum) for sum in (order.subtotal, order.discount, order.total)] == ["134.00", "45.20", "88.80"]
    assert order.discounts == [
        {"name": "Three of them, one free", "code": "", "amount": "38.00"},
        {"name": "Spring", "code": "SPRING", "amount": "7.20"},
    ]
    assert sum(line.discount for line in order.lines.all()) == order.discount
    assert [text for text in texts if text not in answer.content.decode()] == []
    assert [row["amount"].amount for row in order_page(order)["discounts"]] == [38, order.discount - 38]
    drain.drain("normal")
    sent = mail.outbox[-1]
    assert [text for text in texts if text not in sent.body] == []
    assert [text for text in texts if text not in str(sent.alternatives[0][0])] == []
    desk = admin_client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert [text for text in ["€134.00", "-€38.00", "-€7.20", "€88.80"] if text not in desk] == []


def test_a_voucher_of_an_earlier_visit_comes_back_with_its_cart(client: Client, variant: Variant) -> None:
    ada = make_user()
    make_voucher()
    client.force_login(ada)
    put(client, variant)
    enter(client, "SPRING")
    other = Client()
    put(other, variant)
    other.post("/account/login/", {"email": ada.email, "password": "correct horse"})
    assert Cart.objects.get(user=ada, closed_at=None).voucher_code == "SPRING"
