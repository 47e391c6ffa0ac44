"""make bench-edge: what the edge serves, beside a Varnish that serves static pages of the same size.

A stack of its own in `.bench/` with so many goods; addresses as often as they are asked for in a large shop.
The generator has one core, whichever Varnish is asked has another; both are measured in turn, `ratio` is the
rounds' median. Then a fixed rate, and what a page costs the app when it is asked past Varnish.
"""

import contextlib
import json
import os
import statistics
import sys
from pathlib import Path

from bench import crowd, nodes
from bench.place import HOME

ROUNDS = 3
RATE = 10_000  # requests a second
PRODUCTS = 2_000


def main() -> None:
    """`python -m bench.edge [products]`; ends with one line of JSON."""
    products = int(sys.argv[1]) if sys.argv[1:] else PRODUCTS
    with contextlib.ExitStack() as running:
        stack = running.enter_context(nodes.stack(HOME / f"stack-{products}", products))
        asked = crowd.asked(crowd.pages(stack.settings["DATABASE_URL"]))
        sizes = nodes.warmed(stack.edge, list(dict.fromkeys(asked)))
        static = running.enter_context(nodes.static(HOME / "static-edge", sizes))
        nodes.warmed(static, list(sizes))
        addresses = HOME / "addresses"
        addresses.write_text("\n".join(asked) + "\n")
        with stack.quiet():
            figures = measure(stack, static, addresses, asked, sizes)
        sys.stdout.write(json.dumps(figures) + "\n")


def measure(
    stack: nodes.Stack, static: nodes.Varnish, addresses: Path, asked: list[str], sizes: dict[str, int]
) -> dict[str, object]:
    """The figures."""
    generator, served = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
    for edge in (stack.edge, static):
        edge.pin(served)
    before = stack.edge.counters()
    rounds = []
    spent = []
    for _round in range(ROUNDS):
        (plain, at_plain), (ours, at_ours) = (
            loaded(edge, addresses, generator) for edge in (static, stack.edge)
        )
        rounds.append((ours, plain))
        spent.append(at_plain / at_ours)
    after = stack.edge.counters()
    hits, misses = (after[name] - before[name] for name in ("MAIN.cache_hit", "MAIN.cache_miss"))
    ratios = [ours.rps / plain.rps for ours, plain in rounds]
    fixed = crowd.load(stack.edge.port, addresses, generator, rate=RATE)
    return {
        "bench": "edge",
        "generator": crowd.generator(),
        "addresses": len(sizes),
        "bytes_a_page": round(statistics.mean(sizes[path] for path in asked)),
        "edge_rps": round(statistics.median(ours.rps for ours, _plain in rounds)),
        "static_rps": round(statistics.median(plain.rps for _ours, plain in rounds)),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_spread": round(max(ratios) - min(ratios), 3),
        # By the CPU that a request took of each, which other guests of the machine disturb less.
        "ratio_by_cpu": round(statistics.median(spent), 3),
        "hit_rate": round(hits / max(1, hits + misses), 4),
        "failed": sum(each.failed for both in rounds for each in both) + fixed.failed,
        "at_rate": {
            "asked": RATE,
            "rps": round(fixed.rps),
            "p50_ms": fixed.p50_ms,
            "p95_ms": fixed.p95_ms,
            "p99_ms": fixed.p99_ms,
        },
        "app_cpu_ms": nodes.app_cpu_without_varnish(stack, asked),
    }


def loaded(edge: nodes.Varnish, addresses: Path, core: int) -> tuple[crowd.Load, float]:
    """What the generator saw, and the seconds of CPU that each request took of the Varnish."""
    before = edge.cpu_seconds()
    seen = crowd.load(edge.port, addresses, core)
    return seen, (edge.cpu_seconds() - before) / seen.requests


if __name__ == "__main__":
    main()
