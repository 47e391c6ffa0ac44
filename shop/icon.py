"""/favicon.ico: what is asked for unasked gets the icon that pages name, and not a whole lost page."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shop.edge.pages import public_page

DAY, YEAR = 86_400, 31_536_000  # seconds


# A browser may keep it for a day: pages name it by its content, here it is whoever names nothing.
@public_page(ttl=YEAR, browser_ttl=DAY)
def favicon(request: HttpRequest) -> HttpResponse:
    """The drawing, whatever the address's ending says: who asks for it reads its type."""
    return HttpResponse(_drawing(), content_type="image/svg+xml")


@cache
def _drawing() -> bytes:
    return (settings.BASE_DIR / "static/img/favicon.svg").read_bytes()
