"""Whether an edge sends what is true: both are asked for the same addresses, all that ever were."""

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import CharField, Q
from django.db.models.functions import Cast, Now

from catalog import cards
from catalog.models import AttributeValue, Card, Category, Page, Product, ProductValue, VariantOption
from shop.changes.models import Change
from shop.outbox.models import Message

Told = tuple[int, str, bytes]  # what a visitor sees of an answer: status, Location, body
Ask = Callable[[str], Told]
QUEUES = ("changes", "high", "normal")
FIXED = (
    "/",
    "/search/?q=thing",
    "/search/?q=nothing-like-it",
    "/search/suggest/?q=th",
    "/search/?sale=1",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-products-1.xml",
    "/robots.txt",
)
FILTERS = (
    "",
    "?sort=price",
    "?sort=name",
    "?sort=new",
    "?colour=red",
    "?max=30&size=a3",
    "?sale=1",
    "?page=2",
)
SHELVES = 40  # categories of a large catalogue


class Oracle:
    """goods: ids of the products that are looked at with their shelves; None for all, of a small catalogue.

    The list may change: a product that is new in it is looked at too.
    """

    def __init__(self, edge: Ask, truth: Ask, seed: int, goods: list[int] | None = None) -> None:
        self.edge, self.truth, self.goods = edge, truth, goods
        self.known = dict.fromkeys(FIXED)
        self.random = random.Random(seed)

    def learn(self) -> list[str]:
        """Every address of the moment, and of before; of more than 150, some."""
        which = Q() if self.goods is None else Q(pk__in=self.goods)
        for slug in Product.objects.filter(which).order_by("pk").values_list("slug", flat=True):
            self.known[f"/p/{slug}/"] = None
        for number, slug in enumerate(self._categories()):
            self.known[f"/c/{slug}/"] = None
            self.known[f"/c/{slug}/{FILTERS[number % len(FILTERS)]}"] = None
        self._learn_filters()
        for slug in Page.objects.order_by("pk").values_list("slug", flat=True):
            self.known[f"/info/{slug}/"] = None
        addresses = list(self.known)
        if len(addresses) > 150:  # those of the moment, and some of before
            addresses = [*addresses[:20], *self.random.sample(addresses[20:-60], 60), *addresses[-60:]]
        return [mount + address for address in addresses for mount in ("", "/gb")]

    def stale(self, addresses: Collection[str]) -> list[str]:
        """Those of which the edge sends something else than what is true."""

        def differs(address: str) -> str:
            kept, true = self.edge(address), self.truth(address)
            if kept == true:
                return ""
            lines = (kept[2].decode().splitlines(), true[2].decode().splitlines())
            differ = [pair for pair in itertools.zip_longest(*lines) if pair[0] != pair[1]][:2]
            return f"{address}: {kept[0]}, not {true[0]}; {differ}"

        return list(filter(None, everywhere(differs, addresses)))

    def _categories(self) -> list[str]:
        found = Category.objects.order_by("path")
        if self.goods is None:
            return list(found.values_list("slug", flat=True))
        theirs = Category.objects.filter(listings__product__in=self.goods).values_list("path", flat=True)
        size = Category.steplen
        paths = {path[:end] for path in theirs for end in range(size, len(path) + 1, size)}
        shown = self.random.sample(sorted(paths), min(SHELVES, len(paths)))
        return list(found.filter(path__in=shown).values_list("slug", flat=True))

    def _learn_filters(self) -> None:
        """Lists by what the goods have, and searches for a word of their names."""
        goods = self.goods
        if goods is None:
            goods = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        for pk in self.random.sample(goods, min(3, len(goods))):
            words = Product.objects.filter(pk=pk).values_list("name", flat=True)
            self.known |= {f"/search/?q={name.split()[0].lower()}": None for name in words if name.isascii()}
            # Asked apart: joined by OR, all of a large catalogue would be read.
            own = ProductValue.objects.filter(product=pk).order_by().values_list("value_id", flat=True)
            options = VariantOption.objects.filter(variant__product=pk).order_by()
            ids = {*own, *options.values_list("value_id", flat=True)}
            values = AttributeValue.objects.filter(pk__in=ids).order_by("pk")
            pairs = list(values.values_list("attribute__code", "slug"))
            shelves = Category.objects.filter(listings__product=pk).order_by("pk")
            for slug in shelves.values_list("slug", flat=True)[:1]:
                for code, value in self.random.sample(pairs, min(2, len(pairs))):
                    self.known[f"/c/{slug}/?{code}={value}"] = None


def wrong_cards(product_ids: Collection[int]) -> int:
    """How many of their cards another rebuild writes anew, for the first time or not at all."""

    def told() -> dict[int, Any]:
        return {row["id"]: row for row in Card.objects.filter(product_id__in=product_ids).values()}

    before = told()
    cards.rebuild(product_ids)
    after = told()
    return sum(before.get(pk) != after.get(pk) for pk in before.keys() | after.keys())


def everywhere(ask: Callable[[str], Any], addresses: Collection[str]) -> list[Any]:
    """What is answered at each address."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, addresses))


@contextlib.contextmanager
def beside(work: Callable[[], object], pause: float) -> Iterator[None]:
    """Does the work again and again meanwhile, in a thread of its own; what it raises fails the block."""
    stopping, errors = threading.Event(), list[Exception]()

    def go() -> None:
        try:
            while not stopping.wait(pause):
                work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(30)
    if errors:
        raise errors[0]


def settled(seconds: float = 30) -> None:
    """Waits until all that was changed is followed, and purged for the second time, due sales too."""
    until = time.monotonic() + seconds
    while waiting := _waiting():
        assert time.monotonic() < until, f"not settled: {waiting}"
        time.sleep(0.05)


def _waiting() -> list[str]:
    """In one statement: what is followed becomes a message."""
    changes = Change.objects.filter(done_at=None).annotate(what=Cast("pk", CharField()))
    soon = Now() + timedelta(seconds=5)
    messages = Message.objects.filter(queue__in=QUEUES, done_at=None, dead_at=None, due_at__lt=soon)
    return list(changes.values_list("what").union(messages.values_list("job")).values_list("what", flat=True))
