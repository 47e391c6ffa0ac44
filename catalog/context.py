"""The context processor of the storefront: every page has a `chrome`, and pays for it only if it looks."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from catalog.queries import chrome as surroundings
from shop import markets


def chrome(request: HttpRequest) -> dict[str, Any]:
    """What the view left as `request.chrome`; else, for private pages, the bare ones and its title."""
    ready = getattr(request, "chrome", None)
    if ready is not None:
        return {"chrome": ready}
    market, title = markets.current(), str(getattr(request, "page_title", ""))
    return {"chrome": SimpleLazyObject(lambda: surroundings.around(market, title=title, noindex=True))}
