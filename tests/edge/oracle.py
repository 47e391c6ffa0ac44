"""What the edge sends, held against what is true; and what was let go, against what had changed."""

import itertools
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from catalog.models import Category, Page, Product
from shop.edge.coarse import with_coarse
from tests.edge.production import Production, told
from tests.edge.varnish import SECRET

FIXED = (
    "/",
    "/search/?q=thing",
    "/search/?q=nothing-like-it",
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


class Oracle:
    """Asks the edge and the truth for the same addresses, all that ever were."""

    def __init__(self, shop: Production, seed: int) -> None:
        self.shop, self.known = shop, dict.fromkeys(FIXED)
        self.random = random.Random(seed)
        self.purged = set[str]()
        self.before = dict[str, tuple[object, frozenset[str]]]()  # what was true of an address, and its keys
        self.changed = self.let_go = 0  # pages

    def learn(self) -> list[str]:
        """Every address of the moment, and of before."""
        for slug in Product.objects.order_by("pk").values_list("slug", flat=True):
            self.known[f"/p/{slug}/"] = None
        for number, slug in enumerate(Category.objects.order_by("path").values_list("slug", flat=True)):
            self.known[f"/c/{slug}/"] = None
            self.known[f"/c/{slug}/{FILTERS[number % len(FILTERS)]}"] = None
        for slug in Page.objects.order_by("pk").values_list("slug", flat=True):
            self.known[f"/info/{slug}/"] = None
        addresses = list(self.known)
        if len(addresses) > 150:  # a long run: those of the moment, and some of before
            addresses = [*addresses[:20], *self.random.sample(addresses[20:-60], 60), *addresses[-60:]]
        return [mount + address for address in addresses for mount in ("", "/gb")]

    def stale(self, addresses: list[str]) -> list[str]:
        """Those of which the edge sends something else than what is true."""

        def differs(address: str) -> str:
            kept, true = self.shop.edge.ask(address), self.shop.truth.ask(address)
            if told(kept) == told(true):
                return ""
            lines = (kept.body.decode().splitlines(), true.body.decode().splitlines())
            differ = [pair for pair in itertools.zip_longest(*lines) if pair[0] != pair[1]][:2]
            return f"{address}: {kept.status}, not {true.status}; {differ}"

        return list(filter(None, everywhere(differs, addresses)))

    def count(self, addresses: list[str], *, counts: bool) -> None:
        """How many pages were let go since the last time, and how many had changed."""

        def look(address: str) -> tuple[object, frozenset[str]]:
            node = self.shop.node.ask(address, X_Edge_Secret=SECRET)
            lines = (node.headers.get(name, "") for name in ("xkey", "xkey-2"))
            return told(node), frozenset(" ".join(lines).split())

        purged, self.purged = with_coarse(self.purged), set()
        now = dict(zip(addresses, everywhere(look, addresses), strict=True))
        for address, (said, keys) in self.before.items() if counts else ():
            if address in now:
                self.changed += said != now[address][0]
                self.let_go += not keys.isdisjoint(purged)
        self.before = now

    def over_purge(self) -> str:
        return f"{self.let_go} pages let go, {self.changed} had changed"

    def read(self) -> None:
        """Some visitor, who is never told of an error."""
        address = random.choice(list(self.known))
        answer = self.shop.edge.ask(address)
        assert answer.status < 500, f"{address}: {answer.status}"


def everywhere(ask: Callable[[str], Any], addresses: list[str]) -> list[Any]:
    """What is answered at each address."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, addresses))
