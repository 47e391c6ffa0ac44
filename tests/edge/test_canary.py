"""A purge that is answered with 200 and has no effect is found within a minute."""

import itertools
import time
from typing import Any

import pytest
from redis import Redis

from shop import marks
from shop.edge import canary, freshness, jobs
from shop.edge.models import State
from tests.edge.varnish import SECRET, Asked, Edge, Origin, Page, kept, purge, until

pytestmark = pytest.mark.django_db
PATH = "/edge/canary"
NOBODY = "http://127.0.0.1:9"
songs = itertools.count()


def sings(asked: Asked) -> Page:
    return kept(str(next(songs)).encode(), keys=canary.KEY)


def away(asked: Asked) -> Page:
    return Page(b"503", 503)


def another(asked: Asked) -> Page:
    return kept(b"Are you human?", keys=canary.KEY)


@pytest.fixture
def _shop(edge: Edge, origin: Origin, settings: Any) -> None:
    """A shop behind the real edge; its canary sings another song each time."""
    settings.EDGE_BACKEND, settings.VARNISH_NODES, settings.EDGE_SECRET = "varnish", [edge.url], SECRET
    settings.SITE_URL = "http://shop.example"
    origin.pages[PATH], origin.pages["/readyz"] = sings, Page(b"ready")
    purge(edge, canary.KEY)
    assert until(lambda: edge.ask(PATH).headers["X-Cache"] == "hit")


@pytest.mark.usefixtures("_shop")
def test_a_purge_that_has_effect_is_noted() -> None:
    jobs.look_at_the_canary()
    state = State.objects.get()
    assert state.canary_error == ""
    assert state.canary_at is not None


@pytest.mark.usefixtures("_shop")
def test_a_purge_without_effect_is_an_error_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(freshness, "purge", lambda keys: 1)

    def is_found() -> bool:
        jobs.look_at_the_canary()
        return State.objects.get().canary_error != ""

    assert until(is_found)  # a slow answer is kept for a second only, and looks as if it had been purged
    assert is_found()
    assert "no effect at http://127.0.0.1" in State.objects.get().canary_error
    assert caplog.text.count("no effect") == 1
    monkeypatch.undo()
    jobs.look_at_the_canary()
    assert State.objects.get().canary_error == ""


@pytest.mark.usefixtures("_shop")
def test_a_purge_that_fails_says_so(settings: Any) -> None:
    settings.EDGE_SECRET = "another"
    assert "purges fail" in canary.look().error


def nothing_is_known(caplog: pytest.LogCaptureFixture, why: str) -> bool:
    """For that reason; and so it is noted, beside what was known before."""
    for _ in range(2):
        jobs.look_at_the_canary()
    state = State.objects.get()
    assert why in state.canary_unknown
    assert (state.canary_at, state.canary_error) == (None, "")
    assert [record.levelname for record in caplog.records if record.name == canary.__name__] == ["WARNING"]
    return True


@pytest.fixture(params=["varnish", "fastly"])
def kept_by(request: pytest.FixtureRequest, _shop: None, edge: Edge, settings: Any, monkeypatch: Any) -> str:
    """Our edge, which tells what it keeps, or one that does not, and is asked by the shop's own address."""
    if request.param == "fastly":
        settings.EDGE_BACKEND, settings.SITE_URL = "fastly", edge.url
        monkeypatch.setattr(freshness, "purge", lambda keys: purge(edge, *keys))
        host = edge.url.removeprefix("http://")
        assert until(lambda: edge.ask(PATH, Host=host).headers["X-Cache"] == "hit")
    return str(request.param)


