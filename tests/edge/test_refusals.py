"""What the edge we ship turns away: poisoned and deceptive requests, methods and sizes no page needs."""

import contextlib
import itertools
import socket
import subprocess

import pytest

from tests.edge.varnish import EDGE, SECRET, Asked, Edge, Origin, Page, kept, program, until, varnish

EVIL = "evil.example"
# Names by which proxies and frameworks are told another host, address, path, method or format …
BELIEVED = [
    *("X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port"),
    *("X-Forwarded-Scheme", "X-Forwarded-SSL", "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded"),
    *("Forwarded", "Forwarded-For", "X-Host", "X-HTTP-Host-Override", "X-Original-Host", "X-Original-URL"),
    *("X-Rewrite-URL", "X-Original-URI", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),
    *("X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Cluster-Client-IP", "Proxy"),
    *("X-Custom-IP-Authorization", "X-ProxyUser-Ip", "X-Originating-IP", "X-Remote-Addr", "X-Script-Name"),
    *("X-Edge-Secret", "X-Edge-Older", "X-Edge-Failed", "X-Edge-Dropped", "X-Purge-Keys", "X-Purged", "xkey"),
    *("Surrogate-Key", "Surrogate-Control", "Cache-Tag", "CDN-Cache-Control", "Cache-Control", "Pragma"),
    *("Cookie", "Authorization", "User-Agent", "Referer", "Origin", "Accept", "Accept-Language"),
    *("X-Requested-With", "Content-Type", "Via", "Upgrade-Insecure-Requests", "Save-Data", "DNT"),
    *("If-None-Match", "If-Modified-Since", "If-Range", "X-Wap-Profile", "X-Amz-Website-Redirect-Location"),
]
# … and values that break what reads them.
BREAKING = {
    "Range": "bytes=0-3",
    "Accept-Encoding": "gzip;q=0, evil",
    "X-Forwarded-Host": "evil.example\t, evil.example",
    "Transfer-Encoding": "identity",
    "Expect": "200-evil",
    "Max-Forwards": "0",
    "X-Oversized": "e" * 8_000,
    "X-Meta": "\x7f\x08\x00".replace("\x00", ""),
}
POISON = [*((name, EVIL) for name in BELIEVED), *BREAKING.items()]


def echo(asked: Asked) -> Page:
    """The most gullible origin: its page repeats whatever it was told."""
    ours = {"host", "x-varnish"}
    told = sorted(f"{name}: {value}" for name, value in asked.headers.items() if name.lower() not in ours)
    return kept("\n".join([asked.method, asked.path, *told]).encode(), headers={"ETag": '"v1"'})


def test_there_are_sixty_poisons() -> None:
    assert len(POISON) >= 60


ROUTES = ["/?page={}", "/p/{}/", "/c/{}/?sort=price", "/search/?q={}", "/gb/p/{}/", "/media/{}.jpg"]


@pytest.mark.parametrize("route", ROUTES)
def test_what_one_visitor_says_shows_on_nobodys_page(
    edge: Edge, origin: Origin, path: str, route: str
) -> None:
    name, clean = path.strip("/").replace("/", "-"), b""
    for number, (poison, value) in enumerate(POISON):
        address = route.format(f"{name}-{number}")
        origin.pages[address.partition("?")[0]] = echo
        edge.ask_with(address, {poison: value})
        refetched = edge.ask(address)
        assert refetched.status == 200
        assert EVIL.encode() not in refetched.body, poison
        as_clean = refetched.body.replace(address.encode(), b"")
        clean = clean or as_clean
        assert as_clean == clean, poison


