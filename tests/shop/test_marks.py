"""Marks: what changed since a page began is known, or nothing is; a replica must have replayed it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from redis import Redis

from shop import marks
from shop.marks import MarksAway, Position, Verdict, lsn_of, slots
from shop.outbox.models import Message
from tests.marking import LATE, MARKS, ONE, OTHER, Primary, begin, is_behind, mark


@pytest.fixture
def primary(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Primary:
    made = Primary()
    monkeypatch.setattr(marks, "primary_position", made)
    return made


def left_below_the_newest(redis: Redis, marked: Callable[[list[str]], int]) -> int:
    """Eight mark the same 300 keys at once; how many slots then bear an older counter than the newest."""
    keys = [f"product/{number}" for number in range(300)]
    with ThreadPoolExecutor(8) as pool:
        newest = max(pool.map(lambda _: marked(keys), range(8)))
    kept = redis.hmget(MARKS.hash, list(slots(keys)))
    return sum(int(mark.split()[0]) < newest for mark in kept)


def test_of_marks_set_at_once_the_newest_stays(redis, primary):
    epoch = begin().epoch

    def marked(keys: list[str]) -> int:
        return max(MARKS.mark(keys, epoch, primary.at) or 0 for _ in range(5))

    assert left_below_the_newest(redis, marked) == 0


def test_the_test_of_the_test_marks_set_in_two_steps_are_lost(redis, primary):
    begin()
    together = threading.Barrier(8)

    def marked(keys: list[str]) -> int:
        counter = redis.hincrby(MARKS.hash, "counter", 1)
        together.wait()
        time.sleep(0.01 * (8 - counter))
        for slot in slots(keys):
            redis.hset(MARKS.hash, slot, f"{counter} {primary.at.lsn:020}")
        return counter

    assert left_below_the_newest(redis, marked) > 0


def test_a_mark_since_the_page_began_is_seen_for_its_key_and_no_other(primary):
    mark(ONE)
    begun = begin()
    assert not MARKS.judge(begun, [ONE, OTHER]).marked
    mark(ONE)
    assert MARKS.judge(begun, [OTHER, ONE]).marked
    assert not MARKS.judge(begun, [OTHER]).marked
    assert not MARKS.judge(begun, []).marked
    assert not MARKS.judge(begin(), [ONE]).marked


def test_ten_thousand_keys_at_once_are_marked_and_judged(primary):
    many = [f"product/{number}" for number in range(10_000)]
    begun = begin()
    mark(*many)
    assert MARKS.judge(begun, many, Position(1, LATE - 1)) == Verdict(marked=True, behind=True)
    assert MARKS.judge(begin(), many, primary.at) == Verdict(marked=False, behind=False)


def test_a_replica_is_behind_until_it_has_replayed_the_mark(primary):
    primary.at = Position(1, LATE - 9)
    mark(ONE)
    assert is_behind([ONE], LATE - 1)
    assert not is_behind([ONE], LATE)
    assert not is_behind([ONE], LATE + 1)
    assert not is_behind([OTHER], LATE - 1)
    assert not MARKS.judge(begin(), [ONE]).behind  # read from the primary


def test_a_replica_is_behind_until_it_has_replayed_where_the_epoch_began(primary):
    begin()
    assert is_behind([], LATE - 1)
    assert not is_behind([], LATE)


def test_a_replica_on_another_timeline_is_behind_however_far_it_has_got(primary):
    assert is_behind([], LATE + 1, timeline=2)
    assert not is_behind([], LATE + 1, timeline=1)


def test_an_lsn_is_never_lowered(primary):
    mark(ONE, lsn=LATE + 2)
    mark(ONE, lsn=LATE + 1)
    assert is_behind([ONE], LATE + 1)
    assert not is_behind([ONE], LATE + 2)


def test_a_flush_makes_void_what_began_before(redis, primary):
    begun = begin()
    redis.flushdb()
    for _ in range(2):
        assert MARKS.judge(begun, [ONE], primary.at) == Verdict(marked=True, behind=True)
        assert MARKS.judge(begun, [ONE]) == Verdict(marked=True, behind=False)
        assert begin().epoch != begun.epoch


def test_a_flush_between_the_epoch_and_the_mark_refuses_the_mark(redis, primary):
    begun = begin()
    redis.flushdb()
    begin()
    assert MARKS.mark([ONE], begun.epoch, primary.at) is None
    assert begin().counter == 0


@pytest.mark.django_db
def test_a_refused_mark_is_repeated(redis, primary):
    begun = begin()
    primary.meanwhile = [redis.flushdb]
    primary.at = Position(1, LATE + 5)
    assert MARKS.mark_now([ONE]) == primary.at
    assert begin().epoch != begun.epoch
    assert begin().counter == 1
    primary.meanwhile = [redis.flushdb, lambda: None] * marks.TRIES
    with pytest.raises(MarksAway, match="changed 5 times"):
        MARKS.mark_now([ONE])


@pytest.mark.django_db
def test_a_promoted_standby_begins_a_new_epoch_whose_lsn_may_be_lower(primary):
    mark(ONE)
    begun = begin()
    primary.at = Position(2, 500)
    assert MARKS.mark([ONE], begun.epoch, primary.at) is None
    assert MARKS.mark_now([ONE]) == primary.at
    assert MARKS.judge(begun, [OTHER]).marked
    assert begin().floor == primary.at
    assert not is_behind([ONE], 500, timeline=2)
    assert is_behind([ONE], LATE, timeline=1)


@pytest.mark.django_db(transaction=True)
def test_a_mark_bears_at_least_the_lsn_of_the_commit_before_it(redis):
    begin()
    Message.objects.create(job="shop.nothing")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        committed = lsn_of(cursor.fetchone()[0])
    at = MARKS.mark_now([ONE])
    assert at.timeline == 1
    assert at.lsn >= committed
    assert is_behind([ONE], committed - 1)
    assert not is_behind([ONE], at.lsn)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_marked_inside_a_transaction(redis):
    with transaction.atomic(), pytest.raises(RuntimeError):
        MARKS.mark_now([ONE])


def test_customers_have_marks_of_their_own(primary):
    begun = begin()
    marks.customers.mark([ONE], begin(marks.customers).epoch, primary.at)
    assert not MARKS.judge(begun, [ONE]).marked
    assert marks.customers.judge(begun, [ONE]).marked


def test_slots_are_the_same_in_every_process_and_evenly_filled():
    assert slots([ONE, OTHER, ONE]) == {44_773, 65_375}
    filled = slots(f"product/{number}" for number in range(65_536))
    assert len(filled) > 0.6 * 65_536  # thrown at random: 0.63
    assert slots(["slug/product/\ud800"]) <= set(range(65_536))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0/0", 0),
        ("0/1A", 26),
        ("1/0", 2**32),
        ("16/B374D848", 97_500_059_720),
        ("FFFFFFFF/FFFFFFFF", 2**64 - 1),
    ],
)
def test_an_lsn_is_a_number_of_bytes(text, number):
    assert lsn_of(text) == number


@pytest.mark.parametrize("text", ["", "1", "x/1", "1/2/3"])
def test_what_is_no_lsn_is_refused(text):
    with pytest.raises(ValueError, match=r"unpack|base 16"):
        lsn_of(text)


def keys_of_one_slot() -> list[str]:
    """Two keys that share a slot, and two that do not."""
    seen: dict[int, str] = {}
    for number in range(100_000):
        (slot,) = slots([key := f"card/{number}"])
        if slot in seen:
            return [seen[slot], key, ONE, OTHER]
        seen[slot] = key
    raise AssertionError


KEYS = st.sets(st.sampled_from(keys_of_one_slot()))
STEPS = st.one_of(
    st.tuples(st.just("mark"), KEYS, st.integers(-3, 3)),
    st.tuples(st.just("begin")),
    st.tuples(st.just("judge"), KEYS, st.integers(-4, 4), st.integers(1, 3), st.integers(0, 99)),
    st.tuples(st.sampled_from(["flush", "promote"])),
)


@examples(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=30))
def test_whatever_happens_in_whichever_order_a_plain_model_says_the_same(redis, primary, steps):
    redis.flushdb()
    primary.at = Position(1, 50)
    epoch, counter, floor = 0, 0, primary.at
    kept: dict[int, tuple[int, int]] = {}
    pages = [(begin(), epoch, counter)]
    for name, *rest in steps:
        if name == "mark":
            keys, by = rest
            stands = begin().epoch
            primary.at = Position(primary.at.timeline, primary.at.lsn + max(by, 0))
            lsn = primary.at.lsn + min(by, 0)
            MARKS.mark(keys, stands, Position(primary.at.timeline, lsn))
            counter += 1
            kept |= {slot: (counter, max(lsn, kept.get(slot, (0, 0))[1])) for slot in slots(keys)}
        elif name == "begin":
            pages.append((begin(), epoch, counter))
        elif name == "judge":
            keys, off, timeline, which = rest
            begun, of, since = pages[which % len(pages)]
            replayed = Position(timeline, primary.at.lsn + off)
            of_keys = [kept[slot] for slot in slots(keys) if slot in kept]
            needed = max([floor.lsn, *(lsn for _, lsn in of_keys)])
            assert MARKS.judge(begun, keys, replayed) == Verdict(
                marked=of != epoch or any(counter > since for counter, _ in of_keys),
                behind=of != epoch or timeline != floor.timeline or replayed.lsn < needed,
            )
        else:
            if name == "promote":
                primary.at = Position(primary.at.timeline + 1, primary.at.lsn - 5)
                assert MARKS.follow_timeline() == primary.at.timeline
            else:
                redis.flushdb()
            epoch, counter, floor, kept = epoch + 1, 0, primary.at, {}
