"""What somebody reads whose page needs the database while that does not answer: 503, with all that they sent.

It stands where every unforeseen error ends (handler500), so that it holds for sessions and middleware too.
What was sent is on the page, in a form that sends it once more: nothing has to be typed again, also where a
browser forgets a form on the way back. Passwords are not written into a page.
"""

import sys
from collections.abc import Iterable

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.shortcuts import render
from django.utils.http import escape_leading_slashes
from django.views.defaults import server_error

from shop.edge.visitor import not_kept

AGAIN_SECONDS = 5
MOST_BYTES = 100_000  # of what is written back
UNREADABLE = (BadRequest, SuspiciousOperation, RequestDataTooBig, TooManyFieldsSent, UnreadablePostError)


def failed(request: HttpRequest) -> HttpResponseBase:
    """The answer to an error that nobody foresaw."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return server_error(request)
    sent = _sent(request)
    context = {
        "path": escape_leading_slashes(request.get_full_path()),  # "//elsewhere" is another site's
        "is_sent": request.method == "POST",
        "fields": None if sent is None else list(sent),
    }
    response: HttpResponse = render(request, "503.html", context, status=503)
    response["Retry-After"] = str(AGAIN_SECONDS)
    return not_kept(response)


def _sent(request: HttpRequest) -> Iterable[tuple[str, str]] | None:
    """The fields of the form; None for what cannot be written into a page, or should not."""
    if request.method != "POST":
        return ()
    try:
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
        has_files = bool(request.FILES)
    except UNREADABLE:
        return None
    is_large = sum(len(name) + len(value) for name, value in fields) > MOST_BYTES
    is_secret = any("password" in name.lower() for name, _value in fields)
    return None if has_files or is_large or is_secret else fields
