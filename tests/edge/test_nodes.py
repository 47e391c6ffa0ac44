"""Two nodes behind the edge, one of which has died so lately that its probe does not know."""

import time
from collections.abc import Iterator

import pytest

from shop.edge.backends import Varnish
from tests.edge.varnish import SECRET, Asked, Edge, Origin, Page, kept, varnish


def dies(asked: Asked) -> Page:
    """The connection ends without an answer."""
    raise ConnectionError


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Origin, Origin]]:
    well, dead = Origin(), Origin()
    yield well, dead
    well.close()
    dead.close()


@pytest.fixture(scope="module")
def pair(nodes: tuple[Origin, Origin]) -> Iterator[Edge]:
    """An edge before both."""
    with varnish(*(node.port for node in nodes)) as edge:
        yield edge


@pytest.mark.parametrize("address", ["/cart/", "/p/goods-{}/"], ids=["private", "public"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_another_node_answers_for_the_dead_one(
    pair: Edge, nodes: tuple[Origin, Origin], address: str, method: str
) -> None:
    well, dead = nodes
    for number in range(6):
        path = address.format(f"{method}-{number}")
        well.pages[path], dead.pages[path] = kept(b"well"), dies
        answer = pair.ask(path, method, Cookie="cart=mine")
        assert (answer.status, answer.body) == (200, b"well" if method == "GET" else b"")
    assert dead.asked
    sent = [(node.asked[-1].headers["X-Edge-Secret"], node.asked[-1].headers["Cookie"]) for node in nodes]
    assert sent == [(SECRET, "cart=mine" if address == "/cart/" else None)] * 2


def test_what_is_sent_goes_to_one_node_once(pair: Edge, nodes: tuple[Origin, Origin]) -> None:
    """Twice could be two orders: nobody knows how far the dead one came."""
    for node in nodes:
        node.pages["/checkout/review/"] = dies
        node.asked.clear()
    assert pair.ask("/checkout/review/", "POST", b"").status == 503
    assert sum(len(node.asked) for node in nodes) == 1


def test_where_all_have_died_the_older_page_is_sent(pair: Edge, nodes: tuple[Origin, Origin]) -> None:
    """That there is one is known at the second try too."""
    for node in nodes:
        node.pages["/p/goods/"] = kept(b"old", keys="goods", headers={"ETag": '"v1"'})
    pair.ask("/p/goods/")
    for node in nodes:
        node.pages["/p/goods/"] = dies
    assert Varnish([pair.url], SECRET, timeout=3).purge(["goods"]) == 1
    time.sleep(1.2)
    assert pair.ask("/p/goods/").body == b"old"


def test_who_has_waited_long_is_not_made_to_wait_twice(pair: Edge, nodes: tuple[Origin, Origin]) -> None:
    for node in nodes:
        node.pages["/cart/"] = Page(b"k", headers={"X-Long": "k" * 9_000}, seconds=2.7)
        node.asked.clear()
    assert pair.ask("/cart/").status == 503
    assert sum(len(node.asked) for node in nodes) == 1
