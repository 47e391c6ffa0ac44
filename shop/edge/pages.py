"""Every route says what it is: public (the same for everyone in its market, kept at the edge) or private."""

from collections.abc import Callable, Iterable
from copy import copy
from datetime import datetime
from functools import wraps
from hashlib import blake2b
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.urls import get_resolver
from django.utils import timezone

from shop.edge import backends, coarse
from shop.edge.parameters import canonical, is_campaign, is_spelled
from shop.edge.rendering import WHOLE, Page, render
from shop.edge.visitor import PRIVATE, PUBLIC, UNSTORABLE, View, not_kept

KEPT = frozenset({200, 301, 302, 307, 308, 404, 410})  # of other answers nobody knows when they end
STRANGE = frozenset({302, 404, 410})  # anybody can ask for any number of addresses that are none
STRANGE_TTL = 300  # seconds

Accepts = Iterable[str] | Callable[..., Iterable[str]]


def public_page(
    view: View | None = None, *, ttl: int = 3600, browser_ttl: int = 0, accepts: Accepts = ()
) -> Any:
    """Declares a view whose answer is the same for everyone in its market.

    ttl: seconds that the edge may keep it; a response's `changes_at` ends it sooner. browser_ttl: seconds
    that browsers may, only where an address's content never changes; nothing purges it then. accepts: names
    of the query parameters it reads, or a function of the request and the view's arguments that gives them;
    who asks with others is sent to the address without. Http404 is answered, and kept, as a page too.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def public(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return not_kept(HttpResponseNotAllowed(["GET", "HEAD"]))
            if not _is_text(request.GET):
                return not_kept(HttpResponseBadRequest())
            names = frozenset(accepts(request, *args, **kwargs) if callable(accepts) else accepts)
            strange = [name for name in request.GET if name not in names and not is_campaign(name)]
            spelled = request.META["QUERY_STRING"]
            _accept_only(request, names)
            if strange:
                elsewhere = HttpResponseRedirect(request.get_full_path())
                return _declared(elsewhere, Page(frozenset()), ttl, browser_ttl=0)
            needs = getattr(request, "page_needs", 0)
            response, page = render(request.path, lambda: _answer(view, request, args, kwargs), needs)
            if response.status_code == 200 and not is_spelled(spelled, request.META["QUERY_STRING"]):
                # Only now: what the view sends elsewhere goes there in one step.
                response, page = HttpResponseRedirect(request.get_full_path()), Page(frozenset())
            if response.status_code not in KEPT or (browser_ttl and response.status_code != 200):
                return not_kept(response)
            return _declared(response, page, ttl, browser_ttl)

        public.page_kind = PUBLIC  # type: ignore[attr-defined]
        public.is_immutable = browser_ttl > 0  # type: ignore[attr-defined]
        return public

    return declare if view is None else declare(view)


def private_page(view: View) -> View:
    """Declares a view that is one visitor's: nobody keeps its answer."""

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (_is_text(request.GET) and _is_text(request.POST)):
            return not_kept(HttpResponseBadRequest())
        return not_kept(view(request, *args, **kwargs))

    private.page_kind = PRIVATE  # type: ignore[attr-defined]
    return private


def _answer(view: View, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponseBase:
    """What the view says; what it does not find is said while the page is still recorded.

    Of a request of its own: where it is rendered twice, a view must not find what it left the first time.
    """
    request = copy(request)
    try:
        return view(request, *args, **kwargs)
    except Http404 as error:
        missing: View = get_resolver().resolve_error_handler(404)
        return missing(request, exception=error)


def _declared(response: HttpResponseBase, page: Page, ttl: int, browser_ttl: int) -> HttpResponseBase:
    """The same answer, with what browsers and the edge are told of it."""
    keys = page.keys if browser_ttl else page.keys | {WHOLE}
    seconds = _seconds(ttl, getattr(response, "changes_at", None))
    if response.status_code in STRANGE:
        seconds = min(seconds, STRANGE_TTL)
    if page.at_most is not None:
        seconds = min(seconds, page.at_most)
    # Browsers ask, the edge answers.
    fresh = f"max-age={browser_ttl}, immutable" if browser_ttl else "max-age=0, must-revalidate"
    response["Cache-Control"] = f"public, {fresh}"
    edge = backends.backend()
    for name, value in edge.headers(coarse.fitted(keys, edge.fits), seconds):
        response[name] = value
    if isinstance(response, HttpResponse) and response.status_code == 200 and "ETag" not in response:
        # Weak: the edge packs and unpacks it.
        response["ETag"] = f'W/"{blake2b(response.content, digest_size=12).hexdigest()}"'
    response.page_keys = keys  # type: ignore[attr-defined]
    response.page_seconds = seconds  # type: ignore[attr-defined]
    response.page_begun = page.begun  # type: ignore[attr-defined]
    return response


def _accept_only(request: HttpRequest, names: frozenset[str]) -> None:
    """Leaves the query with what the page reads: one page, one address."""
    request.GET = canonical(request.GET, names)  # type: ignore[assignment]
    request.META["QUERY_STRING"] = request.GET.urlencode()


def _is_text(sent: QueryDict) -> bool:
    """Neither NUL, which PostgreSQL refuses, nor lone surrogates, which no answer could repeat."""
    return not any(UNSTORABLE.search(text) for name, values in sent.lists() for text in (name, *values))


def _seconds(ttl: int, changes_at: datetime | None) -> int:
    if changes_at is None:
        return ttl
    # Not less than one: what may not be kept at all, the edge would not coalesce for minutes.
    return max(1, min(ttl, int((changes_at - timezone.now()).total_seconds())))
