"""One page, one address, one copy: what the edge we ship makes of a query before it looks a page up."""

import gzip

from django.conf import settings

from shop.edge.parameters import CAMPAIGN, is_campaign
from tests.edge.varnish import SECRET, Edge, Origin, kept

VCL = settings.BASE_DIR / "shop" / "edge" / "default.vcl"


def test_the_order_of_parameters_does_not_matter(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept()
    for query in ("?b=1&a=2", "?a=2&b=1", "?&a=2&&b=1&", "?utm_source=x&b=1&gclid=y&a=2", "?b=1&a=2#part"):
        edge.ask(path + query)
    assert [asked.path for asked in origin.asked] == [f"{path}?a=2&b=1"]


def test_an_empty_query_is_none(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept()
    for query in ("", "?", "?&", "#part", "?utm_campaign=x", "?#"):
        edge.ask(path + query)
    assert [asked.path for asked in origin.asked] == [path]


def test_blank_parameters_are_none(edge: Edge, origin: Origin, path: str) -> None:
    """A form sends each of its fields, and the origin reads no blank."""
    origin.pages[path] = kept()
    for query in ("?a=2", "?sort=&a=2", "?a=2&b&max=", "?=&a=2&c=%20", "?q=+&a=2&&sort=", "?b=&a=2&b=%20+"):
        edge.ask(path + query)
    edge.ask(f"{path}?sort=&max=")
    edge.ask(f"{path}?sort")
    assert [asked.path for asked in origin.asked] == [f"{path}?a=2", path]


def test_what_campaigns_append_is_none(edge: Edge, origin: Origin, path: str) -> None:
    """Edge and origin mean the same by it, else each click on an advertisement is a page of its own."""
    assert f'"(?<=[?&])({CAMPAIGN})(=[^&]*)?(?=&|$)"' in VCL.read_text()
    origin.pages[path] = kept()
    for name in (
        "utm_source",
        "mtm_kwd",
        "mc_eid",
        "pk_campaign",
        "fbclid",
        "wbraid",
        "srsltid",
        "_gl",
        "ref",
    ):
        assert is_campaign(name)
        edge.ask(f"{path}?a=2&{name}=AfmB-o.x%20y")
        edge.ask(f"{path}?{name}&a=2")
    assert [asked.path for asked in origin.asked] == [f"{path}?a=2"]
    for name in ("reference", "utm", "a_ref", "clids", "xsrsltid"):
        assert not is_campaign(name)
        edge.ask(f"{path}?{name}=1")
    assert len(origin.asked) == 6


def test_what_a_parameter_says_is_left_as_it_was_written(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept()
    for query in (
        "?q=a%26b%3D",
        "?q=%2520",
        "?q=%E2%82%AC+1",
        "?q=a%20",
        "?q==",
        "?q=a=",
        "?%20=1",
        "?q=%2b",
    ):
        edge.ask(path + query)
        assert origin.asked[-1].path == path + query


def test_a_path_in_another_spelling_is_not_kept_beside_it(edge: Edge, origin: Origin) -> None:
    for spelling in ("/p/%73uns/", "/p/sun%73/", "/p/suns%2F"):
        origin.pages[spelling] = kept()
        assert [edge.ask(spelling).headers["X-Cache"] for _ in range(2)] == ["pass", "pass"]


def test_who_asks_by_http_does_not_get_the_page_of_https(edge: Edge, origin: Origin, path: str) -> None:
    """There is a redirect for them."""
    origin.pages[path] = lambda asked: kept(asked.headers["X-Forwarded-Proto"].encode())
    for said, heard in (("https", b"https"), ("http", b"http"), ("evil", b"http"), ("https", b"https")):
        assert edge.ask(path, X_Edge_Secret=SECRET, X_Forwarded_Proto=said).body == heard
    assert origin.count(path) == 2


HOSTS = [
    *("shop.example", "SHOP.example", "shop.example:8080"),
    *("shop.example.", "shop.example.:8080", "shop.example..", "SHOP.EXAMPLE.:80"),
]


def test_case_port_and_last_dot_of_the_host_do_not_matter(edge: Edge, origin: Origin, path: str) -> None:
    """Django takes a name with a dot at its end for the name."""
    origin.pages[path] = origin.pages[f"{path}x"] = kept()
    for address in (path, f"{path}x"):  # one is as most ask for, see vcl_recv
        for host in HOSTS:
            edge.ask(address, Host=host)
        assert origin.count(address) == 1
    assert {asked.headers["Host"] for asked in origin.asked} == {"shop.example"}


def test_a_host_that_only_has_dots_and_colons_is_another(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = lambda asked: kept(asked.headers["Host"].encode())
    for host in ("[::1]:80", "shop.example.evil", "a.shop.example", "shop-example"):
        assert edge.ask(path, Host=host).body == host.removesuffix(":80").encode()


def test_a_page_is_packed_once_for_everyone(edge: Edge, origin: Origin, path: str) -> None:
    body = b"<p>paper</p>" * 1000
    origin.pages[path] = kept(body)
    assert edge.ask(path).body == body
    packed = edge.ask(path, Accept_Encoding="gzip, deflate, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == body
    assert edge.ask(path, Accept_Encoding="br").body == body
    assert origin.count(path) == 1
