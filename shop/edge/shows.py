"""Which pages of the store show a thing, so that a merchant reads before an edit how many it is about.

It is counted, never purged by: a page that shows the thing no more counts until the time is over for which it
was kept at first, and what a release before has rendered counts as well.
"""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from shop import marks
from shop.marks import MarksAway

ACTS = Path(__file__).with_suffix(".lua").read_text()
SCRIPT = marks.ACTS + ACTS + marks.CALL

_beginnings: tuple[str, ...] = ()


def declare(*beginnings: str) -> None:
    """By keys that begin so ("card/"), without a part behind a colon, is asked later."""
    global _beginnings
    _beginnings = (*_beginnings, *beginnings)


def told(keys: Iterable[str]) -> str:
    """Those of the keys that are declared, as the script takes them."""
    return " ".join([key for key in keys if key.startswith(_beginnings) and ":" not in key])


def count(keys: Iterable[str]) -> int | None:
    """How many kept pages carry one of these keys; None if nobody knows."""
    if not settings.PAGE_STORE:
        return None
    try:
        said: int = marks.run(SCRIPT, [marks.pages.hash], ("showing", " ".join(keys)))
    except MarksAway:
        return None
    return said
