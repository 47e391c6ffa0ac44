"""split(): two or three price ranges of about as many goods each, up to just below round figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

# Where a range may end: 1, 2, 3, 5, 10, 15, 20, 30 … in whatever currency.
STEPS = (1, 2, 3, 5, *(factor * 10**power for power in range(5) for factor in (10, 15, 20, 30, 40, 50, 75)))
FEWEST = 6  # goods that are worth splitting

# From which step on a price lies: 0 before the first.
STEP = f"width_bucket(price::float8, ARRAY[{','.join(map(str, STEPS))}]::float8[])"


@dataclass(frozen=True)
class Range:
    """Prices from `least` up to `most`, both included, so that no two share one; None: without that bound."""

    least: Decimal | None
    most: Decimal | None
    count: int


def split(cells: Iterable[tuple[int, int]], quantum: Decimal) -> list[Range]:
    """Ranges for goods counted by step (0: below the first); none where there is nothing to split.

    quantum: the currency's smallest unit, by which a range ends before the next one begins.
    """
    below = [0] * (len(STEPS) + 2)
    for step, number in cells:
        below[step + 1] += number
    for step in range(1, len(below)):
        below[step] += below[step - 1]
    total = below[-1]
    inner = [step for step in range(1, len(STEPS) + 1) if 0 < below[step] < total]
    if total < FEWEST or not inner:
        return []
    cuts = min(
        (*combinations(inner, 2), *((step,) for step in inner)), key=lambda cuts: _unevenness(cuts, below)
    )
    return [
        Range(
            least=Decimal(STEPS[first - 1]) if first else None,
            most=STEPS[last - 1] - quantum if last else None,
            count=(below[last] if last else total) - below[first],
        )
        for first, last in zip((0, *cuts), (*cuts, 0), strict=True)
    ]


def _unevenness(cuts: Sequence[int], below: Sequence[int]) -> tuple[bool, bool, int]:
    """None empty, three parts rather than two, and as equal as can be: what is least is best."""
    ends = [0, *(below[cut] for cut in cuts), below[-1]]
    parts = [end - start for start, end in pairwise(ends)]
    return min(parts) == 0, len(parts) < 3, sum(part * part for part in parts)
