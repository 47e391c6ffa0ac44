"""Who has failed is left alone for a while, then tried by one request; who lags may be better than none."""

import time

import pytest

from shop.replicas.rotation import Rotation


@pytest.fixture
def rotation(settings) -> Rotation:
    settings.DATABASE_REPLICAS = ["replica1", "replica2"]
    settings.REPLICA_REST_SECONDS = 0.1
    return Rotation()


def in_turn(rotation: Rotation, *, late: bool = False) -> set[str]:
    return set(rotation.in_turn(late=late))


def test_what_was_never_tried_is_tried_by_one_request_at_a_time(rotation):
    assert in_turn(rotation) == {"replica1", "replica2"}
    assert in_turn(rotation) == set()
    rotation.keep("replica1")
    assert in_turn(rotation) == in_turn(rotation) == {"replica1"}


def test_what_failed_rests_and_is_then_tried_by_one_request_at_a_time(rotation):
    for name in ("replica1", "replica2"):
        rotation.keep(name)
    rotation.rest("replica1", "gone")
    assert in_turn(rotation) == {"replica2"}
    time.sleep(0.1)
    assert in_turn(rotation) == {"replica1", "replica2"}
    assert in_turn(rotation) == {"replica2"}
    rotation.keep("replica1")
    assert in_turn(rotation) == {"replica1", "replica2"}


def test_who_has_nothing_better_reads_where_it_is_late_but_not_where_it_failed(rotation):
    rotation.rest("replica1", "gone")
    rotation.rest("replica2", "late", is_late=True)
    assert in_turn(rotation) == set()
    assert in_turn(rotation, late=True) == {"replica2"}


def test_one_that_comes_and_goes_is_told_each_time_and_one_that_stays_away_once(rotation, caplog):
    for _ in range(3):
        rotation.rest("replica1", "gone")
        time.sleep(0.1)
        assert "replica1" in in_turn(rotation)
    assert len(caplog.records) == 1
    rotation.keep("replica1")
    rotation.rest("replica1", "gone again")
    assert [record.levelname for record in caplog.records].count("WARNING") == 2
