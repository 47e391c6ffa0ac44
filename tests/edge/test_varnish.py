"""The edge we ship, as a real varnishd: keeps what was declared, lets go by key, and lets nothing else in."""

import time

import pytest
from django.conf import settings
from django.urls import get_resolver

from shop.markets import PREFIX
from tests.edge.varnish import Edge, Origin, Page, at_once, kept, seconds, until
from tests.test_architecture import routes

JAR = "sessionid=canary; csrftoken=canary; cart=canary; cart_size=3"


def asked_again(edge: Edge, path: str, **headers: str) -> list[str]:
    """How two requests in a row were answered."""
    return [edge.ask(path, **headers).headers["X-Cache"] for _ in range(2)]


# --- What is kept ----------------------------------------------------------------------------------------


def test_a_page_that_is_declared_public_is_asked_for_once(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept()
    assert asked_again(edge, path) == ["miss", "hit"]
    assert origin.count(path) == 1


PUBLIC = {"Surrogate-Control": "max-age=600"}


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(200, {}, id="says nothing"),
        pytest.param(200, {"Cache-Control": "public, max-age=600"}, id="speaks to browsers only"),
        pytest.param(200, {"Surrogate-Control": "max-age=0"}, id="is over"),
        pytest.param(200, {"Surrogate-Control": "no-store"}, id="no-store for the edge"),
        pytest.param(200, {**PUBLIC, "Cache-Control": "private"}, id="private"),
        pytest.param(200, {**PUBLIC, "Cache-Control": "no-store"}, id="no-store"),
        pytest.param(200, {**PUBLIC, "Set-Cookie": "sessionid=canary"}, id="sets a cookie"),
        pytest.param(200, {**PUBLIC, "Vary": "Cookie"}, id="varies by cookie"),
        pytest.param(200, {**PUBLIC, "Vary": "Accept-Encoding, Cookie"}, id="varies by cookie too"),
        pytest.param(200, {**PUBLIC, "Vary": "*"}, id="varies by anything"),
        pytest.param(
            200,
            {**PUBLIC, "Cache-Control": "public", "cache-control": "private"},
            id="private in a second line",
        ),
        pytest.param(
            200, {**PUBLIC, "Vary": "Accept-Encoding", "vary": "Cookie"}, id="varies in a second line"
        ),
        pytest.param(400, PUBLIC, id="400"),
        pytest.param(403, PUBLIC, id="403"),
        pytest.param(429, PUBLIC, id="429"),
    ],
)
def test_nothing_else_is_kept(edge: Edge, origin: Origin, path: str, status: int, headers: dict) -> None:
    origin.pages[path] = Page(b"mine", status, headers)
    answers = [edge.ask(path) for _ in range(3)]
    assert {answer.status for answer in answers} == {status}
    assert "hit" not in {answer.headers["X-Cache"] for answer in answers}
    assert origin.count(path) == 3


@pytest.mark.parametrize("status", [200, 301, 302, 308, 404, 410])
def test_redirects_and_what_is_gone_are_kept_where_declared(
    edge: Edge, origin: Origin, path: str, status: int
) -> None:
    origin.pages[path] = kept(status=status, headers={"Location": "/p/other/"} if 300 < status < 400 else {})
    assert [edge.ask(path).status for _ in range(2)] == [status, status]
    assert origin.count(path) == 1


