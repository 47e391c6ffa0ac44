"""Pictures from the media folder, where no object storage or web server stands before the app."""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.static import serve

from shop.edge.pages import public_page

YEAR = 31_536_000
LONGEST = 255  # characters of a name that storage gives out; a file system refuses more


@public_page(ttl=YEAR, browser_ttl=YEAR)
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file by its name, which is made from its content: it never changes. 404 if there is none."""
    if len(path) > LONGEST:
        raise Http404
    try:
        return serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except SuspiciousFileOperation as error:
        raise Http404 from error
