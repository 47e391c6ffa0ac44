"""A query's groups as PostgreSQL's to_tsquery() reads them."""

import re
from collections.abc import Iterable, Sequence

from catalog.search.words import Way


def all_of(way: Way) -> str:
    """Has all of its words; one behind the other, if it is a phrase."""
    quoted = ["'" + re.sub(r"(['\\])", r"\1\1", word) + "'" for word in way.words]
    if way.is_open:
        quoted[-1] += ":*"
    return (" <-> " if way.is_phrase else " & ").join(quoted)


def either(ways: Iterable[Way]) -> str:
    """Has one of the ways."""
    return " | ".join(f"({all_of(way)})" for way in ways)


def every(groups: Sequence[str]) -> str:
    """Meets each of these."""
    return " & ".join(f"({group})" for group in groups)


def some(groups: Sequence[str]) -> str:
    """Meets one of these."""
    return " | ".join(f"({group})" for group in groups)
