"""A promotion or a new release lets every page go: at once, and when the old one's last node has left."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from redis import Redis

from shop import marks
from shop.edge import freshness, watching
from shop.edge.coarse import key_of
from shop.edge.models import State
from shop.outbox import drain
from shop.outbox.models import Message
from tests.edge.keeper import Keeper, due_now
from tests.edge.keeper import edge as edge

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = {"html", key_of("html")}
AWAY = "redis://127.0.0.1:9/0"
Look = Callable[..., bool]


@pytest.fixture
def look(redis: Redis, edge: Keeper, settings: Any) -> Iterator[Look]:
    """A relay of a release looks."""

    def look(release: str, *, is_first: bool = False) -> bool:
        settings.RELEASE = release
        watching.release.cache_clear()
        return watching.watch(is_first=is_first)

    yield look
    settings.RELEASE = "tests"
    watching.release.cache_clear()


def later(release: str, seconds: float) -> None:
    """So long no relay of that release has looked."""
    state = State.objects.get()
    state.releases[release] = time.time() - seconds
    state.save()


def drained() -> int:
    """How many purges of everything are due when the old nodes have left."""
    return Message.objects.filter(job="edge.let_everything_go", done_at=None).count()


def test_a_new_release_lets_everything_go_at_once_and_only_once(look: Look, edge: Keeper) -> None:
    assert look("old", is_first=True)
    assert edge.purges == [EVERYTHING]
    assert not look("old")
    assert look("new", is_first=True)
    assert [look(name) for name in ("new", "old", "new")] == [
        False
    ] * 3  # both are there while they are rolled
    assert edge.purges == [EVERYTHING] * 2


def test_and_again_when_the_last_node_of_the_old_one_has_left(look: Look, edge: Keeper) -> None:
    look("old")
    look("new")
    Message.objects.all().delete()
    later("new", watching.SEEN_EVERY)
    look("new")
    assert drained() == 0
    later("old", watching.FORGOTTEN_AFTER)
    later("new", watching.SEEN_EVERY)
    look("new")
    assert drained() == 1
    edge.purges.clear()
    due_now()
    drain.drain("changes")
    assert edge.purges == [EVERYTHING]
    later("new", watching.SEEN_EVERY)
    look("new")
    assert drained() == 0


def test_a_release_that_finds_no_other_waits_for_nodes_of_one_that_is_gone(look: Look) -> None:
    look("new")
    assert drained() == 1


def test_one_that_comes_back_after_another_lets_everything_go_however_soon(look: Look, edge: Keeper) -> None:
    look("old")
    look("withdrawn")
    edge.purges.clear()
    assert not look("old")
    assert look("old", is_first=True)
    assert edge.purges == [EVERYTHING]
    assert not look("old", is_first=True)


def test_what_a_withdrawn_release_rendered_goes_though_the_old_one_never_left(look: Look) -> None:
    look("old")
    look("withdrawn")
    Message.objects.all().delete()
    later("withdrawn", watching.FORGOTTEN_AFTER)
    later("old", watching.SEEN_EVERY)
    assert not look("old")
    assert drained() == 1


def test_a_machine_whose_clock_is_wrong_takes_nobody_for_gone(look: Look, edge: Keeper) -> None:
    look("old")
    look("new")
    edge.purges.clear()
    for hours in (-2, 2):
        with time_machine.travel(timedelta(hours=hours)):
            assert not look("new", is_first=True)
    assert set(State.objects.get().releases) == {"old", "new"}
    assert edge.purges == []


def test_a_release_unseen_for_long_is_new(look: Look, edge: Keeper) -> None:
    look("old")
    later("old", watching.FORGOTTEN_AFTER)
    assert look("old")
    assert edge.purges == [EVERYTHING] * 2


def test_a_promotion_lets_everything_go_even_if_redis_has_forgotten(
    look: Look, redis: Redis, edge: Keeper
) -> None:
    look("old")
    edge.purges.clear()
    State.objects.update(timeline=7)  # what it was before
    redis.flushdb()
    assert look("old")
    assert edge.purges == [EVERYTHING]
    assert State.objects.get().timeline == marks.primary_position().timeline


@pytest.mark.parametrize("what", ["promotion", "release"])
def test_without_redis_the_edge_is_purged_at_once_and_all_of_it_again_when_redis_is_back(
    look: Look, edge: Keeper, settings: Any, what: str
) -> None:
    look("old")
    if what == "promotion":
        State.objects.update(timeline=7)
    name = "old" if what == "promotion" else "new"
    edge.purges.clear()
    Message.objects.all().delete()
    begun = marks.pages.begin()
    there, settings.MARKS_URL = settings.MARKS_URL, AWAY
    assert [look(name) for _ in range(3)] == [False] * 3
    assert edge.purges == [EVERYTHING]
    assert Message.objects.filter(job="edge.purge").count() == 1  # the second purge
    settings.MARKS_URL = there
    assert begun
    assert not marks.pages.judge(begun, ["html"]).marked
    assert look(name)
    assert edge.purges == [EVERYTHING] * 2
    assert marks.pages.judge(begun, ["html"]).marked
    assert not look(name)


def test_without_redis_nothing_new_is_nothing_to_purge(look: Look, edge: Keeper, settings: Any) -> None:
    look("old")
    edge.purges.clear()
    settings.MARKS_URL = AWAY
    later("old", watching.SEEN_EVERY)
    assert not look("old")
    assert time.time() - State.objects.get().releases["old"] < watching.SEEN_EVERY / 2
    assert edge.purges == []


def test_two_relays_that_look_at_once_lose_nobodys_release(
    look: Look, edge: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One writes what it has seen while the other lets pages go."""
    look("old")

    def meanwhile(keys: Any) -> Any:
        seen = State.objects.get().releases
        State.objects.update(releases={**seen, "another": time.time()})
        return let_go(keys)

    let_go = freshness.let_go
    monkeypatch.setattr(freshness, "let_go", meanwhile)
    look("new")
    assert set(State.objects.get().releases) == {"old", "new", "another"}
