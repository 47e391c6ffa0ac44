"""Every public address of the shop answers a full jar, or one of garbage, as it answers nobody."""

from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import get_resolver

from tests.factories import follow_changes, make_delivery, make_page, make_product
from tests.test_architecture import routes

pytestmark = pytest.mark.django_db

ADDRESSES = {
    "edge/canary": "/edge/canary",
    "": "/",
    "c/<slug:slug>/": "/c/posters/",
    "p/<slug:slug>/": "/p/autumn-hills/",
    "search/": "/search/?q=autumn",
    "search/suggest/": "/search/suggest/?q=autumn",
    "info/<slug:slug>/": "/info/delivery/",
    "robots.txt": "/robots.txt",
    "sitemap.xml": "/sitemap.xml",
    "sitemap-pages.xml": "/sitemap-pages.xml",
    "sitemap-products-<int:number>.xml": "/sitemap-products-1.xml",
    "favicon.ico": "/favicon.ico",
    "media/<path:path>": "/media/picture.jpg",
}
JARS = {
    "garbage": "csrftoken=garbage!!; sessionid=%%%; cart=abc; cart_size=-1; messages=x:y; =; \xff",
    "well-formed": f"csrftoken={'c' * 32}; sessionid={'s' * 32}; cart={'a' * 22}; cart_size=3; messages=x",
    "unstorable": r'csrftoken="\000"; sessionid="\000aaaaaaaaaaaa"; cart="\000abc"; messages="\000"',
}


@pytest.fixture(autouse=True)
def _a_shop(db: None, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "picture.jpg").write_bytes(b"picture")
    make_product("Autumn hills", category="Posters")
    make_page("Delivery")
    make_delivery()
    follow_changes()


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response)


def test_no_public_route_is_forgotten_here():
    public = {
        name
        for name, pattern in routes(get_resolver().url_patterns)
        if getattr(pattern.callback, "page_kind", None) == "public"
    }
    assert public == set(ADDRESSES)


@pytest.mark.parametrize("jar", JARS)
@pytest.mark.parametrize("address", [*ADDRESSES.values(), "/gb/", "/gb/c/posters/", "/gb/p/autumn-hills/"])
def test_a_public_page_answers_any_jar_as_it_answers_nobody(address, jar):
    nobody = Client().get(address)
    answer = Client().get(address, headers={"Cookie": JARS[jar]})
    assert (nobody.status_code, answer.status_code) == (200, 200)
    assert answer["Cache-Control"].startswith("public")
    assert answer.cookies == SimpleCookie()
    assert "cookie" not in answer.get("Vary", "").lower()
    if address != ADDRESSES["edge/canary"]:  # says when it was rendered
        assert body(answer) == body(nobody)
        assert answer.items() == nobody.items()


@pytest.mark.parametrize(
    "address", ["/cart/", "/account/", "/account/login/", "/checkout/address/", "/admin/"]
)
def test_a_cookie_that_no_database_takes_is_none(address):
    nobody = Client().get(address)
    answer = Client().get(address, headers={"Cookie": JARS["unstorable"]})
    assert answer.status_code == nobody.status_code < 400
