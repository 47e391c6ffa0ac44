"""path(): the address of a named page in the current market. A page of cards asks for a hundred of them."""

import re
from functools import cache, lru_cache

from django.urls import NoReverseMatch, reverse

from shop import markets

PLAIN = re.compile(r"[a-zA-Z0-9_-]+")  # what stands in an address as it is
ANY = "any-slug"


def path(name: str, *args: object) -> str:
    """As reverse() says it; written out once for all slugs, as a large catalogue has too many to remember."""
    mount = markets.current().mount
    if len(args) == 1 and isinstance(args[0], str) and PLAIN.fullmatch(args[0]):
        around = _around(mount, name)
        if around is not None:
            return f"{around[0]}{args[0]}{around[1]}"
    return _path(mount, name, args)


@cache
def _around(mount: str, name: str) -> tuple[str, str] | None:
    """What stands before and after a slug; nothing for pages that are not named by one."""
    try:
        before, found, after = reverse(name, args=(ANY,)).partition(ANY)
    except NoReverseMatch:
        return None
    return (before, after) if found else None


@lru_cache(maxsize=10_000)
def _path(mount: str, name: str, args: tuple[object, ...]) -> str:
    return reverse(name, args=args)
