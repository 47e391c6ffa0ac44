"""An origin that fails, or is away: the edge we ship sends the older page, else the error, asked for once."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.edge.varnish import Answer, Asked, Edge, Origin, Page, at_once, kept, purge, seconds, until

TAGGED = {"ETag": '"v1"'}


@pytest.fixture
def _gets_well(edge: Edge, origin: Origin) -> Iterator[None]:
    """Whatever the origin's health was, the next test's edge finds it well."""
    yield
    origin.is_well = True
    assert until(lambda: edge.ask("/readyz").status != 503)


@pytest.mark.usefixtures("_gets_well")
def test_a_sick_origin_is_spared_and_old_pages_are_sent(
    edge: Edge, origin: Origin, path: str, key: str
) -> None:
    origin.pages[path] = kept(b"old", keys=key)
    edge.ask(path)
    origin.is_well = False
    assert until(lambda: edge.ask("/readyz").status == 503)
    purge(edge, key)
    time.sleep(2)
    assert edge.ask(path).body == b"old"
    origin.is_well = True
    origin.pages[path] = kept(b"new", keys=key)
    assert until(lambda: edge.ask(path).body == b"new")


@pytest.mark.parametrize(
    ("status", "seconds"), [(200, 86_400), (301, 86_400), (308, 86_400), (302, 600), (404, 600), (410, 600)]
)
def test_what_anybody_can_ask_for_is_no_longer_in_memory_than_need_be(
    edge: Edge, origin: Origin, path: str, status: int, seconds: int
) -> None:
    """Any number of addresses are redirected or missing: each of them would lie there for a day."""
    origin.pages[path] = kept(status=status)
    assert float(edge.ask(path).headers["X-Grace"]) == seconds


def failing(asked: Asked) -> Page:
    return Page(b"traceback", 500)


def test_an_error_replaces_no_page(edge: Edge, origin: Origin, path: str, key: str) -> None:
    """The probe is fine, the page is not: its database is away, or it has a bug."""
    origin.pages[path] = kept(b"old", keys=key, headers=TAGGED)
    edge.ask(path)
    origin.pages[path] = failing
    purge(edge, key)
    assert edge.ask(path).body == b"old"  # and it is asked for in the background
    assert until(lambda: origin.count(path) == 2)
    time.sleep(1.2)  # beyond the grace: whoever asks now waits for the origin
    for _ in range(2):
        answer = edge.ask(path)
        assert (answer.status, answer.body) == (200, b"old")
    assert origin.count(path) == 3
    origin.pages[path] = kept(b"new", keys=key)
    time.sleep(1.1)  # it is not asked again for a second
    assert edge.ask(path).body == b"new"


def test_those_who_wait_for_a_failing_origin_wait_once(
    edge: Edge, origin: Origin, path: str, key: str
) -> None:
    """Each beginning its own fetch after the other's had failed, the last of fifty would wait 15 s."""
    origin.pages[path] = kept(b"old", keys=key, headers=TAGGED)
    edge.ask(path)
    origin.pages[path] = Page(b"traceback", 503, seconds=0.3)
    purge(edge, key)
    time.sleep(1.2)
    answers: list[Answer] = []
    assert seconds(lambda: answers.extend(at_once(edge, path, 50))) < 2
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"old")}
    assert origin.count(path) <= 4


def test_a_private_page_that_fails_is_asked_for_once(edge: Edge, origin: Origin) -> None:
    """Twice could be two orders."""
    origin.pages["/checkout/review/"] = Page(b"k", 200, {"X-Long": "k" * 9_000})
    assert edge.ask("/checkout/review/", "POST", b"").status == 503
    assert origin.count("/checkout/review/") == 1


def test_an_error_is_told_where_there_is_no_page(edge: Edge, origin: Origin, path: str) -> None:
    origin.pages[path] = failing
    answer = edge.ask(path)
    assert (answer.status, answer.body) == (500, b"traceback")
    assert origin.count(path) == 1


MINE = {"Surrogate-Control": "max-age=600", "Cache-Control": "public, max-age=600", "Set-Cookie": "a=mine"}


def errs(asked: Asked) -> Page:
    """As if it were a page, and one visitor's."""
    return Page(
        b"traceback", 503, {**MINE, "Vary": "Cookie", "Expires": "Mon, 01 Jun 2099 10:00:00 GMT"}, 0.3
    )


def dies(asked: Asked) -> Page:
    """The connection ends without an answer: the edge asks twice before it gives up."""
    raise ConnectionError


@pytest.mark.parametrize(("fails", "times"), [(errs, 1), (dies, 2)])
def test_an_error_is_shared_for_a_second_by_who_asks_at_once(
    edge: Edge, origin: Origin, path: str, fails: Callable[[Asked], Page], times: int
) -> None:
    origin.pages[path] = fails
    answers = at_once(edge, path, 100)
    assert origin.count(path) <= 2 * times
    answers.append(edge.ask(path, Cookie="a=another"))
    assert origin.count(path) <= 2 * times
    for answer in answers:
        assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
        assert not {"Set-Cookie", "Vary", "Expires"} & set(answer.headers)
    origin.pages[path] = kept(b"page")
    assert until(lambda: edge.ask(path).body == b"page", seconds=1.2)


@pytest.mark.parametrize("fails", [errs, dies])
def test_an_error_is_forgotten_after_its_second(
    edge: Edge, origin: Origin, path: str, fails: Callable[[Asked], Page]
) -> None:
    """It has no grace: who asks next waits for the page, whether it still fails or not."""
    origin.pages[path] = fails
    edge.ask(path)
    time.sleep(1.1)
    before = origin.count(path)
    edge.ask(path)
    assert origin.count(path) > before
    origin.pages[path] = kept(b"page")
    time.sleep(1.1)
    assert edge.ask(path).body == b"page"


def test_an_error_of_a_private_page_is_one_visitors(edge: Edge, origin: Origin) -> None:
    origin.pages["/cart/"] = errs
    answers = [edge.ask("/cart/") for _ in range(2)]
    assert [answer.headers["Set-Cookie"] for answer in answers] == ["a=mine"] * 2
    assert origin.count("/cart/") == 2


LASTING = [(301, {}), (302, {}), (308, {}), (404, {}), (410, {}), (200, {}), (200, TAGGED)]


@pytest.mark.parametrize("ends", ["ttl", "purge"])
def test_an_error_replaces_nothing_that_was_kept(
    edge: Edge, origin: Origin, path: str, key: str, ends: str
) -> None:
    """Nor a redirect, nor what is gone: of those Varnish tells its fetch nothing, as it does of a page."""
    ttl = 1 if ends == "ttl" else 600
    pages = {
        f"{path}{number}/": kept(b"right", keys=key, ttl=ttl, status=status, headers=headers)
        for number, (status, headers) in enumerate(LASTING)
    }
    origin.pages.update(pages)
    for each in pages:
        edge.ask(each)
    origin.pages.update(dict.fromkeys(pages, failing))
    if ends == "purge":
        assert purge(edge, key) == len(pages)
    time.sleep(2.3)  # a second of TTL, a second of grace
    for each, page in pages.items():
        for _ in range(2):
            answer = edge.ask(each)
            assert (answer.status, answer.body) == (page.status, page.body)
        assert origin.count(each) == 2  # and not again for a second
    origin.pages.update(dict.fromkeys(pages, kept(b"new")))
    time.sleep(1.1)
    assert {edge.ask(each).body for each in pages} == {b"new"}
