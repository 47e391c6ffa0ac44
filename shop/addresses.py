"""path(): the address of a named page in the current market. A page of cards asks for a hundred of them."""

from functools import lru_cache

from django.urls import reverse

from shop import markets


def path(name: str, *args: object) -> str:
    """As reverse() says it, and remembered."""
    return _path(markets.current().mount, name, args)


@lru_cache(maxsize=10_000)
def _path(mount: str, name: str, args: tuple[object, ...]) -> str:
    return reverse(name, args=args)
