"""The oracle of the tests: it counts what was let go, against what had changed."""

import random

from bench import oracle
from bench.oracle import everywhere
from shop.edge.coarse import with_coarse
from tests.edge.production import Production, told
from tests.edge.varnish import SECRET


class Oracle(oracle.Oracle):
    """Of a shop as processes, all of whose goods it looks at."""

    def __init__(self, shop: Production, seed: int) -> None:
        edge, truth = ((lambda path, of=of: told(of.ask(path))) for of in (shop.edge, shop.truth))
        super().__init__(edge, truth, seed)
        self.shop = shop
        self.purged = set[str]()
        self.before = dict[str, tuple[object, frozenset[str]]]()  # what was true of an address, and its keys
        self.changed = self.let_go = 0  # pages

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
