"""Markets: each has its mount, its language and its currency."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path, reverse
from django.utils import translation

from shop import markets
from shop.markets import Market


def here(request: HttpRequest) -> HttpResponse:
    market = request.market  # type: ignore[attr-defined]
    assert market == markets.current()
    return HttpResponse(f"{market.code} {reverse('here')} {translation.get_language()} {request.path}")


urlpatterns = [path("here/", here, name="here"), path("admin/", here), path("healthz", here)]
handler404 = "tests.shop.test_markets.not_found"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


@pytest.fixture(autouse=True)
def _these_pages():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def test_the_default_market_has_no_prefix(client):
    assert client.get("/here/").content == b"eu /here/ en /here/"


def test_another_market_is_mounted_at_its_prefix(client):
    assert client.get("/gb/here/").content == b"gb /gb/here/ en-gb /gb/here/"


def test_nothing_of_a_market_is_left_for_the_next_request(client):
    client.get("/gb/here/")
    assert client.get("/here/").content == b"eu /here/ en /here/"
    assert markets.current() == markets.default()
    assert reverse("here") == "/here/"


def test_a_prefix_without_a_slash_is_redirected(client):
    response = client.get("/gb")
    assert (response.status_code, response["Location"]) == (301, "/gb/")


def test_a_prefix_is_a_whole_word(client):
    assert client.get("/gbx/here/").status_code == 404


@pytest.mark.parametrize("address", ["/gb/admin/", "/gb/healthz", "/gb/media/x.jpg", "/gb/gb/here/"])
def test_what_exists_once_has_no_market(client, address):
    assert client.get(address).status_code == 404


def test_a_block_uses_a_market_and_gives_it_back():
    with markets.use(markets.get("gb")):
        assert (markets.current().code, reverse("here"), translation.get_language()) == (
            "gb",
            "/gb/here/",
            "en-gb",
        )
        with markets.use(markets.get("eu")):
            assert reverse("here") == "/here/"
        assert reverse("here") == "/gb/here/"
    assert (markets.current().code, reverse("here")) == ("eu", "/here/")


def test_an_address_in_another_market():
    assert markets.url(markets.get("gb"), "here") == "/gb/here/"
    assert reverse("here") == "/here/"


def test_an_unknown_market_is_a_key_error():
    with pytest.raises(KeyError):
        markets.get("xx")


@pytest.mark.parametrize("prefix", ["us", "de-ch", "es-419", "zh-hant"])
def test_a_prefix_is_a_language_or_a_country_or_both(prefix):
    there = (Market("a", "A", "", "en", "EUR", "DE"), Market("b", "B", prefix, "en", "EUR", "FR"))
    assert markets.check(there) == there


@pytest.mark.parametrize("prefix", ["x", "usa", "US", "cart", "us/east", "us-", "de_ch", "de-chhhh", "ü1"])
def test_a_prefix_that_the_edge_would_not_know_is_refused(prefix):
    """Behind it a cart's address would be taken for a page for everyone."""
    there = (
        Market("a", "A", "", "en", "EUR", "DE"),
        Market("c", "C", "cc", "en", "EUR", "IT"),
        Market("b", "Britain", prefix, "en", "EUR", "FR"),
    )
    with pytest.raises(ImproperlyConfigured, match="prefix"):
        markets.check(there)


def test_a_currency_that_prices_cannot_hold_is_refused_with_the_reason():
    assert markets.check((Market("jp", "Japan", "", "en", "JPY", "JP"),))
    with pytest.raises(ImproperlyConfigured, match="KWD of Kuwait has 3 decimals"):
        markets.check((Market("kw", "Kuwait", "", "en", "KWD", "KW"),))
    for code in ("XXY", "eur", ""):
        with pytest.raises(ImproperlyConfigured, match="no currency"):
            markets.check((Market("a", "A", "", "en", code, "DE"),))


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (Market("gb", "UK", "gb", "en-gb", "GBP", "GB"),),
        (Market("a", "A", "", "en", "EUR", "DE"), Market("b", "B", "", "en", "EUR", "FR")),
        (Market("a", "A", "", "en", "EUR", "DE"), Market("a", "B", "b", "en", "EUR", "FR")),
    ],
)
def test_markets_that_contradict_each_other_are_refused(wrong):
    with pytest.raises(ImproperlyConfigured):
        markets.check(wrong)
