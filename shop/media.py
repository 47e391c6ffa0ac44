"""Pictures from the media folder, where no object storage or web server stands before the app."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.static import serve

from shop.edge.pages import public_page

YEAR = 31_536_000


@public_page(ttl=YEAR, browser_ttl=YEAR)
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file by its name, which is made from its content: it never changes. 404 if there is none."""
    return serve(request, path, document_root=settings.MEDIA_ROOT)