def test_a_head_shares_the_page(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept(b"whole page")
    assert edge.ask(path, "HEAD").body == b""
    assert edge.ask(path).body == b"whole page"
    assert [asked.method for asked in origin.asked] == ["GET"]


def test_a_part_of_a_file_is_cut_from_the_whole(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept(b"whole picture", headers={"Content-Type": "image/jpeg"})
    for _ in range(2):
        answer = edge.ask(path, Range="bytes=6-")
        assert (answer.status, answer.body) == (206, b"picture")
    assert edge.ask(path).body == b"whole picture"
    assert ["Range" in asked.headers for asked in origin.asked] == [False]


def test_the_edge_says_how_long_and_the_browser_does_not_hear_it(
    edge: Edge, origin: Origin, path: str, key: str
) -> None:
    more = {"Surrogate-Key": key, "Cache-Tag": key, "CDN-Cache-Control": "max-age=9", "xkey-2": "more"}
    origin.pages[path] = kept(keys=key, ttl=1, headers=more)
    for _ in range(2):
        told = {name.lower() for name in edge.ask(path).headers}
        assert told.isdisjoint(
            {*map(str.lower, more), "surrogate-control", "xkey", "via", "x-varnish", "x-edge-secret"}
        )
    assert until(lambda: edge.ask(path).headers["X-Cache"] != "hit")


def test_only_who_knows_the_secret_hears_whether_it_was_kept(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept()
    assert "X-Cache" not in edge.ask(path, X_Edge_Debug="1").headers
    assert "X-Cache" in edge.ask(path).headers


def test_a_slow_answer_is_kept_for_a_second(edge: Edge, origin: Origin, path: str) -> None:
    """It may have read before a change, and come after both purges of it."""
    origin.pages[path] = kept(seconds=1.6)
    edge.ask(path)
    origin.pages[path] = kept(b"new")
    time.sleep(2.2)  # a second of TTL, a second of grace
    assert edge.ask(path).body == b"new"


# --- Nothing of the visitor's ----------------------------------------------------------------------------


def test_cookies_do_not_reach_a_page_for_everyone(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = lambda asked: kept(str(asked.headers.items()).encode())
    edge.ask(path, Cookie=JAR, Authorization="Basic canary")
    assert b"canary" not in edge.ask(path).body
    assert origin.count(path) == 1


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b"quantity=1")])
def test_a_private_page_gets_its_cookies_and_is_never_kept(
    edge: Edge, origin: Origin, method: str, body: bytes | None
) -> None:
    origin.pages["/cart/"] = kept(b"my cart", headers={"Set-Cookie": "cart=canary"})
    answers = [edge.ask("/cart/", method, body, Cookie=JAR) for _ in range(2)]
    assert [answer.headers["Set-Cookie"] for answer in answers] == ["cart=canary"] * 2
    assert [asked.headers["Cookie"] for asked in origin.asked] == [JAR] * 2


def test_what_is_sent_to_a_public_address_arrives_as_it_was_sent(
    edge: Edge, origin: Origin, path: str
) -> None:
    origin.pages[path] = kept()
    edge.ask(path)
    for number in range(2):
        assert edge.ask(path, "POST", b"quantity=1").headers["X-Cache"] == "pass"
        assert origin.asked[1 + number].method == "POST"


def test_private_pages_do_not_wait_for_each_other(edge: Edge, origin: Origin) -> None:
    origin.pages["/checkout/"] = Page(seconds=0.5)
    assert seconds(lambda: at_once(edge, "/checkout/", 20)) < 3


def test_pages_that_may_not_be_kept_wait_once_at_most(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = Page(seconds=0.3)
    assert seconds(lambda: at_once(edge, path, 20)) < 3


SAMPLES = {
    "slug": "goods",
    "number": "1",
    "token": "t0ken",
    "path": "a.jpg",
    "name": "mail",
    "address_id": "7",
    "code": "stripe",
    "label": "2026-000001",
}


def concrete(route: str) -> str:
    """An address of the route, its parameters filled in."""
    parts = [part for part in route.replace("<", "\0<").replace(">", ">\0").split("\0") if part]
    return "/" + "".join(
        SAMPLES[part.strip("<>").partition(":")[2] or part.strip("<>")] if part[0] == "<" else part
        for part in parts
    )


PREFIXES = ["us", "de-ch", "es-419", "zh-hant", "pt-b9r2"]  # what shop/markets.py allows


def test_every_private_route_is_passed_and_every_public_one_looked_up(edge: Edge, origin: Origin) -> None:
    """The list in default.vcl is held against the URLconf, in every market."""
    assert all(PREFIX.fullmatch(prefix) for prefix in PREFIXES)
    prefixes = ["", *(f"/{market.prefix}" for market in settings.MARKETS[1:]), *map("/{}".format, PREFIXES)]
    # The admin's own routes are not ours to declare.
    kinds = {"private": {"/admin/", "/admin/catalog/product/7/change/"}, "public": set()}
    for name, pattern in routes(get_resolver().url_patterns):
        kinds[pattern.callback.page_kind] |= {prefix + concrete(name) for prefix in prefixes}
    first = {address.split("/")[1] for group in kinds.values() for address in group if address.count("/") > 1}
    assert not [word for word in first - {*PREFIXES, "gb"} if PREFIX.fullmatch(word)]
    assert {"/gb/cart/", "/zh-hant/cart/", "/order/t0ken/pay/", "/admin/", "/account/reset/t0ken/"} <= kinds[
        "private"
    ]
    assert {"/gb/", "/p/goods/", "/media/a.jpg"} <= kinds["public"]
    wrong = []
    for kind, addresses in kinds.items():
        for address in addresses - {"/healthz"}:  # the origin's own, below
            origin.pages[address] = kept()
            edge.ask(address, Cookie=JAR)
            if ("Cookie" in origin.asked[-1].headers) != (kind == "private"):
                wrong.append((kind, address))
    assert wrong == []


@pytest.mark.parametrize(
    "address",
    ["/p/cart/", "/c/account/", "/info/order/", "/carts/", "/p/admin/", "/search/?next=/cart/"],
)
def test_a_public_page_with_a_private_word_in_it_is_looked_up(
    edge: Edge, origin: Origin, address: str
) -> None:
    origin.pages[address.partition("?")[0]] = kept()
    assert asked_again(edge, address)[1] == "hit"
