"""A purge that is answered with 200 and has no effect is found within a minute."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from shop import marks
from shop.edge import canary, freshness, jobs
from shop.edge.backends import Varnish
from shop.edge.models import State
from tests.edge.varnish import SECRET, Asked, Edge, Origin, Page, kept, until

pytestmark = pytest.mark.django_db
PATH = "/edge/canary"
songs = itertools.count()


@pytest.fixture
def _shop(edge: Edge, origin: Origin, settings: Any) -> None:
    """A shop behind the real edge; its canary sings another song each time."""
    settings.EDGE_BACKEND, settings.VARNISH_NODES, settings.EDGE_SECRET = "varnish", [edge.url], SECRET
    settings.SITE_URL = "http://shop.example"
    origin.pages[PATH] = lambda asked: kept(str(next(songs)).encode(), keys=canary.KEY)
    Varnish([edge.url], SECRET, timeout=3).purge([canary.KEY])


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
    assert "purges fail" in canary.look()


@pytest.mark.usefixtures("_shop")
def test_an_origin_that_is_away_says_nothing_of_purges(origin: Origin) -> None:
    away: Callable[[Asked], Page] = lambda asked: Page(status=503)  # noqa: E731
    origin.pages[PATH] = away
    assert canary.look() == ""


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
