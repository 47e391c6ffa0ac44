"""Who has failed in a row is left alone for a moment, then one asks for all."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.breaker import Breaker

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
