"""A page that is kept for everyone cannot touch its visitor."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from shop.edge.pages import private_page, public_page
from shop.edge.visitor import VisitorTouched
from tests.factories import make_user


@public_page(ttl=600, accepts=("sort", "colour"))
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.get_full_path()} {dict(request.GET.lists())}")


@public_page
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("bare")


@public_page(accepts=lambda request, code: (code,))
def by_arguments(request: HttpRequest, code: str) -> HttpResponse:
    return HttpResponse(request.GET.urlencode())


@public_page(ttl=600)
def expiring(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("order by 15:00")
    response.changes_at = timezone.now() + timedelta(seconds=60)  # type: ignore[attr-defined]
    return response


@public_page(accepts=("who",))
def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


@private_page
def private(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    return HttpResponse(f"{request.user} {len(request.COOKIES)} {get_token(request)[:0]}")


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def template_with_a_token(request: HttpRequest) -> str:
    return engines["jinja2"].from_string("<form>{{ csrf_input }}</form>").render({}, request)


BROKEN: dict[str, Callable[[HttpRequest], Any]] = {
    "session": lambda request: request.session.get("cart"),
    "session written": lambda request: request.session.__setitem__("cart", 1),
    "user": lambda request: request.user.is_authenticated,
    "user in a condition": lambda request: bool(request.user),
    "user printed": lambda request: f"{request.user}",
    "user compared": lambda request: request.user == 1,
    "messages": lambda request: messages.success(request, "Saved"),
    "messages read": lambda request: list(messages.get_messages(request)),
    "cookies": lambda request: request.COOKIES.get("cart_size"),
    "a signed cookie": lambda request: request.get_signed_cookie("cart", default=None),
    "the token": get_token,
    "a template's token": template_with_a_token,
    "the cookie header": lambda request: request.META.get("HTTP_COOKIE"),
    "the browser's name": lambda request: request.META["HTTP_USER_AGENT"],
    "the language asked for": lambda request: "HTTP_ACCEPT_LANGUAGE" in request.META,
}


@public_page
def broken(request: HttpRequest, what: str) -> HttpResponse:
    return HttpResponse(str(BROKEN[what](request)))


@public_page
def setting_a_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("x")
    response.set_cookie("cart", "1")
    return response


@public_page
def varying(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x", headers={"Vary": "Accept-Encoding, Cookie"})


@public_page
def listening(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.headers.get("Cookie")))


urlpatterns = [
    path("plain/", plain),
    path("bare/", bare),
    path("by/<str:code>/", by_arguments),
    path("expiring/", expiring),
    path("missing/", missing),
    path("private/", private),
    path("undeclared/", undeclared),
    path("broken/<str:what>/", broken),
    path("cookie/", setting_a_cookie),
    path("varying/", varying),
    path("listening/", listening),
]
handler404 = "tests.shop.test_pages.not_found"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    who = f", {request.user}" if "who" in request.GET else ""
    return HttpResponse(f"no such page{who}", status=404)


@pytest.fixture(autouse=True)
def _these_pages():
    edge = {"EDGE_BACKEND": "varnish", "VARNISH_NODES": [], "EDGE_SECRET": ""}
    with override_settings(ROOT_URLCONF=__name__, **edge):
        yield


@pytest.fixture
def visitor(db: None) -> Client:
    """Somebody with a full cookie jar."""
    client = Client(headers={"User-Agent": "Tester", "Accept-Language": "de"})
    client.force_login(make_user("canary@example.test", None))
    client.cookies["cart"] = "canary-cart"
    client.cookies["cart_size"] = "3"
    client.cookies["csrftoken"] = "c" * 32
    client.cookies["messages"] = "canary-message"
    return client


def test_a_public_page_is_kept_at_the_edge_and_asked_about_by_browsers(client):
    response = client.get("/plain/")
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert response["Surrogate-Control"] == "max-age=600"
    assert client.get("/bare/")["Surrogate-Control"] == "max-age=3600"


def test_a_public_page_is_the_same_bytes_for_everyone(visitor):
    answers = [visitor.get("/plain/?sort=new"), Client().get("/plain/?sort=new")]
    for response in answers:
        assert "Set-Cookie" not in response
        assert not response.cookies
        assert "cookie" not in response.get("Vary", "").lower()
    assert answers[0].content == answers[1].content
    assert answers[0].items() == answers[1].items()


def test_a_forged_session_cookie_leads_to_no_set_cookie():
    client = Client()
    client.cookies["sessionid"] = "x"
    response = client.get("/plain/")
    assert not response.cookies
    assert "cookie" not in response.get("Vary", "").lower()


@pytest.mark.parametrize("what", BROKEN)
def test_a_public_page_that_touches_its_visitor_raises(visitor, what):
    with pytest.raises(VisitorTouched, match="declare the view @private_page"):
        visitor.get(f"/broken/{what}/")


def test_in_production_that_is_an_error_page_and_not_a_leak(visitor):
    visitor.raise_request_exception = False
    response = visitor.get("/broken/user printed/")
    assert response.status_code == 500
    assert b"canary" not in response.content
    assert "Surrogate-Control" not in response


@pytest.mark.parametrize("page", ["cookie", "varying"])
def test_a_public_page_can_set_no_cookie_and_vary_by_none(client, page):
    with pytest.raises(VisitorTouched):
        client.get(f"/{page}/")


def test_the_cookie_header_is_not_there(visitor):
    assert visitor.get("/listening/").content == b"None"


def test_a_public_page_is_only_read():
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    for method in (client.post, client.put, client.delete, client.options):
        response = method("/plain/")
        assert response.status_code == 405
        assert response["Cache-Control"] == "private, no-store"
    assert client.head("/plain/").status_code == 200


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("utm_source=mail&sort=new", "sort=new"),
        ("sort=new&colour=red&colour=blue", "colour=blue&colour=red&sort=new"),
        ("sort=&colour=%20", ""),
        ("", ""),
    ],
)
def test_a_page_sees_only_the_parameters_it_reads_in_one_order(client, query, canonical):
    path = client.get(f"/plain/?{query}").content.decode().split(" ")[0]
    assert path == "/plain/" + (f"?{canonical}" if canonical else "")


@pytest.mark.parametrize(
    ("query", "canonical"),
    [("SORT=new", ""), ("sort=new&x=1&colour=red", "?colour=red&sort=new"), ("x=%0d%0aSet-Cookie:1", "")],
)
def test_whoever_asks_with_others_is_sent_away_without_rendering_anything(client, query, canonical):
    response = client.get(f"/plain/?{query}")
    assert response.status_code == 302
    assert response["Location"] == f"/plain/{canonical}"
    assert response["Surrogate-Control"] == "max-age=300"  # there are as many such addresses as one likes
    assert response.page_keys == {"html"}


def test_parameters_may_follow_from_the_views_arguments(client):
    assert client.get("/by/size/?size=a4").content == b"size=a4"
    assert client.get("/by/size/?size=a4&colour=red")["Location"] == "/by/size/?size=a4"


def test_a_nul_is_a_bad_request(client):
    assert client.get("/plain/?sort=%00").status_code == 400


def test_a_fact_that_expires_ends_the_time_to_live(client):
    assert client.get("/expiring/")["Surrogate-Control"] in {"max-age=59", "max-age=60"}


def test_what_is_missing_is_a_page_too_and_kept_for_a_while(visitor):
    response = visitor.get("/missing/")
    assert response.status_code == 404
    assert response.content == b"no such page"
    assert response["Surrogate-Control"] == "max-age=300"
    assert response.page_keys == {"html"}


def test_the_page_of_what_is_missing_cannot_touch_the_visitor_either(visitor):
    with pytest.raises(VisitorTouched):
        visitor.get("/missing/?who=me")


def test_an_address_that_no_view_has_is_kept_by_nobody(visitor):
    response = visitor.get("/nothing-at-all/")
    assert response.status_code == 404
    assert "Surrogate-Control" not in response


def test_a_private_page_has_its_visitor_and_is_kept_by_nobody(visitor):
    response = visitor.get("/private/")
    assert response.content.startswith(b"canary@example.test 5")
    assert response["Cache-Control"] == "private, no-store"
    assert "Surrogate-Control" not in response
    assert visitor.session["seen"]


def test_a_visitor_stays_logged_in_after_a_public_page(visitor):
    visitor.get("/plain/")
    assert visitor.get("/undeclared/").content == b"canary@example.test"


def test_every_declaration_can_be_read():
    kinds = [getattr(view, "page_kind", None) for view in (plain, bare, private, undeclared)]
    assert kinds == ["public", "public", "private", None]
