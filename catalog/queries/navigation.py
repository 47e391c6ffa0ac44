"""give_room(): which sections the header's one line has room for, and which stand under "More".

Without a script nobody measures texts, so their widths are estimated, in ems and rather too wide.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal, TypedDict

# always: in the line; wide: from 80rem on, else under More; never: under More. static/css/blocks/header.css
Room = Literal["always", "wide", "never"]

NARROW, WIDE = 29.2, 40.2  # of the line in windows of 62rem and of 80rem
LETTER, IDEOGRAPH, GAP, LONGEST = 0.5, 1.0, 1.5, 14.0
SALE, MORE = 4 * LETTER + GAP, 7 * LETTER + GAP  # entries that stand beside the sections


class NavigationItem(TypedDict):
    """A category of the navigation."""

    name: str
    slug: str
    url: str
    path: str
    is_current: bool
    room: Room


def give_room(items: Sequence[NavigationItem]) -> None:
    """Says of each section where it stands."""
    always, wide = fitting(items, NARROW), fitting(items, WIDE)
    for number, item in enumerate(items):
        item["room"] = "always" if number < always else "wide" if number < wide else "never"


def fitting(items: Sequence[NavigationItem], line: float) -> int:
    """How many of the sections, from the first on, a line of so many ems holds."""
    ends = list(accumulate(_width(item["name"]) + GAP for item in items))
    if not ends or ends[-1] + SALE <= line:
        return len(ends)
    return sum(end + SALE + MORE <= line for end in ends)


@lru_cache(maxsize=1_000)
def _width(name: str) -> float:
    """Of a name in ems; a long one is cut."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    return min(wide * IDEOGRAPH + (len(name) - wide) * LETTER, LONGEST)
