"""The test of the tests of stock: whatever is taken out of its own statements, the books notice it.

STOCK_STEPS gives another length: 2,000 steps are those of a long run.
"""

import os

import pytest

from tests.catalog.books import walk
from tests.catalog.mutated import Mutation, mutate, unchecked

pytestmark = pytest.mark.django_db
STEPS = int(os.environ.get("STOCK_STEPS", "100"))
SEEDS = (0, 1)  # one after the other: a fault that shows in neither is not noticed

_ENOUGH = " AND (NOT s.is_tracked OR s.on_hand - s.reserved >= w.quantity)"
_IN_A_BUCKET = " AND b.free >= w.quantity"
_LENT_ENOUGH = " AND b.free >= p.quantity"
_TOLD = "FROM done, cause ORDER BY"

SQL = (
    Mutation("sold without a look at what is there", _ENOUGH, ""),
    Mutation("one more than there is", ">= w.quantity)\n", "+ 1 >= w.quantity)\n"),
    Mutation("the last one is never sold", ">= w.quantity)\n", "> w.quantity)\n"),
    Mutation("what is not counted is judged", "(NOT s.is_tracked OR s.on_hand", "(s.on_hand"),
    Mutation("one is reserved, whatever was asked", "s.reserved + w.quantity", "s.reserved + 1"),
    Mutation("a row that was lent sells too", "WHERE NOT s.is_split ORDER BY", "ORDER BY"),
    Mutation("a bucket keeps what it sells", "b.free - p.quantity", "b.free"),
    Mutation("a bucket gets nothing back", "b.free + p.quantity", "b.free"),
    Mutation("what comes back goes to a bucket twice", "b.free + p.quantity", "b.free + 2 * p.quantity"),
    Mutation("and to the row besides", " AND NOT s.is_split AND", " AND"),
    Mutation("a reservation is not written down", _TOLD, "FROM done, cause WHERE false ORDER BY", "_RESERVE"),
    Mutation("nor that of an order", _TOLD, "FROM done, cause WHERE false ORDER BY", "ctes"),
    Mutation("a release is not written down", _TOLD, "FROM done, cause WHERE false ORDER BY", "_RELEASE"),
    Mutation("a parcel is not written down", _TOLD, "FROM done, cause WHERE false ORDER BY", "_SHIP"),
    Mutation("it is written down twice", "FROM done, cause ", "FROM done, cause, generate_series(1, 2) "),
    Mutation("what comes back is written as gone", "0, -quantity", "0, quantity"),
    Mutation("more comes back than was promised", " AND s.reserved >= w.quantity", ""),
    Mutation("and of what was lent", " AND w.promised >= w.quantity", "", "_RELEASE"),
    Mutation("more leaves than was promised", " AND w.promised >= w.quantity", "", "_SHIP"),
    Mutation(
        "buckets are left out of what is promised",
        "CASE WHEN s.is_split THEN (",
        "CASE WHEN false THEN (",
    ),
    Mutation(
        "what left still lies there",
        "s.on_hand - CASE WHEN s.is_tracked THEN w.quantity",
        "s.on_hand - CASE WHEN s.is_tracked THEN 0",
    ),
    Mutation("what left is still promised", "s.reserved - w.quantity,", "s.reserved,"),
    Mutation(
        "one line of two is reserved", "sum(quantity)::int AS quantity", "max(quantity)::int AS quantity"
    ),
    Mutation("a count goes below what is promised", "AND (NOT w.tracked OR s.reserved <= w.level)", ""),
    Mutation("a count is written down as a difference to nothing", "w.level - w.was AS", "w.level AS"),
)
PYTHON = (
    Mutation(
        "what is taken from buckets is taken from the row too", "if left:", "if left := quantities[pk]:"
    ),
    Mutation(
        "gathered units are in two places",
        "stock.reserved -= sum(bucket.free for bucket in buckets)",
        "stock.reserved -= 2 * sum(bucket.free for bucket in buckets)",
    ),
    Mutation("lent units are in two places", "held.reserved += part * BUCKETS + rest", "held.reserved += 0"),
    Mutation("what does not divide is lent to nobody", "part + (place < rest)", "part"),
    Mutation(
        "buckets stay when they were gathered", "StockBucket.objects.filter(stock=stock).delete()", "pass"
    ),
    Mutation("a part of it moves", "raise NotReserved(held)", "return"),
    Mutation("counted by hand, not written down", "StockMovement.objects.create(", "StockMovement("),
    Mutation("by hand below what is promised", " or (stock.is_tracked and wanted < stock.reserved)", ""),
    Mutation("counted again with more promised than there is", "stock.on_hand < stock.reserved", "False"),
)
HIDDEN = [
    one
    for one in (*SQL, *PYTHON)
    if one.old
    in {
        _ENOUGH,
        "AND (NOT w.tracked OR s.reserved <= w.level)",
        " or (stock.is_tracked and wanted < stock.reserved)",
    }
]


def what_goes_wrong() -> list[str]:
    return next(filter(None, (walk(seed, STEPS) for seed in SEEDS)), [])


def test_the_books_are_right_after_every_step() -> None:
    assert what_goes_wrong() == []


@pytest.mark.parametrize("mutation", [*SQL, *PYTHON], ids=str)
def test_broken_stock_is_noticed_without_the_databases_help(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch, mutation)
    with unchecked():
        assert what_goes_wrong() != []


@pytest.mark.parametrize("mutation", HIDDEN, ids=str)
def test_broken_stock_is_a_fault_where_a_check_stands_behind_it(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch, mutation)
    assert "a fault" in " ".join(what_goes_wrong())
