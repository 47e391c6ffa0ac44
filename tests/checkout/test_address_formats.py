"""The address step asks what the country chosen writes; without JavaScript too, and nothing typed is lost."""

import re
from html import unescape

import pytest
from django.test import Client

from catalog.models import Variant
from checkout.forms import AddressForm
from checkout.models import Cart
from tests.checkout.conftest import ADDRESS, put
from tests.factories import make_delivery, make_tax_class

pytestmark = pytest.mark.django_db

COUNTRIES = [
    ("DE", "Germany"), ("AT", "Austria"), ("US", "United States"), ("GB", "United Kingdom"),
    ("IT", "Italy"), ("IE", "Ireland"), ("SG", "Singapore"), ("CA", "Canada"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _everywhere(variant: Variant, client: Client) -> None:
    make_delivery([code for code, _name in COUNTRIES if code != "DE"])
    put(client, variant)


def fields(page: str) -> list[str]:
    """Names of what is asked, in the order of the page."""
    form = page[page.index("<form") : page.index("</form>")]
    return [
        name
        for name in re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form)
        if name != "csrfmiddlewaretoken"
    ]


def locality(country: str) -> list[list[str]]:
    form = AddressForm(initial={"country": country}, countries=COUNTRIES)
    return [[field.name for field in row] for row in form.locality]


def test_postcode_town_and_region_stand_in_the_countrys_order() -> None:
    assert locality("DE") == [["postcode", "city"]]
    assert locality("GB") == [["city", "postcode"]]
    assert locality("US") == [["city"], ["region", "postcode"]]
    assert locality("IT") == [["postcode", "city"], ["region"]]
    assert locality("SG") == [["postcode"]]


def test_the_words_are_the_countrys() -> None:
    form = AddressForm(initial={"country": "US"}, countries=COUNTRIES)
    assert [str(form[name].label) for name in ("region", "postcode")] == ["State", "ZIP code"]
    assert form.fields["postcode"].widget.attrs["inputmode"] == "numeric"
    assert (
        "inputmode"
        not in AddressForm(initial={"country": "GB"}, countries=COUNTRIES).fields["postcode"].widget.attrs
    )


def test_the_fields_of_another_country_are_shown_with_all_that_was_typed(client: Client) -> None:
    sent = {**ADDRESS, "country": "US", "name": "Ada & Charles", "action": "country", "email": "not yet"}
    answer = client.post("/checkout/address/", sent)
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert fields(page) == [
        *("email", "country", "name", "company", "line1", "line2"),
        *("city", "region", "postcode", "phone"),
    ]  # no VAT number: none of that country could be judged
    for kept in ("Ada & Charles", "Unter den Linden 1", "Berlin", "10117", "not yet"):
        assert f'value="{kept}"' in page
    assert 'role="alert"' not in page  # nobody has said that they are done
    assert Cart.objects.get().line1 == ""


def test_the_sum_is_that_of_the_country_just_chosen_and_nothing_is_kept(client: Client) -> None:
    make_delivery(["FR"], eur="8.90", free_from=None)
    make_tax_class(rates={"FR": "0.20"})
    page = client.get("/checkout/address/").content.decode()
    assert all(told in page for told in ("€4.90", "incl. VAT 19%"))
    sent = {"action": "country", "country": "FR", "name": "Ada"}
    page = client.post("/checkout/address/", sent).content.decode()
    assert all(told in page for told in ("€8.90", "€46.90", "incl. VAT 20%"))
    page = client.post("/checkout/address/", {**sent, "action": "email", "email": "ada@example.com"})
    assert "€46.90" in page.content.decode()
    assert Cart.objects.get().country == ""
    client.post("/checkout/address/", ADDRESS)
    page = client.post("/checkout/address/", sent).content.decode()
    assert "€46.90" in page
    page = client.post("/checkout/address/", {**sent, "country": "DE"}).content.decode()
    assert all(told in page for told in ("€42.90", "incl. VAT 19%"))
    assert Cart.objects.get().country == "DE"


def test_who_sends_another_countrys_address_at_once_is_asked_for_what_is_missing(client: Client) -> None:
    answer = client.post("/checkout/address/", {**ADDRESS, "country": "US"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Please choose the state." in page
    assert ">Michigan</option>" in page
    answer = client.post(
        "/checkout/address/", {**ADDRESS, "country": "US", "region": "MI", "postcode": "48201"}
    )
    assert answer.status_code == 302
    assert (Cart.objects.get().region, Cart.objects.get().country) == ("MI", "US")


@pytest.mark.parametrize("region", ["XX", "mi", "Michigan", "DE-BY", "\x00", "😀"])
def test_a_region_that_the_country_does_not_have_is_refused(client: Client, region: str) -> None:
    sent = {**ADDRESS, "country": "US", "region": region, "postcode": "48201"}
    assert client.post("/checkout/address/", sent).status_code in {400, 422}


def test_what_the_country_does_not_write_is_not_kept(client: Client) -> None:
    client.post("/checkout/address/", {**ADDRESS, "region": "MI"})
    assert Cart.objects.get().region == ""
    sent = {**ADDRESS, "country": "SG", "postcode": "546080"}
    assert client.post("/checkout/address/", sent).status_code == 302
    assert (Cart.objects.get().city, Cart.objects.get().postcode) == ("", "546080")


def test_a_postcode_that_not_all_have_is_not_asked_of_all(client: Client) -> None:
    form = AddressForm(
        {**ADDRESS, "country": "CA", "region": "QC", "postcode": "h3z2y7"}, countries=COUNTRIES
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["postcode"] == "H3Z2Y7"
    form = AddressForm({**ADDRESS, "country": "CA", "region": "QC", "postcode": "10117"}, countries=COUNTRIES)
    assert "looks like H3Z 2Y7" in form.errors["postcode"][0]


def test_a_company_is_kept_and_written_with_the_address(client: Client) -> None:
    client.post("/checkout/address/", {**ADDRESS, "company": "Analytical Engines"})
    assert Cart.objects.get().company == "Analytical Engines"
    page = client.get("/checkout/address/").content.decode()
    assert re.search(r'<details class="fields__more"\s+open', page)


def test_countries_that_ask_alike_are_told_to_the_browser() -> None:
    form = AddressForm(countries=COUNTRIES)
    assert form.layout("US") != form.layout("CA") != form.layout("DE")
    assert form.layout("DE") != form.layout("AT")  # a VAT number means something else there
    assert form.layout("US").endswith("US ")
