"""Rows of stock are locked by primary key, whatever the cart's order and whatever plan the database has.

Who waits for the lowest must hold none of the others: then nobody ever waits in a circle.
"""

from collections.abc import Callable

import pytest
from django.db import transaction

from catalog import stock
from catalog.models import Product, Stock, StockBucket, Variant
from catalog.stock import rush
from orders.placement import place_order
from tests.catalog.mutated import Mutation, mutate
from tests.catalog.test_stock import rush as all_at_once
from tests.catalog.waiting import held_meanwhile
from tests.factories import add_variant, make_product
from tests.orders.conftest import make_draft

pytestmark = pytest.mark.django_db(transaction=True)

IN_ORDER = "ORDER BY s.variant_id FOR UPDATE OF s"
TURNED = "ORDER BY s.variant_id DESC FOR UPDATE OF s"
HELD = ("ORDER BY variant_id FOR", "ORDER BY variant_id DESC FOR")
ROWS = ('.order_by("pk")', '.order_by("-pk")')
Move = Callable[[list[int]], object]


def goods() -> list[int]:
    """Of which three each are promised, from the highest on: as no cart should be locked."""
    made: list[int] = [make_product(stock=9).variants.get().pk for _ in range(4)]
    stock.reserve(dict.fromkeys(made, 3))
    return sorted(made, reverse=True)


def ordered(ids: list[int]) -> object:
    found = Variant.objects.select_related("product").in_bulk(ids)
    return place_order(make_draft(*((found[pk], 1) for pk in ids)))


MOVES: dict[str, tuple[Move, Mutation]] = {
    "reserve": (
        lambda ids: stock.reserve(dict.fromkeys(ids, 1)),
        Mutation("", IN_ORDER, TURNED, "_RESERVE"),
    ),
    "place_order": (ordered, Mutation("", IN_ORDER, TURNED, "ctes")),
    "release": (lambda ids: stock.release(dict.fromkeys(ids, 1)), Mutation("", *HELD, "hold")),
    "ship": (lambda ids: stock.ship(dict.fromkeys(ids, 1)), Mutation("", *HELD, "hold")),
    "adjust_many": (
        lambda ids: stock.adjust_many(dict.fromkeys(ids, 5)),
        Mutation("", *HELD, "hold"),
    ),
    "locked": (lambda ids: transaction.atomic(rush.locked)(ids), Mutation("", *ROWS, "locked")),
}


def out_of_order(move: Move) -> list[str]:
    """What who waits for the lowest holds already."""
    ids = goods()
    *others, lowest = ids
    # With buckets or without: the highest of them sells in a rush.
    rush.split(others[0])
    return held_meanwhile(
        lambda: rush.locked([lowest]),
        {str(place): Stock.objects.filter(pk=pk) for place, pk in enumerate(others)},
        lambda: move(ids) and None,
    )


@pytest.mark.parametrize("name", MOVES)
def test_who_waits_for_the_lowest_row_holds_no_other(name: str) -> None:
    assert out_of_order(MOVES[name][0]) == []


@pytest.mark.parametrize("name", MOVES)
def test_broken_in_the_other_order_it_holds_some(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    move, mutation = MOVES[name]
    mutate(monkeypatch, mutation)
    assert out_of_order(move) != []


def test_broken_with_what_sells_in_a_rush_first_it_holds_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """As adjust_many once did: the split ones, and then all."""
    mutate(monkeypatch, Mutation("", "rush.hold(ids)", "Stock.objects.filter(is_split=True)", "adjust_many"))
    assert out_of_order(MOVES["adjust_many"][0]) != []


WAITS = Mutation("", "FOR UPDATE SKIP LOCKED", "FOR UPDATE")
BUCKETS_TURNED = Mutation(
    "", "WHERE s.is_split ORDER BY w.variant_id", "WHERE s.is_split ORDER BY w.variant_id DESC"
)


@pytest.mark.parametrize("move", ["reserve", "place_order"])
@pytest.mark.parametrize("is_turned", [False, True], ids=["in order", "broken: turned"])
def test_buckets_are_taken_in_that_order_too(
    move: str, is_turned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They keep nobody waiting. This is seen of a variant that does wait for them."""
    mutate(monkeypatch, WAITS)
    if is_turned:
        mutate(monkeypatch, BUCKETS_TURNED)
    *others, lowest = ids = goods()[:3]
    for pk in ids:
        rush.split(pk)
    held = held_meanwhile(
        lambda: list(StockBucket.objects.select_for_update().filter(stock=lowest)),
        {str(place): StockBucket.objects.filter(stock=pk) for place, pk in enumerate(others)},
        lambda: MOVES[move][0](ids),
    )
    assert bool(held) is is_turned


def test_baskets_of_two_hot_goods_in_opposite_order_never_wait_in_a_circle() -> None:
    ids = [make_product(stock=100_000).variants.get().pk for _ in range(2)]
    for pk in ids:
        rush.split(pk)
    carts = [dict.fromkeys(order, 1) for order in (ids, ids[::-1])]
    rounds = 10

    def buy_often(cart: dict[int, int]) -> None:
        for number in range(rounds):
            stock.reserve(cart)
            if number % 3 == 2:
                stock.release(cart)

    outcomes = all_at_once(8, carts, buy_often)  # type: ignore[arg-type]
    assert outcomes == ["sold"] * 8
    assert [stock.free([pk])[pk] for pk in ids] == [100_000 - 8 * 7] * 2


def out_of_order_pages() -> list[str]:
    product: Product = make_product(stock=9)
    variants = [*product.variants.all(), *(add_variant(product) for _ in range(3))]
    Variant.objects.update(availability="out")
    lowest, *others = sorted(variant.pk for variant in variants)
    return held_meanwhile(
        lambda: Variant.objects.select_for_update(no_key=True).get(pk=lowest),
        {str(place): Variant.objects.filter(pk=pk) for place, pk in enumerate(others)},
        lambda: stock.refresh_availability([product.pk]),
    )


def test_availability_is_written_in_the_order_of_the_variants() -> None:
    assert out_of_order_pages() == []


def test_broken_in_the_other_order_variants_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, Mutation("", "ORDER BY v.id FOR", "ORDER BY v.id DESC FOR"))
    assert out_of_order_pages() != []
