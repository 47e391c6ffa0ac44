"""The steps: in their order, without JavaScript, nothing asked twice, every mistake in its own words."""

import re

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from catalog.models import Method, Stock, Variant
from checkout import quote
from checkout.models import Cart
from orders.models import Order
from tests.checkout.conftest import ADDRESS, go_to_review, put
from tests.factories import make_delivery, make_user

pytestmark = pytest.mark.django_db

PAGES = ("/checkout/", "/checkout/address/", "/checkout/delivery/", "/checkout/review/")


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_cart_cannot_be_checked_out(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == "/cart/"
    if path != "/checkout/":
        assert client.post(path, {})["Location"] in {"/cart/", "/checkout/review/"}


def test_no_step_can_be_skipped(client: Client, variant: Variant) -> None:
    put(client, variant)
    for path in ("/checkout/", "/checkout/delivery/", "/checkout/review/"):
        assert client.get(path)["Location"] == "/checkout/address/"
    client.post("/checkout/address/", ADDRESS)
    for path in ("/checkout/", "/checkout/review/"):
        assert client.get(path)["Location"] == "/checkout/delivery/"
    assert (
        client.post("/checkout/review/", {"digest": "x", "payment": "pays"})["Location"]
        == "/checkout/review/"
    )
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", PAGES)
def test_a_cart_with_a_problem_goes_back_to_the_cart(client: Client, variant: Variant, path: str) -> None:
    put(client, variant)
    go_to_review(client)
    Stock.objects.update(on_hand=0)
    assert client.get(path)["Location"] == "/cart/"


def test_the_address_has_eight_fields_and_says_which_are_optional(client: Client, variant: Variant) -> None:
    put(client, variant)
    page = client.get("/checkout/address/").content.decode()
    form = page[page.index("<form") : page.index("</form>")]
    assert "<details" in form  # what only a company fills in is folded
    form = re.sub(r"<details.*?</details>", "", form, flags=re.S)
    shown = sum(form.count(f"<{tag}") for tag in ("input", "select")) - form.count('type="hidden"')
    assert shown == 8
    assert form.count(">optional<") == 2
    for token in ("email", "shipping name", "shipping address-line1", "shipping postal-code", "shipping tel"):
        assert f'autocomplete="{token}"' in form


def test_an_edit_from_the_review_leads_back_to_it(client: Client, variant: Variant, method: Method) -> None:
    put(client, variant)
    go_to_review(client)
    answer = client.post("/checkout/address/?return=review", {**ADDRESS, "city": "Potsdam"})
    assert answer["Location"] == "/checkout/review/"
    answer = client.post("/checkout/delivery/?return=review", {"method": method.pk})
    assert answer["Location"] == "/checkout/review/"
    assert "Potsdam" in client.get("/checkout/review/").content.decode()


def test_the_review_is_read_before_it_is_paid(client: Client, variant: Variant, method: Method) -> None:
    """The goods and their sum, where they go and how, then the payment: for screen readers as for eyes."""
    put(client, variant, 2)
    go_to_review(client)
    page = client.get("/checkout/review/").content.decode()
    words = (
        'id="sum"',
        variant.product.name,
        "Total",
        "Unter den Linden 1",
        "At your door",
        'name="payment"',
    )
    places = [page.index(word) for word in (*words, 'type="submit">Order and pay')]
    assert places == sorted(places)
    # A phone shows the total from the beginning, and a way to the button.
    bar = page.partition('class="paybar"')[2].partition("</a>")[0]
    assert "2 things" in bar
    assert str(quote.of(Cart.objects.get()).totals.total.format()) in bar
    assert bar.startswith(' href="#order"')
    assert page.count('id="order"') == 1


def test_a_method_that_does_not_go_there_is_asked_for_again(client: Client, variant: Variant) -> None:
    make_delivery(["GB"])
    put(client, variant)
    go_to_review(client)
    answer = client.post(
        "/checkout/address/?return=review", {**ADDRESS, "country": "GB", "postcode": "SW1Y 4JH"}
    )
    assert answer["Location"] == "/checkout/delivery/"
    assert Cart.objects.get().method is None


def test_another_zones_method_is_refused(client: Client, variant: Variant) -> None:
    abroad = make_delivery(["GB"], eur="0.10")
    put(client, variant)
    client.post("/checkout/address/", ADDRESS)
    for tampered in (str(abroad.pk), "0", "x", "٣", ""):
        answer = client.post("/checkout/delivery/", {"method": tampered})
        assert answer.status_code == 422
    assert Cart.objects.get().method is None


def test_a_method_that_is_no_longer_offered_is_asked_for_again(
    client: Client, variant: Variant, method: Method
) -> None:
    make_delivery()
    put(client, variant)
    go_to_review(client)
    Method.objects.filter(pk=Cart.objects.get().method_id).update(is_active=False)
    assert client.get("/checkout/review/")["Location"] == "/checkout/delivery/"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "the confirmation goes there"),
        ("email", "ada", "has an @"),
        ("name", "  ", "name of who gets it"),
        ("postcode", "1011", "has 5 digits, this one has 4"),
        ("postcode", "1011a", "has digits only"),
        ("postcode", "D-1011", "has 5 digits, this one has 4"),
        ("postcode", "A-10117", "has digits only"),
        ("postcode", "", "Please enter the postcode."),
        ("country", "KP", "do not deliver there yet"),
        ("phone", "call me", "A phone number has digits"),
        ("city", "Ber\x07lin", "leave out control characters"),
    ],
)
def test_the_text_fits_the_mistake_and_every_entry_is_kept(
    client: Client, variant: Variant, field: str, value: str, words: str
) -> None:
    put(client, variant)
    answer = client.post("/checkout/address/", {**ADDRESS, field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f'href="#id_{field}"' in page
    assert page.count("autofocus") == 1
    kept = "Unter den Linden 1"
    assert f'value="{kept}"' in page
    assert Cart.objects.get().line1 == ""


@pytest.mark.parametrize(
    ("country", "postcode", "stored"),
    [
        ("DE", "10 117", "10117"),
        ("GB", "sw1y4jh", "SW1Y4JH"),
        ("GB", "SW1Y 4JH", "SW1Y 4JH"),
        ("NO", "0150", "0150"),
        ("DE", "D-10117", "10117"),
        ("DE", "de 10117", "10117"),
        ("DE", "D – 10 117", "10117"),
        ("NL", "NL-1012 AB", "1012 AB"),
        ("NL", "NL1012AB", "1012AB"),
        ("SE", "S-111 20", "111 20"),
        ("GB", "UK SW1Y 4JH", "SW1Y 4JH"),
        ("GB", "G1 1AA", "G1 1AA"),
        ("LT", "LT-01100", "LT-01100"),
        ("LT", "LT 01100", "01100"),
    ],
)
def test_postcodes_may_be_written_as_people_do(
    client: Client, variant: Variant, country: str, postcode: str, stored: str
) -> None:
    make_delivery(["GB", "NO", "NL", "SE", "LT"])
    put(client, variant)
    client.post("/checkout/address/", {**ADDRESS, "country": country, "postcode": postcode})
    assert Cart.objects.get().postcode == stored


def test_a_customers_last_address_is_filled_in(client: Client, variant: Variant) -> None:
    ada = make_user("ada@example.com")
    client.force_login(ada)
    put(client, variant)
    digest = go_to_review(client, line1="Known 7")
    client.post("/checkout/review/", {"digest": digest, "payment": "pays"})
    put(client, variant)
    page = client.get("/checkout/address/").content.decode()
    for known in ("Known 7", "Ada Lovelace", "10117"):
        assert f'value="{known}"' in page
    assert "goes to <b>ada@example.com</b>" in page


def test_a_guests_address_is_asked_once_in_a_checkout(client: Client, variant: Variant) -> None:
    put(client, variant)
    go_to_review(client)
    assert 'value="Unter den Linden 1"' in client.get("/checkout/address/").content.decode()


def test_an_address_changes_the_tax_and_never_the_currency(client: Client, variant: Variant) -> None:
    make_delivery(["GB"])
    put(client, variant, 2)
    go_to_review(client, country="GB", postcode="SW1Y 4JH")
    page = client.get("/checkout/review/").content.decode()
    assert "€76.00" in page
    assert "€12.67" in page  # a fifth of the gross is a sixth: 20 % British tax


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.fixed_dictionaries({name: st.text(max_size=200) for name in ADDRESS}))
def test_no_entry_breaks_the_address(client: Client, variant: Variant, entries: dict[str, str]) -> None:
    if "cart" not in client.cookies:
        put(client, variant)
    entries = {name: text.encode("utf-8", "ignore").decode() for name, text in entries.items()}
    for form in (entries, {**ADDRESS, **{name: entries[name] for name in ("name", "line1", "city")}}):
        assert client.post("/checkout/address/", form).status_code in {302, 400, 422}


def test_lone_surrogates_are_an_answer(client: Client, variant: Variant) -> None:
    put(client, variant)
    body = "--x\r\n" + "--x\r\n".join(
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value or chr(0xD800)}\r\n'
        for name, value in ADDRESS.items()
    )
    answer = client.generic(
        "POST",
        "/checkout/address/",
        (body + "--x--\r\n").encode("utf-7", "surrogatepass"),
        content_type="multipart/form-data; boundary=x; charset=utf-7",
    )
    assert answer.status_code in {400, 422}
    assert not User.objects.exists()


def test_the_pages_are_nobody_elses(client: Client, variant: Variant) -> None:
    put(client, variant)
    go_to_review(client)
    for path in ("/cart/", *PAGES):
        assert "no-store" in client.get(path)["Cache-Control"]


def test_an_address_is_kept_whatever_became_of_the_goods_meanwhile(client: Client, variant: Variant) -> None:
    put(client, variant, 2)
    client.get("/checkout/address/")
    Stock.objects.filter(variant=variant).update(on_hand=1)
    answer = client.post("/checkout/address/", ADDRESS, follow=True)
    assert answer.redirect_chain[-1][0] == "/cart/"
    assert "Only 1 left" in answer.content.decode()
    cart = Cart.objects.get()
    assert (cart.name, cart.line1, cart.email) == (ADDRESS["name"], ADDRESS["line1"], ADDRESS["email"])


def test_nor_is_it_shown_before_that_is_mended(client: Client, variant: Variant) -> None:
    put(client, variant, 2)
    Stock.objects.filter(variant=variant).update(on_hand=1)
    assert client.get("/checkout/address/")["Location"] == "/cart/"
