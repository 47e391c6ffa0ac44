"""The cart's page beyond its lines: what cannot be linked, what goes with it, and a market that is gone."""

import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client, override_settings

from catalog.models import Image, Product, ProductLink, Stock, Variant
from catalog.queries import companions
from checkout.models import Cart
from shop import markets
from tests.checkout.conftest import go_to_review, put
from tests.factories import follow_changes, make_image, make_product, make_user

pytestmark = pytest.mark.django_db


def told(client: Client) -> str:
    answer = client.get("/cart/")
    assert answer.status_code == 200
    return answer.content.decode()


def link(item: Product, other: Product, position: int = 0) -> None:
    ProductLink.objects.create(product=item, other=other, kind="companion", position=position)


def beside(client: Client) -> list[str]:
    shelf = told(client).partition("Goes well with it")[2]
    return re.findall(r'class="card__link" href="[^"]+">([^<]+)<', shelf)


def test_what_is_not_published_any_more_is_named_and_not_linked(client: Client, variant: Variant) -> None:
    put(client, variant)
    Product.objects.update(is_published=False)
    page = told(client)
    assert "Two suns over Cadiz" in page
    assert "No longer for sale" in page
    assert "None" not in page
    assert f"/p/{variant.product.slug}/" not in page


def test_what_cannot_be_had_is_told_on_top_and_does_not_count(client: Client, variant: Variant) -> None:
    gone, few = make_product("A quiet hill", price="20.00"), make_product("Oak frame", price="5.00")
    put(client, variant)
    put(client, gone.variants.get())
    put(client, few.variants.get(), 4)
    assert "cannot be bought" not in told(client)
    Stock.objects.filter(variant__product=gone).update(on_hand=0)
    Stock.objects.filter(variant__product=few).update(on_hand=2)
    page = told(client)
    assert "2 things cannot be bought as they stand" in page
    said = " ".join(re.sub(r"<[^>]+>", "", page.partition("as they stand")[2].partition("</ul>")[0]).split())
    assert said == "A quiet hill: Sold out. Please remove it. Oak frame: Only 2 left. Please take fewer."
    assert "€58.00" in page  # 38 and four times 5
    assert "€78.00" not in page


def test_every_form_of_the_way_to_the_order_carries_its_token(client: Client, variant: Variant) -> None:
    put(client, variant)
    go_to_review(client)
    for path in ("/cart/", "/checkout/address/", "/checkout/delivery/", "/checkout/review/"):
        assert client.get(path).content.decode().count('name="csrfmiddlewaretoken"') == 1, path


def test_what_goes_with_it_is_offered_once_and_never_what_is_in_it(
    client: Client, suns: Product, variant: Variant
) -> None:
    frame, hill = make_product("Oak frame"), make_product("A quiet hill")
    link(suns, frame, 1)
    link(suns, hill, 0)
    link(hill, frame)
    link(hill, suns)
    link(suns, make_product("Sold out", stock=0), 2)
    link(suns, make_product("Hidden", published=False), 3)
    follow_changes()
    assert told(client).count("Goes well with it") == 0
    put(client, variant)
    page = told(client)
    assert "Goes well with it" in page
    assert f'href="/p/{frame.slug}/"' in page
    assert beside(client) == ["A quiet hill", "Oak frame"]
    put(client, hill.variants.get())
    assert beside(client) == ["Oak frame"]


def test_four_are_enough_and_cost_one_query(suns: Product, django_assert_num_queries: Any) -> None:
    for number in range(6):
        link(suns, make_product(f"Print {number}"), number)
    follow_changes()
    with django_assert_num_queries(1):
        found = companions.of(markets.default(), {suns.pk})
    assert [card["name"] for card in found] == ["Print 0", "Print 1", "Print 2", "Print 3"]


def test_a_cart_of_a_market_that_is_gone_makes_room_for_a_new_one(client: Client, variant: Variant) -> None:
    client.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 2})
    with override_settings(MARKETS=configured.MARKETS[:1]):
        page = told(client)
        assert "a market that we no longer serve" in page
        assert "Your cart is empty" in page
        assert client.cookies["cart"].value == client.cookies["cart_size"].value == ""
        assert "no longer serve" not in told(client)
        put(client, variant)
        assert "€38.00" in told(client)
    assert Cart.objects.get(closed_at=None).market == "eu"


@pytest.mark.parametrize("path", ["/checkout/", "/checkout/address/", "/checkout/review/"])
def test_no_step_breaks_on_such_a_cart(client: Client, variant: Variant, path: str) -> None:
    client.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 1})
    with override_settings(MARKETS=configured.MARKETS[:1]):
        assert client.get(path)["Location"] == "/cart/"


def test_a_login_does_not_bring_such_a_cart_back(client: Client, variant: Variant) -> None:
    ada, phone = make_user(), Client()
    phone.force_login(ada)
    phone.post("/gb/cart/add/", {"variant": variant.pk, "quantity": 5})
    with override_settings(MARKETS=configured.MARKETS[:1]):
        put(client, variant, 2)
        answer = client.post("/account/login/", {"email": ada.email, "password": "correct horse"})
        assert answer.status_code == 302
        page = told(client)
    assert "earlier visit" not in page
    assert "€76.00" in page
    assert Cart.objects.get(closed_at=None).user == ada


def test_a_picture_that_is_not_made_yet_is_stood_in_for_by_the_first_that_is(
    client: Client, variant: Variant
) -> None:
    Image.objects.all().delete()
    make_image(variant.product, ready=False, variant=variant, alt="Its own", position=0)
    make_image(variant.product, ready=False, alt="The first", position=1)
    other = make_image(variant.product, alt="The one that is there", position=2)
    put(client, variant)
    page = told(client)
    assert other.renditions["src"] in page
    assert "picture--none" not in page
    own = Image.objects.get(alt="Its own")
    own.renditions = {"of": own.original.name, "src": "/media/own.jpg", "srcset": {}, "mat": ""}
    own.save()
    assert "/media/own.jpg" in told(client)


def test_the_shops_promises_are_the_merchants_to_make(client: Client, variant: Variant) -> None:
    put(client, variant)
    page = told(client)
    assert page.count("printed to order in our own shop") == 2
    assert "30 days to return · printed to order" in page
