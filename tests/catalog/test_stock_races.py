"""Two at once at the same stock, in each order that matters: it ends as if one had come after the other.

And each without the lock that it is held together by: the books notice.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import pytest

from catalog import stock
from catalog.stock import rush
from tests.catalog.mutated import Mutation, mutate, unchecked
from tests.catalog.waiting import behind, level
from tests.factories import make_product

pytestmark = pytest.mark.django_db(transaction=True)


def shelf(units: int, promised: int = 0, *, is_split: bool = False) -> int:
    variant_id: int = make_product(stock=None).variants.get().pk
    stock.set_terms(variant_id, low_at=3, is_tracked=True)
    stock.adjust(variant_id, delta=units)
    if promised:
        stock.reserve({variant_id: promised})
    if is_split:
        rush.split(variant_id)
    return variant_id


class Race(NamedTuple):
    """What is there (units, promised, split?), who is first and second, how it ends, what it leaves."""

    there: tuple[int, int, bool]
    first: Callable[[int], object]
    second: Callable[[int], object]
    ends: object
    leaves: tuple[int, int, int]


def taken(units: int) -> Callable[[int], object]:
    return lambda pk: stock.reserve({pk: units})


def given_back(pk: int) -> object:
    return stock.release({pk: 1})


def sent(pk: int) -> object:
    return stock.ship({pk: 1})


def came(pk: int) -> object:
    return stock.adjust(pk, delta=3) and None


def counted(units: int) -> Callable[[int], object]:
    return lambda pk: stock.adjust_many({pk: units}) and "refused"


def uncounted_sold(units: int) -> Callable[[int], object]:
    return lambda pk: stock.set_terms(pk, low_at=3, is_tracked=False) or stock.reserve({pk: units})


def counted_from_now_on(pk: int) -> object:
    return stock.set_terms(pk, low_at=3, is_tracked=True)


RACES = {
    "two take the last": Race((1, 0, False), taken(1), taken(1), "OutOfStock", (1, 1, 0)),
    "two take what lies in several buckets": Race(
        (20, 0, True), taken(17), taken(4), "OutOfStock", (20, 17, 3)
    ),
    "it comes back twice": Race((5, 1, False), given_back, given_back, "NotReserved", (5, 0, 0)),
    "it comes back to a bucket twice": Race((5, 1, True), given_back, given_back, "NotReserved", (5, 0, 5)),
    "it leaves twice": Race((5, 1, False), sent, sent, "NotReserved", (4, 0, 0)),
    "it leaves twice, the others being lent": Race((5, 1, True), sent, sent, "NotReserved", (4, 0, 4)),
    "it comes back and leaves": Race((5, 1, False), given_back, sent, "NotReserved", (5, 0, 0)),
    "it comes back to a bucket and leaves": Race((5, 1, True), given_back, sent, "NotReserved", (5, 0, 5)),
    "it is lent, and what nobody promised leaves": Race(
        (5, 0, False), rush.split, sent, "NotReserved", (5, 0, 5)
    ),
    "it is sold from a bucket, and goes home": Race((32, 0, True), taken(2), rush.join, "done", (32, 2, 0)),
    "it goes home, and is sold": Race((32, 0, True), rush.join, taken(2), "done", (32, 2, 0)),
    "it is lent, and is sold": Race((32, 0, False), rush.split, taken(2), "done", (32, 2, 30)),
    "two deliveries come": Race((5, 0, False), came, came, "done", (11, 0, 0)),
    "one comes, and all is counted": Race((5, 0, False), came, counted(9), "done", (9, 0, 0)),
    "it is sold, and fewer are counted": Race((5, 0, False), taken(4), counted(3), "refused", (5, 4, 0)),
    "it is sold, and fewer are counted by hand": Race(
        (5, 0, False), taken(4), lambda pk: stock.adjust(pk, on_hand=3), "BelowReserved", (5, 4, 0)
    ),
    "more are sold than lie there, and it is counted from now on": Race(
        (5, 0, False), uncounted_sold(9), counted_from_now_on, "BelowReserved", (5, 9, 0)
    ),
    "it is sold from buckets, and fewer are counted": Race(
        (20, 0, True), taken(4), counted(3), "refused", (20, 4, 0)
    ),
}

LOCKED = "ORDER BY s.variant_id FOR UPDATE OF s"
ENOUGH = "(NOT s.is_tracked OR s.on_hand - s.reserved >= w.quantity)"
UNLOCKED = ("Stock.objects.select_for_update()", "Stock.objects.all()")
# To make a row that may be missing waits as well, for whoever changes one that is there.
MADE = "Stock.objects.bulk_create([Stock(variant_id=variant_id)], ignore_conflicts=True)"
MADE_MANY = "Stock.objects.bulk_create(new, ignore_conflicts=True, batch_size=1_000)"
BROKEN = (
    (
        "two take the last",
        Mutation(
            "judged as it was before the wait", LOCKED, "AND s.reserved + w.quantity <= s.on_hand", "_RESERVE"
        ),
        Mutation("", ENOUGH, "true", "_RESERVE"),
    ),
    ("two take what lies in several buckets", Mutation("counted twice", "own + sum(", "own + 2 * sum(")),
    (
        "two take what lies in several buckets",
        Mutation("each bucket has a unit more", "own + sum(", "own + len(buckets) + sum("),
    ),
    *(
        (name, Mutation("not locked before", "        rush.hold(quantities)\n", "", "_move_reserved"))
        for name in (
            "it comes back to a bucket twice",
            "it comes back to a bucket and leaves",
            "it is lent, and what nobody promised leaves",
        )
    ),
    *(
        (name, Mutation("rows are not locked", *UNLOCKED, "locked"), Mutation("", MADE, "pass", "adjust"))
        for name in ("two deliveries come", "it is sold, and fewer are counted by hand")
    ),
    (
        "more are sold than lie there, and it is counted from now on",
        Mutation("rows are not locked", *UNLOCKED, "locked"),
    ),
    (
        "it is sold from a bucket, and goes home",
        Mutation(
            "buckets are not locked", "StockBucket.objects.select_for_update()", "StockBucket.objects.all()"
        ),
    ),
    (
        "one comes, and all is counted",
        Mutation("rows are not locked", LOCKED, "", "adjust_many"),
        Mutation("", "rush.hold(ids)", "ids[:0]", "adjust_many"),
        Mutation("", MADE_MANY, "pass", "adjust_many"),
    ),
)


def wrong(race: Race) -> list[str]:
    """How it went otherwise than it should have."""
    units, promised, is_split = race.there
    pk = shelf(units, promised, is_split=is_split)
    ended = behind(lambda: race.first(pk), lambda: race.second(pk))
    found = [] if ended == race.ends else [f"it ended with {ended}"]
    if level(pk) != race.leaves:
        found.append(f"it leaves {level(pk)}")
    return found + [f"the movements differ: {one}" for one in stock.differences() if one.variant_id == pk]


def test_whoever_comes_second_finds_what_the_first_has_left() -> None:
    assert {name: found for name, race in RACES.items() if (found := wrong(race))} == {}


@pytest.mark.parametrize("has_checks", [True, False], ids=["checked", "unchecked"])
def test_broken_without_its_lock_each_is_noticed(has_checks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    unnoticed = []
    with nullcontext() if has_checks else unchecked():
        for name, *mutations in BROKEN:
            with monkeypatch.context() as patch:
                for mutation in mutations:
                    mutate(patch, mutation)
                if not wrong(RACES[name]):
                    unnoticed.append((name, mutations[0].name))
    assert unnoticed == []
