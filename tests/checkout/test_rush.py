"""Invariant 1: many buyers at once and less than they want: what there is is sold, and nobody meets a fault.

Each has read the review and sends its form. RUSH_BUYERS and RUSH_RUNS give other figures: 500 buyers of 100
units, 20 times, are those of a long run.
"""

import os
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import sleep
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import Sum
from django.test import Client

from catalog import stock
from catalog.models import Stock, StockMovement, Variant
from catalog.stock import OutOfStock, rush
from checkout import cookies
from checkout.models import Cart, CartLine
from orders.models import Order, OrderLine
from tests.catalog.mutated import Mutation, mutate, unchecked
from tests.checkout.conftest import ADDRESS, sealed, take_by
from tests.factories import make_delivery, make_product

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = int(os.environ.get("RUSH_BUYERS", "30"))
RUNS = int(os.environ.get("RUSH_RUNS", "2"))
AT_ONCE = 30  # connections, of the hundred that the suite's server has


class Crowd:
    """A thing that everybody wants, others that there is enough of, and buyers at their review."""

    def __init__(self, buyers: int, units: int) -> None:
        self.buyers, self.units = buyers, units
        self.method = make_delivery()
        self.hot: Variant = make_product("Everybody's", stock=None).variants.get()
        stock.set_terms(self.hot.pk, low_at=3, is_tracked=True)
        stock.adjust(self.hot.pk, delta=units)
        self.others = [make_product(stock=100_000).variants.get() for _ in range(6)]

    def client(self, chance: Random) -> Client:
        """A browser with a cart of one to five lines, the wanted thing at any place in it."""
        token = secrets.token_urlsafe(16)
        cart = Cart.objects.create(
            token_hash=cookies.hashed(token), market="eu", method=self.method, **ADDRESS
        )
        wanted = [self.hot, *chance.sample(self.others, chance.randint(0, 4))]
        for variant in chance.sample(wanted, len(wanted)):
            CartLine.objects.create(cart=cart, variant=variant, quantity=1)
        client = Client(raise_request_exception=False)
        client.cookies[cookies.TOKEN] = token
        return client

    def buy(self, seed: int) -> Counter[str]:
        """All buy at once, each once; how it ended for them: "ordered", "told" or a fault's number."""
        chance = Random(seed)
        clients = [self.client(chance) for _ in range(self.buyers)]
        forms = [{"digest": sealed(client), "payment": "pays"} for client in clients]

        def order(number: int) -> str:
            try:
                answer = clients[number].post("/checkout/review/", forms[number])
            finally:
                connections.close_all()
            if answer.status_code >= 400:
                return str(answer.status_code)
            return "ordered" if answer["Location"].startswith("/order/") else "told"

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(pool.map(order, range(self.buyers)))

    def sold(self) -> int:
        """By the orders."""
        return OrderLine.objects.filter(variant_id=self.hot.pk).aggregate(n=Sum("quantity"))["n"] or 0


@pytest.fixture(autouse=True)
def _nobody_is_one_address(settings: Any) -> None:
    """All of them come from here, whatever they are."""
    settings.PAYMENTS_PER_HOUR = 10**6


@pytest.mark.parametrize("run", range(RUNS))
def test_exactly_what_there_is_is_sold(run: int) -> None:
    """Every second time it is known that it sells in a rush, and its units lie in buckets."""
    assert wrong(Crowd(BUYERS, BUYERS // 5), run, is_split=bool(run % 2)) == []


def wrong(crowd: Crowd, seed: int, *, is_split: bool) -> list[str]:
    """What is not as it should be after all have bought."""
    if is_split:
        rush.split(crowd.hot.pk)
    ended, found = crowd.buy(seed), list[str]()
    if ended != {"ordered": crowd.units, "told": crowd.buyers - crowd.units}:
        found.append(f"it ended so: {ended}")
    if not crowd.sold() == Order.objects.filter(status="paid").count() == crowd.units:
        found.append(f"{crowd.sold()} of {crowd.units} are sold")
    rush.join(crowd.hot.pk)
    for row in Stock.objects.all():
        moved = StockMovement.objects.filter(variant=row.pk).aggregate(n=Sum("reserved_change"))["n"] or 0
        held = OrderLine.objects.filter(variant_id=row.pk).aggregate(n=Sum("quantity"))["n"] or 0
        if not row.reserved == held == moved <= row.on_hand:
            found.append(f"{row.pk}: {row.reserved} of {row.on_hand}, {held} ordered, {moved} written down")
    return found


_ENOUGH = " AND (NOT s.is_tracked OR s.on_hand - s.reserved >= w.quantity)"


@pytest.mark.parametrize(
    ("mutation", "is_split"),
    [
        (Mutation("sold without a look", _ENOUGH, ""), False),
        (Mutation("not written down", "FROM done, cause", "FROM done JOIN cause ON false"), True),
        (Mutation("a bucket keeps what it sells", "b.free - p.quantity", "b.free"), True),
        (Mutation("two are taken for one", "s.reserved + w.quantity", "s.reserved + 2 * w.quantity"), False),
    ],
    ids=str,
)
def test_broken_statements_of_its_own_are_noticed(
    mutation: Mutation, is_split: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the shop really runs, with one thing taken out; tests/catalog/test_stock_books.py has them all."""
    mutate(monkeypatch, mutation)
    with unchecked():
        assert wrong(Crowd(12, 3), 0, is_split=is_split) != []


def naive(quantities: dict[int, int], **_more: object) -> None:
    """The broken variant: reads, judges, writes."""
    rows = {pk: Stock.objects.get(pk=pk) for pk in sorted(quantities)}
    for pk, row in rows.items():
        if row.on_hand - row.reserved < quantities[pk]:
            raise OutOfStock({pk: 0})
    sleep(0.01)
    for pk, row in rows.items():
        Stock.objects.filter(pk=pk).update(reserved=row.reserved + quantities[pk])


def unsorted(quantities: dict[int, int], **_more: object) -> None:
    """The broken variant: row by row, in no order."""
    with transaction.atomic():
        for pk in Random().sample(list(quantities), len(quantities)):
            row = Stock.objects.select_for_update().get(pk=pk)
            sleep(0.01)
            if row.on_hand - row.reserved < quantities[pk]:
                raise OutOfStock({pk: 0})
            Stock.objects.filter(pk=pk).update(reserved=row.reserved + quantities[pk])


def test_broken_read_then_write_sells_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    take_by(monkeypatch, naive)
    crowd = Crowd(16, 3)
    crowd.buy(0)
    assert crowd.sold() > crowd.units


def test_broken_locks_in_no_order_answer_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    take_by(monkeypatch, unsorted)
    ended = Crowd(16, 16).buy(0)
    assert set(ended) - {"ordered", "told"}
