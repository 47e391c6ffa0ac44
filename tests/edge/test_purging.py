"""A purged page at the edge we ship: new for the next who asks, old only where the origin cannot answer."""

import time

import pytest

from shop.edge.backends import Varnish
from shop.edge.purges import PurgeFailed
from tests.edge.varnish import SECRET, Edge, Origin, Page, at_once, kept, purge, until, varnish

TAGGED = {"ETag": '"v1"'}


def is_new_after_two_quiet_seconds(edge: Edge, origin: Origin, path: str, key: str) -> bool:
    origin.pages[path] = kept(b"old", keys=key)
    assert edge.ask(path).body == b"old"
    origin.pages[path] = kept(b"new", keys=key)
    assert purge(edge, key) == 1
    time.sleep(2)
    return edge.ask(path).body == b"new"


def test_a_quiet_page_is_new_for_the_first_who_asks(edge: Edge, origin: Origin, path: str, key: str) -> None:
    assert is_new_after_two_quiet_seconds(edge, origin, path, key)


def test_with_an_hour_of_grace_the_first_would_get_the_old_page(origin: Origin, path: str, key: str) -> None:
    with varnish(origin.port, EDGE_GRACE="1h") as edge:
        assert not is_new_after_two_quiet_seconds(edge, origin, path, key)


def test_a_busy_page_is_renewed_while_nobody_waits(edge: Edge, origin: Origin, path: str, key: str) -> None:
    origin.pages[path] = kept(b"old", keys=key)
    edge.ask(path)
    origin.pages[path] = kept(b"new", keys=key, seconds=0.3)
    purge(edge, key)
    assert edge.ask(path).headers["X-Cache"] == "stale"
    assert until(lambda: edge.ask(path).body == b"new", seconds=0.8)


def test_a_purge_counts_pages_once_and_spares_others(edge: Edge, origin: Origin, path: str, key: str) -> None:
    paths = [f"{path}{number}/" for number in range(5)]
    for number, each in enumerate(paths):
        origin.pages[each] = kept(keys=f"{key} product/{number} other/{path}{number}")
        edge.ask(each)
    assert purge(edge, f"other/{path}0", f"other/{path}1") == 2
    assert purge(edge, key) == 3
    assert purge(edge, key) == 0
    assert purge(edge) == 0
    assert edge.ask("/", "PURGE", X_Edge_Secret=SECRET).headers["X-Purged"] == "0"


def test_a_key_is_no_part_of_another(edge: Edge, origin: Origin, path: str, key: str) -> None:
    origin.pages[path] = kept(keys=f"{key}1")
    edge.ask(path)
    assert purge(edge, key) == 0
    assert edge.ask(path).headers["X-Cache"] == "hit"


def test_what_is_gone_replaces_the_page(edge: Edge, origin: Origin, path: str, key: str) -> None:
    origin.pages[path] = kept(b"for sale", keys=key, headers=TAGGED)
    edge.ask(path)
    origin.pages[path] = kept(b"gone", keys=key, status=404)
    purge(edge, key)
    assert until(lambda: edge.ask(path).status == 404, seconds=1)
    origin.pages[path] = kept(b"back", keys=key)
    assert purge(edge, key) == 1
    assert until(lambda: edge.ask(path).status == 200, seconds=1)


def test_a_purge_without_the_secret_purges_nothing(edge: Edge, origin: Origin, path: str, key: str) -> None:
    origin.pages[path] = kept(keys=key)
    edge.ask(path)
    for secret in ({}, {"X-Edge-Secret": ""}, {"X-Edge-Secret": "guess"}, {"X-Edge-Secret": SECRET + "s"}):
        answer = edge.ask_with(path, {**secret, "X-Purge-Keys": key, "X-Purged": "1"}, "PURGE")
        assert (answer.status, answer.headers["X-Purged"]) == (403, None)
    with pytest.raises(PurgeFailed) as failed:
        Varnish([edge.url], "guess", timeout=3).purge([key])
    assert not failed.value.is_temporary
    assert edge.ask(path).headers["X-Cache"] == "hit"


