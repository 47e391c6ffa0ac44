"""The books of a shelf: a model that knows no SQL is told the same as the shop, and says what is wrong."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from unittest.mock import patch

from django.db import IntegrityError, OperationalError, transaction

from catalog import stock
from catalog.models import Stock
from catalog.stock import BelowReserved, NotReserved, OutOfStock, moving, rush
from orders.drafts import Draft
from orders.placement import place_order
from tests.factories import make_product
from tests.orders.conftest import make_draft

KINDS = (
    *("reserve", "place", "release", "reserve", "place", "release", "reserve", "place", "ship"),
    *("adjust", "adjust", "many", "split", "join", "terms", "all", "rest"),
)
REFUSALS = (OutOfStock, NotReserved, BelowReserved)


class Books:
    """Goods of each kind, and what should be true of them after everything that was done."""

    def __init__(self) -> None:
        self.goods = [make_product(stock=None).variants.get() for _ in range(5)]
        self.on_hand = dict.fromkeys(self._ids, 0)
        self.promised = dict.fromkeys(self._ids, 0)
        self.is_counted = dict.fromkeys(self._ids, False)
        self.drafts: list[Draft] = []
        self.looked_everywhere: list[object] = []
        plenty, rare, hot, many, uncounted = self._ids
        for pk, units in ((plenty, 9), (rare, 1), (hot, 40), (many, 20)):
            self.set_terms(pk, True)
            self.adjust(pk, units)
        for pk in (hot, many, uncounted):
            rush.split(pk)

    @property
    def _ids(self) -> list[int]:
        return [variant.pk for variant in self.goods]

    def wrong(self) -> list[str]:
        """What the rows say that the model does not."""
        found, free = list[str](), stock.free(self._ids)
        for row in Stock.objects.filter(pk__in=self._ids).prefetch_related("buckets"):
            pk = row.pk
            said = (row.on_hand, row.promised, row.is_tracked)
            meant = (self.on_hand[pk], self.promised[pk], self.is_counted[pk])
            if said != meant:
                found.append(f"{pk}: {said}, meant {meant}")
            if row.is_tracked and not 0 <= row.promised <= row.on_hand:
                found.append(f"{pk}: {row.promised} of {row.on_hand} are promised")
            if free[pk] != self._free(pk):
                found.append(f"{pk}: {free[pk]} are free, meant {self._free(pk)}")
            if any(bucket.free < 0 for bucket in row.buckets.all()):
                found.append(f"{pk}: a bucket has less than nothing")
        found += [f"the movements differ: {one}" for one in stock.differences()]
        return found

    def _free(self, pk: int) -> int:
        return self.on_hand[pk] - self.promised[pk] if self.is_counted[pk] else 10**6

    def reserve(self, cart: Mapping[int, int]) -> str:
        is_right = all(self._free(pk) >= count for pk, count in cart.items())
        return self._told(is_right, cart, 0, +1, lambda: stock.reserve(cart)) or self._detour(cart)

    def _detour(self, cart: Mapping[int, int]) -> str:
        """One statement is enough for what no bucket has: else nobody would see that it no longer works."""
        split = Stock.objects.filter(pk__in=list(cart), is_split=True)
        told, self.looked_everywhere[:] = [*self.looked_everywhere], []
        return "looked through all rows, and nothing is in buckets" if told and not split.exists() else ""

    def place(self, lines: list[tuple[int, int]], chance: Random) -> str:
        """Through an order, and now and then through one that is there already: it takes nothing."""
        if self.drafts and chance.random() < 0.2:
            draft = chance.choice(self.drafts)
            return self._told(True, {}, 0, 0, lambda: place_order(draft))
        by_id = {variant.pk: variant for variant in self.goods}
        draft = make_draft(*((by_id[pk], count) for pk, count in lines))
        cart = Counter[int]()
        for pk, count in lines:
            cart[pk] += count
        is_right = all(self._free(pk) >= count for pk, count in cart.items())
        if is_right:
            self.drafts.append(draft)
        return self._told(is_right, cart, 0, +1, lambda: place_order(draft)) or self._detour(cart)

    def release(self, cart: Mapping[int, int]) -> str:
        return self._told(self._are_promised(cart), cart, 0, -1, lambda: stock.release(cart))

    def ship(self, cart: Mapping[int, int]) -> str:
        return self._told(self._are_promised(cart), cart, -1, -1, lambda: stock.ship(cart))

    def _are_promised(self, cart: Mapping[int, int]) -> bool:
        return all(self.promised[pk] >= count for pk, count in cart.items())

    def adjust(self, pk: int, delta: int) -> str:
        wanted = self.on_hand[pk] + delta
        is_right = wanted >= 0 and (not self.is_counted[pk] or wanted >= self.promised[pk])
        ended = self._told(is_right, {}, 0, 0, lambda: stock.adjust(pk, delta=delta))
        if is_right:
            self.on_hand[pk] = wanted
        return ended

    def adjust_many(self, levels: Mapping[int, int | None]) -> str:
        refused = {pk for pk, level in levels.items() if level is not None and level < self.promised[pk]}
        said = set[int]()
        ended = self._told(True, {}, 0, 0, lambda: said.update(stock.adjust_many(levels)))
        for pk in levels.keys() - refused:
            self.on_hand[pk], self.is_counted[pk] = levels[pk] or 0, levels[pk] is not None
        return ended or ("" if said == refused else f"adjust_many did not set {said}, meant {refused}")

    def set_terms(self, pk: int, is_counted: bool) -> str:
        is_right = not is_counted or self.on_hand[pk] >= self.promised[pk]
        ended = self._told(is_right, {}, 0, 0, lambda: stock.set_terms(pk, low_at=3, is_tracked=is_counted))
        if is_right:
            self.is_counted[pk] = is_counted
        return ended

    def _told(self, is_right: bool, cart: Mapping[int, int], left: int, held: int, do: object) -> str:
        """Whether it did what it was to; empty if so. A statement that is no SQL is the test's own fault."""
        assert callable(do)
        looked = patch.object(moving, "_reserve_anywhere", wraps=moving._reserve_anywhere)
        try:
            with transaction.atomic(), looked as spy:
                do()
                self.looked_everywhere += spy.call_args_list
        except REFUSALS as refused:
            return f"refused: {refused!r}" if is_right else ""
        except (IntegrityError, OperationalError) as fault:
            return f"a fault: {fault!r}"
        for pk, count in cart.items() if is_right else ():
            self.promised[pk] += held * count
            self.on_hand[pk] += left * count if self.is_counted[pk] else 0
        return "" if is_right else "done, and it should have been refused"

    def step(self, chance: Random) -> str:
        """One thing that shops do."""
        ids = chance.sample(self._ids, chance.randint(1, 3))
        most = chance.choice((1, 1, 2, 6, 30))
        cart = {pk: chance.randint(1, most) for pk in ids}
        kind = chance.choice(KINDS)
        one = ids[0]
        if kind == "place":
            lines = [*cart.items(), *((pk, 1) for pk in ids if chance.random() < 0.3)]
            return self.place(lines, chance)
        if kind in {"all", "rest"}:  # to the last unit, and not one more
            over = kind == "rest"
            if self.is_counted[one] and (self._free(one) or over):
                return self.reserve({one: self._free(one) + over})
            promised = self.promised[one] + over
            return chance.choice((self.release, self.ship))({one: promised}) if promised else ""
        if kind == "adjust":
            rest = self.promised[one] - self.on_hand[one]  # then nothing is left but what is promised
            deltas = (rest, rest - 1, rest - 1, -self.on_hand[one] - 1, chance.randint(1, 12))
            return self.adjust(one, chance.choice(deltas))
        if kind == "many":
            return self.adjust_many({pk: chance.choice((None, 0, 5, 30, 60)) for pk in ids})
        if kind == "terms":
            return self.set_terms(one, chance.random() < 0.7)
        if kind in {"split", "join"}:
            return self._told(True, {}, 0, 0, lambda: getattr(rush, kind)(one))
        return str(getattr(self, kind)(cart))


def walk(seed: int, steps: int) -> list[str]:
    """What is wrong after the first step that goes wrong, and which that was."""
    chance, books = Random(seed), Books()
    for number in range(steps):
        said = books.step(chance)
        if wrong := [*([said] if said else []), *books.wrong()]:
            return [f"step {number}", *wrong]
    return []