def test_where_the_origin_fails_the_page_from_before_says_nothing(
    kept_by: str, origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    origin.pages[PATH] = origin.pages["/readyz"] = away
    why = {"varnish": "it sends an older page", "fastly": "it sends the page from before"}[kept_by]
    assert nothing_is_known(caplog, why)
    origin.pages[PATH], origin.pages["/readyz"] = sings, Page(b"ready")
    assert until(lambda: canary.look() == canary.Outcome(), seconds=10)


@pytest.mark.usefixtures("kept_by")
def test_an_origin_that_comes_back_while_it_is_looked_at_says_nothing_wrong(origin: Origin) -> None:
    """/readyz is well by the time that it is asked: what failed before has the time to be renewed."""

    def comes_back(asked: Asked) -> Page:
        origin.pages[PATH] = sings
        return Page(b"ready")

    origin.pages[PATH], origin.pages["/readyz"] = away, comes_back
    assert canary.look().error == ""


@pytest.mark.usefixtures("kept_by")
def test_without_effect_it_is_an_error_whoever_keeps_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "purge", lambda keys: 1)
    assert until(lambda: "no effect at http://127.0.0.1" in canary.look().error)


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize(("says", "why"), [(away, "answered 503"), (another, "it sends another page")])
def test_where_nothing_is_seen_nothing_is_known(
    edge: Edge, origin: Origin, settings: Any, caplog: pytest.LogCaptureFixture, says: Any, why: str
) -> None:
    settings.SITE_URL = f"http://never-kept-{next(songs)}.example"
    origin.pages[PATH] = says
    time.sleep(1.1)
    assert nothing_is_known(caplog, why)


@pytest.mark.parametrize("backend", ["varnish", "fastly"])
def test_where_nobody_answers_nothing_is_known(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    redis: Redis,
    backend: str,
) -> None:
    """The purge of a CDN may be acknowledged all the same."""
    settings.EDGE_BACKEND, settings.VARNISH_NODES, settings.SITE_URL = backend, [NOBODY], NOBODY
    if backend == "fastly":
        monkeypatch.setattr(freshness, "purge", lambda keys: None)
    assert nothing_is_known(caplog, "http://127.0.0.1:9: no answer")


@pytest.mark.usefixtures("_shop")
def test_of_two_nodes_both_must_be_seen(settings: Any, monkeypatch: pytest.MonkeyPatch, edge: Edge) -> None:
    settings.VARNISH_NODES = [edge.url, NOBODY]
    monkeypatch.setattr(freshness, "purge", lambda keys: purge(edge, *keys))
    error, unknown = canary.look()
    assert error == ""
    assert unknown.startswith(f"{NOBODY}: no answer")


@pytest.mark.usefixtures("_shop")
def test_without_marks_our_own_store_may_be_what_is_old(settings: Any) -> None:
    settings.MARKS_URL = "redis://127.0.0.1:9/0"
    assert "without Redis" in canary.look().unknown


@pytest.mark.usefixtures("_shop")
def test_what_was_known_stays_while_nothing_is(origin: Origin) -> None:
    jobs.look_at_the_canary()
    seen = State.objects.get().canary_at
    State.objects.update(canary_error="purges have no effect at http://edge-2")
    origin.pages[PATH] = away
    jobs.look_at_the_canary()
    state = State.objects.get()
    assert state.canary_unknown
    assert (state.canary_at, state.canary_error) == (seen, "purges have no effect at http://edge-2")
    origin.pages[PATH] = sings
    assert until(lambda: jobs.look_at_the_canary() or State.objects.get().canary_unknown == "", seconds=10)
    state = State.objects.get()
    assert state.canary_error == ""
    assert state.canary_at
    assert seen
    assert state.canary_at >= seen


def test_nobody_who_keeps_pages_needs_no_canary(settings: Any) -> None:
    jobs.look_at_the_canary()
    assert not State.objects.exists()


@pytest.mark.usefixtures("_shop")
def test_the_shop_itself_must_render_it_anew(redis: Redis) -> None:
    """Purged alone, the page store would send the same one again, and every purge seem to fail."""
    begun = marks.pages.begin()
    canary.look()
    assert begun
    assert marks.pages.judge(begun, [canary.KEY]).marked