def test_another_host_is_another_page(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = lambda asked: kept(asked.headers["Host"].encode())
    edge.ask(path, Host=EVIL)
    assert edge.ask(path).body == b"shop.example"


def test_a_private_page_hears_who_asks_from_the_edge_alone(edge: Edge, origin: Origin) -> None:
    """Rate limits count by address: nobody may choose theirs."""
    origin.pages["/cart/"] = Page()
    lies = (*("forwarded", "x-forwarded", "x-original-", "x-rewrite-", "x-http-", "x-method-"), "x-edge-")
    told_by_us = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Edge-Secret": SECRET}
    for name in BELIEVED:
        if name.lower().startswith(lies) or name.endswith("-IP") or name in {"Proxy", "X-Host"}:
            origin.asked.clear()
            edge.ask_with("/cart/", {name: EVIL})
            assert origin.asked[0].headers.get_all(name, []) == [
                told_by_us[name] for _ in {name} & told_by_us.keys()
            ], name


def test_who_shows_no_secret_cannot_say_that_they_came_by_https(
    edge: Edge, origin: Origin, path: str
) -> None:
    for address in (path, "/cart/"):
        origin.pages[address] = lambda asked: kept(asked.headers["X-Forwarded-Proto"].encode())
        assert edge.ask(address, X_Forwarded_Proto="https").body == b"http"


def test_nobody_keeps_a_page_from_being_renewed(edge: Edge, origin: Origin, path: str) -> None:
    """X-Edge-Failed is our own word for an origin that fails."""
    origin.pages[path] = kept(b"old", keys="product/7")
    edge.ask(path)
    edge.ask("/", "PURGE", X_Edge_Secret=SECRET, X_Purge_Keys="product/7")
    origin.pages[path] = kept(b"new", keys="product/7")
    edge.ask(path, X_Edge_Failed="1", X_Edge_Page="1")
    assert until(lambda: origin.count(path) == 2)


def test_what_is_for_the_edge_alone_reaches_no_browser(edge: Edge, origin: Origin, path: str) -> None:
    """Of a page that is not kept as little as of one that is."""
    names = (
        "Surrogate-Control",
        "CDN-Cache-Control",
        "Surrogate-Key",
        "Cache-Tag",
        "xkey",
        "xkey-2",
        "Server",
    )
    told = dict.fromkeys(names, "max-age=60")
    origin.pages["/cart/"] = Page(headers=told)
    origin.pages[path] = Page(headers={**told, "Cache-Control": "private"})
    origin.pages[f"{path}kept/"] = Page(headers=told)
    for address in ("/cart/", path, f"{path}kept/"):
        for _ in range(2):
            answer = edge.ask(address)
            assert answer.status == 200
            assert not {*names, "X-Varnish"} & set(answer.headers), address
    assert not {"Server", "X-Varnish"} & set(edge.ask("/.env").headers)


def test_a_proxy_that_shows_the_secret_is_believed(edge: Edge, origin: Origin) -> None:
    """It ends TLS in front of the edge: only it knows who asked, and how."""
    origin.pages["/cart/"] = Page()
    edge.ask("/cart/", X_Edge_Secret=SECRET, X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https")
    told = origin.asked[0].headers
    assert told["X-Forwarded-For"].startswith("192.0.2.7")
    assert told["X-Forwarded-Proto"] == "https"


PRIVATE = ["/account/", "/cart/", "/order/t0ken/", "/checkout/review/", "/admin/", "/gb/account/orders/"]
SUFFIXES = [
    *("x.css", "x.js", "x.jpg", "x.png", "x.ico", "x.svg", "x.woff2", "robots.txt", "x.html", "x.json"),
    *(";x.css", "%3bx.css", "%3fx.css", "%23x.css", "%2fx.css", "%2e%2e%2fx.css", "%0ax.css", "%09x.css"),
    *("..%2fx.css", "%5cx.css", ".css", ".js", ".jpg", "?x.css", "?.css", "#x.css", "&x.css", "!x.css"),
    *("@x.css", "$x.css", "~x.css", "static/x.css", "media/x.jpg", "%00.css", "%20.css", "//x.css"),
    *("/./x.css", "%252fx.css", "index.php", "favicon.ico", "sitemap.xml", "x.css?v=1", "p/goods/"),
]


def test_there_are_forty_deceptions() -> None:
    assert len(set(SUFFIXES)) >= 40


@pytest.mark.parametrize("private", PRIVATE)
def test_no_file_name_makes_a_private_page_public(edge: Edge, origin: Origin, private: str) -> None:
    """Cache deception: whatever is appended, the origin answers with the private page, and it is not kept."""

    def mine(asked: Asked) -> Page:
        return Page(b"canary", headers={"Cache-Control": "private, no-store"})

    for suffix, spelled in itertools.product(SUFFIXES, (str, encoded)):
        address = spelled(private) + suffix
        origin.pages[address.partition("?")[0].partition("#")[0]] = mine
        edge.ask(address, Cookie="sessionid=mine")
        again = edge.ask(address)
        assert again.headers["X-Cache"] in {"pass", None}, address
        assert again.headers["Age"] in {"0", None}, address


def encoded(address: str) -> str:
    """The first letter of its first word as %XX: the origin reads the same, a comparison does not."""
    return f"/%{ord(address[1]):02x}{address[2:]}"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "BAN"])
