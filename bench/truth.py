"""make bench-truth: random edits on a stack that runs, and whether every page that its edge sends is true.

Visitors ask meanwhile, and real processes fail as it comes: Redis forgets or hangs, the relay, a worker or a
web node is killed. ARGS: how many edits (200); `promote` after it: then the primary dies with edits that its
replica does not have, and that becomes the primary. Edits and pages are of 80 products, drawn by ORACLE_SEED,
and of their shelves. Over-purge is counted in rounds without visitors. Exit status 1: a page or a card was
not true, or a visitor saw an error.
"""

import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from bench import running
from shop import opening
from shop.processes import ended, launch
from shop.stack import free_ports

SEED = int(os.environ.get("ORACLE_SEED", "20261124"))
GOODS = 80
# What is true is what a node says that knows nothing but the database.
TRUE = {"EDGE_BACKEND": "null", "EDGE_SECRET": "", "PAGE_STORE": "0", "DATABASE_REPLICA_URLS": ""}
TRUE |= {"BEHIND_PROXY": "false", "STATEMENT_TIMEOUT_MS": "60000"}


def main(wanted: int, *, promotes: bool) -> None:
    """Prints what it sees, and at last a line of JSON."""
    settings = running.set_up()
    from bench.rounds import Rounds  # noqa: PLC0415 (Django has its settings only now)
    from catalog.models import Product  # noqa: PLC0415

    ids = list(Product.objects.filter(is_published=True).order_by("pk").values_list("pk", flat=True))
    goods = random.Random(SEED).sample(ids, min(GOODS, len(ids)))
    with truth(settings) as port:
        rounds = Rounds(running.HOME, settings, port, SEED, goods)
        with rounds.faults.no_pictures():
            rounds.look("none yet", edits=0, counts=False)
            rounds.edit(wanted)
            if promotes:
                rounds.promote()
                rounds.edit(wanted // 4)
        rounds.compare_cards()
        if promotes:
            sys.stderr.write("The stack's first primary is dead: make stack-reset before it runs again.\n")
    seen = asdict(rounds.seen)
    sys.stdout.write(json.dumps({"bench": "truth", "seed": SEED, "products": len(ids), **seen}) + "\n")
    sys.exit(rounds.seen.stale + rounds.seen.errors + rounds.seen.wrong_cards > 0)


@contextlib.contextmanager
def truth(settings: dict[str, str]) -> Iterator[int]:
    """Its port."""
    port = next(free_ports(8200))
    web = opening.web("truth", port, workers=1)
    own = {**TRUE, "REDIS_URL": settings["REDIS_URL"].replace("?db=0", "?db=9")}
    with ended(launch(web.command, running.log("truth"), own)) as process:
        until = time.monotonic() + opening.READY_SECONDS
        while opening.is_free(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The shop does not open: see {running.log('truth')}")
            time.sleep(0.2)
        yield port


if __name__ == "__main__":
    main(int(next(iter(sys.argv[1:]), 200)), promotes="promote" in sys.argv[2:])
