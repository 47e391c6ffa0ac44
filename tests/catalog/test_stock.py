"""Stock: exactly what there is, whoever asks at once; pages only hear of in, low and out."""

import random
import threading
from collections.abc import Callable, Mapping
from itertools import permutations

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from catalog import stock
from catalog.models import Card, Product, Stock, StockMovement, Variant
from catalog.stock import BelowReserved, NotReserved, OutOfStock
from shop.changes.models import Change
from shop.outbox import bell
from tests.factories import follow_changes, make_product

pytestmark = pytest.mark.django_db


def variant_of(product: Product) -> Variant:
    return product.variants.get()


def free(variant: Variant) -> int:
    row = Stock.objects.get(pk=variant.pk)
    return row.on_hand - row.reserved


def movements(variant: Variant) -> list[tuple[str, int, int]]:
    rows = StockMovement.objects.filter(variant=variant).order_by("id")
    return list(rows.values_list("kind", "on_hand_change", "reserved_change"))


def test_a_reservation_takes_from_what_is_free_and_leaves_a_trace():
    variant = variant_of(make_product(stock=5))
    stock.reserve({variant.pk: 2}, reference="order 10001")
    assert free(variant) == 3
    assert movements(variant) == [("reserved", 0, 2)]
    assert StockMovement.objects.get().reference == "order 10001"


@pytest.mark.parametrize(("there", "rings"), [(9, 0), (5, 1)])
def test_whoever_sells_near_the_threshold_calls_the_projector(
    there, rings, monkeypatch, django_capture_on_commit_callbacks
):
    """Low at 3. Else the pages would say so when the relay looks, a second later."""
    rung: list[object] = []
    monkeypatch.setattr(bell, "_ring_now", lambda *told: rung.append(told))
    variant = variant_of(make_product(stock=there))
    bell._bell.cache_clear()
    with django_capture_on_commit_callbacks(execute=True):
        stock.reserve({variant.pk: 2})
    bell._bell.cache_clear()
    assert len(rung) == rings


def test_more_than_there_is_is_refused_and_says_what_there_is():
    first, second = variant_of(make_product(stock=5)), variant_of(make_product(stock=1))
    with pytest.raises(OutOfStock) as refused:
        stock.reserve({first.pk: 2, second.pk: 2})
    assert refused.value.variant_ids == (second.pk,)
    assert refused.value.available == {second.pk: 1}
    assert (free(first), free(second)) == (5, 1)
    assert not StockMovement.objects.exists()


def test_a_variant_without_stock_is_sold_out():
    variant = variant_of(make_product())
    Stock.objects.all().delete()
    with pytest.raises(OutOfStock) as refused:
        stock.reserve({variant.pk: 1})
    assert refused.value.available == {variant.pk: 0}


def test_goods_that_are_not_counted_are_always_there():
    variant = variant_of(make_product(stock=None))
    stock.reserve({variant.pk: 500})
    stock.ship({variant.pk: 500})
    assert movements(variant) == [("reserved", 0, 500), ("shipped", 0, -500)]
    assert Stock.objects.get().on_hand == 0


def test_nothing_is_reserved_for_nothing_and_quantities_are_positive():
    stock.reserve({})
    for quantity in (0, -1):
        with pytest.raises(ValueError, match="1 or more"):
            stock.reserve({1: quantity})


def test_what_is_released_is_free_again():
    variant = variant_of(make_product(stock=5))
    stock.reserve({variant.pk: 5})
    stock.release({variant.pk: 5})
    assert free(variant) == 5
    with pytest.raises(NotReserved):
        stock.release({variant.pk: 1})


def test_what_is_shipped_has_left():
    variant = variant_of(make_product(stock=5))
    stock.reserve({variant.pk: 2})
    stock.ship({variant.pk: 2})
    assert Stock.objects.values_list("on_hand", "reserved").get() == (3, 0)
    assert movements(variant)[-1] == ("shipped", -2, -2)
    with pytest.raises(NotReserved):
        stock.ship({variant.pk: 1})


