"""make bench-checkout: orders a second, of goods that are spread, of one hot one, and with one hot voucher.

Each beside the same rows written by hand in the same run; then through HTTP, and a crowd for few units.
ARGS: seconds of each turn (5).
"""

import json
import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from tqdm import tqdm

from bench import place

if TYPE_CHECKING:
    from bench.placing import Placers

ROUNDS = 3
BUYERS, UNITS = 1_000, 100  # through HTTP


def main(seconds: float) -> None:
    """Prints medians of the rounds, and at last a line of JSON."""
    with place.database("checkout") as home:
        django.setup()
        from bench import buyers, placing  # noqa: PLC0415 (models need settings)

        with placing.Placers() as placers:
            figures: dict[str, Any] = _rates(seconds, home, os.environ["DATABASE_URL"], placers)
        with buyers.shop(home):
            for wants in ("spread", "hot"):
                figures |= buyers.rate(BUYERS, wants)
            figures |= buyers.crowd(BUYERS, UNITS)
    sys.stdout.write(
        json.dumps({"bench": "checkout", "rounds": ROUNDS, "seconds": seconds, **figures}) + "\n"
    )


def _rates(seconds: float, home: Path, database: str, placers: "Placers") -> dict[str, float]:
    from bench import placing  # noqa: PLC0415 (models need settings)
    from catalog.stock import rush  # noqa: PLC0415

    def split() -> float:
        rush.split(placing.HOT)
        return placers.rate(seconds, "hot")

    turns = {
        "function_spread": lambda: placers.rate(seconds, "spread"),
        "function_hot": split,
        "function_one_row": lambda: placers.rate(seconds, "hot"),
        "voucher_limited": lambda: placers.rate(seconds, "limited"),
        "voucher_unlimited": lambda: placers.rate(seconds, "unlimited"),
        "hand_spread": lambda: placing.by_hand(seconds, "spread", home, database, "simple"),
        "hand_hot": lambda: placing.by_hand(seconds, "hot", home, database, "simple"),
        "hand_prepared_spread": lambda: placing.by_hand(seconds, "spread", home, database, "prepared"),
    }
    rates = defaultdict[str, list[float]](list)
    for _round in tqdm(range(ROUNDS), "Rounds", file=sys.stderr, leave=False):
        for name, turn in turns.items():
            placing.fill()
            rates[name].append(turn())
    for name, values in rates.items():
        sys.stderr.write(
            f"  {name:22} {statistics.median(values):7.0f} a second ({min(values):.0f}–{max(values):.0f})\n"
        )

    def ratio(one: str, other: str) -> float:
        return round(statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True)), 2)

    return {
        **{f"{name}_per_second": round(statistics.median(values)) for name, values in rates.items()},
        "function_of_hand": ratio("function_spread", "hand_spread"),
        "function_of_prepared": ratio("function_spread", "hand_prepared_spread"),
        "hot_of_spread": ratio("function_hot", "function_spread"),
        "one_row_of_spread": ratio("function_one_row", "function_spread"),
        "limited_of_spread": ratio("voucher_limited", "function_spread"),
        "unlimited_of_spread": ratio("voucher_unlimited", "function_spread"),
    }


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 5)
