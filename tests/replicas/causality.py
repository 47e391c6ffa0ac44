"""A shop under way, watched for invariant 9: customers act and look, merchants edit, pages are rendered.

Two replicas follow, the second one held back by another span every half second. Every row carries a version,
so that who reads can say whether it is older than what was known before.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import connections, transaction

from orders import marking, states
from orders.models import Order, OrderEvent
from shop import marks, replicas
from shop.embedded.replica import Replica
from shop.outbox.models import Message

THREADS = 4
PAGES = 60


TRANSACTION_SECONDS = 0.02  # a save on the desk, an order that is placed; meanwhile others commit


def edit(page: int, version: int) -> None:
    """A merchant's edit, and the mark that follows it."""
    with transaction.atomic():
        Message.objects.filter(pk=page).update(tries=version)
        time.sleep(TRANSACTION_SECONDS)
    marks.pages.mark_now([key(page)])


def act(order: Order) -> None:
    """Something that a customer does; their mark follows it."""
    with transaction.atomic():
        states.note_event(order, "noted")
        time.sleep(TRANSACTION_SECONDS)


def key(page: int) -> str:
    """What stands for a page's row."""
    return f"product/{page}"


@dataclass
class Causality:
    """One run: `orders` are those of one customer each, `pages` ids of rows. Its figures are in `seen`.

    old_page, old_history: violations. on_replica: renders that were good there; of `renders`.
    """

    orders: list[Order]
    pages: list[int]
    edit: Callable[[int, int], None] = edit
    seen: Counter[str] = field(default_factory=Counter)
    marked: dict[int, int] = field(default_factory=dict)
    _editing: threading.Lock = field(default_factory=threading.Lock)

    def run(self, operations: int, *, held: Replica | None, most_lag: float, enough: str = "") -> None:
        """Does so many operations, or stops when `enough` was seen; most_lag: of `held`, in seconds."""
        over = threading.Event()
        with ThreadPoolExecutor(THREADS + 2) as pool:
            aside = [pool.submit(self._beat, over), pool.submit(self._hold, held, most_lag, over)]
            hands = [pool.submit(self._work, mine, operations, enough) for mine in range(THREADS)]
            try:
                for hand in hands:
                    hand.result()
            finally:
                over.set()
            for one in aside:
                one.result()

    def _work(self, mine: int, operations: int, enough: str) -> None:
        deeds = {order.pk: order.events.count() for order in self.orders[mine::THREADS]}
        whose = {order.pk: order for order in self.orders}
        dice = random.Random(mine)
        try:
            while self.seen["operations"] < operations and not (enough and self.seen[enough]):
                order_id = dice.choice(list(deeds))
                self.seen["operations"] += 1
                chance = dice.random()
                if chance < 0.15:
                    act(whose[order_id])
                    deeds[order_id] += 1
                    self._look(whose[order_id], deeds[order_id])
                elif chance < 0.3:
                    self._look(whose[order_id], deeds[order_id])
                elif chance < 0.4:
                    self._edit(dice.choice(self.pages))
                else:
                    self._render(dice.choice(self.pages))
        finally:
            connections.close_all()

    def _look(self, order: Order, did: int) -> None:
        """A customer at their orders."""
        assert order.customer_id
        found, where = replicas.read(
            lambda: (OrderEvent.objects.filter(order=order).count(), replicas.alias()),
            needs=[marking.key(order.customer_id)],
        )
        self.seen["histories"] += 1
        self.seen["histories_on_replica"] += where != "default"
        self.seen["old_history"] += found < did

    def _edit(self, page: int) -> None:
        with self._editing:
            version = self.marked.get(page, 0) + 1
            self.edit(page, version)
            self.marked[page] = version
        self.seen["edits"] += 1

    def _render(self, page: int) -> None:
        """As shop.edge.pages does it: on a replica, and again on the primary if that was behind."""
        least = self.marked.get(page, 0)
        begun = marks.pages.begin()
        assert begun
        self.seen["renders"] += 1
        try:
            with replicas.reading(begun.floor) as position:
                version = self._version(page)
        except replicas.Lost:
            position = None
            version = self._version(page)
        verdict = marks.pages.judge(begun, [key(page)], position)
        if verdict.behind:
            position = None
            version = self._version(page)
        if not verdict.marked:  # else nobody keeps it
            self.seen["on_replica"] += position is not None
            self.seen["old_page"] += version < least

    @staticmethod
    def _version(page: int) -> int:
        return Message.objects.values_list("tries", flat=True).get(pk=page)

    @staticmethod
    def _beat(over: threading.Event) -> None:
        replicas.beat_until(over, 0.1)

    @staticmethod
    def _hold(held: Replica | None, most_lag: float, over: threading.Event) -> None:
        dice = random.Random(7)
        while held and not over.wait(0.5):
            held.hold_back(int(dice.choice([0, dice.random() * most_lag, most_lag]) * 1000))


def share(causality: Causality) -> float:
    """Of the renders, those that were good on a replica."""
    return causality.seen["on_replica"] / max(1, causality.seen["renders"])
