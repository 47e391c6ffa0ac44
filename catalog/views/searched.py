"""A search page was looked at: what its script says, so that the merchant knows what is searched for."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_POST

from catalog.search import counting
from shop import limits
from shop.edge.pages import private_page

A_MINUTE = 60  # searches of one address: a household, or an office


@private_page
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Counts one search. Nobody reads the answer; it is empty, also if nothing could be counted."""
    if limits.exceeded(request, "searched", limit=A_MINUTE, seconds=60):
        return HttpResponse(status=429)
    search = counting.read(request.POST.get("word", ""))
    if search is None:
        return HttpResponseBadRequest()
    counting.count(search)
    return HttpResponse(status=204)