def test_a_method_that_no_page_needs_is_refused(edge: Edge, origin: Origin, path: str, method: str) -> None:
    origin.pages[path] = Page()
    answer = edge.ask(path, method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert origin.asked == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/.env", 404),
        ("/blog/.git/config", 404),
        ("/wp-login.php", 404),
        ("/p/..%2f..%2fetc/passwd", 404),
        ("/media/a%00.jpg", 404),
        ("/p/" + "a" * 4_100, 414),
        ("/p/" + "a" * 4_100 + "/", 414),  # plain, but for its length
    ],
)
def test_a_scanner_is_answered_by_the_edge(edge: Edge, origin: Origin, address: str, status: int) -> None:
    assert edge.ask(address).status == status
    assert origin.asked == []


@pytest.mark.parametrize("address", ["/.well-known/security.txt", "/search/?q=index.php", "/p/php-poster/"])
def test_what_only_looks_like_it_is_asked_for(edge: Edge, origin: Origin, address: str) -> None:
    edge.ask(address)
    assert len(origin.asked) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "x" * 9_000},
        {f"X-{number}": "x" * 7_000 for number in range(5)},
        {f"X-{n}": "" for n in range(99)},
    ],
    ids=["a long line", "much of it", "many lines"],
)
def test_headers_beyond_any_browsers_are_refused(
    edge: Edge, origin: Origin, path: str, headers: dict
) -> None:
    with contextlib.suppress(ConnectionError):  # it hangs up while we still talk
        assert edge.ask_with(path, headers).status in {400, 413}
    assert origin.asked == []


def test_a_request_without_a_host_is_refused(edge: Edge, origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", edge.port), 5) as line:
        line.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")


def test_an_edge_without_a_secret_does_not_start(origin: Origin) -> None:
    """Else whoever shows none would show the right one."""
    with pytest.raises(AssertionError, match="EDGE_SECRET is not set"), varnish(origin.port, EDGE_SECRET=""):
        pass


def test_while_a_new_secret_goes_round_the_old_ones_are_believed(origin: Origin) -> None:
    """What the edge shows is the new one: the app believes both before it (shop/edge/origin.py)."""
    origin.pages["/cart/"] = Page()
    with varnish(origin.port, EDGE_SECRET="new", EDGE_SECRET_FALLBACKS="older,old") as edge:
        for secret, status in {
            **dict.fromkeys(("new", "old", "older"), 200),
            **dict.fromkeys(("", ",", "older,old", "ol", "lder", "old,", "known", "guess"), 403),
        }.items():
            assert edge.ask("/", "PURGE", X_Edge_Secret=secret).status == status, secret
            edge.ask("/cart/", X_Edge_Secret=secret, X_Forwarded_For="192.0.2.7")
            told = origin.asked[-1].headers
            assert told.get_all("X-Edge-Secret") == ["new"]
            assert ("192.0.2.7" in told["X-Forwarded-For"]) == (status == 200), secret
    with varnish(origin.port) as edge:
        for secret in ("", ",", ",,", "known"):
            assert edge.ask("/", "PURGE", X_Edge_Secret=secret).status == 403, secret


def test_what_we_ship_is_whole() -> None:
    """The origin of a single machine, as it lies beside default.vcl, is one that varnishd understands."""
    command = [program(), "-C", "-j", "none", "-p", f"vcl_path={EDGE}", "-f", str(EDGE / "default.vcl")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