def test_nine_kilobytes_of_keys_pass_in_two_lines(edge: Edge, origin: Origin, path: str) -> None:
    keys = [f"{path}{number:04}" for number in range(9_000 // (len(path) + 5))]
    declared = dict(Varnish([], "", timeout=3).headers(keys, ttl=600))
    assert set(declared) == {"Surrogate-Control", "xkey", "xkey-2"}
    origin.pages[path] = kept(headers=declared)
    assert edge.ask(path).status == 200
    assert purge(edge, keys[0]) == 1
    assert until(lambda: edge.ask(path).headers["X-Cache"] == "hit")
    # The copy that was let go counts too, as long as it is not cleared away.
    assert purge(edge, keys[-1]) in {1, 2}
    assert until(lambda: edge.ask(path).headers["X-Cache"] == "hit")
    assert purge(edge, *keys) in {1, 2, 3}
    assert edge.ask(path).headers["X-Cache"] != "hit"


def test_in_one_line_they_would_be_an_error(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept(keys="k" * 9_000)
    assert edge.ask(path).status == 503


def test_the_fullest_response_that_a_backend_declares_passes(edge: Edge, origin: Origin, path: str) -> None:
    backend = Varnish([edge.url], SECRET, timeout=3)
    keys: list[str] = []
    while backend.fits([*keys, f"{path}{len(keys):04}"]):
        keys.append(f"{path}{len(keys):04}")
    assert 15_900 < len(" ".join(keys)) <= 16_001
    origin.pages[path] = kept(headers=dict(backend.headers(keys, ttl=600)))
    assert edge.ask(path).status == 200
    assert backend.purge(keys) == 1
    with pytest.raises(ValueError, match="a response takes 2"):
        backend.headers([*keys, "one/more/key"], ttl=600)


# --- What reaches the origin -----------------------------------------------------------------------------


def test_no_conditional_request_reaches_the_origin(edge: Edge, origin: Origin, path: str, key: str) -> None:
    """A 304 would keep the old page's keys: no later purge would find the new page."""
    modified = {"Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT"}
    origin.pages[path] = kept(keys=key, headers=TAGGED | modified)
    origin.pages["/cart/"] = Page()
    asks = {"If-None-Match": '"v1"', "If-Modified-Since": modified["Last-Modified"]}
    for _ in range(2):
        edge.ask_with(path, asks)
        purge(edge, key)
        edge.ask_with(path, asks)
        time.sleep(1.2)
    edge.ask_with(path, asks)
    edge.ask_with("/cart/", asks)
    assert origin.count(path) >= 3
    assert all(name not in asked.headers for asked in origin.asked for name in asks)


def test_a_browser_that_has_the_page_is_told_so(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = kept(b"page", headers=TAGGED)
    tag = edge.ask(path).headers["ETag"]
    answer = edge.ask(path, If_None_Match=tag)
    assert (answer.status, answer.body) == (304, b"")
    assert origin.count(path) == 1


@pytest.mark.parametrize("is_purged", [False, True], ids=["new page", "purged page"])
def test_a_hundred_who_ask_at_once_are_one_request(
    edge: Edge, origin: Origin, path: str, key: str, is_purged: bool
) -> None:
    if is_purged:
        origin.pages[path] = kept(b"old", keys=key)
        edge.ask(path)
        purge(edge, key)
        time.sleep(1.2)
    origin.asked.clear()
    origin.pages[path] = kept(b"new", keys=key, seconds=0.3)
    answers = at_once(edge, path, 100)
    assert {answer.body for answer in answers} == {b"new"}
    assert origin.count(path) <= 2


def test_the_origin_knows_the_edge_by_its_secret(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = origin.pages["/cart/"] = Page()
    edge.ask(path, X_Edge_Secret="guess")
    edge.ask("/cart/", X_Edge_Secret="guess")
    assert [asked.headers.get_all("X-Edge-Secret") for asked in origin.asked] == [[SECRET]] * 2
