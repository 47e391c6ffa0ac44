"""What the tests of marks share: a primary that stands in where only the order of things matters."""

from collections.abc import Callable

from shop import marks
from shop.marks import Begun, Position

MARKS = marks.pages
LATE = 2**60  # an LSN that Lua's own numbers cannot tell from its neighbours
ONE, OTHER = "product/1", "product/2"


class Primary:
    """Stands in for PostgreSQL where only the order of things matters."""

    def __init__(self) -> None:
        self.at = Position(1, LATE)
        self.meanwhile: list[Callable[[], object]] = []

    def __call__(self) -> Position:
        at = self.at
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return at


def begin(of: marks.Marks = MARKS) -> Begun:
    begun = of.begin()
    assert begun
    return begun


def mark(*keys: str, lsn: int = LATE) -> int:
    counter = MARKS.mark(keys, begin().epoch, Position(1, lsn))
    assert counter
    return counter


def is_behind(keys: list[str], lsn: int, timeline: int = 1) -> bool:
    return MARKS.judge(begin(), keys, Position(timeline, lsn)).behind
