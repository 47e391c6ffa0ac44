"""Purges within each provider's limits: acknowledged by all who keep pages, or an error says who has not."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import pytest

from shop.edge import backends
from shop.edge.purges import PurgeFailed, batches, lines
from tests.edge import cdns
from tests.edge.varnish import SECRET, Edge, Origin, kept, seconds


@pytest.fixture
def fastly() -> Iterator[cdns.Fastly]:
    machine = cdns.Fastly()
    with cdns.listening(machine):
        yield machine


@pytest.fixture
def cloudflare() -> Iterator[cdns.Cloudflare]:
    machine = cdns.Cloudflare()
    with cdns.listening(machine):
        yield machine


@pytest.fixture
def nodes() -> Iterator[list[cdns.Node]]:
    found = [cdns.Node(), cdns.Node(), cdns.Node()]
    with ExitStack() as stack:
        for node in found:
            stack.enter_context(cdns.listening(node))
        yield found


def of_fastly(machine: cdns.Fastly, token: str = cdns.TOKEN, timeout: float = 3) -> backends.Fastly:
    return backends.Fastly(machine.service, token, timeout, api=machine.url)


def of_cloudflare(machine: cdns.Cloudflare, token: str = cdns.TOKEN) -> backends.Cloudflare:
    return backends.Cloudflare(machine.zone, token, 3, api=f"{machine.url}/client/v4")


def of_nodes(nodes: list[cdns.Node], timeout: float = 3) -> backends.Varnish:
    return backends.Varnish([node.url for node in nodes], SECRET, timeout)


def keys(count: int) -> list[str]:
    return [f"product/{number}" for number in range(count)]


def failure(backend: backends.Backend, wanted: list[str]) -> PurgeFailed:
    with pytest.raises(PurgeFailed) as raised:
        backend.purge(wanted)
    return raised.value


# --- Fastly ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (256, 1), (257, 2), (1_000, 4)])
def test_fastly_is_told_256_keys_a_call(fastly: cdns.Fastly, count: int, calls: int) -> None:
    assert of_fastly(fastly).purge(keys(count)) is None
    assert len(fastly.purged) == calls
    assert sorted(chain(*fastly.purged)) == sorted(keys(count))
    assert {request.headers["Fastly-Soft-Purge"] for request in fastly.asked} <= {"1"}


def test_a_key_is_told_once(fastly: cdns.Fastly) -> None:
    of_fastly(fastly).purge(["html", "html", "product/1"])
    assert fastly.purged == [["html", "product/1"]]


def test_a_token_that_fastly_does_not_know_is_no_matter_of_time(fastly: cdns.Fastly) -> None:
    error = failure(of_fastly(fastly, token="guess"), keys(1))
    assert str(error) == "Fastly: answered 401"
    assert not error.is_temporary


def test_fastly_says_when_the_next_hour_of_purges_begins(fastly: cdns.Fastly) -> None:
    fastly.left = 256
    error = failure(of_fastly(fastly), keys(257))
    assert error.retry_after
    assert 1_790 < error.retry_after <= 1_800
    assert len(error.keys) in {1, 256}


def test_an_hour_of_fastlys_takes_ten_edits_of_as_many_keys_as_one_may_have(fastly: cdns.Fastly) -> None:
    assert fastly.left >= 10 * 2 * backends.Fastly.MOST


@pytest.mark.parametrize("said", [b'{"product/0": "1"}', b"[]", b"<html>", b""])
def test_a_key_that_fastly_does_not_confirm_is_not_purged(fastly: cdns.Fastly, said: bytes) -> None:
    fastly.failing = [(200, {}, said)]
    assert "without all keys" in str(failure(of_fastly(fastly), keys(2)))


def test_fastly_reads_keys_up_to_its_budget() -> None:
    backend = backends.Fastly("service", "token", 3)
    fits = [f"{number:04}{'k' * 1_019}" for number in range(16)]  # 16 × 1,023 + 15 spaces
    assert backend.fits(fits)
    declared = dict(backend.headers(fits, ttl=600))
    assert declared["Surrogate-Control"] == "max-age=600, stale-if-error=86400"
    assert len(declared["Surrogate-Key"]) == 16_383
    assert not backend.fits([*fits, "k"])
    with pytest.raises(ValueError, match="16384 bytes"):
        backend.headers([*fits, "k"], ttl=600)


# --- Cloudflare --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (100, 1), (101, 2), (250, 3)])
def test_cloudflare_is_told_100_tags_a_call(cloudflare: cdns.Cloudflare, count: int, calls: int) -> None:
    assert of_cloudflare(cloudflare).purge(keys(count)) is None
    assert len(cloudflare.purged) == calls
    assert sorted(chain(*cloudflare.purged)) == sorted(keys(count))


def test_a_200_without_success_is_a_failure(cloudflare: cdns.Cloudflare) -> None:
    cloudflare.failing = [(200, {}, b'{"success": false, "errors": [{"message": "no such zone"}]}')]
    error = failure(of_cloudflare(cloudflare), keys(1))
    assert "no such zone" in str(error)


def test_who_calls_too_often_hears_how_long_to_wait(cloudflare: cdns.Cloudflare) -> None:
    cloudflare.failing = [(429, {"Retry-After": "17"}, b"{}")]
    error = failure(of_cloudflare(cloudflare), keys(1))
    assert (error.is_temporary, error.retry_after) == (True, 17)


@pytest.mark.parametrize("said", ["soon", "", "-1", "٣", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_is_no_number_is_left_to_us(cloudflare: cdns.Cloudflare, said: str) -> None:
    cloudflare.failing = [(429, {"Retry-After": said} if said.isascii() else {}, b"{}")]
    assert failure(of_cloudflare(cloudflare), keys(1)).retry_after is None


def test_of_too_many_calls_those_that_were_not_taken_are_left(cloudflare: cdns.Cloudflare) -> None:
    cloudflare.bucket = cdns.Bucket(25, 0)
    error = failure(of_cloudflare(cloudflare), keys(4_000))
    assert error.is_temporary
    assert error.keys == set(keys(4_000)).difference(chain(*cloudflare.purged))
    assert len(error.keys) == 1_500
    cloudflare.bucket = cdns.Bucket(25, 0)
    of_cloudflare(cloudflare).purge(sorted(error.keys))
    assert sorted(chain(*cloudflare.purged)) == sorted(keys(4_000))


def test_the_smallest_bucket_takes_both_purges_of_as_many_keys_as_one_may_have(
    cloudflare: cdns.Cloudflare,
) -> None:
    cloudflare.bucket = cdns.Bucket(25, 5 / 60)
    for _ in range(2):
        of_cloudflare(cloudflare).purge(keys(backends.Cloudflare.MOST))
    assert len(cloudflare.purged) == 20


def test_one_call_of_several_that_fails_is_a_failure(cloudflare: cdns.Cloudflare) -> None:
    cloudflare.failing = [(503, {}, b"")]
    error = failure(of_cloudflare(cloudflare), keys(250))
    assert (str(error), error.is_temporary) == ("Cloudflare: answered 503", True)


def test_cloudflare_takes_a_thousand_tags_in_16_kilobytes() -> None:
    backend = backends.Cloudflare("zone", "token", 3)
    assert dict(backend.headers(["html", "product/1"], ttl=60)) == {
        "CDN-Cache-Control": "max-age=60, stale-if-error=86400",
        "Cache-Tag": "html,product/1",
    }
    assert backend.fits([str(number) for number in range(1_000)])
    assert not backend.fits([str(number) for number in range(1_001)])
    assert not backend.fits([f"{number:0100}" for number in range(200)])


# --- Varnish -----------------------------------------------------------------------------------------------


def test_every_node_is_told_every_key(nodes: list[cdns.Node]) -> None:
    of_nodes(nodes).purge(keys(2_000))
    for node in nodes:
        told = [request.headers["X-Purge-Keys"] for request in node.asked]
        assert sorted(" ".join(told).split()) == sorted(keys(2_000))
        assert max(map(len, told)) <= 8_000
        assert {request.headers["X-Edge-Secret"] for request in node.asked} == {SECRET}


def test_the_node_that_does_not_acknowledge_is_named(nodes: list[cdns.Node]) -> None:
    nodes[1].failing = [(503, {}, b"")]
    error = failure(of_nodes(nodes), keys(1))
    assert str(error) == f"{nodes[1].url}: answered 503"
    assert [found.who for found in error.failures] == [nodes[1].url]
    assert error.is_temporary


def test_a_node_that_is_gone_is_named(nodes: list[cdns.Node]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = cdns.Node(url=f"http://127.0.0.1:{free.getsockname()[1]}")
        error = failure(of_nodes([nodes[0], gone]), keys(1))
    assert [found.who for found in error.failures] == [gone.url]
    assert error.is_temporary


def test_one_refusal_for_good_makes_it_no_matter_of_time(nodes: list[cdns.Node]) -> None:
    nodes[0].failing, nodes[2].failing = [(503, {}, b"")], [(403, {}, b"")]
    assert not failure(of_nodes(nodes), keys(1)).is_temporary


def test_something_else_at_a_nodes_address_acknowledges_nothing(nodes: list[cdns.Node]) -> None:
    nodes[0].failing = [(200, {}, b"It works!")]
    assert "without a number of pages" in str(failure(of_nodes(nodes), keys(1)))


@pytest.mark.parametrize("way", ["silent", "dripping"])
def test_a_purge_takes_no_longer_than_its_budget(nodes: list[cdns.Node], way: str) -> None:
    nodes[0].seconds, nodes[0].drips = (1.5, False) if way == "silent" else (0, True)
    began = time.monotonic()
    error = failure(of_nodes(nodes, timeout=0.4), keys(1))
    assert time.monotonic() - began < 1.3
    assert str(error) == f"{nodes[0].url}: no answer within 0.4 s"
    assert error.is_temporary


def test_nodes_are_asked_at_once(nodes: list[cdns.Node]) -> None:
    for node in nodes:
        node.seconds = 0.4
    assert seconds(lambda: of_nodes(nodes).purge(keys(2_000))) < 1.8


def test_two_nodes_with_the_same_page_are_one_page(edge: Edge, origin: Origin, path: str, key: str) -> None:
    origin.pages[path] = kept(keys=key)
    edge.ask(path)
    other, others = cdns.Node(), [f"nobody/{number}" for number in range(2_000)]
    with cdns.listening(other):
        assert backends.Varnish([other.url, edge.url], SECRET, 3).purge([key, *others]) == 1


# --- Keys --------------------------------------------------------------------------------------------------


def test_no_key_becomes_two_or_ends_a_line() -> None:
    wild = ["slug/product/a b", "a,b", "a\r\nSet-Cookie: c=1", "ü", "category/7:in", "product~12"]
    assert list(lines(wild, 8_000)) == [
        "slug/product/a%20b a%2Cb a%0D%0ASet-Cookie:%20c%3D1 %C3%BC category/7:in product~12"
    ]
    assert batches(wild, 5)[1] == ["product~12"]


def test_a_key_that_fits_no_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="a key of 8001 bytes"):
        list(lines(["k" * 8_001], 8_000))


# --- Settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("varnish", backends.Varnish),
        ("fastly", backends.Fastly),
        ("cloudflare", backends.Cloudflare),
        ("null", backends.Null),
    ],
)
def test_the_settings_name_the_backend(settings, name: str, kind: type) -> None:
    settings.EDGE_BACKEND = name
    assert type(backends.backend()) is kind


def test_without_a_cdn_nothing_is_declared_and_every_purge_is_done() -> None:
    null = backends.Null()
    assert (null.headers(keys(9), 60), null.purge(keys(9)), null.fits(keys(9_999))) == ([], 0, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"EDGE_BACKEND": "akamai"}, "write varnish, fastly, cloudflare or null"),
        ({"EDGE_BACKEND": "varnish"}, "VARNISH_NODES is not set. EDGE_BACKEND=varnish purges with it."),
        ({"EDGE_BACKEND": "fastly", "FASTLY_SERVICE": "s"}, "FASTLY_TOKEN is not set."),
    ],
)
def test_a_backend_that_lacks_a_setting_says_which(given: dict, told: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import shop.settings"],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert told in run.stderr
