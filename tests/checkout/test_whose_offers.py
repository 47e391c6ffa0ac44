"""A code that this customer has used, or is no newcomer for, is told of once it is known who they are."""

import pytest
from django.test import Client

from catalog.models import Variant
from checkout.models import Cart, Promotion
from orders.models import Order
from tests.checkout.conftest import ADDRESS, go_to_review, put
from tests.checkout.promoting import enter, make_promotion, make_voucher
from tests.factories import make_user

pytestmark = pytest.mark.django_db

STEP = "/checkout/address/"
USED = "You have used this code already: it is good for one order."
FIRST = "This code is for a first order, and you have ordered here before."


@pytest.fixture(params=["once", "first"])
def why(request: pytest.FixtureRequest, variant: Variant) -> str:
    """SPRING, which ada@example.com has used; what they hear of it."""
    is_once = request.param == "once"
    promotion = make_promotion("Spring", needs_code=True, is_for_first_order=not is_once)
    make_voucher(promotion=promotion, limit_each=1 if is_once else None)
    client = Client()
    put(client, variant)
    enter(client, "SPRING")
    client.post("/checkout/review/", {"digest": go_to_review(client), "payment": "pays"})
    assert Order.objects.get().discount > 0
    return USED if is_once else FIRST


def test_an_account_hears_it_in_the_cart(client: Client, variant: Variant, why: str) -> None:
    """Its own mailbox is known, whoever it was when it ordered: as a guest, here."""
    client.force_login(make_user("Ada+deckle@example.com"))
    put(client, variant)
    page = enter(client, "SPRING")
    assert page.status_code == 422
    assert why in page.content.decode()
    assert Cart.objects.get(closed_at=None).voucher_code == ""


def test_an_account_that_has_it_sent_elsewhere_has_used_it_too(client: Client, variant: Variant) -> None:
    make_voucher(limit_each=1)
    client.force_login(make_user("grace@example.com"))
    put(client, variant)
    enter(client, "SPRING")
    sealed = go_to_review(client)
    Cart.objects.update(email="work@example.com")
    page = client.get("/checkout/review/").content.decode()
    sealed = page.split('name="digest" value="')[1].split('"')[0]
    client.post("/checkout/review/", {"digest": sealed, "payment": "pays"})
    assert Order.objects.get().email == "work@example.com"
    guest = Client()
    put(guest, variant)
    enter(guest, "SPRING")
    go = guest.post(STEP, {**ADDRESS, "email": "grace@example.com"}, follow=True)
    assert USED in go.content.decode()


def test_a_guest_hears_it_when_the_address_is_given_and_what_it_comes_to(
    client: Client, variant: Variant, why: str
) -> None:
    put(client, variant)
    assert "−€3.80" in enter(client, "SPRING").content.decode()
    answer = client.post(STEP, ADDRESS)
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/delivery/")
    page = client.get("/checkout/delivery/").content.decode()
    assert f"SPRING: {why} The total is €42.90 now." in page
    assert "−€" not in page
    cart = Cart.objects.get(closed_at=None)
    assert (cart.email, cart.line1, cart.voucher_code) == (ADDRESS["email"], ADDRESS["line1"], "SPRING")
    # Told once as news; it stands beside the sum as long as the cart has it, and the review takes it out.
    page = client.get("/checkout/delivery/").content.decode()
    assert "The total is" not in page
    assert why in page
    go_to_review(client)
    client.post("/cart/voucher/", {"remove": "1", "next": "review"})
    assert why not in client.get("/checkout/review/").content.decode()


def test_it_is_told_in_place_before_the_form_is_sent_and_keeps_nothing(
    client: Client, variant: Variant, why: str
) -> None:
    put(client, variant)
    enter(client, "SPRING")
    assert "data-of-customer" in client.get(STEP).content.decode()
    answer = client.post(
        STEP, {"action": "email", "email": ADDRESS["email"], "name": "Ada L", "country": "DE"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"SPRING: {why} The total is €42.90 now." in page
    assert "−€" not in page
    assert 'value="Ada L"' in page
    assert Cart.objects.get(closed_at=None).email == ""
    other = client.post(STEP, {"action": "email", "email": "grace@example.com", "country": "DE"})
    assert "−€3.80" in other.content.decode()
    assert why not in other.content.decode()


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a" * 400 + "@example.com", "\x7f@example.com"])
def test_what_is_no_address_changes_nothing(client: Client, variant: Variant, why: str, email: str) -> None:
    put(client, variant)
    enter(client, "SPRING")
    answer = client.post(STEP, {"action": "email", "email": email, "country": "DE"})
    assert answer.status_code == 200
    assert "−€3.80" in answer.content.decode()


def test_who_asks_for_many_learns_no_more_of_them(client: Client, variant: Variant, why: str) -> None:
    put(client, variant)
    enter(client, "SPRING")
    asked = {"action": "email", "email": ADDRESS["email"], "country": "DE"}
    told = [why in client.post(STEP, asked).content.decode() for _ in range(21)]
    assert told == [True] * 20 + [False]


def test_what_came_by_itself_is_told_of_as_well(client: Client, variant: Variant, why: str) -> None:
    Promotion.objects.all().delete()
    make_promotion("Welcome", is_for_first_order=True)
    put(client, variant)
    assert "−€3.80" in client.get("/cart/").content.decode()
    page = client.post(STEP, ADDRESS, follow=True).content.decode()
    text = "“Welcome” is for a first order, and you have ordered here before. The total is €42.90 now."
    assert text in page
    # Who never had it is not told what they do not get.
    assert text not in client.post(STEP, ADDRESS, follow=True).content.decode()


def test_a_cart_that_hangs_on_nobody_asks_nothing(client: Client, variant: Variant) -> None:
    put(client, variant)
    make_voucher("PLAIN")
    enter(client, "PLAIN")
    assert "data-of-customer" not in client.get(STEP).content.decode()
