"""The origin answers the edge alone: whoever does not show EDGE_SECRET is refused before anything is asked.

The edge has removed what a visitor says as X-Forwarded-For and -Proto, and caught what poisons and floods:
of a request that went around it nothing is to be believed. A new secret goes round without a refusal:

1. EDGE_SECRET_FALLBACKS of every app names the new one.
2. Each edge restarts with it as EDGE_SECRET, and the old one as EDGE_SECRET_FALLBACKS.
3. EDGE_SECRET of every app becomes the new one: purges show it from then on.
4. Nobody's fallbacks name the old one any more.
"""

from collections.abc import Callable
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

HEADER = "HTTP_X_EDGE_SECRET"
# Asked for by machines beside this one that hold no secret: they say nothing else than that it lives.
PROBES = frozenset({"/healthz", "/readyz"})


class BehindEdge:
    """The outermost middleware: where there is a secret, 403 for who has not come through the edge."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        said = request.META.pop(HEADER, "")  # no view, log or report needs it
        if settings.EDGE_SECRET and not _is_known(said) and request.path_info not in PROBES:
            return HttpResponse(
                "403 This is not the shop's address.\n",
                status=403,
                content_type="text/plain; charset=utf-8",
                headers={"Cache-Control": "private, no-store"},
            )
        return self.get_response(request)


def _is_known(said: str) -> bool:
    """Whether it is one of the secrets; how long that takes tells nothing about them."""
    word = said.encode("utf-8", "surrogateescape")
    secrets = [settings.EDGE_SECRET, *settings.EDGE_SECRET_FALLBACKS]
    return sum(compare_digest(word, secret.encode()) for secret in secrets) > 0