@pytest.mark.parametrize("move", [stock.ship, stock.release])
def test_an_order_moves_on_although_a_variant_of_it_was_deleted(move: Callable[..., None]):
    gone, kept = variant_of(make_product(stock=5)), variant_of(make_product(stock=5))
    stock.reserve({gone.pk: 2, kept.pk: 2})
    gone_id = gone.pk
    gone.delete()
    move({gone_id: 2, kept.pk: 2})
    assert Stock.objects.get(pk=kept.pk).reserved == 0
    with pytest.raises(NotReserved) as refused:
        move({gone_id: 2, kept.pk: 1})
    assert refused.value.variant_ids == (kept.pk,)


def test_what_was_deleted_cannot_be_reserved():
    variant = variant_of(make_product(stock=5))
    variant_id = variant.pk
    variant.delete()
    with pytest.raises(OutOfStock):
        stock.reserve({variant_id: 1})


def test_a_count_sets_and_a_delivery_adds():
    variant = variant_of(make_product(stock=5))
    stock.adjust(variant.pk, on_hand=7, note="counted twice")
    stock.adjust(variant.pk, delta=3)
    stock.adjust(variant.pk, on_hand=10)
    assert free(variant) == 10
    assert movements(variant) == [("counted", 2, 0), ("received", 3, 0)]


def test_a_count_makes_the_row_that_is_missing():
    variant = variant_of(make_product())
    Stock.objects.all().delete()
    assert stock.adjust(variant.pk, on_hand=4).on_hand == 4


def test_a_count_below_what_is_promised_is_refused():
    variant = variant_of(make_product(stock=5))
    stock.reserve({variant.pk: 4})
    with pytest.raises(BelowReserved, match="cannot become 3: 4 of it are reserved"):
        stock.adjust(variant.pk, on_hand=3)
    with pytest.raises(BelowReserved):
        stock.adjust(variant.pk, delta=-2)
    assert Stock.objects.get().on_hand == 5


def test_a_count_is_absolute_or_relative():
    with pytest.raises(ValueError, match="either"):
        stock.adjust(1)
    with pytest.raises(ValueError, match="either"):
        stock.adjust(1, on_hand=1, delta=1)


def test_many_levels_are_set_at_once_and_what_is_promised_is_reported():
    full, promised, uncounted = (variant_of(make_product(stock=5)) for _ in range(3))
    new = variant_of(make_product())
    Stock.objects.filter(pk=new.pk).delete()
    stock.reserve({promised.pk: 4})
    StockMovement.objects.all().delete()
    levels = {full.pk: 9, promised.pk: 1, uncounted.pk: None, new.pk: 2}
    assert stock.adjust_many(levels) == {promised.pk}
    assert (free(full), free(promised), free(new)) == (9, 1, 2)
    assert not Stock.objects.get(pk=uncounted.pk).is_tracked
    assert movements(full) == [("imported", 4, 0)]
    before = StockMovement.objects.count()
    stock.adjust_many(levels)
    assert StockMovement.objects.count() == before


