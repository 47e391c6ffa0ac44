"""Every route says what it is: public (the same for everyone in its market, kept at the edge) or private.

A public page cannot touch the visitor: session, user, messages, cookies and CSRF token raise in its view.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import wraps
from typing import Any, NoReturn

from django.http import (
    HttpRequest,
    HttpResponseBadRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    QueryDict,
)
from django.utils import timezone
from django.utils.cache import patch_cache_control

from shop.edge.recording import recording

logger = logging.getLogger(__name__)

WHOLE = "html"  # every page carries it
PUBLIC, PRIVATE = "public", "private"
# What a visitor sends and a page for everyone must not depend on.
PERSONAL_HEADERS = frozenset(
    {
        "HTTP_COOKIE",
        "CSRF_COOKIE",
        "HTTP_AUTHORIZATION",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_USER_AGENT",
        "REMOTE_USER",
    }
)

UNSTORABLE = re.compile("[\0\ud800-\udfff]")

View = Callable[..., HttpResponseBase]
Accepts = Iterable[str] | Callable[..., Iterable[str]]


class VisitorTouched(RuntimeError):
    """A public page reached for something of its visitor's."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"A public page touched {what}. It is kept at the edge and sent to everyone: declare the view "
            "@private_page, or leave it to a private fragment or a cookie that a script reads."
        )


def public_page(
    view: View | None = None, *, ttl: int = 3600, browser_ttl: int = 0, accepts: Accepts = ()
) -> Any:
    """Declares a view whose answer is the same for everyone in its market.

    ttl: seconds that the edge may keep it; a response's `changes_at` ends it sooner. browser_ttl: seconds
    that browsers may, only where an address's content never changes. accepts: names of the query parameters
    it reads, or a function of the request and the view's arguments that gives them; others are dropped.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def public(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return _not_kept(HttpResponseNotAllowed(["GET", "HEAD"]))
            if not _is_text(request.GET):
                return _not_kept(HttpResponseBadRequest())
            _accept_only(request, accepts(request, *args, **kwargs) if callable(accepts) else accepts)
            with recording() as page:
                response = view(request, *args, **kwargs)
            if page.gap is not None:
                logger.error("%s is not kept: %s", request.path, page.gap)
            if page.gap is not None or response.status_code >= 400:
                return _not_kept(response)
            response.page_keys = frozenset({WHOLE, *page.keys})  # type: ignore[attr-defined]
            # Browsers ask, the edge answers.
            fresh = f"max-age={browser_ttl}, immutable" if browser_ttl else "max-age=0, must-revalidate"
            response["Cache-Control"] = f"public, {fresh}"
            response["Surrogate-Control"] = f"max-age={_seconds(ttl, getattr(response, 'changes_at', None))}"
            return response

        public.page_kind = PUBLIC  # type: ignore[attr-defined]
        return public

    return declare if view is None else declare(view)


def private_page(view: View) -> View:
    """Declares a view that is one visitor's: nobody keeps its answer."""

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (_is_text(request.GET) and _is_text(request.POST)):
            return _not_kept(HttpResponseBadRequest())
        return _not_kept(view(request, *args, **kwargs))

    private.page_kind = PRIVATE  # type: ignore[attr-defined]
    return private


class StorableCookies:
    """Drops cookies that no database takes (`sessionid="\\000…"` is a NUL), before anybody looks one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if UNSTORABLE.search(value)]:
            del request.COOKIES[name]
        return self.get_response(request)


class VisitorGuard:
    """The innermost middleware: hides the visitor while a public view runs, and gives back what it hid."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        finally:
            _give_back(request)
        if getattr(request, "_is_public", False):
            if response.status_code >= 400:
                return _not_kept(response)
            # SessionMiddleware deletes a stale or forged session cookie: Set-Cookie, on a page for everyone.
            request.session = _Unasked()  # type: ignore[assignment]
            if response.cookies:
                raise VisitorTouched(f"the response's cookies ({', '.join(response.cookies)})")
            if "cookie" in response.get("Vary", "").lower():
                raise VisitorTouched("Vary: Cookie")
        return response

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        """Hides what is the visitor's, if the view is declared public."""
        if getattr(view, "page_kind", None) != PUBLIC:
            return
        request._is_public = True  # type: ignore[attr-defined]
        hidden = {name: vars(request)[name] for name in _HIDDEN if name in vars(request)}
        request._hidden = hidden  # type: ignore[attr-defined]
        vars(request).pop("headers", None)  # they were copied from META, Cookie included
        for name in _HIDDEN:
            vars(request)[name] = _Meta(request.META) if name == "META" else _Untouchable(f"request.{name}")

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Error pages and their reports may look at the request."""
        _give_back(request)


_HIDDEN = ("session", "user", "auser", "_messages", "COOKIES", "META")


def _give_back(request: HttpRequest) -> None:
    hidden = vars(request).pop("_hidden", None)
    if hidden is None:
        return
    vars(request).pop("headers", None)
    for name in _HIDDEN:
        vars(request).pop(name, None)
    vars(request).update(hidden)


class _Untouchable:
    """Raises whatever is done with it, except being handed on."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "_what", what)

    def _touched(self, *args: object) -> NoReturn:
        raise VisitorTouched(object.__getattribute__(self, "_what"))

    __getattr__ = __setattr__ = __delattr__ = __getitem__ = __setitem__ = __delitem__ = _touched
    __bool__ = __len__ = __iter__ = __contains__ = __call__ = __str__ = __eq__ = __hash__ = _touched


class _Meta(dict[str, Any]):
    """request.META without what is personal; asking for that, or setting it, raises."""

    def __init__(self, meta: dict[str, Any]) -> None:
        super().__init__((key, value) for key, value in meta.items() if key not in PERSONAL_HEADERS)

    @staticmethod
    def _judge(key: object) -> None:
        if key in PERSONAL_HEADERS:
            raise VisitorTouched(f"request.META[{key!r}]")

    def __getitem__(self, key: str) -> Any:
        self._judge(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._judge(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._judge(key)
        return super().__contains__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._judge(key)
        super().__setitem__(key, value)

    def update(self, *others: Any, **more: Any) -> None:
        for key, value in dict(*others, **more).items():
            self[key] = value


class _Unasked:
    """What SessionMiddleware finds after a public page: a session nobody has looked at."""

    accessed = modified = False

    def is_empty(self) -> bool:
        return False


def _accept_only(request: HttpRequest, names: Iterable[str]) -> None:
    """Leaves the query with what the page reads, in one order and without blanks: one page, one address."""
    known = QueryDict(mutable=True)
    for name, value in _accepted(request.GET, frozenset(names)):
        known.appendlist(name, value)
    request.META["QUERY_STRING"] = known.urlencode()
    known._mutable = False
    request.GET = known  # type: ignore[assignment]


def _accepted(query: QueryDict, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names.intersection(query)):
        for value in sorted({value.strip() for value in query.getlist(name)} - {""}):
            yield name, value


def _is_text(sent: QueryDict) -> bool:
    """Neither NUL, which PostgreSQL refuses, nor lone surrogates, which no answer could repeat."""
    return not any(UNSTORABLE.search(text) for name, values in sent.lists() for text in (name, *values))


def _not_kept(response: HttpResponseBase) -> HttpResponseBase:
    patch_cache_control(response, private=True, no_store=True)
    return response


def _seconds(ttl: int, changes_at: datetime | None) -> int:
    if changes_at is None:
        return ttl
    return max(0, min(ttl, int((changes_at - timezone.now()).total_seconds())))
