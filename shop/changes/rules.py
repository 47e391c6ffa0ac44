"""Rules turn changed rows into effects; projections bring derived rows in line with the truth.

Apps register both: what a change touches stands in catalog/on_change.py, and shop knows no product.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shop.changes.models import Row

CHUNK = 500  # ids a projection gets at a time, in a transaction of its own


@dataclass
class Effects:
    """What a batch of changes leads to."""

    keys: set[str] = field(default_factory=set)  # what the edge drops
    projected: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    jobs: dict[tuple[str, str, timedelta], set[int]] = field(default_factory=lambda: defaultdict(set))

    def purge(self, *keys: str) -> None:
        """Pages that carry one of these keys are stale."""
        self.keys.update(keys)

    def project(self, projection: str, ids: Iterable[int]) -> None:
        """A registered projection has to look at these ids."""
        if projection not in _projections:
            raise LookupError(f"no projection is called {projection!r}")
        self.projected[projection].update(ids)

    def enqueue(
        self, job: str, ids: Iterable[int], queue: str = "normal", ahead: timedelta = timedelta(0)
    ) -> None:
        """One message for each id, written with the changes' being done. ahead: see shop.outbox."""
        self.jobs[job, queue, ahead].update(ids)


RowRule = Callable[[Sequence[Row], Effects], None]
WholeRule = Callable[[Effects], None]
Projection = Callable[[Sequence[int]], object]

Outcome = Any  # what a purger says of its first try
LetGo = Callable[[frozenset[str]], Outcome]
Again = Callable[[frozenset[str], Sequence[int], Outcome], object]

_purgers: list[tuple[LetGo, Again]] = []
_rules: dict[str, tuple[RowRule, WholeRule]] = {}
_projections: dict[str, Projection] = {}


def register(label: str, rows: RowRule, whole: WholeRule) -> None:
    """What follows when rows of a model ("catalog.product") change, and when it was emptied as a whole."""
    _rules[label] = (rows, whole)


def projection(name: str, function: Projection) -> None:
    """A function of ids that makes derived rows right; run in the order of registration. It is idempotent."""
    _projections[name] = function


def purger(let_go: LetGo, again: Again) -> None:
    """Who lets pages go, by keys.

    let_go: at once, when the changed rows have been seen; its outcome's `is_marked` is false if the changes
    must come round again. again: in a transaction after it, with their causes, unless they must.
    """
    _purgers.append((let_go, again))


def purgers() -> list[tuple[LetGo, Again]]:
    """All, in their order."""
    return _purgers


def projections() -> dict[str, Projection]:
    """All, in their order."""
    return _projections


def rule_of(label: str) -> tuple[RowRule, WholeRule] | None:
    """The rule of a model; None if nobody registered one."""
    return _rules.get(label)


def labels() -> frozenset[str]:
    """The models that have a rule."""
    return frozenset(_rules)