def test_the_database_itself_refuses_to_promise_what_is_not_there():
    make_product(stock=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.update(reserved=6)


@pytest.mark.parametrize(("on_hand", "said"), [(0, "out"), (1, "low"), (3, "low"), (4, "in"), (None, "in")])
def test_availability_follows_the_threshold(on_hand, said):
    variant = variant_of(make_product(stock=on_hand))
    Variant.objects.update(availability="out" if said == "in" else "in")
    stock.refresh_availability([variant.product_id])
    variant.refresh_from_db()
    assert variant.availability == said


def test_a_sale_far_from_the_threshold_changes_no_page():
    variant = variant_of(make_product(stock=50))
    follow_changes()
    Change.objects.all().delete()
    stock.reserve({variant.pk: 10})
    assert not Change.objects.exists()


def test_a_sale_that_crosses_the_threshold_reaches_the_card():
    variant = variant_of(make_product(stock=4))
    follow_changes()
    stock.reserve({variant.pk: 1})
    follow_changes()
    assert Card.objects.filter(product_id=variant.product_id, availability="low").count() == 2


def naive_reserve(quantities: Mapping[int, int]) -> None:
    """The broken variant: reads, judges, writes."""
    for pk, quantity in quantities.items():
        row = Stock.objects.get(pk=pk)
        if row.on_hand - row.reserved < quantity:
            raise OutOfStock({pk: 0})
        barrier_pause.wait(0.002)
        row.reserved += quantity
        row.save(update_fields=["reserved"])


def unsorted_reserve(quantities: Mapping[int, int]) -> None:
    """The broken variant: locks rows in the order of the cart."""
    with transaction.atomic():
        for pk, quantity in quantities.items():
            Stock.objects.select_for_update().get(pk=pk)
            barrier_pause.wait(0.005)
            Stock.objects.filter(pk=pk).update(reserved=Stock.objects.get(pk=pk).reserved + quantity)


barrier_pause = threading.Event()  # never set: a pause without a busy loop


def rush(buyers: int, carts: list[dict[int, int]], reserve: Callable[[Mapping[int, int]], None]) -> list[str]:
    """Many at once; how it went for each."""
    outcomes, start = list[str](), threading.Barrier(buyers)

    def buy(cart: dict[int, int]) -> None:
        start.wait(20)
        try:
            reserve(cart)
            outcomes.append("sold")
        except OutOfStock:
            outcomes.append("out")
        except OperationalError:
            outcomes.append("deadlock")
        finally:
            connection.close()

    threads = [threading.Thread(target=buy, args=(carts[n % len(carts)],)) for n in range(buyers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reserve", [stock.reserve, naive_reserve], ids=["conditional", "broken: naive"])
def test_thirty_buyers_get_exactly_the_ten_there_are(reserve):
    variant = variant_of(make_product(stock=10))
    outcomes = rush(30, [{variant.pk: 1}], reserve)
    if reserve is naive_reserve:
        assert outcomes.count("sold") > 10, "the test would not notice a naive reservation"
        return
    assert (outcomes.count("sold"), outcomes.count("out")) == (10, 20)
    assert free(variant) == 0
    assert len(movements(variant)) == 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reserve", [stock.reserve, unsorted_reserve], ids=["sorted", "broken: unsorted"])
def test_carts_of_the_same_lines_in_any_order_never_wait_in_a_circle(reserve):
    ids = [variant_of(make_product(stock=1_000)).pk for _ in range(3)]
    carts = [dict.fromkeys(order, 1) for order in permutations(ids)]
    random.Random(7).shuffle(carts)
    outcomes = [outcome for _ in range(3) for outcome in rush(18, carts, reserve)]
    if reserve is unsorted_reserve:
        assert "deadlock" in outcomes, "the test would not notice unsorted locks"
    else:
        assert outcomes == ["sold"] * 54
        assert sorted(Stock.objects.values_list("reserved", flat=True)) == [54] * 3


@pytest.mark.django_db(transaction=True)
def test_two_variants_that_sell_out_at_once_leave_the_right_availability():
    product = make_product(stock=1, options={"size": ["A5", "A4"]})
    follow_changes()
    ids = [variant.pk for variant in product.variants.all()]

    def buy_and_follow(cart: Mapping[int, int]) -> None:
        stock.reserve(cart)
        follow_changes()

    rush(2, [{pk: 1} for pk in ids], buy_and_follow)
    follow_changes()
    assert set(Variant.objects.values_list("availability", flat=True)) == {"out"}
    assert set(Card.objects.values_list("availability", flat=True)) == {"out"}
