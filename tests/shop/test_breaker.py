"""Who has failed in a row is left alone for a moment, then one asks for all; who is back is asked by few."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.breaker import Breaker
from shop.slowstart import SlowStart

SECONDS = 0.1


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(failures=3, seconds=SECONDS)


def fail(breaker: Breaker, times: int) -> list[bool]:
    return [breaker.failed() for _ in range(times)]


def test_one_that_answers_now_and_then_is_always_asked(breaker: Breaker) -> None:
    for _ in range(3):
        assert fail(breaker, 2) == [False, False]
        assert breaker.lets()
        breaker.worked()


def test_failures_in_a_row_are_enough_and_told_once(breaker: Breaker) -> None:
    assert fail(breaker, 4) == [False, False, True, False]
    assert not breaker.lets()


def test_then_one_of_many_asks_and_its_answer_is_everybodys(breaker: Breaker) -> None:
    fail(breaker, 3)
    time.sleep(SECONDS)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: breaker.lets(), range(40))) == 1
    breaker.failed()
    assert not breaker.lets()
    time.sleep(SECONDS)
    assert breaker.lets()
    assert not breaker.lets()
    breaker.worked()
    assert breaker.lets()
    assert breaker.lets()


class Clock:
    """The breaker's, put to where the test wants it."""

    now = 0.0

    def at(self, moments: Sequence[float], do: Callable[[], bool]) -> list[bool]:
        """What is said at each of these moments."""
        told = []
        for self.now in moments:
            told.append(do())
        return told


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("shop.breaker.time.monotonic", lambda: found.now)
    return found


def test_a_breaker_opens_after_failures_within_a_time(clock: Clock) -> None:
    breaker = Breaker(failures=3, within=10, seconds=30)

    def fail_now() -> bool:
        told = breaker.failed()
        if not breaker.is_open:
            breaker.worked()
        return told

    assert clock.at((1, 7, 13), fail_now) == [False, False, False]
    assert clock.at((14,), fail_now) == [True]
    assert not breaker.lets()
    clock.now = 44.5
    assert breaker.lets()
    breaker.worked()
    assert clock.at((45, 46), fail_now) == [False, False], "what was before it worked again is forgotten"


def test_who_asks_in_vain_is_soon_followed_by_another(clock: Clock) -> None:
    breaker = Breaker(failures=3, seconds=30, again=5)
    fail(breaker, 3)
    clock.now = 1.0
    breaker.failed()  # late, of one that asked before
    assert clock.at((29, 31.5, 32), breaker.lets) == [False, True, False]
    clock.now = 36.0
    breaker.failed()
    assert clock.at((40, 41.5, 42), breaker.lets) == [False, True, False]
    breaker.worked()
    clock.now = 50.0
    fail(breaker, 3)
    assert clock.at((56, 79, 80.5), breaker.lets) == [False, False, True], "as long as the first time"


def enter(start: SlowStart, times: int) -> int:
    """How many of so many are let at once."""
    return sum(start.enters() for _ in range(times))


def test_who_is_back_is_asked_by_one_then_by_more() -> None:
    start = SlowStart(full=4)
    assert enter(start, 10) == 10, "everybody, as long as it was never away"
    for _ in range(10):
        start.leaves(is_answered=True)
    start.begins()
    for places in (1, 2):
        assert enter(start, 10) == places
        for _ in range(places):
            start.leaves(is_answered=True)
    assert enter(start, 10) == 10, "three answers later there are as many places as ever"


def test_a_failure_halves_how_many_ask_and_one_always_may() -> None:
    start = SlowStart(full=100)
    start.begins()
    for _ in range(5):
        assert start.enters()
        start.leaves(is_answered=True)
    assert enter(start, 10) == 6
    start.leaves(is_answered=False)
    start.leaves(is_answered=False)
    assert enter(start, 10) == 0, "more are asking than there are places"
    for _ in range(4):
        start.leaves(is_answered=False)
    assert enter(start, 10) == 1


def test_those_who_asked_before_it_was_away_take_no_place_for_good() -> None:
    start = SlowStart(full=4)
    enter(start, 3)
    start.begins()
    assert not start.enters()
    for _ in range(3):
        start.leaves(is_answered=False)
    assert enter(start, 10) == 1
