"""path(): the address of a named page in the current market. A page of cards asks for a hundred of them."""

from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse


def path(name: str, *args: object) -> str:
    """As reverse() says it, and remembered."""
    return _path(get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF, name, args)


@lru_cache(maxsize=10_000)
def _path(prefix: str, urlconf: str, name: str, args: tuple[object, ...]) -> str:
    return reverse(name, urlconf, args=args)
